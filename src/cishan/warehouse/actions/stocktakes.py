"""Freezing bins and counting what is in them: two people, neither of whom sees what the other found.

What the books expect is written down when the bins are frozen; nothing moves there until the stocktake ends,
so it stays true. While a bin is counted nothing of that leaves this module but the counter's own entries.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import unlabelled
from cishan.warehouse.actions.stock import Frozen
from cishan.warehouse.queries import stocktakes as queries
from cishan.warehouse.queries import unlabelled as loose
from cishan.warehouse.rules import stocktakes as rules
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stocktakes import STOCKTAKE, State

NO_STOCKTAKE = N_("There is no such stocktake.")
MINE = N_("This count is somebody else's.")


async def open_stocktake(site: UUID, bins: Sequence[UUID], *, note: str, by: Acting, request: UUID) -> UUID:
    """Freeze bins of a site for counting and return the stocktake; the same form again is the same stocktake.

    Reservations there stay. The rest of the house goes on.
    """
    wanted = sorted(set(bins))
    if not wanted:
        raise Invalid(N_("Choose at least one bin."), field="bins")
    if len(wanted) > rules.BINS_LIMIT:
        raise Invalid(N_("Count {limit} bins at once at most."), field="bins", limit=rules.BINS_LIMIT)
    async with atomic():
        stocktake_id, now = ids.new_id(), clock.now()
        known = await _begin(stocktake_id, site, note=note, by=by, request=request)
        if known is not None:
            return known
        await _freeze(stocktake_id, site, wanted)
        await _expect(stocktake_id, 1)
        await audit.record(
            Transition(
                subject_kind=STOCKTAKE,
                subject_id=str(stocktake_id),
                event="open",
                from_state="",
                to_state=State.COUNTING,
                actor=str(by.person_id),
                acting_role=by.role,
                reason=note,
                at=now,
            )
        )
        return stocktake_id


async def _begin(stocktake_id: UUID, site: UUID, *, note: str, by: Acting, request: UUID) -> UUID | None:
    """Insert the row; return the stocktake of the same request if there is one."""
    made = await connection().fetchval(
        """INSERT INTO stocktake (id, number, site, state, round, note, amount_fen, request, opened_at,
                                  opened_by)
           VALUES ($1, $2, $3, 'counting', 1, $4, 0, $5, $6, $7)
           ON CONFLICT (request) DO NOTHING RETURNING id""",
        stocktake_id,
        rules.number_of("PD", stocktake_id, clock.today()),
        site,
        note,
        request,
        clock.now(),
        by.person_id,
    )
    if made is not None:
        return None
    found: UUID = await fetch_value("SELECT id FROM stocktake WHERE request = {}", request)
    return found


async def _freeze(stocktake_id: UUID, site: UUID, bins: Sequence[UUID]) -> None:
    rows = await fetch(
        """SELECT id, code, site, purpose, active, frozen_by FROM stock_bin WHERE id = ANY({}::uuid[])
            ORDER BY id FOR NO KEY UPDATE""",
        list(bins),
    )
    for row in rows:
        if row["frozen_by"] is not None:
            raise Frozen(
                N_("Bin {bin} is being counted now. Try again after the stocktake."), bin=row["code"]
            )
    good = [r for r in rows if r["site"] == site and r["active"] and r["purpose"] != Purpose.TRANSIT]
    if len(good) != len(bins):
        raise Invalid(N_("Choose bins of this site that are in use."), field="bins")
    await connection().executemany(
        "INSERT INTO stocktake_bin (id, stocktake, bin) VALUES ($1, $2, $3)",
        [(ids.new_id(), stocktake_id, bin_id) for bin_id in bins],
    )
    await connection().execute(
        "UPDATE stock_bin SET frozen_by = $1 WHERE id = ANY($2::uuid[])", stocktake_id, list(bins)
    )


async def _expect(stocktake_id: UUID, round_: int) -> None:
    """Write down what the books say of the frozen bins, once moves under way have ended."""
    await connection().execute(
        """SELECT FROM stock_lot WHERE id IN (
               SELECT s.lot FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
                WHERE b.frozen_by = $1)
            ORDER BY id FOR NO KEY UPDATE""",
        stocktake_id,
    )
    await connection().execute(
        """INSERT INTO stocktake_line (id, stocktake, round, bin, lot, expected, reserved, explanation)
           SELECT gen_random_uuid(), $1, $2, s.bin, s.lot, s.on_hand, s.reserved, ''
             FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
            WHERE b.frozen_by = $1 AND s.on_hand > 0""",
        stocktake_id,
        round_,
    )


async def lock(stocktake_id: UUID) -> queries.StocktakeView:
    """Return a stocktake that nobody else changes until the transaction ends; raise NotFound."""
    await connection().execute("SELECT FROM stocktake WHERE id = $1 FOR NO KEY UPDATE", stocktake_id)
    return await queries.stocktake_by_id(stocktake_id)


async def begin_count(stocktake_id: UUID, bin_id: UUID, *, by: Acting) -> queries.CountView:
    """Let somebody count a bin and return their count; one that they have begun already goes on."""
    async with atomic():
        found = await lock(stocktake_id)
        if found.state is not State.COUNTING:
            raise Conflict(rules.NOT_COUNTING)
        if bin_id not in {one.id for one in found.bins}:
            raise NotFound(N_("There is no such bin."))
        counts = [c for c in await queries.counts_of(stocktake_id, found.round) if c.bin == bin_id]
        mine = next((c for c in counts if c.person == by.person_id and c.ended_at is None), None)
        if mine is not None:
            return mine
        position = await _place(counts, found, bin_id, by)
        count_id = ids.new_id()
        await _insert_count(count_id, found, bin_id, position, by)
        return await queries.count_by_id(count_id)


async def _place(
    counts: Sequence[queries.CountView], found: queries.StocktakeView, bin_id: UUID, by: Acting
) -> int:
    taken = {one.position for one in counts}
    for position in (1, 2):
        if position not in taken:
            if any(one.person == by.person_id for one in counts):
                raise Forbidden(rules.TWICE)
            return position
    if any(one.ended_at is None for one in counts):
        raise Conflict(rules.TAKEN)
    if 3 in taken or not (
        await queries.disputed(found.id, found.round, bin_id)
        or await loose.disputed(found.id, found.round, bin_id)
    ):
        raise Conflict(rules.COUNTED)
    return 3


async def _insert_count(
    count_id: UUID, found: queries.StocktakeView, bin_id: UUID, position: int, by: Acting
) -> None:
    try:
        async with atomic():
            await connection().execute(
                """INSERT INTO stocktake_count (id, stocktake, round, bin, position, person, acting_role,
                                                began_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                count_id,
                found.id,
                found.round,
                bin_id,
                position,
                by.person_id,
                by.role,
                clock.now(),
            )
    except asyncpg.UniqueViolationError as error:
        raise Forbidden(rules.TWICE) from error


