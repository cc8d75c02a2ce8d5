"""Goods are counted by two people, inspected, valued, booked by somebody else, and shelved."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid5

import asyncpg

from cishan.approvals.rules import Acting
from cishan.deadlines import actions as deadlines
from cishan.files import actions as files
from cishan.files import queries as file_queries
from cishan.files.actions import Brought
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger.rules import AGENCY_FUND, GENERAL_FUND
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.offers import PROOF, lock, move, tell_giver
from cishan.warehouse.queries import arrivals, intake, places
from cishan.warehouse.rules import offers as rules
from cishan.warehouse.rules.catalogue import QUANTITY_LIMIT
from cishan.warehouse.rules.offers import Grade, Graded, OfferView, State, Step, Valued
from cishan.warehouse.rules.places import STORES, Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, NewLot, Source

RECEIPT_JOB = "donations.issue_goods_receipt"
"""Answered by the slice of donations, which lies above."""
_COUNTED_ALREADY = N_("You have counted these goods. The second count is somebody else's.")
_VALUED_THEM = N_("You valued these goods. Somebody else takes them into the books.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the database refuses into words."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "goods_count_each_once":
            raise Forbidden(_COUNTED_ALREADY) from error
        raise
    except asyncpg.PostgresError as error:
        if error.sqlstate == "GI001":
            raise Forbidden(_VALUED_THEM) from error
        raise


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count led to: who counts first learns nothing but that somebody else must count too."""

    state: State
    differs: bool
    """Two people counted and do not agree: both count again."""


