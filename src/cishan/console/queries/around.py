"""What stands beside the facts of every thing: its clocks, its history, and who looked behind its masks."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cishan.audit import queries as audit
from cishan.audit.queries import Look
from cishan.deadlines import queries as deadlines
from cishan.deadlines.rules import COLOUR_LABELS, OUTCOME_LABELS, ClockView, Colour
from cishan.identity.queries.people import Held, Member
from cishan.identity.queries.telling import Told
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel import clock
from cishan.plumbing import i18n
from cishan.plumbing.i18n import gettext
from cishan.supervision.queries.telling import told

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


_EVERYDAY = frozenset({"sign_in", "sign_out", "show_factor", "end_session"})
"""Steps of an account that say nothing of what somebody may do."""


async def of_member(member: Member) -> Around:
    """Return the history of somebody of the staff: posts given and ended, what became of their accounts."""
    posts = {str(held.grant_id): held for held in member.grants}
    grants = await audit.histories_of("role_grant", list(posts))
    told_of_posts = [
        replace(line, what=f"{line.what} · {_post(posts[grant_id])}")
        for (grant_id, _), line in zip(
            grants, await told("role_grant", [step for _, step in grants], masked=False), strict=True
        )
    ]
    accounts = await audit.histories_of("account", [one.id for one in member.accounts])
    kept = [step for _, step in accounts if step.event not in _EVERYDAY]
    steps = [*told_of_posts, *await told("account", kept, masked=False)]
    steps.sort(key=lambda line: line.at, reverse=True)
    return Around(clocks=(), steps=tuple(steps[:100]), looks=())


def _post(held: Held) -> str:
    return f"{gettext(ROLE_NAMES[held.role])} · {held.organisation_name} · {held.region_name}"


def _line(view: ClockView) -> ClockLine:
    title = view.title if i18n.language() == i18n.CHINESE else view.title_en
    if view.outcome is not None:
        return ClockLine(
            title, view.due_at, gettext(OUTCOME_LABELS[view.outcome]), "plain", view.source, False
        )
    colour = view.colour(clock.now())
    return ClockLine(title, view.due_at, gettext(COLOUR_LABELS[colour]), _TONES[colour], view.source, True)
