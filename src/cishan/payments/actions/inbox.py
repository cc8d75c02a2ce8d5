"""The inbox: a message is ours as soon as its row is committed, and only then do we thank for it."""

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

log = structlog.get_logger("cishan.payments")


async def receive(event: Event) -> bool:
    """Keep a message and see to it that it is worked off soon; tell whether it is new."""
    taken = await keep(event)
    if taken:
        try:
            await jobs.enqueue_once(DRAIN, key=DRAIN)
        except Exception:  # the row is committed: the clock will drain the inbox in a moment
            log.warning("the drain could not be asked for", exc_info=True)
    return taken


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
