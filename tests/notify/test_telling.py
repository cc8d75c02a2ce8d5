"""Telling a person: once, by the ways that they want, in their language."""

import asyncio
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from cishan import settings
from cishan.identity.actions import people
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel
from cishan.notify import actions, queries
from cishan.notify.actions import wishes
from cishan.notify.queries import inbox
from cishan.notify.rules import events
from cishan.notify.rules.events import EVENTS, Event
from cishan.plumbing import db as database
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from tests.notify.letters import CHECK, THANKS
from tests.notify.people import a_person

EMAIL, MOBILE = "giver@example.org", "+8613800138000"
MAIL, SMS = Channel.EMAIL, Channel.MOBILE


async def tell(person_id: UUID, event: Event = events.CHECK_WANTED, **given: Any) -> bool:
    async with atomic():
        return await actions.tell(
            **{"key": "k1", "person_id": person_id, "event": event, "letter": CHECK, **given}
        )


async def gone_to() -> list[str]:
    """Return whom letters and text messages go to, sorted."""
    letters = await queries.newest()
    mails = [letter.mail.to_email for letter in letters if letter.mail]
    return sorted(mails + [letter.sms.to_mobile for letter in letters if letter.sms])


async def test_a_message_stands_in_the_inbox_and_goes_out_by_the_events_own_ways(
    db: None, config: settings.Settings
) -> None:
    person = await a_person(email=EMAIL, mobile=MOBILE)
    assert await tell(person) is True
    page = await inbox.inbox(person)
    assert [(m.title, m.event.code, m.read_at) for m in page.messages] == [
        ("待您审核：2026-0017", "check_wanted", None)
    ]
    assert await gone_to() == [EMAIL]


async def test_what_was_told_is_not_told_again(db: None, config: settings.Settings) -> None:
    person, other = await a_person(email=EMAIL), await a_person(email="other@example.org")
    assert await tell(person) is True
    async with atomic():
        await wishes.choose(
            person, offered=[("check_wanted", SMS)], wanted=[("check_wanted", SMS)], language="en"
        )
    assert await tell(person) is False
    assert await tell(other) is True
    assert await gone_to() == [EMAIL, "other@example.org"]
    assert (await inbox.inbox(person)).total == 1


async def test_an_undone_cause_tells_nobody_anything(db: None, config: settings.Settings) -> None:
    person = await a_person(email=EMAIL)
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await actions.tell(key="k", person_id=person, event=events.CHECK_WANTED, letter=CHECK)
            raise ZeroDivisionError
    assert ((await inbox.inbox(person)).total, await gone_to(), await jobs.work_off()) == (0, [], 0)


@pytest.mark.parametrize(
    ("event", "wish", "contacts", "expected"),
    [
        (events.CHECK_WANTED, {}, {MAIL, SMS}, [MAIL]),
        (events.CHECK_WANTED, {MAIL: False}, {MAIL, SMS}, []),
        (events.CHECK_WANTED, {MAIL: False, SMS: True}, {MAIL, SMS}, [SMS]),
        (events.CHECK_WANTED, {SMS: True}, {MAIL}, [MAIL]),
        (events.CHECK_WANTED, {}, {SMS}, []),
        (events.GIFT_ARRIVED, {MAIL: False}, {MAIL, SMS}, [MAIL]),
        (events.GIFT_ARRIVED, {SMS: True}, {MAIL, SMS}, [MAIL, SMS]),
        (events.GIFT_ARRIVED, {}, {SMS}, [SMS]),
        (events.GIFT_ARRIVED, {}, set(), []),
        (events.ACCOUNT_SAFETY, {MAIL: False, SMS: False}, {MAIL, SMS}, [MAIL, SMS]),
    ],
)
def test_wishes_decide_but_what_must_be_known_goes_out_by_some_way(
    event: Event, wish: dict[Channel, bool], contacts: set[Channel], expected: list[Channel]
) -> None:
    wished = {(event.code, way): wanted for way, wanted in wish.items()}
    assert events.ways_for(event, wished, contacts) == expected


