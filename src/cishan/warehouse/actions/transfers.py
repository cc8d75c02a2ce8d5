"""Sending goods to another site and receiving them there."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import stock
from cishan.warehouse.queries.lying import Lying, lying
from cishan.warehouse.queries.places import first_bin, site_by_id
from cishan.warehouse.queries.stock import available_of
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.catalogue import require_quantity
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta, LotState, Posted
from cishan.warehouse.rules.transfers import (
    EXPLANATION_LIMIT,
    LINE_LIMIT,
    TRANSFER,
    Counted,
    Line,
    State,
    Transfer,
    require_counted,
)

_ADD = """
    INSERT INTO stock_transfer_line (id, transfer, lot, bin, quantity, found, lost, explanation)
    VALUES ($1, $2, $3, $4, $5, 0, 0, '') ON CONFLICT (id) DO NOTHING"""
_NOT_DRAFT = N_("This transfer has been sent or cancelled: its lines stay as they are.")


async def draft(*, source: UUID, target: UUID, note: str = "", by: Acting, request: UUID) -> Transfer:
    """Begin a transfer; the same request again gives the same one."""
    if source == target:
        raise Invalid(N_("Choose another site than the one from which you send."), field="target")
    async with atomic():
        for site_id, field in ((source, "source"), (target, "target")):
            if not (await site_by_id(site_id)).active:
                raise Invalid(N_("This site is closed."), field=field)
        new = await connection().fetchval(
            """INSERT INTO stock_transfer (id, number, source, target, state, note, created_by, created_at)
               VALUES ($1, $2, $3, $4, 'draft', $5, $6, $7) ON CONFLICT (id) DO NOTHING RETURNING id""",
            *(
                request,
                f"T{clock.today():%y%m%d}-{ids.letters_of(request, 5)}",
                source,
                target,
                note[:300],
                by.person_id,
                clock.now(),
            ),
        )
        found = await transfer_by_id(request)
        if new is not None:
            await record(found, "draft", "", State.DRAFT, by=by)
        elif (found.source, found.target, found.created_by) != (source, target, by.person_id):
            raise Conflict(N_("This form was used for something else already. Open it anew."))
        return found


async def locked(transfer_id: UUID) -> Transfer:
    """Hold a transfer until the transaction ends; raise NotFound."""
    await connection().execute("SELECT FROM stock_transfer WHERE id = $1 FOR NO KEY UPDATE", transfer_id)
    return await transfer_by_id(transfer_id)


async def add_line(transfer_id: UUID, place: Lying, quantity: int, *, request: UUID) -> None:
    """Put pieces of a lot from a bin on a draft; the same request again changes nothing."""
    require_quantity(quantity)
    async with atomic():
        transfer = await locked(transfer_id)
        if any(line.id == request for line in transfer.lines):
            return
        _require_draft(transfer)
        if place.site != transfer.source:
            raise Invalid(
                N_("That lies at {site}, and this transfer goes from {source}."),
                field="lot",
                site=place.site_name,
                source=transfer.source_name,
            )
        _require_usable([place])
        twin = next((one for one in transfer.lines if (one.lot, one.bin) == (place.lot, place.bin)), None)
        if twin is not None:
            raise Invalid(
                N_("{quantity} of lot {lot} from {bin} are on the list. Take them off to change the number."),
                field="lot",
                quantity=twin.quantity,
                lot=place.lot_number,
                bin=place.bin_code,
            )
        if quantity > place.available:
            raise Invalid(
                N_("{item}, lot {lot} in {bin}: you asked for {wanted}, only {available} can be had."),
                field="quantity",
                item=place.item,
                lot=place.lot_number,
                bin=place.bin_code,
                wanted=quantity,
                available=place.available,
            )
        _require_room(transfer, 1)
        await connection().execute(_ADD, request, transfer_id, place.lot, place.bin, quantity)


def _require_usable(several: Sequence[Lying]) -> None:
    """Refuse to send goods that nobody may have: they would leave their quarantine on the way."""
    for one in several:
        is_late = one.expires_on is not None and one.expires_on < clock.today()
        if one.lot_state != LotState.OPEN or is_late or one.purpose == Purpose.QUARANTINE:
            raise Invalid(
                N_("Lot {lot} in {bin} may not be handed out, so it does not travel either."),
                field="lot",
                lot=one.lot_number,
                bin=one.bin_code,
            )


async def add_first_expiring(transfer_id: UUID, item: UUID, quantity: int, *, request: UUID) -> int:
    """Put pieces of an item on a draft, what expires first first: all of them or a refusal that counts."""
    require_quantity(quantity)
    async with atomic():
        transfer = await locked(transfer_id)
        if any(line.id == uuid5(request, f"{line.lot}/{line.bin}") for line in transfer.lines):
            return 0
        _require_draft(transfer)
        taken = {(line.lot, line.bin): line.quantity for line in transfer.lines}
        found = await available_of(transfer.source, [item], clock.today())
        chosen: list[tuple[UUID, UUID, int]] = []
        left = quantity
        for one in found.get(item, []):
            if left and (one.lot, one.bin) not in taken:
                chosen.append((one.lot, one.bin, min(left, one.available)))
                left -= chosen[-1][2]
        if left:
            raise Invalid(
                N_("Only {available} more can be had at {site}."),
                field="quantity",
                available=quantity - left,
                site=transfer.source_name,
            )
        _require_room(transfer, len(chosen))
        for lot, bin_id, pieces in chosen:
            await connection().execute(
                _ADD, uuid5(request, f"{lot}/{bin_id}"), transfer_id, lot, bin_id, pieces
            )
        return len(chosen)


async def remove_line(transfer_id: UUID, line_id: UUID) -> None:
    """Take a line off a draft; one that is gone already changes nothing."""
    async with atomic():
        _require_draft(await locked(transfer_id))
        await connection().execute(
            "DELETE FROM stock_transfer_line WHERE id = $1 AND transfer = $2", line_id, transfer_id
        )


async def cancel(transfer_id: UUID, *, by: Acting, reason: str) -> None:
    """Give a draft up."""
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
    async with atomic():
        transfer = await locked(transfer_id)
        if transfer.state is State.CANCELLED:
            return
        _require_draft(transfer)
        await connection().execute("UPDATE stock_transfer SET state = 'cancelled' WHERE id = $1", transfer_id)
        await record(transfer, "cancel", State.DRAFT, State.CANCELLED, by=by, reason=reason)


async def send(transfer_id: UUID, *, by: Acting, request: UUID) -> None:
    """Let the goods leave: out of their bins, into the receiving site's place for goods under way."""
    async with atomic():
        transfer = await locked(transfer_id)
        if await stock.is_posted(request, transfer_id):
            return
        _require_draft(transfer)
        if not transfer.lines:
            raise Conflict(N_("There is nothing on the list."))
        wanted = {(line.lot, line.bin) for line in transfer.lines}
        await stock.lock_lots([lot for lot, _ in wanted])
        _require_usable(
            [one for lot, _ in wanted for one in await lying(lot=lot) if (lot, one.bin) in wanted]
        )
        way = await first_bin(transfer.target, Purpose.TRANSIT)
        await stock.post(
            Cause.SEND,
            [
                delta
                for line in transfer.lines
                for delta in (
                    Delta(line.lot, line.bin, -line.quantity),
                    Delta(line.lot, way.id, line.quantity),
                )
            ],
            by=by,
            subject=(TRANSFER, transfer_id),
            request=request,
            reason=transfer.number,
        )
        await connection().execute(
            "UPDATE stock_transfer SET state = 'sent', sent_by = $2, sent_at = $3 WHERE id = $1",
            *(transfer_id, by.person_id, clock.now()),
        )
        await record(transfer, "send", State.DRAFT, State.SENT, by=by)


