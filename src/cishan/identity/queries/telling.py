"""The history of anything in the words of the reader's language, with names as far as the reader may see."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.audit.queries import Step
from cishan.audit.rules import GIVER, STRIPE, SYSTEM
from cishan.identity.queries.names import names_of
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel import masking
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext

ACTORS: dict[str, str] = {
    SYSTEM: N_("The platform by itself"),
    STRIPE: N_("The payment service"),
    GIVER: N_("The giver"),
}
"""Who acted where no person did."""


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words, as `audit/_history.html` shows it."""

    at: datetime
    what: str
    before: str
    """Empty: the thing began, or did not change its state."""
    after: str
    who: str
    role: str
    reason: str
    evidence: tuple[str, ...]


async def told(
    steps: Iterable[Step],
    *,
    event: Callable[[str], str],
    state: Callable[[str], str],
    masked: bool = False,
) -> list[Told]:
    """Return steps in words: one query. `masked` is for readers outside the staff."""
    steps = list(steps)
    names = await actors((step.actor for step in steps), masked=masked)
    return [
        Told(
            at=step.at,
            what=event(step.event),
            before=state(step.from_state) if step.from_state != step.to_state else "",
            after=state(step.to_state),
            who=actor_word(step.actor, names),
            role=role_word(step.acting_role),
            reason=step.reason,
            evidence=step.evidence,
        )
        for step in steps
    ]


async def actors(codes: Iterable[str], *, masked: bool) -> dict[str, str]:
    """Return the names of those who acted that are people; masked, by their family names."""
    found = await names_of({UUID(code) for code in codes if _is_id(code)})
    return {str(one): masking.family_name(name) if masked else name for one, name in found.items()}


def word(words: Mapping[str, str], code: str) -> str:
    """Return what a code is called; one without words stands for itself."""
    return gettext(words[code]) if code in words else code


def role_word(role: str) -> str:
    """Return what a role is called."""
    return word({str(one): name for one, name in ROLE_NAMES.items()}, role)


def actor_word(actor: str, names: Mapping[str, str]) -> str:
    """Return who acted: a name that the reader may see, or what did it by itself."""
    return gettext(ACTORS[actor]) if actor in ACTORS else names.get(actor, actor)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
