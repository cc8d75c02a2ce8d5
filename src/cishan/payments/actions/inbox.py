"""The inbox: a message is ours as soon as its row is committed, and only then do we thank for it."""

import asyncio
from dataclasses import dataclass, field

import structlog

from cishan.gateways.stripe import Event
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import db, jobs

DRAIN = "payments.drain"

_TAKE = """
    INSERT INTO intake.stripe_event (id, type, subject, at, api_version, not_before)
    VALUES ({}, {}, {}, {}, {}, {})
        ON CONFLICT (id) DO NOTHING RETURNING id"""


@dataclass(slots=True)
class _Asking:
    """Asking for a drain, one question for all messages that came while the last was under way."""

    came: int = 0
    asked_for: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_asking = _Asking()
log = structlog.get_logger("cishan.payments")


async def receive(event: Event) -> bool:
    """Keep a message and see to it that it is worked off soon; tell whether it is new."""
    taken = await keep(event)
    if taken:
        try:
            await _ask_for_drain()
        except Exception:  # the row is committed: the clock will drain the inbox in a moment
            log.warning("the drain could not be asked for", exc_info=True)
    return taken


async def _ask_for_drain() -> None:
    """See to it that a drain begins after now; a question that began after this message came is enough."""
    _asking.came += 1
    mine = _asking.came
    async with _asking.turn:
        if _asking.asked_for >= mine:
            return
        includes = _asking.came
        await jobs.enqueue_once(DRAIN, key=DRAIN)
        _asking.asked_for = includes


async def keep(event: Event) -> bool:
    """Write a message down in one statement; tell whether it is new."""
    rows = await db.fetch(
        _TAKE, event.id, event.type, event.subject, event.at, event.api_version, clock.now()
    )
    return bool(rows)


async def replay(event_id: str) -> None:
    """Work a message off once more, whatever became of it; nothing is booked twice by that."""
    rows = await db.fetch(
        """UPDATE intake.stripe_event
              SET state = 'new', tries = 0, not_before = {}, last_error = '', done_at = NULL
            WHERE id = {} RETURNING id""",
        clock.now(),
        event_id,
    )
    if not rows:
        raise NotFound(N_("There is no such message."))
    await jobs.enqueue_once(DRAIN, key=DRAIN)
