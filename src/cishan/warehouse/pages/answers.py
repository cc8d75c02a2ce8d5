"""What the pages of the warehouse have in common: who acts, where a form leads, how a refusal is shown."""

from dataclasses import dataclass
from typing import Any

from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.approvals.rules import Acting
from cishan.identity.guards import NO_STORE, May
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext, say
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


def acting(staff: Staff) -> Acting:
    """Return the post by which the running request was allowed."""
    assert staff.acting is not None, "a guarded page knows by which post it was opened"
    return Acting(staff.person_id, staff.acting.grant_id, staff.acting.role)


def to(path: str) -> Redirect:
    """Lead on after a form."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)


def refused(form: Form[Any], error: DomainError, field: str = "") -> Form[Any]:
    """Return the form with a refusal beside the field to blame."""
    return form.refused(error if isinstance(error, Invalid) else Invalid(say(error), field=field))
