"""Second factors without a database: exact codes, skew of a step, spelling of recovery codes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.identity.rules import factors as rules
from cishan.kernel.errors import Invalid

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""12345678901234567890 in base 32: the secret of RFC 6238, appendix B."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert rules.code_at(RFC_SECRET, rules.step_at(moment)) == code


@pytest.mark.parametrize(("skew", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(skew: int, taken: bool) -> None:
    now = datetime(2026, 11, 22, 8, 0, 15, tzinfo=UTC)
    step = rules.step_at(now + timedelta(seconds=skew))
    found = rules.matching_step(RFC_SECRET, rules.code_at(RFC_SECRET, step), now=now, after=None)
    assert found == (step if taken else None)


def test_neither_the_used_code_nor_an_older_one_is_taken_again() -> None:
    now = datetime(2026, 11, 22, 8, 0, 15, tzinfo=UTC)
    step = rules.step_at(now)
    codes = {n: rules.code_at(RFC_SECRET, step + n) for n in (-1, 0, 1)}
    taken = {n: rules.matching_step(RFC_SECRET, code, now=now, after=step) for n, code in codes.items()}
    assert taken == {-1: None, 0: None, 1: step + 1}


def test_an_app_is_told_who_and_where() -> None:
    told = rules.address(RFC_SECRET, account="138****8000", issuer="德州慈善总会")
    assert told.startswith("otpauth://totp/%E5%BE%B7")
    assert f"secret={RFC_SECRET}" in told
    assert len(rules.new_secret()) == 32
    assert rules.new_secret() != rules.new_secret()


def test_recovery_codes_are_ten_and_read_however_they_are_typed() -> None:
    codes = rules.new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert rules.read_recovery_code(f" {code.upper().replace('-', ' ')} ") == code
    for wrong in ("", "abcde", "abcde-2345o", "abcde-234567", "中文中文中文中文中文"):
        with pytest.raises(Invalid, match="recovery code"):
            rules.read_recovery_code(wrong)


def test_recovery_codes_are_kept_as_argon2id_with_the_salt_of_their_set() -> None:
    one, same, other = (
        rules.hash_recovery_codes(["abcde-23456"], salt)[0] for salt in (b"s" * 16, b"s" * 16, b"t" * 16)
    )
    assert len(one) == 32
    assert one == same
    assert one != other


@given(st.text(max_size=40))
def test_any_text_is_judged_as_a_recovery_code(text: str) -> None:
    try:
        assert len(rules.read_recovery_code(text)) == 11
    except Invalid:
        return


def test_a_second_factor_stands_for_its_time() -> None:
    now = datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert not rules.stands(None, now, rules.FRESH)
    assert rules.stands(now - timedelta(minutes=10), now, rules.FRESH)
    assert not rules.stands(now - timedelta(minutes=10, microseconds=1), now, rules.FRESH)
    assert rules.stands(now - timedelta(hours=8), now, rules.SESSION)
