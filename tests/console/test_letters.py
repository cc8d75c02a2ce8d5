"""A letter that was given up is delivered after all when staff wish it, and never twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from cishan import gateways, settings
from cishan.console import actions as console
from cishan.identity.queries import posts
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules.roles import Role, Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, DomainError
from cishan.notify import actions
from cishan.notify import jobs as letter_jobs
from cishan.notify.actions import delivery
from cishan.notify.rules import SignInCode
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.identity import staffing
from tests.notify.letters import THANKS
from tests.notify.postman import Office, Postman, open_office

RETRY = "/staff/letters/retry"
REFUSAL = "550 5.1.1 no such user"


@pytest.fixture
async def office(config: settings.Settings) -> AsyncIterator[Office]:
    """A running mail server to which the gateway is pointed."""
    office = await open_office(Postman())
    gateways.use(replace(config, smtp_url=office.url))
    yield office
    office.close()


async def _given_up(office: Office, key: str = "thanks:1") -> UUID:
    """Let the mail server refuse a letter, then mend the server; return the letter."""
    office.postman.recipient_answer = REFUSAL
    async with atomic():
        await actions.send(key=key, to_email="giver@example.org", language="zh-CN", letter=THANKS)
    await jobs.work_off()
    office.postman.recipient_answer = "250 OK"
    (row,) = await fetch("SELECT id, state FROM letter WHERE key = {}", key)
    assert (row["state"], office.postman.seen) == ("failed", [])
    found: UUID = row["id"]
    return found


async def _row(letter_id: UUID) -> tuple[str, int, str]:
    (row,) = await fetch("SELECT state, tries, last_error FROM letter WHERE id = {}", letter_id)
    return row["state"], row["tries"], row["last_error"]


async def _steps() -> list[tuple[str, ...]]:
    rows = await fetch(
        "SELECT subject_id, event, from_state, to_state, acting_role FROM audit.transition"
        " WHERE subject_kind = 'letter'"
    )
    return [tuple(row.values()) for row in rows]


async def test_a_letter_that_was_given_up_goes_out_once_and_the_history_says_who_wished_it(
    enter: Enter, office: Office
) -> None:
    letter_id = await _given_up(office)
    client = await enter(Role.FINANCE_MAKER)
    desk = words((await client.get("/staff")).text)
    assert "1 发送失败信件" in desk
    listed = (await client.get("/staff/letters?state=failed")).text
    assert f'action="{RETRY}"' in listed and str(letter_id) in listed
    answer = await client.post(RETRY, data={"id": str(letter_id)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/letters?state=failed")
    assert await _row(letter_id) == ("waiting", 0, REFUSAL)
    again = await client.post(RETRY, data={"id": str(letter_id)})
    assert (again.status_code, "已在重试" in words(again.text)) == (409, True)
    await jobs.work_off()
    assert await _row(letter_id) == ("sent", 1, "")
    (message,) = office.postman.seen
    assert message["Message-ID"] == f"<{letter_id}@cishan.example>"
    assert (await client.post(RETRY, data={"id": str(letter_id)})).status_code == 409
    await jobs.work_off()
    assert len(office.postman.seen) == 1
    assert await _steps() == [(str(letter_id), "try_again", "failed", "waiting", "finance_maker")]
    assert f'action="{RETRY}"' not in (await client.get("/staff/letters")).text


async def test_a_letter_that_fails_again_is_given_up_again(enter: Enter, office: Office) -> None:
    letter_id = await _given_up(office)
    client = await enter(Role.ADMINISTRATOR)
    office.postman.recipient_answer = "552 5.2.2 mailbox full"
    assert (await client.post(RETRY, data={"id": str(letter_id)})).status_code == 303
    await jobs.work_off()
    assert await _row(letter_id) == ("failed", 1, "552 5.2.2 mailbox full")
    assert len(await _steps()) == 1


@pytest.mark.parametrize("what", ["x", "", "01900000-0000-7000-8000-000000000001"])
async def test_what_is_no_letter_is_not_found(enter: Enter, office: Office, what: str) -> None:
    letter_id = await _given_up(office)
    client = await enter(Role.FINANCE_MAKER)
    assert (await client.post(RETRY, data={"id": what})).status_code == 404
    assert await _row(letter_id) == ("failed", 1, REFUSAL)
    assert await _steps() == []


async def test_a_code_that_is_long_over_and_a_letter_that_is_forgotten_stay_given_up(
    enter: Enter, office: Office
) -> None:
    office.postman.recipient_answer = REFUSAL
    async with atomic():
        code = SignInCode(code="123456", minutes=10, sign_in_url="https://cishan.example/sign-in")
        await actions.send(key="code:1", to_email="giver@example.org", language="zh-CN", letter=code)
    await jobs.work_off()
    (row,) = await fetch("SELECT id FROM letter WHERE key = 'code:1'")
    client = await enter(Role.FINANCE_MAKER)
    over = await client.post(RETRY, data={"id": str(row["id"])})
    assert (over.status_code, "几分钟内有效" in words(over.text)) == (409, True)
    letter_id = await _given_up(office)
    with clock.fixed(clock.now() + timedelta(days=40)):
        await letter_jobs.forget()
    gone = await client.post(RETRY, data={"id": str(letter_id)})
    assert (gone.status_code, "已被清除" in words(gone.text)) == (409, True)
    await jobs.work_off()
    assert office.postman.seen == []
    assert {(await _row(one))[0] for one in (row["id"], letter_id)} == {"failed"}
    assert await _steps() == []


async def test_who_may_not_retry_changes_nothing(enter: Enter, office: Office) -> None:
    letter_id = await _given_up(office)
    for username, role in (("bea", Role.AUDITOR), ("cem", Role.FINANCE_CHECKER), ("dan", Role.COUNCIL)):
        client = await enter(role, username=username)
        assert (await client.post(RETRY, data={"id": str(letter_id)})).status_code == 403
    county = await enter(Role.FINANCE_MAKER, username="fay", region=staffing.COUNTY)
    assert (await county.post(RETRY, data={"id": str(letter_id)})).status_code == 403
    auditor = await enter(Role.AUDITOR, username="eve")
    assert f'action="{RETRY}"' not in (await auditor.get("/staff/letters")).text
    assert await _row(letter_id) == ("failed", 1, REFUSAL)
    assert await _steps() == []


async def _staff(username: str) -> Staff:
    visitor = await visitor_of(await staffing.a_session(username))
    assert visitor is not None
    found = await posts.staff(visitor)
    assert found is not None
    return found


async def test_two_who_wish_it_at_once_send_it_once(racing: str, office: Office) -> None:
    letter_id = await _given_up(office)
    await staffing.a_member("ada", Role.FINANCE_MAKER)
    by = await _staff("ada")

    async def wish() -> type[DomainError] | None:
        try:
            await console.retry_letter(str(letter_id), by=by)
        except Conflict as error:
            return type(error)
        return None

    told = await asyncio.gather(*(wish() for _ in range(5)))
    assert sorted(str(one) for one in told) == [*["<class 'cishan.kernel.errors.Conflict'>"] * 4, "None"]
    await jobs.work_off()
    assert len(office.postman.seen) == 1
    assert len(await _steps()) == 1


async def test_a_letter_delivered_while_somebody_wishes_it_is_not_sent_again(
    racing: str, office: Office
) -> None:
    letter_id = await _given_up(office)
    await staffing.a_member("ada", Role.FINANCE_MAKER)
    by = await _staff("ada")
    await console.retry_letter(str(letter_id), by=by)
    taken = await delivery.take(letter_id)  # a worker has it in hand
    assert taken is not None
    with pytest.raises(Conflict):
        await console.retry_letter(str(letter_id), by=by)
    await delivery.mark_sent(letter_id)
    with pytest.raises(Conflict):
        await console.retry_letter(str(letter_id), by=by)
    await jobs.work_off()
    assert office.postman.seen == []  # the worker that had it says that it is sent
    assert (await _row(letter_id))[0] == "sent"