async def test_a_person_without_an_account_has_the_message_in_the_inbox_alone(
    db: None, config: settings.Settings
) -> None:
    person = await a_person()
    assert await tell(person, events.ACCOUNT_SAFETY) is True
    assert (await gone_to(), await inbox.unread(person)) == ([], 1)


async def test_a_closed_account_is_written_to_no_more(db: None, config: settings.Settings) -> None:
    person = await a_person(email=EMAIL, mobile=MOBILE)
    await database.fetch("UPDATE account SET active = false WHERE person = {}", person)
    await tell(person, events.ACCOUNT_SAFETY)
    assert await gone_to() == []


async def test_the_chosen_language_wins_over_the_given_one(db: None, config: settings.Settings) -> None:
    chose, did_not = await a_person(), await a_person()
    await wishes.choose(chose, offered=[], wanted=[], language="en")
    for person in (chose, did_not):
        await tell(person, key="a", language="zh-CN")
        await tell(person, key="b", language="en")
    titles = [[m.title for m in (await inbox.inbox(p)).messages] for p in (chose, did_not)]
    english, chinese = "Waits for your check: 2026-0017", "待您审核：2026-0017"
    assert titles == [[english, english], [english, chinese]]


async def test_an_address_with_an_account_has_its_letter_in_the_inbox_too(
    db: None, config: settings.Settings
) -> None:
    person = await a_person(email=EMAIL)
    for address in (EMAIL, "stranger@example.org"):
        async with atomic():
            told = await actions.tell_address(
                key=f"thanks:{address}",
                to_email=address,
                event=events.GIFT_ARRIVED,
                letter=THANKS,
                language="zh-CN",
            )
        assert told is True
    assert await gone_to() == [EMAIL, "stranger@example.org"]
    assert [m.title for m in (await inbox.inbox(person)).messages] == ["您的捐款已到账，谢谢您！"]


async def test_an_account_opened_between_two_tries_brings_no_second_letter(
    db: None, config: settings.Settings
) -> None:
    async def thank() -> bool:
        async with atomic():
            return await actions.tell_address(
                key="thanks:1", to_email=EMAIL, event=events.GIFT_ARRIVED, letter=THANKS, language="en"
            )

    assert await thank() is True
    person = await a_person(email=EMAIL)
    assert await thank() is True  # into the inbox, which was not there before
    await database.fetch("UPDATE account SET active = false WHERE person = {}", person)
    assert await thank() is False
    assert (await gone_to(), (await inbox.inbox(person)).total) == ([EMAIL], 1)


async def test_two_who_tell_the_same_at_once_tell_it_once(racing: str, config: settings.Settings) -> None:
    person = await a_person(email=EMAIL)
    told = await asyncio.gather(*(tell(person) for _ in range(6)))
    assert sorted(told) == [False] * 5 + [True]
    assert (await gone_to(), await inbox.unread(person)) == ([EMAIL], 1)


async def test_what_was_told_cannot_be_told_otherwise_later(db: None, config: settings.Settings) -> None:
    person = await a_person()
    await tell(person)
    for change in ("event = 'gift_arrived'", "key = 'other'", "created_at = now() - interval '1 day'"):
        with pytest.raises(Exception, match="what was told stays as it was told"):
            async with atomic():
                await database.fetch(f"UPDATE message SET {change}")
    await wishes.mark_all_read(person)
    with pytest.raises(Exception, match="what was told stays as it was told"):
        async with atomic():
            await database.fetch("UPDATE message SET read_at = NULL")