async def enter(count_id: UUID, *, scan: str, quantity: int, by: Acting, request: UUID) -> None:
    """Write down that so many pieces of a lot lie there, beside what was written before; once for a form."""
    number = rules.lot_number_in(scan)
    async with atomic():
        count = await _own(count_id, by)
        lot: UUID | None = await fetch_value("SELECT id FROM stock_lot WHERE number = {}", number)
        if lot is None:
            raise Invalid(rules.NO_LOT, field="scan")
        if count.position == 3 and lot not in await queries.disputed(count.stocktake, count.round, count.bin):
            raise Invalid(rules.NOT_ASKED, field="scan")
        if quantity == 0 and count.position < 3:
            raise Invalid(N_("What is not there is not entered."), field="quantity")
        await connection().execute(
            """INSERT INTO stocktake_entry (id, count, lot, quantity, at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (id) DO NOTHING""",
            request,
            count_id,
            lot,
            quantity,
            clock.now(),
        )


async def enter_unlabelled(
    count_id: UUID,
    item: UUID,
    *,
    quantity: int,
    use_until: date | None,
    reason: str,
    by: Acting,
    request: UUID,
) -> None:
    """Write down that so many pieces lie there without the label of a lot, and why; once for a form."""
    if not reason.strip():
        raise Invalid(N_("Say why."), field="why")
    async with atomic():
        count = await _own(count_id, by)
        if count.position == 3 and item not in await loose.disputed(count.stocktake, count.round, count.bin):
            raise Invalid(rules.NOT_ASKED, field="item")
        await connection().execute(
            """INSERT INTO stocktake_unlabelled_entry (id, count, item, quantity, use_until, reason, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING""",
            *(request, count_id, item, quantity, use_until, reason.strip()[:200], clock.now()),
        )


async def start_over(count_id: UUID, thing: UUID, *, by: Acting) -> None:
    """Forget what one entered of a lot, or of goods without a label; twice is the same as once."""
    async with atomic():
        await _own(count_id, by)
        await connection().execute(
            "DELETE FROM stocktake_entry WHERE count = $1 AND lot = $2", count_id, thing
        )
        await connection().execute(
            "DELETE FROM stocktake_unlabelled_entry WHERE count = $1 AND item = $2", count_id, thing
        )


