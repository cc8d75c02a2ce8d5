"""Whatever is sent to the giving form: a clear answer, nothing changed, nothing leaked, never a 500."""

import json

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from cishan.donations.queries.drafts import draft_by_token
from cishan.plumbing import db as database
from tests.donations.conftest import ANSWERS, Giver, counts

FIELDS = (
    *("amount", "amount_preset", "rhythm", "monthly_by", "day", "anonymity", "display_name", "tribute_kind"),
    *("tribute_name", "message", "donor_kind", "company_name", "company_uscc", "wants_receipt"),
    *("receipt_title", "email", "phone", "c", "amount-1"),
)
ODD = (
    *("", "0", "-1", "1e9", "９９", "1,000", "NaN", "monthly", "card", "remind", "alias", "name", "memory"),
    *("company", "a@b.cn", "13800138000", "general", "warm-meals", "../etc", "\x00", "' OR 1=1 --", "\ud7ff"),
    *("<script>alert(1)</script>", "{{ 7*7 }}", "%(title)s", "{amount}", "9" * 30),
)
TEXT = st.one_of(st.text(max_size=60), st.sampled_from(ODD))


async def test_no_form_makes_the_site_stumble(giver: Giver) -> None:
    seen: list[int] = []

    async def send(form: dict[str, str]) -> None:
        reply = await giver.browser.post("/give", data={**ANSWERS, **form})
        seen.append(reply.status_code)
        assert reply.status_code in {303, 404, 422}, (reply.status_code, form)
        if reply.status_code == 303 and "/check/" in reply.headers["location"]:
            page = await giver.browser.get(reply.headers["location"])
            assert page.status_code == 200, form
            draft = await draft_by_token(reply.headers["location"].rsplit("/", 1)[1])
            assert 100 <= draft.answers.amount_fen <= 5_000_000
            assert "<script>alert" not in page.text

    examples: list[dict[str, str]] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(FIELDS), TEXT, max_size=6))
    def collect(form: dict[str, str]) -> None:
        examples.append(form)

    collect()
    for form in examples:
        await send(form)
    assert (await counts())["donation"] == 0
    assert {303, 422} <= set(seen)


async def test_bodies_that_are_no_forms_are_refused_in_peace(giver: Giver) -> None:
    before = await counts()
    kind = "application/x-www-form-urlencoded"
    bodies = [
        (b"c=warm-meals&amount=%FF%FE%00", kind),
        (b"\xff\xfe\xfd", kind),
        (b"&&&===", kind),
        (json.dumps(ANSWERS).encode(), "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"c=warm-meals&" * 3000, kind),
    ]
    for body, content_type in bodies:
        reply = await giver.browser.post("/give", content=body, headers={"content-type": content_type})
        assert reply.status_code in {303, 400, 404, 413, 415, 422}, (body[:40], reply.status_code)
        assert "Traceback" not in reply.text
    assert await counts() == before


async def test_a_body_beyond_the_limit_is_refused(giver: Giver) -> None:
    before = await counts()
    reply = await giver.browser.post("/give", data={**ANSWERS, "message": "好" * 800_000})
    assert reply.status_code == 413
    assert await counts() == before


async def test_a_form_from_another_site_changes_nothing(giver: Giver) -> None:
    path = await giver.check_page()
    begun = await giver.gift()
    before = await counts()
    foreign = {"sec-fetch-site": "cross-site"}
    for target in ("/give", path, f"{begun.path}/undo", f"{begun.path}/refund", "/g"):
        reply = await giver.browser.post(target, data=ANSWERS, headers=foreign)
        assert reply.status_code == 403, target
    assert await counts() == before


async def test_the_amount_of_the_draft_cannot_be_changed_on_the_way_to_the_payment(giver: Giver) -> None:
    path = await giver.check_page()
    reply = await giver.browser.post(path, data={"amount": "1", "amount_fen": "1", "status": "paid"})
    assert reply.status_code == 303
    rows = await database.fetch("SELECT amount_fen, status FROM donation")
    assert rows == [{"amount_fen": 8_880, "status": "awaiting_payment"}]


async def test_unknown_projects_and_too_many_of_them_are_not_found(giver: Giver) -> None:
    for path in (
        "/give/nope",
        "/give?c=nope",
        "/give/" + "a" * 300,
        "/give?" + "c=general&" + "&".join(f"c=x{n}" for n in range(6)),
    ):
        assert (await giver.browser.get(path)).status_code == 404, path