async def test_what_a_message_says_is_not_readable_in_the_database(
    db: None, config: settings.Settings
) -> None:
    person = await a_person(email=EMAIL, mobile=MOBILE)
    await tell(person, events.ACCOUNT_SAFETY)
    rows = await database.fetch("SELECT to_jsonb(m)::text AS all FROM message AS m")
    rows += await database.fetch("SELECT to_jsonb(l)::text AS all FROM letter AS l")
    assert len(rows) == 3
    assert not any("退款" in row["all"] or EMAIL in row["all"] or MOBILE in row["all"] for row in rows)


async def test_a_change_of_a_way_in_is_told_by_the_job_that_is_asked_for_by_name(
    db: None, config: settings.Settings
) -> None:
    person = await a_person(email=EMAIL, mobile=MOBILE)
    asked: dict[str, Any] = {
        "key": "safety:1",
        "person_id": str(person),
        "change": "passkey_added",
        "device": "Firefox · Linux",
    }
    async with atomic():
        await jobs.enqueue("notify.account_safety", at="2026-11-22T01:30:00+00:00", **asked)
    await jobs.work_off()
    (told,) = (await inbox.inbox(person)).messages
    assert told.title == "您的账号新增了通行密钥"
    assert "2026年11月22日 09:30" in told.html
    assert "Firefox · Linux" in told.html
    assert await gone_to() == [MOBILE, EMAIL]


def test_every_event_says_who_may_choose_what() -> None:
    assert {code: bool(event.fixed) for code, event in EVENTS.items()} == {
        "account_safety": True,
        "gift_arrived": True,
        "receipt_ready": True,
        "refund_done": True,
        "monthly_changed": True,
        "monthly_notice": True,
        "monthly_reminder": False,
        "check_wanted": False,
        "proposal_decided": False,
        "deadline_passed": False,
        "goods_news": True,
        "reservation_lost": False,
        "goods_locked": False,
    }
    assert not events.may_choose(events.GIFT_ARRIVED, MAIL)
    assert events.may_choose(events.GIFT_ARRIVED, SMS)


async def _child(guardian: UUID, born_on: date = date(2015, 5, 1)) -> tuple[UUID, UUID]:
    """Return a child for whom somebody answers, and the guardianship."""
    guardianship = await people.add_minor(guardian, name="测试李某", born_on=born_on)
    child = await database.fetch_value("SELECT minor FROM guardianship WHERE id = {}", guardianship)
    return child, guardianship


async def test_what_a_minor_is_told_reaches_the_guardians_who_consented_each_once(
    db: None, config: settings.Settings
) -> None:
    guardian, other = await a_person(email=EMAIL), await a_person(email="other@example.org")
    child, _ = await _child(guardian)
    await database.fetch(
        "INSERT INTO guardianship (id, minor, guardian, consented_at) VALUES ({}, {}, {}, {})",
        ids.new_id(),
        child,
        other,
        clock.now(),
    )
    for expected in (True, False):
        assert await tell(child) is expected
    told = [(await inbox.inbox(one)).total for one in (child, guardian, other)]
    assert (told, await gone_to()) == ([1, 1, 1], [EMAIL, "other@example.org"])


async def test_a_guardian_who_is_told_the_same_themselves_is_told_once(
    db: None, config: settings.Settings
) -> None:
    guardian = await a_person(email=EMAIL)
    child, _ = await _child(guardian)
    assert (await tell(guardian), await tell(child)) == (True, True)
    assert ((await inbox.inbox(guardian)).total, await gone_to()) == (1, [EMAIL])


async def test_without_consent_or_of_age_guardians_are_told_nothing(
    db: None, config: settings.Settings
) -> None:
    guardian = await a_person(email=EMAIL)
    child, guardianship = await _child(guardian)
    grown, _ = await _child(guardian, date(2009, 5, 1))
    await people.withdraw_consent(guardian, guardianship)
    assert await tell(child) is True
    with clock.fixed(datetime(2027, 5, 1, 9, tzinfo=clock.CHINA)):
        assert await tell(grown) is True
    assert ((await inbox.inbox(guardian)).total, await gone_to()) == (0, [])
