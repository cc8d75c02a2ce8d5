"""Lists whose page shows more than rows: what may be done with each of them, and what belongs beside them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cishan.approvals import queries as approvals
from cishan.donations.pages.decisions import why_not_propose
from cishan.identity.queries import invitations
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import ROLE_NAMES, Staff
from cishan.kernel.text import N_

More = Callable[[Staff], Awaitable[dict[str, Any]]]


async def _nothing_more(_: Staff) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Dress:
    """The template of a list, and what it needs beside the list itself."""

    template: str = "console/list.html"
    more: More = _nothing_more


PLAIN = Dress()


async def _invited(staff: Staff) -> dict[str, Any]:
    regions = scope_of(staff, Action.PEOPLE_READ).regions
    return {"invitations": await invitations.pending(regions), "roles": ROLE_NAMES}


async def _proposing(staff: Staff) -> dict[str, Any]:
    return {"why_not": why_not_propose(staff)}


async def _waiting(staff: Staff) -> dict[str, Any]:
    return {"waiting": (await approvals.waiting_for(staff.person_id, staff.posts)).total}


_APPROVALS = Dress("console/approvals.html", _waiting)


def _of_rules(code: str, command: str) -> Dress:
    """Return the dress of a list of rules that are written by a command: the page says by which."""

    async def told(_: Staff) -> dict[str, Any]:
        return {"command": command, "tabs": RULES_SHOWN, "here": code}

    return Dress("console/rules.html", told)


RULES_SHOWN = (
    ("/staff/rules/deadlines", N_("Rules of deadlines"), Action.DESK),
    ("/staff/rules/bands", N_("Approval bands"), Action.DESK),
    ("/staff/rules/limits", N_("Limits of giving"), Action.GIFTS_READ),
)
DRESSES: dict[str, Dress] = {
    "rules/deadlines": _of_rules("/staff/rules/deadlines", "cishan deadline-rules FILE.json"),
    "rules/bands": _of_rules("/staff/rules/bands", "cishan approval-bands FILE.json"),
    "rules/limits": _of_rules(
        "/staff/rules/limits", "cishan gift-limit gift_max --yuan 50000 --from 2027-01-01 --reason …"
    ),
    "approvals": _APPROVALS,
    "approvals/mine": _APPROVALS,
    "approvals/all": _APPROVALS,
    "people": Dress("console/people.html", _invited),
    "refunds": Dress("console/refunds.html", _proposing),
    "messages": Dress("console/messages.html"),
    "suspense": Dress("console/suspense.html", _proposing),
}
"""By the code of the list."""
