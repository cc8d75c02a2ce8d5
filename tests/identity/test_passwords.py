"""Passwords: long enough, not on every list, and never kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.identity.rules import passwords
from cishan.kernel.errors import Invalid


@pytest.mark.parametrize(
    "password", ["", "1234567", "12345678", "password", "PassWord", "iloveyou", "aaaaaaaaaaaa", "ababababab"]
)
def test_short_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.require_good_password(password)
    assert refusal.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "woaini1314",
        "WoAiNi@520",
        "zhang123",
        "wang19900101",
        "liuyang1990",
        "123123123",
        "20081010",
        "13800138000",
        "5201314520",
        "cishan123",
        "dezhou2026!",
        "1314woaini",
    ],
)
def test_what_people_here_choose_most_is_refused_too(password: str) -> None:
    with pytest.raises(Invalid, match="Very many people"):
        passwords.require_good_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "zhang likes tea",
        "138001380001",
        "wang-river-90210",
        "woaini woaita 13",
        "correct horse",
        "春风又绿江南岸呀",
        "zq7-kmww",
        "x" * 100 + "yz",
    ],
)
def test_any_composition_is_taken(password: str) -> None:
    passwords.require_good_password(password)


def test_what_everybody_knows_of_a_person_is_no_password() -> None:
    with pytest.raises(Invalid, match="your own"):
        passwords.require_good_password("Ada@Example.org", known=("", "ada@example.org"))


def test_too_long_is_told_and_not_cut() -> None:
    with pytest.raises(Invalid, match="200"):
        passwords.require_good_password("ab3" * 67)


def test_what_is_kept_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = passwords.hash_password("correct horse"), passwords.hash_password("correct horse")
    assert first.startswith(b"$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert passwords.fits("correct horse", first)
    assert passwords.fits("ｃｏｒｒｅｃｔ horse", first)
    assert not passwords.fits("Correct horse", first)
    assert not passwords.fits("correct horse", b"$argon2id$broken")
    assert not passwords.is_outdated(first)


def test_the_first_accounts_still_fit_and_are_known_as_outdated() -> None:
    salt = bytes(range(16))
    old = salt + passwords._scrypt("correct horse", salt)
    assert passwords.fits("correct horse", old)
    assert not passwords.fits("wrong horse", old)
    assert passwords.is_outdated(old)


@given(st.text(max_size=210))
def test_any_text_is_judged(text: str) -> None:
    try:
        passwords.require_good_password(text, known=("x", ""))
    except Invalid as refusal:
        assert refusal.field == "password"
    else:
        assert 8 <= len(text) <= 200
