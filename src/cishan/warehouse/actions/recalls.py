"""Calling goods back: lock the lots and all that contain them, find who has some, tell and follow up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cishan import gateways
from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.kernel.contacts import phone as read_phone
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.notify import actions as notify
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.locking import lock as lock_lots
from cishan.warehouse.actions.locking import tell_keepers
from cishan.warehouse.actions.taking_back import RECALLED, Lost, allot_again, hold
from cishan.warehouse.queries import recalls as queries
from cishan.warehouse.queries.kits import kit_lots_with
from cishan.warehouse.queries.orders import receivers_of
from cishan.warehouse.queries.recalls import RecallView, ReceiverLine
from cishan.warehouse.rules import recalls as rules
from cishan.warehouse.rules.recalls import RECALL, Origin, Reached, State
from cishan.warehouse.rules.stock import LotState
from cishan.warehouse.rules.stocktakes import number_of

NOTICE = N_("[{organisation}] Please do not use: {goods}, from order {number}. {advice} Call us: {phone}")
ENDED = N_("This recall has ended.")


NO_LOT = N_("There is no such lot.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecall:
    """A recall before it begins."""

    lots: tuple[UUID, ...]
    origin: Origin
    reason: str
    advice: str
    item: UUID | None = None
    made_from: date | None = None
    made_to: date | None = None


async def open_recall(new: NewRecall, *, by: Acting, request: UUID) -> UUID:
    """Lock lots and all that contain some of them; return the recall. The same form again is the same recall.

    Promises are taken back and their orders told; everybody who received some is written down.
    """
    if not new.lots:
        raise Invalid(N_("Choose at least one lot."), field="lots")
    async with atomic():
        recall_id = ids.new_id()
        known = await _begin(recall_id, new, by, request)
        if known is not None:
            return known
        given = sorted(set(new.lots))
        await hold([*given, *await kit_lots_with(given)])
        was = await _states(given)
        if len(was) < len(given):
            raise Invalid(NO_LOT, field="lots")
        lost = await _lock(given, new, by)
        kits: list[UUID] = []
        # Only now, until there are no more: who puts kits together or takes them apart meanwhile has waited
        # for the locks or is waited for, and then what came of it is seen.
        while more := [lot for lot in await kit_lots_with(given) if lot not in was]:
            kits += more
            if len(given) + len(kits) > rules.LOTS_LIMIT:
                limit = rules.LOTS_LIMIT
                raise Invalid(N_("Call back {limit} lots at once at most."), field="lots", limit=limit)
            was |= await _states(more)
            lost += await _lock(more, new, by)
        await _write_lots(recall_id, given, kits, was, lost)
        await _write_receivers(recall_id, [*given, *kits])
        await tell_keepers([*given, *kits], "recalled", url=f"/staff/warehouse/recalls/{recall_id}")
        await _note(recall_id, "open", ("", State.OPEN), by, new.reason)
        await allot_again(lost, by=by)
        return recall_id


async def _begin(recall_id: UUID, new: NewRecall, by: Acting, request: UUID) -> UUID | None:
    made = await connection().fetchval(
        """INSERT INTO goods_recall (id, number, origin, reason, advice, item, made_from, made_to, state,
                                     request, opened_at, opened_by, closing)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, '')
           ON CONFLICT (request) DO NOTHING RETURNING id""",
        recall_id,
        number_of("ZH", recall_id, clock.today()),
        new.origin.value,
        new.reason.strip()[:500],
        new.advice.strip()[:100],
        new.item,
        new.made_from,
        new.made_to,
        request,
        clock.now(),
        by.person_id,
    )
    if made is not None:
        return None
    found: UUID = await fetch_value("SELECT id FROM goods_recall WHERE request = {}", request)
    return found


async def _states(lot_ids: Sequence[UUID]) -> dict[UUID, tuple[str, int]]:
    rows = await fetch(
        """SELECT id, state, on_hand FROM stock_lot WHERE id = ANY({}::uuid[])
            ORDER BY id FOR NO KEY UPDATE""",
        list(lot_ids),
    )
    return {row["id"]: (row["state"], row["on_hand"]) for row in rows}


async def _lock(lot_ids: Sequence[UUID], new: NewRecall, by: Acting) -> list[Lost]:
    return await lock_lots(
        lot_ids, LotState.RECALLED, by=by, event="recall", reason=new.reason.strip()[:300], why=RECALLED
    )


async def _write_lots(
    recall_id: UUID,
    given: Sequence[UUID],
    kits: Sequence[UUID],
    was: dict[UUID, tuple[str, int]],
    lost: Sequence[Lost],
) -> None:
    released: dict[UUID, int] = {}
    for one in lost:
        released[one.lot] = released.get(one.lot, 0) + one.quantity
    await connection().executemany(
        """INSERT INTO goods_recall_lot (id, recall, lot, in_kit, was, on_hand, released)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        [
            (ids.new_id(), recall_id, lot, lot in set(kits), *was[lot], released.get(lot, 0))
            for lot in [*given, *kits]
        ],
    )


