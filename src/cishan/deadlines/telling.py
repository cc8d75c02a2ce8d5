"""Telling the staff of a region what is overdue there."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cishan import gateways
from cishan.deadlines import queries, rules
from cishan.deadlines.rules import ClockView, Level
from cishan.identity.queries.posts import holders
from cishan.identity.queries.regions import names
from cishan.notify import actions as notify
from cishan.notify.rules import DeadlinePassed
from cishan.notify.rules.events import DEADLINE_PASSED


async def tell(told: Sequence[tuple[UUID, Level]]) -> None:
    """Write into the inboxes of those who answer at a level that a clock has passed, each once.

    Where nobody holds a post at that level, those of the next region above are told.
    """
    if not told:
        return
    posts = await holders(rules.ANSWER_FOR_CLOCKS)
    clocks = {one.id: one for one in await queries.clocks([clock_id for clock_id, _ in told])}
    places = await names({one.region for one in clocks.values() if one.region})
    for clock_id, level in told:
        view = clocks[clock_id]
        for person_id in rules.who_answers(level, view.region, posts):
            await notify.tell(
                key=f"deadline:{clock_id}:{level}",
                person_id=person_id,
                event=DEADLINE_PASSED,
                letter=_letter(view, places),
            )


def _letter(view: ClockView, places: Mapping[str, str]) -> DeadlinePassed:
    settings = gateways.settings()
    return DeadlinePassed(
        title=view.title,
        title_en=view.title_en,
        place=places.get(view.region) or settings.organisation.name,
        due_on=view.due_on,
        source=view.source,
        url=f"{settings.public_url}/staff",
    )
