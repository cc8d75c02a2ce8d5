"""Telling the staff of a region what is overdue there."""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote
from uuid import UUID

from cishan import gateways
from cishan.deadlines import queries, rules
from cishan.deadlines.rules import ClockView, Level
from cishan.identity.queries.posts import holders
from cishan.identity.queries.regions import names
from cishan.notify import actions as notify
from cishan.notify.rules import DeadlinePassed
from cishan.notify.rules.events import DEADLINE_PASSED
from cishan.plumbing import i18n


async def tell(told: Sequence[tuple[UUID, Level]]) -> None:
    """Write into the inboxes of those who answer at a level that a clock has passed, each once.

    Where nobody holds a post at that level, those of the next region above are told.
    """
    if not told:
        return
    posts = await holders(rules.ANSWER_FOR_CLOCKS)
    clocks = {one.id: one for one in await queries.clocks([clock_id for clock_id, _ in told])}
    codes = {one.region for one in clocks.values() if one.region}
    places = {language: await _places(codes, language) for language in i18n.LANGUAGES}
    for clock_id, level in told:
        view = clocks[clock_id]
        for person_id in rules.who_answers(level, view.region, posts):
            await notify.tell(
                key=f"deadline:{clock_id}:{level}",
                person_id=person_id,
                event=DEADLINE_PASSED,
                letter=_letter(view, places),
            )


async def _places(codes: Collection[str], language: str) -> Mapping[str, str]:
    """Return what places are called in the language of a reader, whoever runs this."""
    with i18n.speaking(language):
        return await names(codes)


def _letter(view: ClockView, places: Mapping[str, Mapping[str, str]]) -> DeadlinePassed:
    settings = gateways.settings()
    everywhere = settings.organisation.name
    return DeadlinePassed(
        title=view.title,
        title_en=view.title_en,
        place=places["zh-CN"].get(view.region) or everywhere,
        place_en=places["en"].get(view.region) or everywhere,
        due_on=view.due_on,
        source=view.source,
        url=f"{settings.public_url}/staff/go/{view.subject_kind}/{quote(view.subject_id, safe='')}",
    )
