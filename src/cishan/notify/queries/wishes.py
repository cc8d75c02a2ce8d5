"""What people wish to be told, by which ways and in which language; the link that switches a mail off."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

from cishan.kernel.contacts import Channel
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify.rules.events import EVENTS, Event, Wishes, may_choose
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch, fetch_value

UNKNOWN_LINK = N_(
    "This link does not belong to any mail of ours. Sign in and choose on the page of messages."
)
_TAG_LENGTH = 43


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody wishes."""

    wishes: Wishes
    language: str
    """Empty: they never said."""


async def preferences(person_id: UUID) -> Preferences:
    """Return what somebody said about messages; of what no longer exists nothing."""
    rows = await fetch("SELECT event, channel, wanted FROM message_wish WHERE person = {}", person_id)
    language = await fetch_value("SELECT language FROM message_language WHERE person = {}", person_id)
    wishes = {
        (row["event"], Channel(row["channel"])): row["wanted"] for row in rows if row["event"] in EVENTS
    }
    return Preferences(wishes, language or "")


def unsubscribe_token(person_id: UUID, event: Event) -> str:
    """Return what stands in the link that ends mails of one kind to one person; it never grows old."""
    plain = base64.urlsafe_b64encode(person_id.bytes + event.code.encode()).decode().rstrip("=")
    return plain + "." + crypto.secret_link(person_id, purpose=f"unsubscribe {event.code}")


def read_unsubscribe(token: str) -> tuple[UUID, Event]:
    """Return whom and what a link concerns; raise NotFound unless we made it and it may be switched off."""
    plain, _, tag = token.partition(".")
    if len(token) > 200 or len(tag) != _TAG_LENGTH:
        raise NotFound(UNKNOWN_LINK)
    try:
        raw = base64.urlsafe_b64decode(plain.encode("ascii") + b"=" * (-len(plain) % 4))
        person_id, event = UUID(bytes=raw[:16]), EVENTS[raw[16:].decode("ascii")]
    except (binascii.Error, ValueError, KeyError):
        raise NotFound(UNKNOWN_LINK) from None
    expected = crypto.secret_link(person_id, purpose=f"unsubscribe {event.code}")
    if not hmac.compare_digest(tag.encode(), expected.encode()) or not may_choose(event, Channel.EMAIL):
        raise NotFound(UNKNOWN_LINK)
    return person_id, event
