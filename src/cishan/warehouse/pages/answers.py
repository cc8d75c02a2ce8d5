"""What the warehouse's pages have in common: what may be done with a thing, which refusals a form shows."""

from dataclasses import dataclass

from cishan.identity.guards import May
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.plumbing.i18n import gettext
from cishan.warehouse.rules.places import Site

HERE = "/staff/warehouse"
REFUSALS = (Forbidden, Conflict, Invalid, NotFound)


@dataclass(frozen=True, slots=True)
class Move:
    """Something that may be done with a thing; `why` it may not be done now, else empty."""

    label: str
    href: str
    why: str = ""


def move(staff: Staff, action: Action, label: str, href: str, *, at: Site | None, unless: str = "") -> Move:
    """Return a move by the permission table, then by the state of the thing (`unless` says why not)."""
    may = May(
        decide(
            staff,
            action,
            now=clock.now(),
            organisation=at.organisation if at else None,
            region=at.region if at else None,
        )
    )
    return Move(gettext(label), href, may.why if not may.allowed else gettext(unless) if unless else "")
