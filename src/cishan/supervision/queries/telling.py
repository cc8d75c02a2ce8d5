"""Steps and looks in the words of the reader's language, with names as far as the reader may see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cishan.audit import queries as audit
from cishan.audit.queries import Look, Step
from cishan.identity.queries.names import names_of
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel import masking
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Choice, Row
from cishan.supervision.rules import ACTORS, ENDS, FIELDS, SUBJECTS, Subject

_NONE = Subject("")


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words."""

    at: datetime
    what: str
    before: str
    """Empty: the thing began, or did not change its state."""
    after: str
    who: str
    role: str
    reason: str
    evidence: tuple[str, ...]


async def told(kind: str, steps: Iterable[Step], *, masked: bool) -> list[Told]:
    """Return steps of a kind of thing in words; `masked` for readers outside the staff."""
    steps = list(steps)
    names = await _names((s.actor for s in steps), masked=masked)
    return [
        Told(
            at=s.at,
            what=event_word(kind, s.event),
            before=state_word(kind, s.from_state) if s.from_state != s.to_state else "",
            after=state_word(kind, s.to_state),
            who=actor_word(s.actor, names),
            role=role_word(s.acting_role),
            reason=s.reason,
            evidence=s.evidence,
        )
        for s in steps
    ]


def event_word(kind: str, event: str) -> str:
    """Return what an event is called; one without words stands for itself."""
    words = SUBJECTS.get(kind, _NONE).events
    return gettext(words[event]) if event in words else event


def state_word(kind: str, state: str) -> str:
    """Return what a state is called; one without words stands for itself."""
    if kind == "role_grant" and state.startswith(ENDS):
        return gettext(N_("Ends on {day}")).format(day=state.removeprefix(ENDS))
    words = SUBJECTS.get(kind, _NONE).states
    return gettext(words[state]) if state in words else state


def role_word(role: str) -> str:
    """Return what a role is called."""
    known = {str(one): name for one, name in ROLE_NAMES.items()}
    return gettext(known[role]) if role in known else role


def actor_word(actor: str, names: Mapping[str, str]) -> str:
    """Return who acted: a name that the reader may see, or what did it by itself."""
    return gettext(ACTORS[actor]) if actor in ACTORS else names.get(actor, actor)


async def _names(actors: Iterable[str], *, masked: bool) -> dict[str, str]:
    found = await names_of({UUID(a) for a in actors if _is_id(a)})
    return {str(i): masking.family_name(name) if masked else name for i, name in found.items()}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _in_words(rows: list[Row]) -> None:
    names = await _names((row["actor"] for row in rows), masked=False)
    for row in rows:
        kind = row["kind"]
        row["thing"] = gettext(SUBJECTS[kind].name) if kind in SUBJECTS else kind
        row["what"] = event_word(kind, row["event"])
        states = [state_word(kind, row[name]) for name in ("from_state", "to_state")]
        row["change"] = "" if row["from_state"] == row["to_state"] else " → ".join(s or "∅" for s in states)
        row["who"] = actor_word(row["actor"], names)
        row["role"] = role_word(row["acting_role"])


HISTORY = replace(
    audit.HISTORY,
    more=_in_words,
    filters=tuple(
        replace(one, words={kind: subject.name for kind, subject in SUBJECTS.items()})
        if isinstance(one, Choice)
        else one
        for one in audit.HISTORY.filters
    ),
)
"""The list of all steps, in words."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at somebody's data, in words."""

    at: datetime
    who: str
    role: str
    fields: tuple[str, ...]
    purpose: str


async def looks_at(person_id: UUID, account_id: UUID) -> list[Seen]:
    """Return who of the staff looked at a person's data, the newest first; the staff by family name."""
    looks: list[Look] = [
        *await audit.reads_of("person", person_id),
        *await audit.reads_of("account", account_id),
    ]
    names = await _names((look.reader for look in looks), masked=True)
    return [_seen(look, names) for look in sorted(looks, key=lambda look: look.at, reverse=True)]


def _seen(look: Look, names: Mapping[str, str]) -> Seen:
    return Seen(
        at=look.at,
        who=actor_word(look.reader, names),
        role=role_word(look.acting_role),
        fields=tuple(gettext(FIELDS[name]) if name in FIELDS else name for name in look.fields),
        purpose=look.purpose,
    )