async def receive(transfer_id: UUID, counted: Mapping[UUID, Counted], *, by: Acting, request: UUID) -> State:
    """Take over what arrived, line by line, every difference explained; never by the person who sent it.

    What is damaged goes to quarantine. What is missing stays under way until it turns up or is written off.
    """
    async with atomic():
        transfer = await locked(transfer_id)
        if transfer.received_by == by.person_id and _is_the_same(transfer, counted):
            return transfer.state
        if transfer.state is not State.SENT:
            raise Conflict(N_("This transfer is not under way."))
        if transfer.sent_by == by.person_id:
            raise Forbidden(SENDER)
        deltas = await _arrivals(transfer, counted)
        if deltas:
            await arrive(transfer, deltas, by=by, request=request)
        for line in transfer.lines:
            one = counted[line.id]
            await connection().execute(
                "UPDATE stock_transfer_line SET arrived = $2, damaged = $3, explanation = $4 WHERE id = $1",
                *(line.id, one.arrived, one.damaged, one.explanation.strip()[:EXPLANATION_LIMIT]),
            )
        short = sum(
            line.quantity - counted[line.id].arrived - counted[line.id].damaged for line in transfer.lines
        )
        state = State.INCOMPLETE if short else State.RECEIVED
        await connection().execute(
            "UPDATE stock_transfer SET state = $2, received_by = $3, received_at = $4 WHERE id = $1",
            *(transfer_id, state, by.person_id, clock.now()),
        )
        await record(transfer, "receive", State.SENT, state, by=by, reason=_differences(transfer, counted))
        return state


