"""What stands beside the facts of every thing: its clocks, its history, and who looked behind its masks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.audit import queries as audit
from cishan.audit.queries import Look
from cishan.deadlines import queries as deadlines
from cishan.deadlines.rules import COLOUR_LABELS, OUTCOME_LABELS, ClockView, Colour
from cishan.kernel import clock
from cishan.plumbing import i18n
from cishan.plumbing.i18n import gettext
from cishan.supervision.queries.telling import Told, told

_TONES = {Colour.RED: "bad", Colour.YELLOW: "warn", Colour.GREEN: "good"}


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock in words."""

    title: str
    until: datetime
    words: str
    tone: str
    source: str
    runs: bool


@dataclass(frozen=True, slots=True)
class Around:
    """Four queries, whatever the thing is."""

    clocks: tuple[ClockLine, ...]
    steps: tuple[Told, ...]
    looks: tuple[Look, ...]


async def around(kind: str, subject_id: UUID | str) -> Around:
    """Return what is known around a thing."""
    clocks = await deadlines.clocks_of(kind, subject_id)
    steps = await audit.history_of(kind, subject_id, limit=50)
    return Around(
        clocks=tuple(_line(one) for one in clocks[:20]),
        steps=tuple(await told(kind, steps, masked=False)),
        looks=tuple(await audit.reads_of(kind, subject_id, limit=20)),
    )


def _line(view: ClockView) -> ClockLine:
    title = view.title if i18n.language() == i18n.CHINESE else view.title_en
    if view.outcome is not None:
        return ClockLine(
            title, view.due_at, gettext(OUTCOME_LABELS[view.outcome]), "plain", view.source, False
        )
    colour = view.colour(clock.now())
    return ClockLine(title, view.due_at, gettext(COLOUR_LABELS[colour]), _TONES[colour], view.source, True)
