"""Keeping account of letters on their way, and forgetting what was in them."""

from datetime import datetime
from uuid import UUID

from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.notify import rules
from cishan.notify.queries import LetterView, view
from cishan.notify.rules import LetterState
from cishan.notify.tables import Letter as LetterRow
from cishan.notify.tables import Message
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, in_transaction


async def take(letter_id: UUID) -> LetterView | None:
    """Return a letter that is due and lend it to the caller for LEASE; None: closed, or in other hands."""
    now = clock.now()
    rows = await fetch(
        "UPDATE letter SET tries = tries + 1, next_try_at = {}"
        " WHERE id = {} AND next_try_at <= {} RETURNING *",
        now + rules.LEASE,
        letter_id,
        now,
    )
    return view(rows[0]) if rows else None


async def mark_sent(letter_id: UUID) -> None:
    """Record that the mail server or the sender of text messages took the letter."""
    await _close(letter_id, LetterState.SENT, "")


async def keep(letter_id: UUID) -> None:
    """Leave the letter on the outbox page, because nobody is there to deliver it."""
    await _close(letter_id, LetterState.KEPT, "")


async def give_up(letter_id: UUID, reason: str) -> None:
    """Record that the letter will not be delivered, and why."""
    await _close(letter_id, LetterState.FAILED, reason)


async def postpone(letter: LetterView, reason: str) -> None:
    """Plan the next try, or give up after the last."""
    pause = rules.pause_after(letter.tries)
    if pause is None:
        await give_up(letter.id, reason)
        return
    await (
        LetterRow.update({LetterRow.next_try_at: clock.now() + pause, LetterRow.last_error: reason})
        .where((LetterRow.id == letter.id) & (LetterRow.state == LetterState.WAITING))
        .run()
    )


async def let_sleep(letter_id: UUID, until: datetime) -> None:
    """Put a letter that was taken back until the quiet hours are over; it was no try."""
    await (
        LetterRow.update({LetterRow.next_try_at: until, LetterRow.tries: LetterRow.tries - 1})
        .where((LetterRow.id == letter_id) & (LetterRow.state == LetterState.WAITING))
        .run()
    )


async def try_again(letter_id: UUID) -> None:
    """Let a letter that was given up be delivered from the beginning, in the running transaction.

    Raise NotFound or Conflict, changing nothing, for every other letter: what went out, or waits, or whose
    content is forgotten or long over goes out no second time.
    """
    assert in_transaction(), "try_again() belongs into the transaction that keeps account of it"
    rows = await fetch(
        "SELECT state, template, content_enc IS NULL AS is_forgotten FROM letter WHERE id = {} FOR UPDATE",
        letter_id,
    )
    if not rows:
        raise NotFound(N_("There is no such letter."))
    rules.require_given_up(**rows[0])
    await LetterRow.update(
        {
            LetterRow.state: LetterState.WAITING,
            LetterRow.tries: 0,
            LetterRow.next_try_at: clock.now(),
            LetterRow.closed_at: None,
        }
    ).where(LetterRow.id == letter_id)
    await jobs.enqueue("notify.deliver", letter_id=str(letter_id))


async def _close(letter_id: UUID, state: LetterState, reason: str) -> None:
    await (
        LetterRow.update(
            {
                LetterRow.state: state,
                LetterRow.last_error: reason,
                LetterRow.next_try_at: None,
                LetterRow.closed_at: clock.now(),
            }
        )
        .where((LetterRow.id == letter_id) & (LetterRow.state == LetterState.WAITING))
        .run()
    )


async def forget(*, closed_before: datetime) -> int:
    """Drop the content of letters that were closed before the given moment; return how many."""
    async with atomic():
        rows = await fetch(
            "UPDATE letter SET content_enc = NULL"
            " WHERE closed_at < {} AND content_enc IS NOT NULL RETURNING id",
            closed_before,
        )
    return len(rows)


async def clear_inboxes(*, told_before: datetime) -> None:
    """Remove messages that were told before the given moment."""
    await Message.delete().where(Message.created_at < told_before)
