"""Reversing a booking (冲销入库): one proposes, somebody else agrees, and all of it is taken back out."""

from typing import Any
from uuid import UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.ledger.rules import GENERAL_FUND, Restriction
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.offers import lock, move
from cishan.warehouse.actions.receiving import RECEIPT_JOB
from cishan.warehouse.queries import reversals as queries
from cishan.warehouse.rules import offers
from cishan.warehouse.rules import reversals as rules
from cishan.warehouse.rules.offers import Step
from cishan.warehouse.rules.reversals import REASON_LIMIT, STEPS, State, Wrong
from cishan.warehouse.rules.stock import Cause, Delta

NONE_SUCH = N_("There is no such reversal.")
_COPY_GRADE = """
    INSERT INTO goods_grade (id, line, grade, quantity, reason, fate, person, at)
    SELECT $2, line, grade, quantity, reason, fate, person, at FROM goods_grade WHERE id = $1"""
_COPY_VALUE = """
    INSERT INTO goods_value (id, graded, round, basis, value_fen, source, person, acting_role, at)
    SELECT $3, $2, 1, basis, value_fen, source, person, acting_role, at
      FROM goods_value WHERE graded = $1 ORDER BY round DESC LIMIT 1"""


async def propose(offer_id: UUID, *, wrong: Wrong, fund: str, reason: str, request: UUID, by: Acting) -> UUID:
    """Lay before a second person that a booking shall be reversed; return its id, once for a request.

    Refused while a lot of the booking is not wholly here and free: nobody is asked for what cannot be done.
    """
    if not reason.strip():
        raise Invalid(N_("Say what was wrong, so that the second person can judge it."), field="reason")
    async with atomic():
        row = await lock(offer_id)
        known = await fetch("SELECT id FROM goods_reversal WHERE request = {}", request)
        if known:
            return UUID(str(known[0]["id"]))
        offers.after(offers.State(row["state"]), Step.ASK_REVERSAL)
        if await fetch("SELECT FROM goods_reversal WHERE offer = {} AND state = 'proposed'", offer_id):
            raise Conflict(N_("A reversal of this booking is proposed already."))
        await _require_fund(row, wrong, fund)
        booked = await queries.standing(offer_id)
        assert booked is not None, "what is booked came by a cause"
        rules.require_free_way(await queries.hurdles(booked.received))
        reversal_id, words = ids.new_id(), reason.strip()[:REASON_LIMIT]
        await connection().execute(
            """INSERT INTO goods_reversal (id, offer, booking, received, wrong, fund_code, reason,
                                           proposed_by, proposed_role, proposed_at, request, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'proposed')""",
            *(reversal_id, offer_id, booked.booking, booked.received, wrong.value),
            *(fund if wrong is Wrong.FUND else "", words, by.person_id, by.role, clock.now(), request),
        )
        await move(row, Step.ASK_REVERSAL, by, words=words)
        return reversal_id


async def _require_fund(row: dict[str, Any], wrong: Wrong, fund: str) -> None:
    """Refuse a fund that takes no goods, or that they stand in already."""
    if wrong is not Wrong.FUND:
        return
    if row["receiver_enc"] is not None:
        raise Invalid(N_("These goods are passed on for their giver: no fund receives them."), field="wrong")
    if not fund:
        raise Invalid(N_("Say into which fund the goods belong."), field="fund")
    if fund == (row["fund_code"] or GENERAL_FUND):
        raise Invalid(N_("The goods stand in this fund already."), field="fund")
    takes = (Restriction.RESTRICTED, Restriction.UNRESTRICTED)
    if not any(
        one.code == fund and one.closed_on is None and one.restriction in takes
        for one in await ledger.funds()
    ):
        raise Invalid(N_("This fund takes no goods."), field="fund")


async def agree(reversal_id: UUID, *, by: Acting, words: str = "") -> None:
    """Take all lots of a booking back out, and let the offer go on from where it was right.

    Whoever proposed it is refused, and anybody while a lot is not wholly here and free. The books mirror what
    they held, and the receipt that the giver had is answered by a red one. The same person again changes
    nothing.
    """
    async with atomic():
        row, told = await _locked(reversal_id)
        if told["state"] == State.AGREED and told["decided_by"] == by.person_id:
            return
        _require_open(told)
        rules.require_second(told["proposed_by"], by.person_id)
        wrong = Wrong(told["wrong"])
        offers.after(offers.State(row["state"]), STEPS[wrong])
        deltas = await _all_of_it(told["received"])
        await _decide(reversal_id, State.AGREED, by, words)
        await stock.post(
            Cause.UNRECEIVE,
            deltas,
            by=by,
            subject=(offers.SUBJECT, row["id"]),
            request=uuid5(reversal_id, "unreceive"),
            reason=told["reason"],
            reverses=told["received"],
        )
        await _go_back(row["id"], reversal_id, wrong)
        if wrong is Wrong.FUND:
            fund = "" if told["fund_code"] == GENERAL_FUND else told["fund_code"]
            await fetch("UPDATE goods_offer SET fund_code = {} WHERE id = {}", fund, row["id"])
        await move(row, STEPS[wrong], by, words="; ".join(t for t in (told["reason"], words.strip()) if t))
        await jobs.enqueue(RECEIPT_JOB, offer_id=str(row["id"]))


