"""Whatever is done with goods in whatever order, stock, its history and the books say the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.kernel import clock, ids
from cishan.kernel.errors import DomainError
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, LotState, NewLot, Source, value_out
from tests.warehouse.stocking import AGENCY, FUND, OTHER_FUND, a_site, an_item, move

OURS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLACES = (Purpose.SHELF, Purpose.PACKING, Purpose.QUARANTINE)
GIVING = (Purpose.SHELF, Purpose.PACKING)
which, pieces = st.integers(0, 5), st.integers(1, 12)
places = st.sampled_from(PLACES)
Step = tuple[str, int, int, Purpose]
steps = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("receive", "receive", "reserve", "reserve", "release", "pick", "issue", "issue promised"),
                *("return", "scrap", "adjust", "move", "send", "arrive", "lock", "unlock", "next day"),
                *("assemble", "disassemble", "unreceive", "unreceive"),
            )
        ),
        which,
        pieces,
        places,
    ),
    min_size=6,
    max_size=30,
)


@dataclass
class Goods:
    """What we think of a lot."""

    id: UUID
    fund: str
    cost_fen: int
    expires_on: date | None
    state: LotState = LotState.OPEN
    is_kit: bool = False
    quantity: int = 0
    received: UUID | None = None
    """The cause by which it came, if it was booked and not made of something else."""
    there: dict[UUID, int] = field(default_factory=dict)
    promised: dict[UUID, int] = field(default_factory=dict)

    def free(self, place: UUID) -> int:
        return self.there.get(place, 0) - self.promised.get(place, 0)

    @property
    def usable(self) -> bool:
        return self.state is LotState.OPEN and (self.expires_on is None or self.expires_on >= clock.today())


@dataclass
class House:
    """Two sites, what we think lies there, and what was handed out."""

    bins: dict[Purpose, UUID]
    far_way: UUID
    far_shelf: UUID
    item: UUID
    kit: UUID
    day: date
    lots: list[Goods] = field(default_factory=list)
    issued: list[tuple[UUID, Goods, int]] = field(default_factory=list)
    """The cause, the lot, and how many may still come back."""


@pytest.fixture
async def house(db: None) -> AsyncIterator[House]:
    near, far = await a_site("DZ"), await a_site("QY")
    yield House(
        bins={purpose: (await first_bin(near, purpose)).id for purpose in PLACES},
        far_way=(await first_bin(far, Purpose.TRANSIT)).id,
        far_shelf=(await first_bin(far, Purpose.SHELF)).id,
        item=await an_item(),
        kit=await an_item("KIT-T", name="包", life=None),
        day=clock.today(),
    )


async def open_and_fill(house: House, goods: Goods, quantity: int, *others: Delta, place: UUID) -> None:
    cause = Cause.RECEIVE
    if others:
        cause = Cause.ASSEMBLE if goods.is_kit else Cause.DISASSEMBLE
    async with atomic():
        goods.id = await stock.open_lot(
            NewLot(
                item=house.kit if goods.is_kit else house.item,
                quantity=quantity,
                cost_fen=goods.cost_fen,
                basis=Basis.FAIR if goods.cost_fen else Basis.MEMO,
                fund=goods.fund,
                source=Source.OPENING,
                source_id=ids.new_id(),
                expires_on=goods.expires_on,
                entrusted=goods.fund == AGENCY,
            )
        )
        posted = await move(cause, *others, Delta(goods.id, place, quantity))
    goods.there[place], goods.quantity = quantity, quantity
    goods.received = None if others else posted.cause_id
    house.lots.append(goods)


async def receive(house: House, nth: int, n: int, place: Purpose) -> None:
    fund = (FUND, OTHER_FUND, AGENCY)[nth % 3]
    expires_on = None if nth == 5 else clock.today() + timedelta(days=nth % 4)
    goods = Goods(ids.new_id(), fund, n * (nth % 4) * 333 + (nth % 4) * 2, expires_on)
    await open_and_fill(house, goods, n, place=house.bins[place])


async def attempt(expected: bool, cause: Cause, *deltas: Delta, reverses: UUID | None = None) -> UUID | None:
    """Do it, and hold what comes of it against what we expected."""
    before = await snapshot()
    try:
        async with atomic():
            posted = await move(cause, *deltas, reverses=reverses)
    except (DomainError, asyncpg.PostgresError):  # guards that look at the commit speak in their own words
        assert not expected, (cause, deltas)
        assert await snapshot() == before
        return None
    assert expected, (cause, deltas)
    return posted.cause_id


async def snapshot() -> object:
    return await fetch("SELECT lot, bin, on_hand, reserved FROM stock_balance ORDER BY lot, bin")


def shift(goods: Goods, place: UUID, there: int = 0, promised: int = 0) -> None:
    goods.there[place] = goods.there.get(place, 0) + there
    goods.promised[place] = goods.promised.get(place, 0) + promised


async def take(house: House, step: Step) -> None:  # noqa: PLR0912 - one branch for each verb
    verb, nth, n, where = step
    if verb == "receive" or not house.lots:
        await receive(house, nth, n, where)
        return
    goods = house.lots[nth % len(house.lots)]
    place, packing = house.bins[where], house.bins[Purpose.PACKING]
    free, promised = goods.free(place), goods.promised.get(place, 0)
    match verb:
        case "reserve":
            fine = goods.usable and where is Purpose.SHELF and free >= n
            if await attempt(fine, Cause.RESERVE, Delta(goods.id, place, reserved=n)):
                shift(goods, place, promised=n)
        case "release":
            if await attempt(promised >= n, Cause.RELEASE, Delta(goods.id, place, reserved=-n)):
                shift(goods, place, promised=-n)
        case "pick":
            here, there = Delta(goods.id, place, -n, -n), Delta(goods.id, packing, n, n)
            fine = goods.usable and promised >= n
            if place != packing and await attempt(fine, Cause.PICK, here, there):
                shift(goods, place, -n, -n)
                shift(goods, packing, n, n)
        case "issue" | "issue promised":
            bound = -n if verb == "issue promised" else 0
            enough = promised >= n if bound else free >= n
            cause = await attempt(
                goods.usable and where in GIVING and enough, Cause.ISSUE, Delta(goods.id, place, -n, bound)
            )
            if cause:
                shift(goods, place, -n, bound)
                house.issued.append((cause, goods, n))
        case "return" if house.issued:
            cause, goods, gone = house.issued[nth % len(house.issued)]
            if await attempt(gone >= n, Cause.RETURN, Delta(goods.id, place, n), reverses=cause):
                shift(goods, place, n)
                house.issued[nth % len(house.issued)] = (cause, goods, gone - n)
        case "scrap" | "adjust":
            if await attempt(free >= n, Cause(verb), Delta(goods.id, place, -n)):
                shift(goods, place, -n)
        case "move":
            other = house.bins[PLACES[(PLACES.index(where) + 1) % 3]]
            if await attempt(free >= n, Cause.MOVE, Delta(goods.id, place, -n), Delta(goods.id, other, n)):
                shift(goods, place, -n)
                shift(goods, other, n)
        case "send":
            way = Delta(goods.id, house.far_way, n)
            fine = goods.usable and where in GIVING and free >= n
            if await attempt(fine, Cause.SEND, Delta(goods.id, place, -n), way):
                shift(goods, place, -n)
                shift(goods, house.far_way, n)
        case "arrive":
            fine = goods.free(house.far_way) >= n
            way, shelf = Delta(goods.id, house.far_way, -n), Delta(goods.id, house.far_shelf, n)
            if await attempt(fine, Cause.ARRIVE, way, shelf):
                shift(goods, house.far_way, -n)
                shift(goods, house.far_shelf, n)
        case "unreceive" if goods.received and any(goods.there.values()):
            whole = [Delta(goods.id, bin_id, -there) for bin_id, there in goods.there.items() if there]
            still = sum(goods.there.values()) - goods.there.get(house.far_way, 0)
            fine = still == goods.quantity and not any(goods.promised.values())
            if await attempt(fine, Cause.UNRECEIVE, *whole, reverses=goods.received):
                goods.there.clear()
        case "lock" | "unlock":
            goods.state = LotState.RECALLED if verb == "lock" else LotState.OPEN
            await stock.set_state(goods.id, goods.state, by=None, reason="测试", event=verb)
        case "assemble" if not goods.is_kit and goods.fund != AGENCY:
            if goods.usable and where in GIVING and free >= n:
                worth = value_out(*await value_of(goods), n)
                kit = Goods(ids.new_id(), goods.fund, worth, goods.expires_on, is_kit=True)
                await open_and_fill(house, kit, n, Delta(goods.id, place, -n), place=place)
                shift(goods, place, -n)
        case "disassemble" if goods.is_kit and free >= n:
            worth = value_out(*await value_of(goods), n)
            part = Goods(ids.new_id(), goods.fund, worth, goods.expires_on)
            await open_and_fill(house, part, n, Delta(goods.id, place, -n), place=place)
            shift(goods, place, -n)


async def value_of(goods: Goods) -> tuple[int, int]:
    (row,) = await fetch("SELECT value_fen, on_hand FROM stock_lot WHERE id = {}", goods.id)
    return row["value_fen"], row["on_hand"]


BROKEN = """
    WITH summed AS (
        SELECT lot, bin, sum(on_hand) AS on_hand, sum(reserved) AS reserved
          FROM stock_move GROUP BY lot, bin),
    worth AS (SELECT lot, sum(value_fen) AS fen FROM stock_value GROUP BY lot),
    books AS (
        SELECT a.counterparty AS number,
               sum(b.debits - b.credits) FILTER (WHERE a.unit = 'CNY') AS fen,
               sum(b.debits - b.credits) FILTER (WHERE a.unit <> 'CNY') AS pieces
          FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
         WHERE a.gl_code IN ('1201', '1801') GROUP BY a.counterparty)
    SELECT 'balance' AS what FROM summed AS s FULL JOIN stock_balance AS b USING (lot, bin)
     WHERE (s.on_hand, s.reserved) IS DISTINCT FROM (b.on_hand::bigint, b.reserved::bigint)
        OR b.reserved < 0 OR b.on_hand < b.reserved
    UNION ALL SELECT 'pieces of a lot' FROM stock_lot AS l
     WHERE l.on_hand <> coalesce((SELECT sum(b.on_hand) FROM stock_balance AS b WHERE b.lot = l.id), 0)
    UNION ALL SELECT 'value of a lot' FROM stock_lot AS l LEFT JOIN worth AS w ON w.lot = l.id
     WHERE l.value_fen <> coalesce(w.fen, 0)
    UNION ALL SELECT 'books' FROM stock_lot AS l LEFT JOIN books AS b ON b.number = l.number
     WHERE l.cost_fen > 0
       AND (l.value_fen, l.on_hand) IS DISTINCT FROM (coalesce(b.fen, 0), coalesce(b.pieces, 0))
    UNION ALL SELECT 'expired goods handed out' FROM stock_move AS m JOIN stock_cause AS c ON c.id = m.cause
      JOIN stock_lot AS l ON l.id = m.lot
     WHERE c.kind = 'issue' AND l.expires_on < (c.at AT TIME ZONE 'Asia/Shanghai')::date"""


@OURS
@given(sequence=steps)
async def test_stock_history_and_books_agree_after_any_sequence(house: House, sequence: list[Step]) -> None:
    trial = connection().transaction()
    await trial.start()
    moment = clock.now()
    try:
        for step in sequence:
            if step[0] == "next day":
                moment += timedelta(days=1)
                continue
            with clock.fixed(moment):
                await take(house, step)
        assert await fetch(BROKEN) == []
        rows = await fetch("SELECT lot, bin, on_hand, reserved FROM stock_balance WHERE on_hand > 0")
        assert {(r["lot"], r["bin"]): (r["on_hand"], r["reserved"]) for r in rows} == {
            (goods.id, place): (there, goods.promised.get(place, 0))
            for goods in house.lots
            for place, there in goods.there.items()
            if there
        }
    finally:
        house.lots.clear()
        house.issued.clear()
        await trial.rollback()
