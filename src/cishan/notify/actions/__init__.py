"""Telling people something, once: into their inbox, by mail and by text message.

All of it is written in the transaction of its cause; `delivery` keeps account of what happens to it outside.
"""

import base64
import re
from collections.abc import Sequence
from functools import cache
from uuid import UUID

from jinja2 import Environment

from cishan import gateways
from cishan.gateways.mail import Attachment
from cishan.identity.queries.reach import contacts_of_person, guardians_of, person_reached_by
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.text import N_, clean
from cishan.notify.queries import Content, inbox, sealed
from cishan.notify.queries.inbox import Told
from cishan.notify.queries.wishes import preferences, unsubscribe_token
from cishan.notify.rules import Letter, LetterState
from cishan.notify.rules.events import Event, may_choose, ways_for
from cishan.notify.tables import Letter as LetterRow
from cishan.notify.tables import Message
from cishan.plumbing import i18n, jobs
from cishan.plumbing.db import in_transaction
from cishan.plumbing.web import environment
from cishan.settings import Settings

SUBJECT_LENGTH = 150
SMS_FRAME = N_("[{organisation}] {text}. Sign in to our site to read it.")


async def tell(
    *,
    key: str,
    person_id: UUID,
    event: Event,
    letter: Letter,
    language: str = "",
    attachments: Sequence[Attachment] = (),
    mail_key: str = "",
) -> bool:
    """Tell a person something in the running transaction; False: this key was told them before.

    It stands in their inbox at once. By mail and text message it goes out by their wishes and the event's own
    ways, as they were now. In the language that they chose, else the given one. Attachments go by mail alone.
    `mail_key` is the key under which the same letter may have gone to their address before. What a minor is
    told reaches the guardians who consented too, by the guardians' wishes, each once under the same key.
    """
    assert in_transaction(), "tell() belongs into the transaction of its cause"
    for guardian_id in await guardians_of(person_id):
        await _tell_one(key, guardian_id, event, letter, language, attachments)
    return await _tell_one(key, person_id, event, letter, language, attachments, mail_key)


async def _tell_one(  # noqa: PLR0917 - what tell() was given
    key: str,
    person_id: UUID,
    event: Event,
    letter: Letter,
    language: str,
    attachments: Sequence[Attachment],
    mail_key: str = "",
) -> bool:
    wished = await preferences(person_id)
    language = _known(wished.language or language)
    message_id = ids.new_id()
    written = await Message.insert(
        Message(
            id=message_id,
            key=key,
            person=person_id,
            event=event.code,
            language=language,
            created_at=clock.now(),
            content_enc=inbox.sealed(_for_inbox(letter, language), message_id),
        )
    ).on_conflict(target=(Message.person, Message.key), action="DO NOTHING")
    if not written:
        return False
    contacts = await contacts_of_person(person_id)
    for way in ways_for(event, wished.wishes, contacts):
        if way is Channel.EMAIL:
            stop = _unsubscribe_url(person_id, event)
            content = _for_mail(contacts[way], letter, language, attachments, stop)
        else:
            content = Content("", "", _for_text(letter, language), "", to_mobile=contacts[way])
        letter_key = (mail_key if way is Channel.EMAIL else "") or f"message:{message_id}:{way}"
        await _post(letter_key, letter.template, language, content, message_id, urgent=event.urgent)
    return True


async def tell_address(
    *,
    key: str,
    to_email: str,
    event: Event,
    letter: Letter,
    language: str,
    attachments: Sequence[Attachment] = (),
) -> bool:
    """Write to an address in the running transaction; its owner with an account finds it in the inbox too.

    False: it was written before, even if the account was opened or closed meanwhile.
    """
    person_id = await person_reached_by(Contact(Channel.EMAIL, to_email.strip().lower()))
    if person_id is None:
        return await send(
            key=key, to_email=to_email, language=language, letter=letter, attachments=attachments
        )
    return await tell(
        key=key,
        person_id=person_id,
        event=event,
        letter=letter,
        language=language,
        attachments=attachments,
        mail_key=key,
    )


