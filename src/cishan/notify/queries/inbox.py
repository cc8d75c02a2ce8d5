"""Reads of one person's inbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify import tables
from cishan.notify.rules.events import EVENTS, Event
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value

PER_PAGE = 20
NO_MESSAGE = N_("There is no such message in your inbox.")
NO_INBOX = N_("An office has no inbox. Use an account of your own.")


class Told(msgspec.Struct, frozen=True):
    """What is encrypted of a message."""

    title: str
    html: str
    """A fragment of our own templates, escaped when it was made."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as its reader sees it."""

    id: UUID
    event: Event
    language: str
    created_at: datetime
    read_at: datetime | None
    title: str
    html: str


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of an inbox, unread first."""

    messages: list[MessageView]
    page: int
    pages: int
    total: int
    unread: int


def sealed(told: Told, message_id: UUID) -> bytes:
    """Return what was told, encrypted for its row."""
    return crypto.seal(msgspec.json.encode(told).decode(), place=tables.TOLD, row=message_id)


async def unread(person_id: UUID) -> int:
    """Return how many messages somebody has not opened yet; counts no further than a hundred."""
    sql = "SELECT count(*) FROM (SELECT FROM message WHERE person = {} AND read_at IS NULL LIMIT 100) AS few"
    return int(await fetch_value(sql, person_id))


async def inbox(person_id: UUID, *, page: int = 1, unread_only: bool = False) -> InboxPage:
    """Return a page of somebody's inbox; a page that is not there becomes the nearest that is."""
    (counts,) = await fetch(
        "SELECT count(*) AS total, count(*) FILTER (WHERE read_at IS NULL) AS unread"
        " FROM message WHERE person = {}",
        person_id,
    )
    shown = counts["unread"] if unread_only else counts["total"]
    pages = max(1, -(-shown // PER_PAGE))
    page = min(max(page, 1), pages)
    rows = await fetch(
        """SELECT * FROM message WHERE person = {} AND (read_at IS NULL OR NOT {}::boolean)
            ORDER BY (read_at IS NULL) DESC, created_at DESC, id DESC LIMIT {} OFFSET {}""",
        person_id,
        unread_only,
        PER_PAGE,
        (page - 1) * PER_PAGE,
    )
    return InboxPage([_view(row) for row in rows], page, pages, counts["total"], counts["unread"])


async def message(person_id: UUID, message_id: UUID) -> MessageView:
    """Return one of somebody's own messages; raise NotFound for another's."""
    rows = await fetch("SELECT * FROM message WHERE id = {} AND person = {}", message_id, person_id)
    if not rows:
        raise NotFound(NO_MESSAGE)
    return _view(rows[0])


def _view(row: dict[str, Any]) -> MessageView:
    text = crypto.unseal(row["content_enc"], place=tables.TOLD, row=row["id"])
    told = msgspec.json.decode(text, type=Told)
    return MessageView(
        id=row["id"],
        event=EVENTS[row["event"]],
        language=row["language"],
        created_at=row["created_at"],
        read_at=row["read_at"],
        title=told.title,
        html=told.html,
    )
