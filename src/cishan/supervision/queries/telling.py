"""Steps and looks in the words of the reader's language, with names as far as the reader may see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from cishan.audit import queries as audit
from cishan.audit.queries import Look, Step
from cishan.identity.queries import telling
from cishan.identity.queries.telling import Told, actor_word, actors, role_word
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Choice, Row
from cishan.supervision.rules import ENDS, FIELDS, SUBJECTS, Subject

_NONE = Subject("")


async def told(kind: str, steps: Iterable[Step], *, masked: bool) -> list[Told]:
    """Return steps of a kind of thing in words; `masked` for readers outside the staff."""
    event, state = partial(event_word, kind), partial(state_word, kind)
    return await telling.told(steps, event=event, state=state, masked=masked)


def event_word(kind: str, event: str) -> str:
    """Return what an event is called; one without words stands for itself."""
    return telling.word(SUBJECTS.get(kind, _NONE).events, event)


def state_word(kind: str, state: str) -> str:
    """Return what a state is called; one without words stands for itself."""
    if kind == "role_grant" and state.startswith(ENDS):
        return gettext(N_("Ends on {day}")).format(day=state.removeprefix(ENDS))
    return telling.word(SUBJECTS.get(kind, _NONE).states, state)


async def _in_words(rows: list[Row]) -> None:
    names = await actors((row["actor"] for row in rows), masked=False)
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
    names = await actors((look.reader for look in looks), masked=True)
    return [_seen(look, names) for look in sorted(looks, key=lambda look: look.at, reverse=True)]


def _seen(look: Look, names: Mapping[str, str]) -> Seen:
    return Seen(
        at=look.at,
        who=actor_word(look.reader, names),
        role=role_word(look.acting_role),
        fields=tuple(gettext(FIELDS[name]) if name in FIELDS else name for name in look.fields),
        purpose=look.purpose,
    )
