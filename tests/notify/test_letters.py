"""What stands in letters: both languages, nothing untranslated, nothing injected, written once."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from cishan import settings
from cishan.gateways.mail import Mail
from cishan.kernel import ids
from cishan.notify import actions, queries, rules
from cishan.notify.tables import Letter
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.notify.letters import EVERY_LETTER, GIFT, THANKS


async def _write(letter: rules.Letter, language: str = "zh-CN", key: str = "") -> Mail:
    async with atomic():
        await actions.send(
            key=key or str(ids.new_id()), to_email="giver@example.org", language=language, letter=letter
        )
    written = (await queries.newest(limit=1))[0].mail
    assert written is not None
    return written


def test_there_is_a_sample_of_every_letter() -> None:
    assert {type(letter) for letter in EVERY_LETTER} == set(get_args(rules.Letter))


@pytest.mark.parametrize("letter", EVERY_LETTER, ids=lambda letter: letter.template)
async def test_a_letter_is_whole_in_both_languages(
    db: None, config: settings.Settings, letter: rules.Letter
) -> None:
    chinese, english = await _write(letter, "zh-CN"), await _write(letter, "en")
    assert re.search(r"[\u4e00-\u9fff]", chinese.subject)
    # What remains of Latin letters in a Chinese letter is data: numbers of gifts, addresses, links.
    words = re.sub(r"https?://\S+|\S+@\S+|G20261122-7K3F9Q|SJ2026-\d+", "", chinese.text)
    assert re.findall(r"[A-Za-z]{3,}", words.replace("PDF", "")) == []
    assert not re.search(r"[\u4e00-\u9fff]", english.subject)
    for mail in (chinese, english):
        links = re.findall(r'href="([^"]+)"', mail.html)
        assert links
        assert all(link in mail.text for link in links)
        assert "<" not in mail.text
        assert "\n\n\n" not in mail.text
        assert mail.html.startswith("<!doctype html>")
        assert f"<h1>{mail.subject}</h1>" in mail.html
        assert not re.search(r"<(script|img|link)|\sstyle=|\son\w+=", mail.html)


async def test_the_letter_of_thanks_says_what_was_given(db: None, config: settings.Settings) -> None:
    mail = await _write(THANKS)
    assert mail.subject == "您的捐款已到账，谢谢您！"
    assert "金额：¥50.00\n捐赠用途：暖冬行动、扶贫助学基金\n日期：2026年11月22日\n" in mail.text
    assert "您的捐赠收据 SJ2026-00000001 见附件。" in mail.text
    assert f"查看这笔捐款的去向：\n{GIFT}\n" in mail.text


async def test_what_a_giver_typed_stays_text(db: None, config: settings.Settings) -> None:
    hostile = "<b>粗</b>\r\nBcc: all@example.org & {{ 7*7 }}"
    mail = await _write(replace(THANKS, purposes=(hostile,)))
    assert "&lt;b&gt;粗&lt;/b&gt;" in mail.html
    assert "<b>" not in mail.html
    assert "<b>粗</b>" in mail.text
    subject = (await _write(replace(THANKS, receipt_number=hostile))).subject
    assert "\n" not in subject


async def test_a_line_feed_cannot_enter_a_subject(db: None, config: settings.Settings) -> None:
    letter = rules.ReceiptReady(
        gift_number="G1",
        receipt_number="1\r\nBcc: all@example.org",
        amount_fen=1,
        gift_url=GIFT,
        verify_url=GIFT,
    )
    assert (await _write(letter, "en")).subject == "Your donation receipt 1 Bcc: all@example.org"


async def test_one_key_makes_one_letter(db: None, config: settings.Settings) -> None:
    async with atomic():
        send = {"key": "thanks:1", "to_email": "giver@example.org", "language": "zh-CN", "letter": THANKS}
        assert await actions.send(**send) is True  # type: ignore[arg-type]
        assert await actions.send(**send) is False  # type: ignore[arg-type]
    assert await Letter.count() == 1
    assert await fetch_value("SELECT count(*) FROM procrastinate_jobs") == 1


async def test_an_undone_cause_leaves_no_letter(db: None, config: settings.Settings) -> None:
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await actions.send(key="k", to_email="giver@example.org", language="en", letter=THANKS)
            raise ZeroDivisionError
    assert await Letter.count() == 0
    assert await jobs.work_off() == 0


async def test_whom_a_letter_goes_to_is_not_readable_in_the_database(
    db: None, config: settings.Settings
) -> None:
    await _write(THANKS)
    (row,) = await fetch("SELECT * FROM letter")
    everything = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
    assert len(row["content_enc"]) > 1000
    assert b"giver@example.org" not in everything
    assert b"secret-of-the-gift" not in everything
