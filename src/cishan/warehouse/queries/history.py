"""The history of a thing of the warehouse in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.audit import queries as audit
from cishan.identity.queries.names import names_of
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.warehouse.rules import transfers
from cishan.warehouse.rules.stock import LOT_STATES
from cishan.warehouse.rules.wording import (
    ITEM_EVENTS,
    ITEM_STATES,
    LOT_EVENTS,
    PLACE_EVENTS,
    PLACE_STATES,
)

_WORDS: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "goods_item": (ITEM_EVENTS, ITEM_STATES),
    "stock_site": (PLACE_EVENTS, PLACE_STATES),
    "stock_bin": (PLACE_EVENTS, PLACE_STATES),
    "lot": (LOT_EVENTS, LOT_STATES),
    "transfer": (transfers.EVENTS, transfers.STATES),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words, as `audit/_history.html` shows it."""

    at: datetime
    what: str
    before: str
    after: str
    who: str
    role: str
    reason: str
    evidence: tuple[str, ...]


async def history_of(kind: str, subject: UUID, *, limit: int = 50) -> list[Told]:
    """Return the steps of a thing, the newest first: two queries."""
    steps = await audit.history_of(kind, str(subject), limit=limit)
    actors = {step.actor for step in steps if len(step.actor) == len(str(subject))}
    names = {str(known): name for known, name in (await names_of({UUID(one) for one in actors})).items()}
    events, states = _WORDS[kind]
    roles = {str(role): name for role, name in ROLE_NAMES.items()}
    return [
        Told(
            at=step.at,
            what=_word(events, step.event),
            before=_word(states, step.from_state) if step.from_state != step.to_state else "",
            after=_word(states, step.to_state),
            who=names.get(step.actor) or gettext(N_("The platform by itself")),
            role=_word(roles, step.acting_role),
            reason=step.reason,
            evidence=step.evidence,
        )
        for step in steps
    ]


def _word(words: Mapping[str, str], code: str) -> str:
    return gettext(words[code]) if code in words else code