async def count(offer_id: UUID, quantities: Mapping[UUID, int], *, request: UUID, by: Acting) -> Counted:
    """Write down what one person counted of every accepted line, without seeing what the other did.

    The second of a round ends it: if both agree the goods are received, else both count again.
    """
    async with atomic():
        row = await lock(offer_id)
        known = await fetch("SELECT round FROM goods_count WHERE request = {}", request)
        if known:
            return await _outcome(offer_id, known[0]["round"])
        rules.after(State(row["state"]), Step.COUNT)
        found = await intake.offer_by_id(offer_id)
        if set(quantities) != {line.id for line in found.accepted}:
            raise Invalid(N_("Count every line; write 0 for what did not come."))
        for number, quantity in quantities.items():
            if not 0 <= quantity <= QUANTITY_LIMIT:
                raise Invalid(
                    N_("Enter a whole number from 0 to {limit}."),
                    field=f"count-{number}",
                    limit=f"{QUANTITY_LIMIT:,}",
                )
        now = await arrivals.counting(offer_id, by.person_id)
        count_id = ids.new_id()
        with _told():
            await connection().execute(
                """INSERT INTO goods_count (id, offer, round, position, person, acting_role, request, at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                *(count_id, offer_id, now.round, now.counted + 1),
                *(by.person_id, by.role, request, clock.now()),
            )
        await connection().executemany(
            "INSERT INTO goods_count_line (id, count, line, quantity) VALUES ($1, $2, $3, $4)",
            [(ids.new_id(), count_id, line, quantity) for line, quantity in quantities.items()],
        )
        outcome = await _outcome(offer_id, now.round)
        if now.counted == 1 and not outcome.differs:
            for line, quantity in quantities.items():
                await fetch("UPDATE goods_offer_line SET counted = {} WHERE id = {}", quantity, line)
            state = await move(row, Step.COUNT, by)
            await deadlines.stop(rules.APPOINTMENT, subject_kind=rules.SUBJECT, subject_id=offer_id)
            return Counted(state, differs=False)
        return outcome


async def _outcome(offer_id: UUID, round_no: int) -> Counted:
    state = State((await fetch("SELECT state FROM goods_offer WHERE id = {}", offer_id))[0]["state"])
    both = [one for one in await arrivals.counts_of(offer_id) if one.round == round_no]
    differs = len(both) == 2 and not rules.same_counts(both[0].quantities, both[1].quantities)
    return Counted(state, differs)


async def grade(
    offer_id: UUID, gradings: Sequence[Graded], short: Mapping[UUID, str], *, by: Acting
) -> State:
    """Say of every counted piece what it is; what is short of the offer or not fit needs a reason."""
    async with atomic():
        row = await lock(offer_id)
        if row["state"] in {State.GRADED, State.CLOSED}:
            return State(row["state"])
        rules.after(State(row["state"]), Step.GRADE)
        found = await intake.offer_by_id(offer_id)
        counted = {line.id: line.counted or 0 for line in found.accepted}
        kept = [one for one in gradings if one.quantity]
        if any(one.quantity < 0 or one.line not in counted for one in kept):
            raise Invalid(N_("Enter whole numbers from 0."))
        rules.require_whole(counted, kept)
        for line in found.accepted:
            why = short.get(line.id, "").strip()
            if counted[line.id] < line.quantity and not why:
                raise Invalid(
                    N_("{offered} were offered and {counted} came: say what is known of the rest."),
                    field=f"short-{line.id}",
                    offered=line.quantity,
                    counted=counted[line.id],
                )
            await fetch("UPDATE goods_offer_line SET short_reason = {} WHERE id = {}", why[:300], line.id)
        await connection().executemany(
            """INSERT INTO goods_grade (id, line, grade, quantity, reason, fate, person, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            [
                (
                    *(ids.new_id(), one.line, one.grade.value, one.quantity),
                    one.reason.strip()[:300] if one.grade is Grade.X else "",
                    one.fate.value if one.grade is Grade.X and one.fate else "",
                    *(by.person_id, clock.now()),
                )
                for one in kept
            ],
        )
        is_fit = any(one.grade is not Grade.X for one in kept)
        step = Step.GRADE if is_fit else Step.CLOSE
        state = await move(row, step, by)
        await tell_giver(offer_id, step)
        return state


async def value(
    offer_id: UUID, values: Sequence[Valued], *, by: Acting, brought: Sequence[Brought] = ()
) -> State:
    """Write down what the goods are worth and by what; until they are booked the last word counts."""
    async with atomic():
        row = await lock(offer_id)
        rules.after(State(row["state"]), Step.VALUE)
        await files.attach(brought, owner_id=offer_id, by=by.person_id, field="proof")
        found = await intake.offer_by_id(offer_id)
        fit = {one.id: one for one in found.grades if one.grade != Grade.X}
        if {one.graded for one in values} != set(fit):
            raise Invalid(N_("Value everything that is fit to be taken in."))
        if not brought and await _is_last_word(values, by):
            return State(row["state"])
        proofs = await file_queries.files_of(rules.SUBJECT, offer_id, purpose=PROOF.code)
        for one in values:
            rules.require_value(one, fit[one.graded].quantity, has_voucher=bool(proofs))
        (last,) = await fetch(
            "SELECT coalesce(max(v.round), 0) AS round FROM goods_value AS v"
            " WHERE v.graded = ANY({}::uuid[])",
            list(fit),
        )
        await connection().executemany(
            """INSERT INTO goods_value (id, graded, round, basis, value_fen, source, person, acting_role, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            [
                (
                    *(ids.new_id(), one.graded, last["round"] + 1, one.basis.value, one.value_fen),
                    *(one.source.strip()[:200], by.person_id, by.role, clock.now()),
                )
                for one in values
            ],
        )
        return await move(row, Step.VALUE, by)


async def _is_last_word(values: Sequence[Valued], by: Acting) -> bool:
    """Tell whether somebody says again what they said last: the same form once more."""
    rows = await fetch(
        """SELECT DISTINCT ON (graded) graded, basis, value_fen, source, person FROM goods_value
            WHERE graded = ANY({}::uuid[]) ORDER BY graded, round DESC""",
        [one.graded for one in values],
    )
    said = {(one.graded, one.basis.value, one.value_fen, one.source.strip(), by.person_id) for one in values}
    return {tuple(row.values()) for row in rows} == said


async def book(offer_id: UUID, *, request: UUID, by: Acting) -> State:
    """Take valued goods into stock and into the books: one lot for each line and grade, in receiving.

    Somebody who valued them is refused by the database. The receipt of goods, or thanks without an amount, is
    asked for. The same form twice is applied once.
    """
    async with atomic():
        row = await lock(offer_id)
        if await fetch("SELECT FROM goods_booking WHERE offer = {} AND request = {}", offer_id, request):
            return State(row["state"])
        rules.after(State(row["state"]), Step.BOOK)
        found = await intake.offer_by_id(offer_id)
        with _told():
            await connection().execute(
                "INSERT INTO goods_booking (id, offer, round, person, acting_role, request, at)"
                " VALUES ($1, $2, 1 + (SELECT count(*) FROM goods_booking WHERE offer = $2), $3, $4, $5, $6)",
                *(ids.new_id(), offer_id, by.person_id, by.role, request, clock.now()),
            )
        state = await move(row, Step.BOOK, by)
        await _receive(found, row, request, by)
        await jobs.enqueue(RECEIPT_JOB, offer_id=str(offer_id))
        await tell_giver(offer_id, Step.BOOK)
        return state


async def _receive(found: OfferView, row: Mapping[str, object], request: UUID, by: Acting) -> None:
    lines = {line.id: line for line in found.lines}
    bin_id = (await places.first_bin(found.site, Purpose.RECEIVING)).id
    fund = AGENCY_FUND if found.has_receiver else found.fund or GENERAL_FUND
    deltas = []
    for one in found.grades:
        if one.grade == Grade.X:
            continue
        line = lines[one.line]
        assert line.item is not None, "an accepted line is of an item"
        lot = await stock.open_lot(
            NewLot(
                item=line.item,
                quantity=one.quantity,
                cost_fen=one.value_fen,
                basis=Basis(one.basis),
                fund=fund,
                source=Source.OFFER,
                source_id=found.id,
                made_on=line.made_on,
                expires_on=line.expires_on,
                grade=one.grade,
                restrictions=found.restrictions,
                entrusted=found.has_receiver,
            )
        )
        await fetch("UPDATE goods_grade SET lot = {} WHERE id = {}", lot, one.id)
        deltas.append(Delta(lot, bin_id, one.quantity))
    await stock.post(
        Cause.RECEIVE,
        deltas,
        by=by,
        subject=(rules.SUBJECT, found.id),
        request=uuid5(request, "receive"),
        reason=found.number,
    )


async def shelve(
    offer_id: UUID, lot: UUID, bin_code: str, quantity: int, *, request: UUID, by: Acting
) -> None:
    """Put pieces from receiving into a bin by its code; fresh goods are handed out from receiving."""
    target = await places.bin_by_code(bin_code)
    if target is None or not target.active:
        raise Invalid(N_("No bin has this code."), field="bin")
    async with atomic():
        await lock(offer_id)  # the same form at the same moment waits here, and then finds itself done
        if await stock.is_posted(request):
            return
        here = [one for one in await arrivals.lying(offer_id) if one.lot == lot]
        if not here:
            raise NotFound(N_("There is no such lot."))
        source = next((one for one in here if one.purpose == Purpose.RECEIVING), None)
        if source is None:
            raise Conflict(N_("Nothing of this lot lies in receiving any more."))
        if source.is_fresh:
            raise Conflict(N_("Fresh goods are not shelved: hand them out from receiving by their list."))
        if target.purpose not in (*STORES, Purpose.QUARANTINE):
            raise Invalid(N_("Bin {bin} is no place for that."), field="bin", bin=target.code)
        if not 1 <= quantity <= source.free:
            raise Invalid(
                N_("Enter a whole number from 1 to {limit}."), field="quantity", limit=f"{source.free:,}"
            )
        await stock.post(
            Cause.MOVE,
            [Delta(lot, source.bin, -quantity), Delta(lot, target.id, quantity)],
            by=by,
            subject=(rules.SUBJECT, offer_id),
            request=request,
        )
