"""What goes into a kit, and how a value is shared."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel.errors import Conflict, Invalid
from cishan.warehouse.rules import kits
from cishan.warehouse.rules.kits import Missing, Part
from cishan.warehouse.rules.stock import Candidate

BLANKET, COAT, KIT = UUID(int=1), UUID(int=2), UUID(int=3)


def _offer(
    number: int,
    available: int = 10,
    *,
    fund: str = "F-NDXD",
    value_fen: int = 100_000,
    expires_on: date | None = None,
    restrictions: tuple[str, ...] = (),
    entrusted: bool = False,
) -> Candidate:
    return Candidate(
        lot=UUID(int=100 + number),
        lot_number=f"L261122-0000{number}",
        bin=UUID(int=200 + number),
        bin_code=f"DZ-A-{number:02}",
        available=available,
        expires_on=expires_on,
        walk_order=number,
        restrictions=restrictions,
        fund=fund,
        value_fen=value_fen,
        on_hand=available,
        entrusted=entrusted,
    )


def test_parts_come_in_the_order_in_which_they_expire_and_only_as_many_as_are_needed() -> None:
    offers = {BLANKET: [_offer(1, 3), _offer(2, 9)], COAT: [_offer(3, 5)]}
    plan = kits.plan([Part(BLANKET, 2), Part(COAT, 1)], 4, offers, fund="F-NDXD")
    assert [(p.item, p.of.lot.int, p.quantity) for p in plan.picks] == [
        (BLANKET, 101, 3),
        (BLANKET, 102, 5),
        (COAT, 103, 4),
    ]
    assert (plan.missing, plan.most) == ((), 5)


def test_value_never_crosses_funds_and_what_has_none_joins_any() -> None:
    offers = {
        BLANKET: [
            _offer(1, 4, fund="F-FPZX"),
            _offer(2, 3),
            _offer(3, 2, fund="F-FPZX", value_fen=0),
            _offer(4, 7, fund="A-AGENT", entrusted=True),
        ]
    }
    plan = kits.plan([Part(BLANKET, 1)], 6, offers, fund="F-NDXD")
    assert (plan.picks, plan.missing, plan.most) == ((), (Missing(BLANKET, 6, 5),), 5)
    assert plan.missing[0].short == 1
    other = kits.plan([Part(BLANKET, 1)], 6, offers, fund="F-FPZX")
    assert [p.of.lot.int for p in other.picks] == [101, 103]


def test_a_kit_is_good_as_long_as_its_first_part_and_for_those_for_whom_all_parts_are() -> None:
    offers = {
        BLANKET: [_offer(1, restrictions=("elders",))],
        COAT: [
            _offer(2, 1, expires_on=date(2027, 3, 1), restrictions=("women",)),
            _offer(3, expires_on=date(2028, 1, 1)),
        ],
    }
    plan = kits.plan([Part(BLANKET, 1), Part(COAT, 1)], 2, offers, fund="F-NDXD")
    assert (plan.expires_on, plan.restrictions) == (date(2027, 3, 1), ("elders", "women"))
    assert plan.value_fen == 20_000 + 100_000 + 10_000
    assert kits.worst(["A", "C", "B"]) == "C"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [Part(BLANKET, 0)],
        [Part(BLANKET, 1_001)],
        [Part(KIT, 1)],
        [Part(BLANKET, 1), Part(BLANKET, 2)],
        [Part(UUID(int=n), 1) for n in range(10, 51)],
    ],
)
def test_what_is_no_kit_is_refused(parts: list[Part]) -> None:
    with pytest.raises(Invalid):
        kits.require_parts(parts, kit_item=KIT)


@given(
    st.integers(0, 10**12),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**4)), min_size=1, max_size=12),
)
def test_a_shared_value_sums_exactly_and_no_piece_is_worth_a_part_of_a_fen(
    value_fen: int, parts: list[tuple[int, int]]
) -> None:
    weights, pieces = [w for w, _ in parts], [p for _, p in parts]
    try:
        shares = kits.shared(value_fen, weights, pieces)
    except Conflict:
        assert all(value_fen < p for w, p in parts if w > 0)
        return
    assert sum(shares) == value_fen
    assert all(share == 0 or share >= p for share, p in zip(shares, pieces, strict=True))
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)