async def _write_receivers(recall_id: UUID, lot_ids: Sequence[UUID]) -> None:
    held: dict[UUID, int] = {}
    for one in await receivers_of(lot_ids):
        held[one.order_id] = held.get(one.order_id, 0) + one.quantity
    await connection().executemany(
        """INSERT INTO goods_recall_receiver (id, recall, goods_order, quantity, state, note)
           VALUES ($1, $2, $3, $4, 'waiting', '')""",
        [(ids.new_id(), recall_id, order, quantity) for order, quantity in sorted(held.items())],
    )


async def _note(recall_id: UUID, event: str, steps: tuple[str, str], by: Acting, reason: str = "") -> None:
    await audit.record(
        Transition(
            subject_kind=RECALL,
            subject_id=str(recall_id),
            event=event,
            from_state=steps[0],
            to_state=steps[1],
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason.strip()[:500],
        )
    )


async def _locked(recall_id: UUID) -> RecallView:
    await connection().execute("SELECT FROM goods_recall WHERE id = $1 FOR NO KEY UPDATE", recall_id)
    return await queries.recall_by_id(recall_id)


async def send_notices(recall_id: UUID, regions: Sequence[str], *, by: Acting) -> int:
    """Write a text message to every receiver of the regions who has a telephone; nobody gets it twice.

    Returns how many were written now.
    """
    async with atomic():
        recall = await _locked(recall_id)
        if recall.state is not State.OPEN:
            raise Conflict(ENDED)
        goods = "、".join(dict.fromkeys(lot.item for lot in await queries.lots_of(recall_id)))
        sent = 0
        for one in await queries.receivers(recall_id, regions, clear=True):
            if one.phone and one.told_at is None and await _send(recall, one, goods):
                sent += 1
        if sent:
            await _note(recall_id, "tell", (State.OPEN, State.OPEN), by)
        return sent


async def _send(recall: RecallView, one: ReceiverLine, goods: str) -> bool:
    settings = gateways.settings()
    with i18n.speaking(i18n.CHINESE):
        text = i18n.gettext(NOTICE).format(
            organisation=settings.organisation.short_name,
            goods=goods[:60],
            number=one.order_number,
            advice=recall.advice,
            phone=settings.organisation.phone,
        )
    written = await notify.send_text(
        key=f"recall:{recall.id}:{one.order}",
        to_mobile=read_phone(one.phone),
        language=i18n.CHINESE,
        template="recall_notice",
        text=text,
    )
    await connection().execute(
        "UPDATE goods_recall_receiver SET told_at = $2 WHERE id = $1 AND told_at IS NULL", one.id, clock.now()
    )
    return written


async def mark(recall_id: UUID, receiver_id: UUID, state: Reached, *, note: str, by: Acting) -> None:
    """Write down how far a receiver was reached; the same again changes nothing."""
    if state is Reached.UNREACHABLE and not note.strip():
        raise Invalid(N_("Say how you tried to reach them."), field="note")
    async with atomic():
        recall = await _locked(recall_id)
        if recall.state is not State.OPEN:
            raise Conflict(ENDED)
        row = await connection().fetchrow(
            "SELECT state, note FROM goods_recall_receiver WHERE id = $1 AND recall = $2 FOR NO KEY UPDATE",
            *(receiver_id, recall_id),
        )
        if row is None:
            raise NotFound(N_("There is no such receiver."))
        if (row["state"], row["note"]) == (state.value, note.strip()):
            return
        await connection().execute(
            """UPDATE goods_recall_receiver SET state = $2, note = $3, changed_at = $4, changed_by = $5
                WHERE id = $1""",
            *(receiver_id, state.value, note.strip()[:200], clock.now(), by.person_id),
        )


