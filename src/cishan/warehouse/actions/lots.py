"""Keeping a lot from being handed out, and letting it go again."""

from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.actions import stock
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.queries.unlabelled import is_of_unknown_age
from cishan.warehouse.rules.stock import Lot, LotState

UNKNOWN_AGE = N_("Nobody knows how old these goods are: they are not handed out. Write them off.")


def _require_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
    return reason.strip()


async def _locked(lot_id: UUID) -> Lot:
    await connection().execute("SELECT FROM stock_lot WHERE id = $1 FOR NO KEY UPDATE", lot_id)
    return await lot_by_id(lot_id)


async def quarantine(lot_id: UUID, *, by: Acting, reason: str) -> None:
    """Let nobody have a lot until it is released; a lot that is in quarantine stays there."""
    why = _require_reason(reason)
    async with atomic():
        lot = await _locked(lot_id)
        if lot.state not in (LotState.OPEN, LotState.QUARANTINED):
            raise Conflict(N_("Only usable goods are put into quarantine."))
        await stock.set_state(lot_id, LotState.QUARANTINED, by=by, reason=why, event="quarantine")


async def release(lot_id: UUID, *, by: Acting, reason: str) -> None:
    """Let a lot out of quarantine; never one that is recalled, past its last day, or of unknown age."""
    why = _require_reason(reason)
    async with atomic():
        lot = await _locked(lot_id)
        if lot.state not in (LotState.OPEN, LotState.QUARANTINED):
            raise Conflict(N_("Only goods in quarantine are released."))
        if lot.expires_on is not None and lot.expires_on < clock.today():
            raise Conflict(N_("The last day of use is over: nobody may have it."))
        if await is_of_unknown_age(lot_id):
            raise Conflict(UNKNOWN_AGE)
        await stock.set_state(lot_id, LotState.OPEN, by=by, reason=why, event="release")
