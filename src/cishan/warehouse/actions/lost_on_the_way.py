"""Pieces that a transfer lost on its way: they turn up, or are written off."""

from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import stock, transfers
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.rules.catalogue import require_quantity
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta, Posted
from cishan.warehouse.rules.transfers import Line, State, Transfer


async def find(
    line_id: UUID, quantity: int, *, is_damaged: bool = False, by: Acting, request: UUID, reason: str
) -> State:
    """Take over pieces that were missing and turned up; the same request again changes nothing."""
    require_quantity(quantity)
    if not reason.strip():
        raise Invalid(N_("Say where they were."), field="reason")
    async with atomic():
        transfer, line = await _missing_line(line_id)
        if await stock.is_posted(request, transfer.id):
            return transfer.state
        _require_unsettled(line, quantity, field="found")
        way = await first_bin(transfer.target, Purpose.TRANSIT)
        purpose = Purpose.QUARANTINE if is_damaged else Purpose.RECEIVING
        target = await first_bin(transfer.target, purpose)
        deltas = transfers.one_arrival(line, way.id, target.id, quantity)
        await transfers.arrive(transfer, deltas, by=by, request=request)
        return await _settle(transfer, line, "found", quantity, by=by, event="find", reason=reason)


async def claim_missing(line_id: UUID, quantity: int) -> tuple[Transfer, Line]:
    """Lock a transfer for a write-off of so many missing pieces of a line; raise Invalid if it has fewer."""
    require_quantity(quantity)
    transfer, line = await _missing_line(line_id)
    _require_unsettled(line, quantity, field="quantity")
    return transfer, line


async def write_off(
    line_id: UUID, quantity: int, *, subject: tuple[str, UUID], by: Acting, request: UUID, reason: str
) -> Posted:
    """Write missing pieces off the stock and the books: what the approval of `subject` calls when given."""
    require_quantity(quantity)
    async with atomic():
        transfer, line = await _missing_line(line_id)
        if not await stock.is_posted(request, subject[1]):
            _require_missing(line, quantity, field="quantity")
        way = await first_bin(transfer.target, Purpose.TRANSIT)
        posted = await stock.post(
            Cause.LOSE,
            [Delta(line.lot, way.id, -quantity)],
            by=by,
            subject=subject,
            request=request,
            reason=reason,
        )
        if posted.is_new:
            await _settle(transfer, line, "lost", quantity, by=by, event="write_off", reason=reason)
        return posted


async def _missing_line(line_id: UUID) -> tuple[Transfer, Line]:
    transfer_id = await connection().fetchval(
        "SELECT transfer FROM stock_transfer_line WHERE id = $1", line_id
    )
    if transfer_id is None:
        raise NotFound(N_("There is no such transfer."))
    transfer = await transfers.locked(transfer_id)
    return transfer, next(line for line in transfer.lines if line.id == line_id)


def _require_unsettled(line: Line, quantity: int, *, field: str) -> None:
    _require_missing(line, quantity, field=field)
    if quantity > line.unsettled:
        raise Invalid(
            N_(
                "Of lot {lot}, {proposed} missing pieces are proposed to be written off. Withdraw that first."
            ),
            field=field,
            lot=line.lot_number,
            proposed=line.proposed,
        )


def _require_missing(line: Line, quantity: int, *, field: str) -> None:
    if quantity > line.missing:
        raise Invalid(
            N_("Of lot {lot} only {missing} are missing."),
            field=field,
            lot=line.lot_number,
            missing=line.missing,
        )


async def _settle(
    transfer: Transfer, line: Line, column: str, quantity: int, *, by: Acting, event: str, reason: str
) -> State:
    sql = {
        "found": "UPDATE stock_transfer_line SET found = found + $2 WHERE id = $1",
        "lost": "UPDATE stock_transfer_line SET lost = lost + $2 WHERE id = $1",
    }[column]
    await connection().execute(sql, line.id, quantity)
    state = State.INCOMPLETE if transfer.missing > quantity else State.RECEIVED
    if state is not transfer.state:
        await connection().execute("UPDATE stock_transfer SET state = $2 WHERE id = $1", transfer.id, state)
    told = f"{line.lot_number} ×{quantity}: {reason}"
    await transfers.record(transfer, event, State.INCOMPLETE, state, by=by, reason=told)
    return state