def _is_the_same(transfer: Transfer, counted: Mapping[UUID, Counted]) -> bool:
    return {line.id: (line.arrived, line.damaged) for line in transfer.lines} == {
        line_id: (one.arrived, one.damaged) for line_id, one in counted.items()
    }


SENDER = N_("Who sent the goods does not receive them: another person counts them.")


async def _arrivals(transfer: Transfer, counted: Mapping[UUID, Counted]) -> list[Delta]:
    """Return the moves of what arrived; raise Invalid at the field of a line that cannot be."""
    way = await first_bin(transfer.target, Purpose.TRANSIT)
    dock = await first_bin(transfer.target, Purpose.RECEIVING)
    aside = await first_bin(transfer.target, Purpose.QUARANTINE)
    deltas = []
    for line in transfer.lines:
        if line.id not in counted:
            raise Invalid(N_("Count every line."), field=f"arrived_{line.id}")
        one = require_counted(line.quantity, counted[line.id], field=f"arrived_{line.id}")
        deltas += one_arrival(line, way.id, dock.id, one.arrived) + one_arrival(
            line, way.id, aside.id, one.damaged
        )
    return deltas


def one_arrival(line: Line, way: UUID, target: UUID, quantity: int) -> list[Delta]:
    """Return the moves of pieces that come from under way into a bin; none of no pieces."""
    return [Delta(line.lot, way, -quantity), Delta(line.lot, target, quantity)] if quantity else []


async def arrive(transfer: Transfer, deltas: list[Delta], *, by: Acting, request: UUID) -> Posted:
    """Post what came from under way; the same request again changes nothing."""
    return await stock.post(
        Cause.ARRIVE,
        deltas,
        by=by,
        subject=(TRANSFER, transfer.id),
        request=request,
        reason=transfer.number,
    )


def _differences(transfer: Transfer, counted: Mapping[UUID, Counted]) -> str:
    return "；".join(
        f"{line.lot_number} {line.quantity}→{counted[line.id].arrived}+{counted[line.id].damaged}:"
        f" {counted[line.id].explanation.strip()}"
        for line in transfer.lines
        if counted[line.id].arrived != line.quantity
    )[:2000]


def _require_draft(transfer: Transfer) -> None:
    if transfer.state is not State.DRAFT:
        raise Conflict(_NOT_DRAFT)


def _require_room(transfer: Transfer, more: int) -> None:
    if len(transfer.lines) + more > LINE_LIMIT:
        raise Conflict(N_("A transfer has at most {limit} lines; begin another one."), limit=LINE_LIMIT)


async def record(
    transfer: Transfer, event: str, before: str, after: str, *, by: Acting, reason: str = ""
) -> None:
    """Write a step of a transfer into its history."""
    await audit.record(
        Transition(
            subject_kind=TRANSFER,
            subject_id=str(transfer.id),
            event=event,
            from_state=before,
            to_state=after,
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason[:2000],
        )
    )
