"""Writing letters and keeping account of their delivery."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from jinja2 import Environment

from cishan import gateways
from cishan.gateways.mail import Attachment
from cishan.kernel import clock, ids
from cishan.kernel.text import clean
from cishan.notify import rules
from cishan.notify.queries import Content, LetterView, sealed, view
from cishan.notify.rules import Letter, LetterState
from cishan.notify.tables import Letter as LetterRow
from cishan.plumbing import i18n, jobs
from cishan.plumbing.db import atomic, fetch, in_transaction
from cishan.plumbing.web import environment
from cishan.settings import Settings

SUBJECT_LENGTH = 150


async def send(
    *, key: str, to_email: str, language: str, letter: Letter, attachments: Sequence[Attachment] = ()
) -> bool:
    """Write a letter in the running transaction and have it delivered; False: this key was written before.

    The text is made now, in the given language, so that the letter tells what was true at its cause.
    """
    assert in_transaction(), "send() belongs into the transaction of its cause"
    content = _written(to_email, language, letter, attachments)
    return await _post(key, letter.template, language, content)


async def _post(key: str, template: str, language: str, content: Content) -> bool:
    letter_id = ids.new_id()
    now = clock.now()
    written = await LetterRow.insert(
        LetterRow(
            id=letter_id,
            key=key,
            template=template,
            language=language if language in i18n.LANGUAGES else i18n.CHINESE,
            state=LetterState.WAITING,
            created_at=now,
            next_try_at=now,
            content_enc=sealed(content, letter_id),
        )
    ).on_conflict(target=LetterRow.key, action="DO NOTHING")
    if not written:
        return False
    await jobs.enqueue("notify.deliver", letter_id=str(letter_id))
    return True


async def send_text(*, key: str, to_mobile: str, language: str, template: str, text: str) -> bool:
    """Write a text message in the running transaction and have it sent; False: it was written before."""
    assert in_transaction(), "send_text() belongs into the transaction of its cause"
    return await _post(key, template, language, Content("", "", text, "", to_mobile=to_mobile))


def _written(to_email: str, language: str, letter: Letter, attachments: Sequence[Attachment]) -> Content:
    with i18n.speaking(language):
        as_html, as_text = (
            env.get_template(f"notify/{letter.template}.html") for env in _letters(gateways.settings())
        )
        subject = "".join(as_text.blocks["subject"](as_text.new_context({"letter": letter})))
        html = as_html.render(letter=letter, frame="notify/_frame.html", parts="notify/_parts.html")
        text = as_text.render(letter=letter, frame="notify/_frame.txt", parts="notify/_parts.txt")
    return Content(
        to_email=to_email,
        subject=" ".join(clean(subject).split())[:SUBJECT_LENGTH],
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        attachments=tuple(
            (a.filename, a.media_type, base64.b64encode(a.content).decode()) for a in attachments
        ),
    )


@cache
def _letters(settings: Settings) -> tuple[Environment, Environment]:
    """Return the site's environment twice: for HTML, and for plain text where nothing is escaped."""
    return environment(settings), environment(settings).overlay(autoescape=False)


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
    """Record that the mail server took the letter."""
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
