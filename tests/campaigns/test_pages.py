"""The page of a campaign says what the law wants, what was raised, and nothing about who givers are."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from cishan.campaigns import actions, queries
from cishan.campaigns.queries import details
from cishan.kernel import clock, ids
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Restriction, events, spending
from cishan.plumbing import db as database
from tests.campaigns import making

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


async def _gift(card: queries.GivingCard, n: int = 0, **changes: Any) -> None:
    values: dict[str, Any] = {
        "gift_id": ids.new_id(),
        "line_no": 1,
        "campaign_id": card.id,
        "display_name": f"网友{n}",
        "amount_fen": 10_000 + n,
        "message": "",
        "tribute": "",
        "given_at": AT - timedelta(minutes=n),
    }
    await actions.show_gift(**{**values, **changes})


async def test_the_page_shows_the_whole_filed_plan(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    page = await client.get(f"/campaigns/{card.slug}")
    assert page.status_code == 200
    plan = making.PLAN
    for text in (
        plan.title, plan.purpose, plan.region, plan.office, plan.contact, plan.beneficiary_scope,
        plan.beneficiary_selection, plan.use_of_funds, plan.cost_note, plan.surplus_rule,
        plan.over_target_rule, plan.bank_account_masked, plan.receiving_methods, card.filing_no,
        making.USCC, "https://platform.example/", "2026年9月1日", "120人", "食材", "¥6,000.00",
    ):  # fmt: skip
        assert text in page.text, text
    assert f'href="/give/{card.slug}"' in page.text
    assert f'/campaigns/{card.slug}/card.png"' in page.text
    assert page.headers["vary"] == "Cookie, HX-Request"
    assert "public" in page.headers["cache-control"]
    assert "set-cookie" not in page.headers


async def test_the_page_speaks_english_too(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    page = await client.get(f"/campaigns/{card.slug}?lang=en")
    for text in ("The filed plan", "Filing number", "120 people", "Qingyun County", "Help in hardship"):
        assert text in page.text, text
    assert f'<h1 lang="zh-CN">{making.PLAN.title}</h1>' in page.text  # read out as Chinese


@pytest.mark.parametrize("slug", ["nothing", "hidden", "%00", "..%2f..%2fetc", "a" * 5000, "%ff%fe", "'--"])
async def test_what_is_not_published_is_not_found(client: httpx.AsyncClient, slug: str) -> None:
    await making.a_draft(slug="hidden")
    for rest in ("", "/gifts", "/cover.svg", "/card.png", "/qr.svg"):
        assert (await client.get(f"/campaigns/{slug}{rest}")).status_code in {400, 404}


async def test_gifts_keep_their_givers_secret_and_their_amounts_open(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await _gift(card, display_name="", amount_fen=8800, message="<script>alert(1)</script>加油")
    page = await client.get(f"/campaigns/{card.slug}")
    assert "爱心网友" in page.text
    assert "¥88.00" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;加油" in page.text


async def test_the_public_list_has_no_column_for_an_identity(db: None) -> None:
    rows = await database.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'public_gift'"
    )
    shown = "id gift_id line_no campaign display_name amount_fen message tribute given_at"
    assert {r["column_name"] for r in rows} == set(shown.split())


async def test_gifts_are_paged_without_losing_or_doubling_any(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    for n in range(45):
        await _gift(card, n, given_at=AT)  # all in one moment: only the id orders them
    url, seen = f"/campaigns/{card.slug}/gifts", []
    for _ in range(3):
        page = await client.get(url, headers={"HX-Request": "true"})
        assert "<html" not in page.text
        seen += re.findall(r"<strong>(网友\d+)</strong>", page.text)
        link = re.search(r'hx-get="([^"]+)"', page.text)
        url = link[1] if link else ""
    assert url == ""
    assert sorted(seen) == sorted(f"网友{n}" for n in range(45))
    whole = await client.get(f"/campaigns/{card.slug}/gifts")
    assert "<html" in whole.text


@pytest.mark.parametrize(
    "cursor", ["x", "1-", "-", "9" * 400, "99999999999999999-zz", "%ff", "1-0", "' OR 1=1"]
)
async def test_a_cursor_of_nonsense_is_the_beginning(client: httpx.AsyncClient, cursor: str) -> None:
    card = await making.a_live_campaign()
    await _gift(card)
    page = await client.get(f"/campaigns/{card.slug}/gifts?before={cursor}")
    assert page.status_code == 200
    assert "网友0" in page.text


async def test_a_suspended_campaign_says_why_and_takes_no_gift(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await actions.move(card.id, "suspend", actor="test", reason="银行账户变更，正在重新备案。")
    page = await client.get(f"/campaigns/{card.slug}")
    assert "银行账户变更，正在重新备案。" in page.text
    assert "专款专用" in page.text
    assert f"/give/{card.slug}" not in page.text


async def test_a_campaign_before_its_start_says_when_it_begins(client: httpx.AsyncClient) -> None:
    start = clock.today() + timedelta(days=20)
    await making.a_filed_campaign(starts_on=start, ends_on=start + timedelta(days=90))
    page = await client.get(f"/campaigns/{making.PLAN.slug}")
    assert "募捐期尚未开始" in page.text
    assert f"/give/{making.PLAN.slug}" not in page.text


async def test_more_than_the_goal_is_told_with_what_happens_to_it(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await actions.set_progress(card.id, raised_fen=1_300_000, refunded_fen=0, gift_count=9, giver_count=8)
    page = await client.get(f"/campaigns/{card.slug}")
    assert "已筹满" in page.text
    assert "130%" in page.text
    assert making.PLAN.over_target_rule in page.text
    assert f"/give/{card.slug}" in page.text


async def test_a_full_campaign_that_may_not_exceed_its_goal_takes_no_gift(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign(over_target="stop")
    await actions.set_progress(card.id, raised_fen=1_000_000, refunded_fen=0, gift_count=9, giver_count=8)
    page = await client.get(f"/campaigns/{card.slug}")
    assert f"/give/{card.slug}" not in page.text
    assert (await queries.for_giving(card.slug)).open is False


async def test_a_refund_is_shown_beside_the_sum(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await actions.set_progress(card.id, raised_fen=3000, refunded_fen=2000, gift_count=1, giver_count=1)
    assert "¥20.00" in (await client.get(f"/campaigns/{card.slug}")).text


async def test_money_spent_comes_from_the_books(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await ledger.open_fund(card.fund_code, name=card.title, opened_on=making.PLAN.starts_on)
    await ledger.open_fund("GEN", name="一般基金", restriction=Restriction.UNRESTRICTED)
    await _received(card, 500_000)
    entry = spending.disbursement_approved(
        source="test", source_key="meal-1", effective_date=clock.today(), fund=card.fund_code,
        amount_fen=120_000, payee="vendor:1", memo="第一批食材采购",
    )  # fmt: skip
    await ledger.approve(entry, subject="meal-1", maker="a", checker="b")
    page = await client.get(f"/campaigns/{card.slug}")
    assert "第一批食材采购" in page.text
    assert "¥1,200.00" in page.text
    assert "vendor:1" not in page.text
    assert (await queries.for_giving(card.slug)).spent_fen == 120_000
    flows = await client.get("/transparency")
    assert f'<a href="/campaigns/{card.slug}#spent">' in flows.text
    table = await client.get("/transparency/funds.csv")
    assert f"{card.title},{card.fund_code},,5000.00,1200.00,3800.00" in table.text


async def _received(card: queries.GivingCard, amount_fen: int) -> None:
    entry = events.gift_settled(
        source="test", source_key="gift-1", effective_date=clock.today(),
        fund=card.fund_code, gross_fen=amount_fen,
    )  # fmt: skip
    await ledger.post([entry])


async def test_the_pictures_of_a_campaign_are_pictures(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    cover = await client.get(f"/campaigns/{card.slug}/cover.svg")
    assert cover.headers["content-type"] == "image/svg+xml"
    assert "style" not in cover.text
    assert "<script" not in cover.text
    share = await client.get(f"/campaigns/{card.slug}/card.png")
    assert share.headers["content-type"] == "image/png"
    with Image.open(BytesIO(share.content)) as drawn:
        assert drawn.size == (1200, 630)
    code = await client.get(f"/campaigns/{card.slug}/qr.svg")
    assert code.headers["content-type"] == "image/svg+xml"
    assert code.text.startswith("<?xml")


async def test_the_page_costs_the_same_number_of_queries_however_much_it_holds(
    client: httpx.AsyncClient, counted: list[str]
) -> None:
    card = await making.a_live_campaign()
    counted.clear()
    await client.get(f"/campaigns/{card.slug}")
    bare = len(counted)
    for n in range(30):
        await _gift(card, n)
    for n in range(5):
        await actions.publish_update(
            card.id, title=f"动态{n}", body="进展顺利。", photos=[], signed_by="项目组"
        )
    counted.clear()
    await client.get(f"/campaigns/{card.slug}")
    assert len(counted) == bare
    assert bare <= 8
    assert len((await details.details(card.slug)).updates) == 5
