"""Keeping the limits of giving."""

from datetime import date

from cishan.donations.rules.limits import Limit
from cishan.donations.tables.limits import GiftLimit
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch


async def set_limit(limit: Limit, *, effective_from: date, reason: str) -> None:
    """Write down a new version of a limit that holds from a day on; the same again is the same as once.

    A version that holds already stays as it is: what was refused under it stays explained.
    """
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
    async with atomic():
        rows = await fetch(
            "SELECT amount_fen, times, window_minutes FROM gift_limit"
            " WHERE kind = {} AND effective_from = {}",
            limit.kind.value,
            effective_from,
        )
        wanted = {
            "amount_fen": limit.amount_fen,
            "times": limit.times,
            "window_minutes": limit.window_minutes,
        }
        if rows == [wanted]:
            return
        if rows:
            raise Conflict(N_("This limit says something else from that day on; choose a later day."))
        if effective_from < clock.today():
            raise Invalid(N_("A limit holds from today on at the earliest."), field="effective_from")
        await GiftLimit.insert(
            GiftLimit(
                id=ids.new_id(),
                kind=limit.kind.value,
                effective_from=effective_from,
                reason=reason.strip(),
                amount_fen=limit.amount_fen,
                times=limit.times,
                window_minutes=limit.window_minutes,
            )
        )