async def _own(count_id: UUID, by: Acting) -> queries.CountView:
    await connection().execute("SELECT FROM stocktake_count WHERE id = $1 FOR NO KEY UPDATE", count_id)
    count = await queries.count_by_id(count_id)
    if count.person != by.person_id:
        raise Forbidden(MINE)
    if count.ended_at is not None:
        raise Conflict(N_("You have ended this count already."))
    return count


async def end_count(count_id: UUID, *, by: Acting) -> State:
    """Say that one has counted everything there; return where the stocktake stands then. Twice is as once."""
    async with atomic():
        count = await queries.count_by_id(count_id)
        found = await lock(count.stocktake)
        count = await queries.count_by_id(count_id)
        if count.person != by.person_id:
            raise Forbidden(MINE)
        if count.ended_at is not None:
            return found.state
        if found.state is not State.COUNTING or count.round != found.round:
            raise Conflict(rules.NOT_COUNTING)
        await connection().execute(
            "UPDATE stocktake_count SET ended_at = $2 WHERE id = $1", count_id, clock.now()
        )
        await _compare(count)
        if not await queries.is_counted(found.id, found.round):
            return State.COUNTING
        await move(found, State.REVIEW, "counted", by=by)
        return State.REVIEW


async def _compare(count: queries.CountView) -> None:
    """Hold the counts of a bin against each other as soon as there are enough of them."""
    entries = await queries.entries_of_bin(count.stocktake, count.round, count.bin)
    if not {1, 2} <= set(entries):
        return
    await unlabelled.compare(count)
    if count.position == 3:
        asked = await queries.disputed(count.stocktake, count.round, count.bin)
        await _settle(count, {lot: entries[3].get(lot, 0) for lot in asked})
        return
    expected = await queries.expected_in(count.stocktake, count.round, count.bin)
    found = rules.agreed(expected, entries[1], entries[2])
    await connection().executemany(
        """INSERT INTO stocktake_line (id, stocktake, round, bin, lot, expected, reserved, explanation)
           VALUES ($1, $2, $3, $4, $5, 0, 0, '')""",
        [
            (ids.new_id(), count.stocktake, count.round, count.bin, lot)
            for lot in found
            if lot not in expected
        ],
    )
    await _settle(count, {lot: pieces for lot, pieces in found.items() if pieces is not None})


async def _settle(count: queries.CountView, counted: dict[UUID, int]) -> None:
    await connection().executemany(
        """UPDATE stocktake_line SET counted = $5
            WHERE stocktake = $1 AND round = $2 AND bin = $3 AND lot = $4""",
        [(count.stocktake, count.round, count.bin, lot, pieces) for lot, pieces in counted.items()],
    )


async def move(
    found: queries.StocktakeView, to: State, event: str, *, by: Acting, reason: str = "", round_: int = 0
) -> None:
    """Let a locked stocktake go on, with a word in its history; an ending lets its bins go."""
    now = clock.now()
    ended = to in {State.DONE, State.ABANDONED}
    await connection().execute(
        "UPDATE stocktake SET state = $2, round = $3, closed_at = $4 WHERE id = $1",
        found.id,
        to,
        round_ or found.round,
        now if ended else None,
    )
    if ended:
        await connection().execute("UPDATE stock_bin SET frozen_by = NULL WHERE frozen_by = $1", found.id)
    await audit.record(
        Transition(
            subject_kind=STOCKTAKE,
            subject_id=str(found.id),
            event=event,
            from_state=found.state,
            to_state=to,
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason,
            at=now,
        )
    )


async def count_again(stocktake_id: UUID, *, reason: str, by: Acting) -> None:
    """Count all bins anew, from what the books say now; the bins stay frozen."""
    if not reason.strip():
        raise Invalid(N_("Say why it is counted again."), field="reason")
    async with atomic():
        found = await lock(stocktake_id)
        await queries.require_reviewable(found)
        await move(found, State.COUNTING, "again", by=by, reason=reason, round_=found.round + 1)
        await _expect(stocktake_id, found.round + 1)


async def abandon(stocktake_id: UUID, *, reason: str, by: Acting) -> None:
    """Give a stocktake up: nothing is changed and the bins are let go."""
    if not reason.strip():
        raise Invalid(N_("Say why it is abandoned."), field="reason")
    async with atomic():
        found = await lock(stocktake_id)
        if found.state is State.ABANDONED:
            return
        if found.state is not State.COUNTING:
            await queries.require_reviewable(found)
        await move(found, State.ABANDONED, "abandon", by=by, reason=reason)
