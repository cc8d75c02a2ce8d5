"""A held message is shown only after a person let it be; a judgement is written once."""

from msgspec import structs

from cishan.campaigns import queries as campaigns
from cishan.campaigns.queries import details
from cishan.donations.actions.offline import record_bank_gift
from cishan.donations.rules.answers import AnswerLine, Answers
from cishan.donations.rules.offline import BankGift
from cishan.kernel import clock
from cishan.plumbing.db import fetch
from tests.donations.conftest import Giver, counts, work
from tests.identity import staffing

WORDS = "加微信13812348000领取"
ANSWERS = Answers(lines=(AnswerLine("warm-meals", 5_000),))


PENDING = "SELECT id, message, amount_fen FROM donation WHERE message_state = 'pending'"
WAITING = "/staff/messages?state=pending&sort=paid_at"


async def _held(giver: Giver) -> str:
    """A paid gift whose message is held; returns the path on which staff judges it."""
    await record_bank_gift(BankGift("A1", clock.now(), structs.replace(ANSWERS, message=WORDS)))
    await work()
    (held,) = await fetch(PENDING)
    assert (held["message"], held["amount_fen"]) == (WORDS, 5_000)
    await staffing.a_member("ada", name="项目部")
    await staffing.sign_in(giver.browser)
    return f"/staff/messages/{held['id']}"


async def _public() -> list[str]:
    (card,) = await campaigns.open_campaigns()
    return [gift.message for gift in (await details.gifts(card.id)).gifts]


async def test_a_message_that_staff_lets_through_is_shown(giver: Giver) -> None:
    path = await _held(giver)
    assert await _public() == [""]
    listed = (await giver.browser.get(WAITING)).text
    assert WORDS in listed and f'action="{path}"' in listed
    answer = await giver.browser.post(path, data={"judgement": "show"})
    assert (answer.status_code, answer.headers["location"]) == (303, WAITING)
    assert WORDS not in (await giver.browser.get(WAITING)).text
    everything = (await giver.browser.get("/staff/messages")).text
    assert WORDS in everything and f'action="{path}"' not in everything
    await work()
    assert await _public() == [WORDS]
    assert await fetch(PENDING) == []
    assert await fetch("SELECT is_shown, judged_by_name FROM message_judgement") == [
        {"is_shown": True, "judged_by_name": "项目部"}
    ]


async def test_a_refused_message_stays_hidden_and_the_judgement_stands(giver: Giver) -> None:
    path = await _held(giver)
    for _ in range(2):
        assert (await giver.browser.post(path, data={"judgement": "refuse"})).status_code == 303
    before = await counts()
    assert (await giver.browser.post(path, data={"judgement": "show"})).status_code == 409
    await work()
    assert await counts() == before
    assert await _public() == [""]
    assert await fetch("SELECT is_shown FROM message_judgement") == [{"is_shown": False}]


async def test_a_stranger_and_a_strange_judgement_change_nothing(giver: Giver) -> None:
    path = await _held(giver)
    before = await counts()
    assert (await giver.browser.post(path, data={"judgement": "maybe"})).status_code == 422
    unknown = "/staff/messages/00000000-0000-4000-8000-000000000000"
    assert (await giver.browser.post(unknown, data={"judgement": "show"})).status_code == 404
    await giver.browser.post("/staff/sign-out")
    answer = await giver.browser.post(path, data={"judgement": "show"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")
    assert WORDS not in (await giver.browser.get("/staff/messages")).text
    assert await counts() == before
    assert [row["message"] for row in await fetch(PENDING)] == [WORDS]


async def test_a_county_judges_messages_of_its_own_projects_alone(giver: Giver) -> None:
    path = await _held(giver)
    before = await counts()
    await staffing.a_member("far", name="演示外县", region=staffing.OTHER)
    giver.browser.cookies.clear()
    giver.browser.cookies.set("session", await staffing.a_session("far"))
    assert WORDS not in (await giver.browser.get("/staff/messages")).text
    assert (await giver.browser.post(path, data={"judgement": "show"})).status_code == 404
    assert await counts() == before
    await staffing.a_member("near", name="演示本县", region=staffing.COUNTY)
    giver.browser.cookies.clear()
    giver.browser.cookies.set("session", await staffing.a_session("near"))
    assert WORDS in (await giver.browser.get("/staff/messages")).text
    assert (await giver.browser.post(path, data={"judgement": "show"})).status_code == 303
