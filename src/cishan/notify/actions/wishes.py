"""Keeping what people wish to be told, and what they have read."""

from collections.abc import Collection
from uuid import UUID

from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.notify.rules.events import EVENTS, Event, may_choose
from cishan.notify.tables import MessageLanguage, MessageWish
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic, fetch


async def choose(
    person_id: UUID,
    *,
    offered: Collection[tuple[str, Channel]],
    wanted: Collection[tuple[str, Channel]],
    language: str,
) -> None:
    """Keep which of the offered ways somebody wants, and the language; what was not offered stays as it was.

    Raise Invalid, changing nothing, for a way that may not be chosen.
    """
    if language not in i18n.LANGUAGES:
        raise Invalid(N_("Choose one of the options."), field="language")
    for code, way in {*offered, *wanted}:
        if code not in EVENTS or not may_choose(EVENTS[code], way):
            raise Invalid(N_("Choose one of the options."), field="want")
    async with atomic():
        await fetch("SELECT id FROM person WHERE id = {} FOR NO KEY UPDATE", person_id)
        for code, way in sorted(offered):
            await _wish(person_id, EVENTS[code], way, wanted=(code, way) in wanted)
        await MessageLanguage.insert(MessageLanguage(person=person_id, language=language)).on_conflict(
            target=MessageLanguage.person, action="DO UPDATE", values=[MessageLanguage.language]
        )


async def stop_mails(person_id: UUID, event: Event) -> None:
    """Send somebody no more mails of one kind; twice is the same as once."""
    async with atomic():
        await _wish(person_id, event, Channel.EMAIL, wanted=False)


async def _wish(person_id: UUID, event: Event, way: Channel, *, wanted: bool) -> None:
    """Keep a wish that differs from the event's own ways, and no other."""
    if wanted is (way in event.ways):
        await MessageWish.delete().where(
            (MessageWish.person == person_id)
            & (MessageWish.event == event.code)
            & (MessageWish.channel == way.value)
        )
        return
    row = MessageWish(id=ids.new_id(), person=person_id, event=event.code, channel=way.value, wanted=wanted)
    await MessageWish.insert(row).on_conflict(
        target=(MessageWish.person, MessageWish.event, MessageWish.channel),
        action="DO UPDATE",
        values=[MessageWish.wanted],
    )


async def mark_read(person_id: UUID, message_id: UUID) -> None:
    """Note that somebody opened one of their messages; the first time counts."""
    await fetch(
        "UPDATE message SET read_at = greatest(created_at, {})"
        " WHERE id = {} AND person = {} AND read_at IS NULL",
        clock.now(),
        message_id,
        person_id,
    )


async def mark_all_read(person_id: UUID) -> int:
    """Note that somebody needs to open none of their messages any more; return how many were unread."""
    rows = await fetch(
        "UPDATE message SET read_at = greatest(created_at, {}) WHERE person = {} AND read_at IS NULL"
        " RETURNING id",
        clock.now(),
        person_id,
    )
    return len(rows)
