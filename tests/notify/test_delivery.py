"""Delivery against a real SMTP server: taken, down, refused, busy, and a worker that is killed in between."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cishan import gateways, settings
from cishan.gateways import mail
from cishan.gateways.mail import Attachment
from cishan.kernel import clock
from cishan.notify import actions, queries, rules
from cishan.notify import jobs as letter_jobs
from cishan.notify.actions import delivery
from cishan.notify.queries import LetterView
from cishan.notify.queries.wishes import unsubscribe_token
from cishan.notify.rules import events
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from tests.notify.letters import THANKS
from tests.notify.people import a_person
from tests.notify.postman import Office, Postman, open_office

START = datetime.fromisoformat("2026-11-22T08:00:00+00:00")


@pytest.fixture
async def office(config: settings.Settings) -> AsyncIterator[Office]:
    """A running mail server to which the gateway is pointed."""
    office = await open_office(Postman())
    gateways.use(replace(config, smtp_url=office.url))
    yield office
    office.close()


async def _write(*, to: str = "giver@example.org", attachments: tuple[Attachment, ...] = ()) -> None:
    async with atomic():
        await actions.send(
            key="thanks:1", to_email=to, language="zh-CN", letter=THANKS, attachments=attachments
        )


async def _only() -> LetterView:
    (letter,) = await queries.newest()
    return letter


async def test_a_letter_arrives_whole(db: None, office: Office) -> None:
    receipt = Attachment("捐赠收据-SJ2026-00000001.pdf", "application/pdf", b"%PDF-1.7 test")
    await _write(attachments=(receipt,))
    await jobs.work_off()
    letter = await _only()
    assert (letter.state, letter.tries) == ("sent", 1)
    (message,) = office.postman.seen
    assert message["To"] == "giver@example.org"
    assert message["From"] == "慈善筹 <noreply@cishan.example>"
    assert message["Subject"] == "您的捐款已到账，谢谢您！"
    assert message["Message-ID"] == f"<{letter.id}@cishan.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert letter.mail is not None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == letter.mail.text
    assert html.get_content().replace("\r\n", "\n").strip() == letter.mail.html.strip()
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == (receipt.filename, "application/pdf")
    assert attached.get_content() == receipt.content


async def test_a_mail_that_may_be_switched_off_says_so_to_mail_programs(db: None, office: Office) -> None:
    person = await a_person(email="giver@example.org")
    for event in (events.MONTHLY_REMINDER, events.GIFT_ARRIVED):
        async with atomic():
            await actions.tell(key=event.code, person_id=person, event=event, letter=THANKS)
    await jobs.work_off()
    reminder, thanks = office.postman.seen
    token = unsubscribe_token(person, events.MONTHLY_REMINDER)
    public_url = gateways.settings().public_url
    assert reminder["List-Unsubscribe"] == f"<{public_url}/unsubscribe/{token}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (thanks["List-Unsubscribe"], thanks["List-Unsubscribe-Post"]) == (None, None)


async def test_a_server_that_is_down_is_tried_again_later(db: None, office: Office) -> None:
    office.close()
    with clock.fixed(START):
        await _write()
        await jobs.work_off()
        letter = await _only()
        assert (letter.state, letter.tries) == ("waiting", 1)
        assert letter.last_error.startswith("SMTPConnectError")
        await letter_jobs.sweep()
        assert await jobs.work_off() == 0  # its time has not come
    again = await open_office(Postman())
    gateways.use(replace(gateways.settings(), smtp_url=again.url))
    with clock.fixed(START + timedelta(minutes=3)):
        await letter_jobs.sweep()
        assert await jobs.work_off() == 1
    again.close()
    letter = await _only()
    assert (letter.state, letter.tries, letter.last_error) == ("sent", 2, "")
    assert len(again.postman.seen) == 1


async def test_a_busy_server_is_not_a_refusal(db: None, office: Office) -> None:
    office.postman.recipient_answer = "450 4.2.1 mailbox busy: giver@example.org"
    await _write()
    await jobs.work_off()
    letter = await _only()
    assert (letter.state, letter.last_error) == ("waiting", "450 4.2.1 mailbox busy: …")


@pytest.mark.parametrize("at", ["recipient_answer", "data_answer"])
async def test_a_refusal_is_final_and_tells_why_without_the_address(
    db: None, office: Office, at: str
) -> None:
    setattr(office.postman, at, "550 5.1.1 no such user giver@example.org")
    await _write()
    await jobs.work_off()
    letter = await _only()
    assert (letter.state, letter.last_error) == ("failed", "550 5.1.1 no such user …")
    with clock.fixed(clock.now() + timedelta(days=1)):
        await letter_jobs.sweep()
    assert await jobs.work_off() == 0


@pytest.mark.parametrize(
    "to", ["not an address", "a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", ""]
)
async def test_an_address_that_is_none_is_refused_before_the_server_sees_it(
    db: None, office: Office, to: str
) -> None:
    await _write(to=to)
    await jobs.work_off()
    assert (await _only()).state == "failed"
    assert office.postman.seen == []


async def test_after_the_last_try_a_letter_has_failed(db: None, office: Office) -> None:
    office.close()
    moment = START
    with clock.fixed(moment):
        await _write()
        await jobs.work_off()
    for _ in range(rules.MAX_TRIES - 1):
        moment += rules.LONGEST_PAUSE + timedelta(minutes=2)
        with clock.fixed(moment):
            await letter_jobs.sweep()
            assert await jobs.work_off() == 1
    letter = await _only()
    assert (letter.state, letter.tries) == ("failed", rules.MAX_TRIES)


def test_the_pauses_grow_to_four_hours_and_last_two_days() -> None:
    pauses = [rules.pause_after(n) for n in range(1, rules.MAX_TRIES)]
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert pauses[-1] == timedelta(hours=4)
    assert timedelta(days=1, hours=12) < sum((p for p in pauses if p), timedelta()) < timedelta(days=3)
    assert rules.pause_after(rules.MAX_TRIES) is None


async def test_without_a_server_a_letter_stays_in_the_outbox(db: None, config: settings.Settings) -> None:
    await _write()
    await jobs.work_off()
    assert (await _only()).state == "kept"


async def test_a_letter_in_hand_is_not_taken_by_another_worker(db: None, office: Office) -> None:
    with clock.fixed(START):
        await _write()
        letter = await _only()
        assert await delivery.take(letter.id) is not None
        assert await delivery.take(letter.id) is None
        await letter_jobs.deliver(str(letter.id))
    assert office.postman.seen == []


async def test_the_content_is_forgotten_a_month_after_delivery(db: None, office: Office) -> None:
    with clock.fixed(START):
        await _write()
        await jobs.work_off()
    with clock.fixed(START + timedelta(days=29)):
        await letter_jobs.forget()
        assert (await _only()).mail is not None
    with clock.fixed(START + timedelta(days=31)):
        await letter_jobs.forget()
    letter = await _only()
    assert (letter.state, letter.mail) == ("sent", None)


KILLED = """
import asyncio, os, sys
from cishan import gateways, settings
from cishan.notify import jobs
gateways.use(settings.load(os.environ))
asyncio.run(jobs.deliver(sys.argv[1]))
"""


async def test_a_worker_killed_after_the_server_took_the_letter_sends_it_again_under_the_same_id(
    racing: str, office: Office
) -> None:
    await _write()
    letter = await _only()
    environ = {
        **os.environ,
        "DATABASE_URL": racing,
        "SMTP_URL": office.url,
        "SECRET_KEY": gateways.settings().secret_key,
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(letter.id), env=environ)
    office.postman.on_data = lambda: os.kill(worker.pid, signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL
    letter = await _only()
    assert (letter.state, letter.tries, len(office.postman.seen)) == ("waiting", 1, 1)

    office.postman.on_data = lambda: None
    with clock.fixed(clock.now() + rules.LEASE + timedelta(minutes=2)):
        await letter_jobs.sweep()
        await jobs.work_off()
    assert (await _only()).state == "sent"
    first, second = office.postman.seen
    assert first["Message-ID"] == second["Message-ID"] == f"<{letter.id}@cishan.example>"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", mail.Server("mail.example.org", 25, None, None, False, None)),
        ("smtps://mail.example.org", mail.Server("mail.example.org", 465, None, None, True, False)),
        (
            "smtp://us%40er:p%3Ass@mail.example.org",
            mail.Server("mail.example.org", 587, "us@er", "p:ss", False, True),
        ),
        ("smtp://user:pass@127.0.0.1:2525", mail.Server("127.0.0.1", 2525, "user", "pass", False, None)),
    ],
)
def test_the_address_of_the_mail_server_is_read(url: str, expected: mail.Server) -> None:
    assert mail.server(url) == expected


@pytest.mark.parametrize("url", ["mail.example.org:25", "http://mail.example.org", "smtp://", "smtp://a:x"])
def test_what_is_no_mail_server_is_said_so(url: str) -> None:
    with pytest.raises(settings.SettingsError, match="SMTP_URL"):
        mail.server(url)
