"""Delivering letters."""

from datetime import timedelta
from uuid import UUID

from cishan.gateways import mail
from cishan.kernel import clock
from cishan.notify import actions, queries, rules
from cishan.plumbing.jobs import enqueue_once, job

GRACE = timedelta(minutes=1)


@job("notify.deliver", attempts=3)
async def deliver(letter_id: str) -> None:
    """Hand one letter to the mail server, unless it is closed or another worker has it in hand.

    A worker that dies between the server's answer and our note sends the letter again later, under the same
    Message-ID: at least once, never not at all.
    """
    letter = await actions.take(UUID(letter_id))
    if letter is None or letter.mail is None:
        return
    if not mail.is_configured():
        await actions.keep(letter.id)
        return
    try:
        await mail.deliver(letter.mail)
    except mail.Refused as error:
        await actions.give_up(letter.id, str(error))
    except mail.Unreachable as error:
        await actions.postpone(letter, str(error))
    else:
        await actions.mark_sent(letter.id)


@job("notify.sweep", cron="* * * * *")
async def sweep() -> None:
    """Ask again for every letter whose time has come: postponed ones, and those that a dead worker had."""
    for letter_id in await queries.overdue(before=clock.now() - GRACE):
        await enqueue_once("notify.deliver", key=f"notify.deliver:{letter_id}", letter_id=str(letter_id))


@job("notify.forget", cron="17 3 * * *")
async def forget() -> None:
    """Drop the content of letters that went out a month ago."""
    await actions.forget(closed_before=clock.now() - rules.KEPT_FOR)
