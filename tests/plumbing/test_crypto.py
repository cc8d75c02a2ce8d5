"""Personal data at rest."""

from uuid import UUID

import pytest

from cishan.plumbing import crypto

ROW = UUID("01900000-0000-7000-8000-000000000001")
OTHER = UUID("01900000-0000-7000-8000-000000000002")
PLACE = "donation.contact_email"
KEY, NEW_KEY = "k" * 32, "n" * 32


@pytest.fixture(autouse=True)
def _own_key() -> None:
    crypto.use(KEY)


def test_what_was_sealed_is_read_at_its_own_place_only() -> None:
    sealed = crypto.seal("ada@example.org", place=PLACE, row=ROW)
    assert crypto.unseal(sealed, place=PLACE, row=ROW) == "ada@example.org"
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(sealed, place=PLACE, row=OTHER)
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(sealed, place="donation.contact_phone", row=ROW)


def test_one_changed_bit_anywhere_is_noticed() -> None:
    sealed = crypto.seal("13800000000", place=PLACE, row=ROW)
    for index in range(len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(changed, place=PLACE, row=ROW)


@pytest.mark.parametrize("rubbish", [b"", b"\x00", b"\xff" * 12, b"plain text"])
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(rubbish, place=PLACE, row=ROW)


def test_the_same_text_is_never_stored_as_the_same_bytes() -> None:
    assert crypto.seal("x", place=PLACE, row=ROW) != crypto.seal("x", place=PLACE, row=ROW)


def test_a_retired_key_still_reads_and_an_unknown_one_does_not() -> None:
    sealed = crypto.seal("ada@example.org", place=PLACE, row=ROW)
    crypto.use(NEW_KEY, data_keys=[NEW_KEY, KEY])
    assert crypto.unseal(sealed, place=PLACE, row=ROW) == "ada@example.org"
    crypto.use(NEW_KEY)
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(sealed, place=PLACE, row=ROW)


def test_links_belong_to_the_secret_key_and_columns_to_the_first_data_key() -> None:
    link, sealed = crypto.secret_link(ROW, purpose="gift"), crypto.seal("x", place=PLACE, row=ROW)
    crypto.use(KEY, data_keys=[NEW_KEY, KEY])
    assert crypto.secret_link(ROW, purpose="gift") == link
    assert crypto.unseal(sealed, place=PLACE, row=ROW) == "x"
    again = crypto.seal("x", place=PLACE, row=ROW)
    assert again[0] == crypto.present_key_id() != sealed[0]
    crypto.use(KEY)
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(again, place=PLACE, row=ROW)


def test_two_keys_of_one_id_are_refused_and_the_keys_in_use_stay() -> None:
    sealed = crypto.seal("x", place=PLACE, row=ROW)
    ids: dict[int, str] = {}
    for number in range(300):  # there are 256 ids
        key = f"{number:032}"
        crypto.use(key)
        if crypto.present_key_id() in ids:
            break
        ids[crypto.present_key_id()] = key
    twin = ids[crypto.present_key_id()]
    crypto.use(KEY)
    with pytest.raises(crypto.KeysClash):
        crypto.use(KEY, data_keys=[key, twin])
    assert crypto.unseal(sealed, place=PLACE, row=ROW) == "x"


def test_all_indexes_of_a_value_are_looked_for_while_keys_are_rotated() -> None:
    old = crypto.blind_index("ada@example.org", purpose="email")
    crypto.use(KEY, data_keys=[NEW_KEY, KEY])
    new = crypto.blind_index("ada@example.org", purpose="email")
    assert crypto.blind_indexes("ada@example.org", purpose="email") == [new, old]


def test_blind_indexes_are_equal_for_equal_values_of_one_purpose_and_key() -> None:
    index = crypto.blind_index("ada@example.org", purpose="email")
    assert len(index) == 16
    assert crypto.blind_index("ada@example.org", purpose="email") == index
    assert crypto.blind_index("bea@example.org", purpose="email") != index
    assert crypto.blind_index("ada@example.org", purpose="phone") != index
    crypto.use(NEW_KEY)
    assert crypto.blind_index("ada@example.org", purpose="email") != index


def test_a_secret_link_is_the_same_each_time_and_of_256_bits() -> None:
    token = crypto.secret_link(ROW, purpose="gift")
    assert crypto.secret_link(ROW, purpose="gift") == token
    assert len(token) == 43
    assert crypto.secret_link(OTHER, purpose="gift") != token
    assert crypto.secret_link(ROW, purpose="plan") != token
