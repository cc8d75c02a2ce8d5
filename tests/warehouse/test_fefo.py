"""What expires first goes first, and nobody gets what they may not have: for any shelves and any wishes."""

from collections import defaultdict
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cishan.warehouse.rules import fefo
from cishan.warehouse.rules.fefo import Shelved, Want
from cishan.warehouse.rules.stock import LotState

DAY = date(2026, 11, 22)
ITEMS = [UUID(int=n) for n in (1, 2)]
OFFERS = [None, UUID(int=91), UUID(int=92)]
WORDS = ["children", "elders", "region:371423"]

shelves = st.lists(
    st.builds(
        lambda n, item, pieces, days, words, offer, state, walk: Shelved(
            lot=UUID(int=1000 + n),
            bin=UUID(int=5000 + walk),
            item=item,
            available=pieces,
            number=f"L261122-{n:05}",
            expires_on=None if days is None else DAY + timedelta(days=days),
            walk_order=walk,
            restrictions=frozenset(words),
            entrusted_to=offer,
            state=state,
        ),
        st.integers(0, 30),
        st.sampled_from(ITEMS),
        st.integers(0, 5),
        st.none() | st.integers(-3, 6),
        st.sets(st.sampled_from(WORDS), max_size=2),
        st.sampled_from(OFFERS),
        st.sampled_from([LotState.OPEN] * 4 + [LotState.QUARANTINED, LotState.RECALLED, LotState.EXPIRED]),
        st.integers(0, 3),
    ),
    max_size=14,
    unique_by=lambda goods: (goods.lot, goods.bin),
)
wishes = st.lists(
    st.tuples(
        st.sampled_from(ITEMS),
        st.integers(1, 8),
        st.sets(st.sampled_from(WORDS)),
        st.sampled_from(OFFERS),
    ),
    max_size=8,
)


def _wants(wished: list[tuple[UUID, int, set[str], UUID | None]]) -> list[Want]:
    return [
        Want(line=UUID(int=n), item=item, quantity=pieces, tokens=frozenset(words), entrusted_to=offer)
        for n, (item, pieces, words, offer) in enumerate(wished)
    ]


def _slowly(wants: list[Want], goods: list[Shelved]) -> list[tuple[UUID, UUID, UUID, int]]:
    """The plain way: for each line, walk all goods in their turn."""
    left = {(one.lot, one.bin): one.available for one in goods}
    found = []
    for want in wants:
        need = want.quantity
        fit = [
            one
            for one in goods
            if one.item == want.item and fefo.is_fit(one, DAY) and fefo.may_have(one, want)
        ]
        for one in sorted(fit, key=lambda g: (g.entrusted_to is None, g.turn)):
            taken = min(need, left[one.lot, one.bin])
            if taken:
                found.append((want.line, one.lot, one.bin, taken))
                left[one.lot, one.bin] -= taken
                need -= taken
    return found


@given(shelves, wishes)
def test_the_quick_way_gives_what_the_plain_way_gives(
    goods: list[Shelved], wished: list[tuple[UUID, int, set[str], UUID | None]]
) -> None:
    wants = _wants(wished)
    given_out = fefo.allocate(wants, goods, on=DAY)
    assert [(t.line, t.lot, t.bin, t.quantity) for t in given_out.takes] == _slowly(wants, goods)


@given(shelves, wishes)
def test_nobody_gets_more_than_there_is_nor_what_they_may_not_have(
    goods: list[Shelved], wished: list[tuple[UUID, int, set[str], UUID | None]]
) -> None:
    wants = {want.line: want for want in _wants(wished)}
    by_place = {(one.lot, one.bin): one for one in goods}
    taken: dict[tuple[UUID, UUID], int] = defaultdict(int)
    got: dict[UUID, int] = defaultdict(int)
    allocation = fefo.allocate(list(wants.values()), goods, on=DAY)
    for take in allocation.takes:
        one, want = by_place[take.lot, take.bin], wants[take.line]
        assert one.state is LotState.OPEN
        assert one.expires_on is None or one.expires_on >= DAY
        assert one.restrictions <= want.tokens
        assert one.entrusted_to in {None, want.entrusted_to}
        assert one.item == want.item
        assert take.quantity > 0
        taken[take.lot, take.bin] += take.quantity
        got[take.line] += take.quantity
    assert all(pieces <= by_place[place].available for place, pieces in taken.items())
    assert all(got[line] + allocation.short.get(line, 0) == want.quantity for line, want in wants.items())


def _goods(
    n: int, *, days: int | None, pieces: int = 5, words: tuple[str, ...] = (), **more: object
) -> Shelved:
    return Shelved(
        lot=UUID(int=1000 + n),
        bin=UUID(int=5000),
        item=ITEMS[0],
        available=pieces,
        number=f"L261122-{n:05}",
        expires_on=None if days is None else DAY + timedelta(days=days),
        restrictions=frozenset(words),
        **more,  # type: ignore[arg-type]
    )


def test_what_expires_first_goes_first_and_what_never_expires_goes_last() -> None:
    shelved = [_goods(1, days=None), _goods(2, days=30), _goods(3, days=0), _goods(4, days=-1)]
    (want,) = _wants([(ITEMS[0], 12, set(), None)])
    takes = fefo.allocate([want], shelved, on=DAY).takes
    assert [(take.lot.int - 1000, take.quantity) for take in takes] == [(3, 5), (2, 5), (1, 2)]


def test_goods_for_children_never_go_to_an_adult() -> None:
    shelved = [_goods(1, days=3, words=("children",)), _goods(2, days=90)]
    adult, child = _wants([(ITEMS[0], 7, {"elders"}, None), (ITEMS[0], 4, {"children"}, None)])
    allocation = fefo.allocate([adult, child], shelved, on=DAY)
    assert [(take.line, take.lot.int - 1000, take.quantity) for take in allocation.takes] == [
        (adult.line, 2, 5),
        (child.line, 1, 4),
    ]
    assert allocation.short == {adult.line: 2}


def test_entrusted_goods_go_to_their_receiver_alone_and_first() -> None:
    shelved = [_goods(1, days=3), _goods(2, days=90, entrusted_to=OFFERS[1])]
    wants = _wants([(ITEMS[0], 6, set(), OFFERS[2]), (ITEMS[0], 6, set(), OFFERS[1])])
    allocation = fefo.allocate(wants, shelved, on=DAY)
    assert [(take.line.int, take.lot.int - 1000, take.quantity) for take in allocation.takes] == [
        (0, 1, 5),
        (1, 2, 5),
    ]
    assert allocation.short == {wants[0].line: 1, wants[1].line: 1}
