"""Reads of letters: for delivery, for the outbox page of a demonstration, and of those that never arrived."""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from cishan.gateways.mail import Attachment, Mail
from cishan.gateways.sms import Sms
from cishan.kernel.contacts import Channel
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify import tables
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value

PLACE = tables.CONTENT


class Content(msgspec.Struct, frozen=True):
    """What is encrypted of a letter."""

    to_email: str
    """Empty: a text message, which has nothing but `to_mobile` and `text`."""
    subject: str
    text: str
    html: str
    attachments: tuple[tuple[str, str, str], ...] = ()
    """File name, media type, content in base64."""
    to_mobile: str = ""
    unsubscribe_url: str = ""
    """Empty: such mails may not be switched off, or go to an address without an account."""


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter as the outbox shows it and the mail server gets it."""

    id: UUID
    template: str
    state: str
    created_at: datetime
    tries: int
    last_error: str
    mail: Mail | None
    """None: a text message, or the content has been forgotten."""
    sms: Sms | None
    urgent: bool
    """A text message that goes out at night too."""


def sealed(content: Content, letter_id: UUID) -> bytes:
    """Return the content encrypted for its row."""
    return crypto.seal(msgspec.json.encode(content).decode(), place=PLACE, row=letter_id)


async def newest(*, limit: int = 100) -> list[LetterView]:
    """Return the newest letters, newest first."""
    rows = await fetch("SELECT * FROM letter ORDER BY created_at DESC, id DESC LIMIT {}", limit)
    return [view(row) for row in rows]


async def letter(letter_id: UUID) -> LetterView:
    """Return one letter; raise NotFound."""
    rows = await fetch("SELECT * FROM letter WHERE id = {}", letter_id)
    if not rows:
        raise NotFound(N_("There is no such letter."))
    return view(rows[0])


async def overdue(*, before: datetime, limit: int = 500) -> list[UUID]:
    """Return waiting letters whose next try should have begun before the given moment."""
    rows = await fetch(
        "SELECT id FROM letter WHERE next_try_at < {} ORDER BY next_try_at LIMIT {}", before, limit
    )
    return [row["id"] for row in rows]


def view(row: dict[str, object]) -> LetterView:
    """Return a row of the table with its content decrypted."""
    letter_id, content_enc = row["id"], row["content_enc"]
    assert isinstance(letter_id, UUID)
    mail = sms = None
    if isinstance(content_enc, bytes):
        content = msgspec.json.decode(crypto.unseal(content_enc, place=PLACE, row=letter_id), type=Content)
        if content.to_mobile:
            sms = Sms(str(letter_id), content.to_mobile, content.text)
    if isinstance(content_enc, bytes) and sms is None:
        mail = Mail(
            id=str(letter_id),
            to_email=content.to_email,
            subject=content.subject,
            text=content.text,
            html=content.html,
            language=str(row["language"]),
            written_at=row["created_at"],  # type: ignore[arg-type]
            attachments=[Attachment(n, t, base64.b64decode(c)) for n, t, c in content.attachments],
            unsubscribe_url=content.unsubscribe_url,
        )
    return LetterView(
        id=letter_id,
        template=str(row["template"]),
        state=str(row["state"]),
        created_at=row["created_at"],  # type: ignore[arg-type]
        tries=int(str(row["tries"])),
        last_error=str(row["last_error"]),
        mail=mail,
        sms=sms,
        urgent=bool(row["urgent"]),
    )


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter or text message that nobody took. Neither whom it was for nor what it said."""

    id: UUID
    template: str
    channel: Channel
    created_at: datetime
    closed_at: datetime
    tries: int
    last_error: str


async def count_undelivered(*, since: datetime) -> int:
    """Return how many letters were given up since a moment."""
    sql = "SELECT count(*) FROM letter WHERE state = 'failed' AND closed_at >= {}"
    return int(await fetch_value(sql, since))


async def undelivered(*, since: datetime, limit: int = 100) -> list[Undelivered]:
    """Return the letters that were given up since a moment, the last first."""
    rows = await fetch(
        """SELECT id, template, channel, created_at, closed_at, tries, last_error FROM letter
            WHERE state = 'failed' AND closed_at >= {} ORDER BY closed_at DESC, id DESC LIMIT {}""",
        since,
        limit,
    )
    return [Undelivered(**{**row, "channel": Channel(row["channel"])}) for row in rows]


async def count_waiting(*, before: datetime) -> int:
    """Return how many letters wait though their time was before the given moment."""
    return int(await fetch_value("SELECT count(*) FROM letter WHERE next_try_at < {}", before))
