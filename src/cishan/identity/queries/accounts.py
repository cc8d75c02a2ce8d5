"""Who is signed in."""

from cishan import gateways
from cishan.identity.rules.accounts import MAX_PASSWORD, Staff
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch


async def staff_of(token: str) -> Staff | None:
    """Return whose session a cookie names; nobody if it is over, or if a demo account meets a real site."""
    if not token or len(token) > MAX_PASSWORD:
        return None
    rows = await fetch(
        """SELECT staff.id, staff.username, staff.display_name
             FROM staff_session AS session JOIN staff_account AS staff ON staff.id = session.staff
            WHERE session.token_hash = {} AND session.expires_at > {} AND staff.active
              AND (NOT staff.is_demo OR {}::boolean)""",
        ids.token_hash(token),
        clock.now(),
        gateways.settings().demo,
    )
    return Staff(**rows[0]) if rows else None
