"""Goods without a label that a count finds: agreed on by two, and a lot of their own once a third has agreed.

They raise the value of no other lot: nobody knows what they cost, nor how old those are that spoil. So they
begin in quarantine.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.kernel import ids
from cishan.ledger.rules import GENERAL_FUND
from cishan.plumbing.db import connection
from cishan.warehouse.actions import stock
from cishan.warehouse.queries import unlabelled as queries
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.queries.stocktakes import CountView, StocktakeView
from cishan.warehouse.queries.unlabelled import Unlabelled
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, LotState, NewLot, Source
from cishan.warehouse.rules.stocktakes import STOCKTAKE, agreed


async def compare(count: CountView) -> None:
    """Hold what the counters of a bin found without a label against each other; both have ended."""
    found = await queries.found_in(count.stocktake, count.round, count.bin)
    if count.position == 3:
        asked = await queries.disputed(count.stocktake, count.round, count.bin)
        await connection().executemany(
            """UPDATE stocktake_unlabelled SET counted = $5, use_until = $6
                WHERE stocktake = $1 AND round = $2 AND bin = $3 AND item = $4""",
            [
                (
                    *(count.stocktake, count.round, count.bin, item),
                    found[item].pieces.get(3, 0),
                    found[item].use_until,
                )
                for item in asked
            ],
        )
        return
    first, second = (
        {item: one.pieces[place] for item, one in found.items() if place in one.pieces} for place in (1, 2)
    )
    await connection().executemany(
        """INSERT INTO stocktake_unlabelled (id, stocktake, round, bin, item, counted, use_until, explanation)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        [
            (
                *(ids.new_id(), count.stocktake, count.round, count.bin, item),
                *(pieces, found[item].use_until, found[item].reasons),
            )
            for item, pieces in agreed({}, first, second).items()
        ],
    )


async def explain(stocktake_id: UUID, words: dict[UUID, str]) -> None:
    """Keep what is said of goods without a label, by line."""
    await connection().executemany(
        "UPDATE stocktake_unlabelled SET explanation = $3 WHERE id = $1 AND stocktake = $2",
        [(line, stocktake_id, text) for line, text in words.items()],
    )


async def take_in(found: StocktakeView, one: Unlabelled, *, by: Acting) -> None:
    """Make a lot in quarantine, without a value, of goods without a label."""
    lot_id = await stock.open_lot(
        NewLot(
            item=one.item,
            quantity=one.counted,
            cost_fen=0,
            basis=Basis.MEMO,
            fund=GENERAL_FUND,
            source=Source.COUNT,
            source_id=found.id,
            expires_on=one.use_until,
            grade="C",
        )
    )
    place = await first_bin(found.site, Purpose.QUARANTINE)
    await stock.post(
        Cause.RECEIVE,
        [Delta(lot_id, place.id, on_hand=one.counted)],
        by=by,
        subject=(STOCKTAKE, found.id),
        request=uuid5(NAMESPACE_URL, f"stocktake:{found.id}:{found.round}:unlabelled:{one.id}"),
        reason=f"{found.number}: {one.explanation}",
    )
    await connection().execute("UPDATE stocktake_unlabelled SET lot = $2 WHERE id = $1", one.id, lot_id)
    await stock.set_state(
        lot_id,
        LotState.QUARANTINED,
        by=by,
        reason=f"{found.number}: {one.explanation}"[:500],
        event="found",
    )