async def close(recall_id: UUID, *, closing: str, by: Acting) -> None:
    """End a recall: every receiver settled, no piece outside quarantine. The lots stay locked."""
    if not closing.strip():
        raise Invalid(N_("Say what became of the goods."), field="closing")
    async with atomic():
        recall = await _locked(recall_id)
        if recall.state is State.CLOSED:
            return
        if recall.state is not State.OPEN:
            raise Conflict(ENDED)
        rules.require_settled(await queries.states_of(recall_id))
        loose = [lot.number for lot in await queries.lots_of(recall_id) if lot.elsewhere]
        if loose:
            raise Invalid(
                N_("Move the pieces of these lots into quarantine first: {lots}."),
                field="closing",
                lots="、".join(loose[:10]),
            )
        await _end(recall, State.CLOSED, "close", closing, by)


async def lift(recall_id: UUID, *, reason: str, by: Acting) -> None:
    """End a recall as a false alarm, by somebody else than who began it: the lots are as they were before."""
    if not reason.strip():
        raise Invalid(N_("Say why it was a false alarm."), field="lift_reason")
    async with atomic():
        recall = await _locked(recall_id)
        if recall.state is State.LIFTED:
            return
        if recall.state is not State.OPEN:
            raise Conflict(ENDED)
        if recall.opened_by == by.person_id:
            raise Forbidden(rules.SAME)
        await _end(recall, State.LIFTED, "lift", reason, by)
        rows = await fetch(
            """SELECT c.lot, c.was, l.expires_on
                 FROM goods_recall_lot AS c JOIN stock_lot AS l ON l.id = c.lot
                WHERE c.recall = {} AND l.state = 'recalled'
                  AND NOT EXISTS (SELECT FROM goods_recall_lot AS d JOIN goods_recall AS r ON r.id = d.recall
                                   WHERE d.lot = c.lot AND d.recall <> c.recall AND r.state <> 'lifted')
                ORDER BY c.lot""",
            recall_id,
        )
        await _let_go(rows, reason, by)
        await _let_go(await fetch(_CAME_OUT, recall_id), reason, by)


_CAME_OUT = """
    SELECT s.part_lot AS lot, 'open' AS was, l.expires_on
      FROM goods_recall_lot AS c JOIN stock_lot AS k ON k.id = c.lot
      JOIN goods_lot_split AS s ON s.kit_lot = c.lot JOIN stock_lot AS l ON l.id = s.part_lot
     WHERE c.recall = {} AND k.state <> 'recalled' AND l.state = 'recalled'
       AND NOT EXISTS (SELECT FROM goods_recall_lot AS d JOIN goods_recall AS r ON r.id = d.recall
                        WHERE d.lot = s.part_lot AND r.state <> 'lifted')
       AND NOT EXISTS (SELECT FROM goods_lot_part AS p JOIN stock_lot AS q ON q.id = p.part_lot
                        WHERE p.kit_lot = c.lot AND q.item = l.item AND q.state = 'recalled')
     ORDER BY s.part_lot"""
"""What came recalled out of kits whose recall is lifted, unless it is called back for another reason."""


async def _let_go(rows: Sequence[Mapping[str, Any]], reason: str, by: Acting) -> None:
    """Let lots be what they were before they were called back, or expired by now."""
    today = clock.today()
    for row in rows:
        before = LotState(row["was"]) if row["was"] != LotState.RECALLED else LotState.OPEN
        over = row["expires_on"] is not None and row["expires_on"] < today
        to = LotState.EXPIRED if over and before is LotState.OPEN else before
        await stock.set_state(row["lot"], to, by=by, reason=reason.strip()[:300], event="lift")


async def _end(recall: RecallView, to: State, event: str, words: str, by: Acting) -> None:
    await connection().execute(
        "UPDATE goods_recall SET state = $2, closed_at = $3, closed_by = $4, closing = $5 WHERE id = $1",
        *(recall.id, to.value, clock.now(), by.person_id, words.strip()[:500]),
    )
    await _note(recall.id, event, (recall.state, to), by, words)