async def send(
    *, key: str, to_email: str, language: str, letter: Letter, attachments: Sequence[Attachment] = ()
) -> bool:
    """Write a letter in the running transaction and have it delivered; False: this key was written before.

    The text is made now, in the given language, so that the letter tells what was true at its cause.
    """
    assert in_transaction(), "send() belongs into the transaction of its cause"
    content = _for_mail(to_email, letter, language, attachments, "")
    return await _post(key, letter.template, language, content, None, urgent=True)


async def send_text(*, key: str, to_mobile: str, language: str, template: str, text: str) -> bool:
    """Write a text message in the running transaction and have it sent; False: it was written before."""
    assert in_transaction(), "send_text() belongs into the transaction of its cause"
    content = Content("", "", text, "", to_mobile=to_mobile)
    return await _post(key, template, language, content, None, urgent=True)


async def send_to(*, key: str, to: Contact, language: str, letter: Letter) -> bool:
    """Write to a contact, whoever has it now, in the running transaction; False: it was written before."""
    if to.channel is Channel.EMAIL:
        return await send(key=key, to_email=to.value, language=language, letter=letter)
    text = _for_text(letter, language)
    return await send_text(
        key=key, to_mobile=to.value, language=language, template=letter.template, text=text
    )


async def _post(
    key: str, template: str, language: str, content: Content, message_id: UUID | None, *, urgent: bool
) -> bool:
    letter_id = ids.new_id()
    now = clock.now()
    written = await LetterRow.insert(
        LetterRow(
            id=letter_id,
            key=key,
            message=message_id,
            channel=Channel.MOBILE if content.to_mobile else Channel.EMAIL,
            urgent=urgent,
            template=template,
            language=_known(language),
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


def _known(language: str) -> str:
    return language if language in i18n.LANGUAGES else i18n.CHINESE


def _unsubscribe_url(person_id: UUID, event: Event) -> str:
    if not may_choose(event, Channel.EMAIL):
        return ""
    return f"{gateways.settings().public_url}/unsubscribe/{unsubscribe_token(person_id, event)}"


def _for_mail(
    to_email: str, letter: Letter, language: str, attachments: Sequence[Attachment], unsubscribe_url: str
) -> Content:
    with i18n.speaking(language):
        as_html, as_text = (
            env.get_template(f"notify/{letter.template}.html") for env in _letters(gateways.settings())
        )
        around = {"letter": letter, "unsubscribe_url": unsubscribe_url}
        html = as_html.render(frame="notify/_frame.html", parts="notify/_parts.html", **around)
        text = as_text.render(frame="notify/_frame.txt", parts="notify/_parts.txt", **around)
        subject = _line(letter, "subject")
    return Content(
        to_email=to_email,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        attachments=tuple(
            (a.filename, a.media_type, base64.b64encode(a.content).decode()) for a in attachments
        ),
        unsubscribe_url=unsubscribe_url,
    )


def _for_inbox(letter: Letter, language: str) -> Told:
    with i18n.speaking(language):
        as_html = _letters(gateways.settings())[0].get_template(f"notify/{letter.template}.html")
        html = as_html.render(
            letter=letter, frame="notify/_frame_inbox.html", parts="notify/_parts_inbox.html"
        )
        return Told(title=_line(letter, "subject"), html=html.strip())


def _for_text(letter: Letter, language: str) -> str:
    """Return the letter in one line; what is private stands behind the sign-in, and no link invites fraud."""
    with i18n.speaking(language):
        return i18n.gettext(SMS_FRAME).format(
            organisation=gateways.settings().organisation.short_name,
            text=_line(letter, "sms").rstrip(".!。！"),
        )


def _line(letter: Letter, block: str) -> str:
    """Return a one-line block of a letter; without a text of its own for telephones, its subject."""
    template = _letters(gateways.settings())[1].get_template(f"notify/{letter.template}.html")
    write = template.blocks.get(block, template.blocks["subject"])
    line = "".join(write(template.new_context({"letter": letter})))
    return " ".join(clean(line).split())[:SUBJECT_LENGTH]


@cache
def _letters(settings: Settings) -> tuple[Environment, Environment]:
    """Return the site's environment twice: for HTML, and for plain text where nothing is escaped."""
    return environment(settings), environment(settings).overlay(autoescape=False)