async def refuse(reversal_id: UUID, *, by: Acting, words: str) -> None:
    """Let the booking stand, with the reason; the same person again changes nothing."""
    if not words.strip():
        raise Invalid(N_("Say why the booking stays."), field="words")
    async with atomic():
        row, told = await _locked(reversal_id)
        if told["state"] == State.REFUSED and told["decided_by"] == by.person_id:
            return
        _require_open(told)
        rules.require_second(told["proposed_by"], by.person_id)
        await _decide(reversal_id, State.REFUSED, by, words)
        await move(row, Step.KEEP_BOOKING, by, words=words.strip())


async def withdraw(reversal_id: UUID, *, by: Acting) -> None:
    """Take one's own proposal back; again it changes nothing."""
    async with atomic():
        row, told = await _locked(reversal_id)
        if told["proposed_by"] != by.person_id:
            raise Forbidden(N_("Only the person who proposed it can withdraw it."))
        if told["state"] == State.WITHDRAWN:
            return
        _require_open(told)
        await _decide(reversal_id, State.WITHDRAWN, by, "")
        await move(row, Step.KEEP_BOOKING, by)


async def _locked(reversal_id: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hold the offer, then the reversal; return both rows."""
    found = await fetch("SELECT offer FROM goods_reversal WHERE id = {}", reversal_id)
    if not found:
        raise NotFound(NONE_SUCH)
    row = await lock(found[0]["offer"])
    (told,) = await fetch("SELECT * FROM goods_reversal WHERE id = {} FOR NO KEY UPDATE", reversal_id)
    return row, told


def _require_open(told: dict[str, Any]) -> None:
    if told["state"] == State.AGREED:
        raise Conflict(stock.REVERSED)
    if told["state"] != State.PROPOSED:
        raise Conflict(N_("This reversal is decided already."))


async def _all_of_it(received: UUID) -> list[Delta]:
    """Hold all lots of a receipt and return what takes them out; raise Conflict if one is not wholly free."""
    await connection().execute(
        """SELECT FROM stock_lot WHERE id IN (SELECT lot FROM stock_move WHERE cause = $1)
            ORDER BY id FOR NO KEY UPDATE""",
        received,
    )
    rules.require_free_way(await queries.hurdles(received))
    rows = await fetch(
        """SELECT lot, bin, on_hand FROM stock_balance
            WHERE on_hand > 0 AND lot IN (SELECT lot FROM stock_move WHERE cause = {}) ORDER BY lot, bin""",
        received,
    )
    return [Delta(row["lot"], row["bin"], -row["on_hand"]) for row in rows]


async def _decide(reversal_id: UUID, state: State, by: Acting, words: str) -> None:
    await connection().execute(
        """UPDATE goods_reversal
              SET state = $2, decided_by = $3, decided_role = $4, decided_at = $5, words = $6
            WHERE id = $1""",
        *(reversal_id, state.value, by.person_id, by.role, clock.now(), words.strip()[:REASON_LIMIT]),
    )


async def _go_back(offer_id: UUID, reversal_id: UUID, wrong: Wrong) -> None:
    """Keep what was booked as it was; beside it goes what of it still holds."""
    rows = await fetch(
        """SELECT g.id FROM goods_grade AS g JOIN goods_offer_line AS l ON l.id = g.line
            WHERE l.offer = {} AND g.undone IS NULL AND (g.lot IS NOT NULL OR {})""",
        offer_id,
        wrong is Wrong.COUNT,
    )
    old = [row["id"] for row in rows]
    await fetch("UPDATE goods_grade SET undone = {} WHERE id = ANY({}::uuid[])", reversal_id, old)
    if wrong is Wrong.COUNT:
        await fetch("UPDATE goods_offer_line SET counted = NULL WHERE offer = {}", offer_id)
        return
    new = [(one, ids.new_id()) for one in old]
    await connection().executemany(_COPY_GRADE, new)
    if wrong is Wrong.FUND:
        await connection().executemany(_COPY_VALUE, [(*pair, ids.new_id()) for pair in new])
