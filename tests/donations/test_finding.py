"""Finding one's gifts again, without telling others whether there are any; and what is forgotten."""

from datetime import timedelta

from cishan.donations.jobs import giving as jobs
from cishan.kernel import clock
from cishan.plumbing import db as database
from tests.donations.conftest import Giver, counts, words, work


async def _links() -> int:
    found: int = await database.fetch_value("SELECT count(*) FROM letter WHERE template = 'my_gifts'")
    return found


async def test_known_and_unknown_addresses_get_the_same_answer_and_only_one_a_letter(giver: Giver) -> None:
    await giver.paid(email="ada@example.org")
    known = await giver.browser.post("/g", data={"email": "Ada@Example.org "})
    unknown = await giver.browser.post("/g", data={"email": "nobody@example.org"})
    assert words(known.text) == words(unknown.text)
    assert (known.status_code, unknown.status_code) == (200, 200)
    await work()
    assert await _links() == 1


async def test_guessing_addresses_ends_at_five(giver: Giver) -> None:
    for n in range(5):
        assert (await giver.browser.post("/g", data={"email": f"a{n}@example.org"})).status_code == 200
    assert (await giver.browser.post("/g", data={"email": "b@example.org"})).status_code == 429
    assert (await giver.browser.post("/g", data={"email": "no address"})).status_code == 422


async def test_drafts_and_attempts_are_forgotten_after_a_day(giver: Giver) -> None:
    path = await giver.check_page(email="ada@example.org")
    await giver.confirm(email="ada@example.org")
    with clock.fixed(clock.now() + timedelta(hours=27)):
        await jobs.forget()
        assert (await giver.browser.get(path)).status_code == 404
    rows = await counts()
    assert (rows["gift_draft"], rows["gift_attempt"], rows["donation"]) == (0, 0, 1)


async def test_the_sweep_closes_what_nobody_paid(giver: Giver) -> None:
    begun = await giver.gift()
    giver.sandbox.advance(seconds=3000)
    with clock.fixed(clock.now() + timedelta(minutes=50)):
        await jobs.sweep()
        await work()
        assert (await begun.now())["status"] == "expired"
        page = await giver.page(begun.path)
        assert "没有扣款" in page and "用同样的信息重新捐赠" in page
        again = await giver.browser.post(f"{begun.path}/again")
        assert again.headers["location"].startswith("/give/change/")


async def test_the_sweep_finds_a_payment_of_which_no_message_came(giver: Giver) -> None:
    begun = await giver.gift()
    giver.sandbox.pay(begun.session_id)
    with clock.fixed(clock.now() + timedelta(minutes=50)):
        await jobs.sweep()
        await work()
    assert (await begun.now())["status"] == "paid"
