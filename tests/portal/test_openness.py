"""The front page, the funds in public, and what search engines read."""

import csv
import io
from datetime import UTC, datetime
from xml.etree import ElementTree

import httpx

from cishan.campaigns import actions
from cishan.kernel import ids
from cishan.ledger import actions as ledger
from cishan.settings import Settings
from tests.campaigns import making

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


async def test_an_empty_house_has_a_front_page(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert "set-cookie" not in page.headers


async def test_the_front_page_shows_what_is_there(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await actions.set_progress(card.id, raised_fen=888_800, refunded_fen=0, gift_count=3, giver_count=2)
    await actions.show_gift(
        gift_id=ids.new_id(),
        line_no=1,
        campaign_id=card.id,
        display_name="张*",
        amount_fen=8800,
        message="",
        tribute="",
        given_at=AT,
    )
    await actions.publish_update(
        card.id, title="首批热饭送达", body="送餐开始。", photos=[], signed_by="项目组"
    )
    page = await client.get("/")
    for text in ("¥8888", "张*", "¥88.00", "首批热饭送达", making.PLAN.title, f"/campaigns/{card.slug}"):
        assert text.replace("¥8888", "¥8,888") in page.text, text


async def test_the_sitemap_names_what_is_public_and_nothing_else(
    client: httpx.AsyncClient, config: Settings
) -> None:
    await making.a_live_campaign()
    await making.a_draft(slug="hidden", title="隐藏")
    answer = await client.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    tree = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    found = [e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"{config.public_url}/campaigns/{making.PLAN.slug}" in found
    assert not any("hidden" in str(url) for url in found)
    for url in found:
        assert (await client.get(str(url))).status_code == 200, url


async def test_robots_are_kept_from_what_belongs_to_one_giver(client: httpx.AsyncClient) -> None:
    answer = await client.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /g/" in answer.text
    assert "/sitemap.xml" in answer.text


async def test_the_table_of_funds_is_safe_in_a_spreadsheet(client: httpx.AsyncClient) -> None:
    await ledger.open_fund("F-EVIL", name='=HYPERLINK("http://x")')
    answer = await client.get("/transparency/funds.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0] == ["基金", "编号", "所属基金", "收入（元）", "支出（元）", "结余（元）"]
    assert ['\'=HYPERLINK("http://x")', "F-EVIL", "", "0.00", "0.00", "0.00"] in rows


async def test_a_fund_includes_its_campaigns(client: httpx.AsyncClient) -> None:
    await ledger.open_fund("F-CSC", name="慈善筹·困难帮扶")
    await ledger.open_fund("F-CSC.01", name="孝老助餐", parent_code="F-CSC")
    page = await client.get("/transparency")
    assert "慈善筹·困难帮扶" in page.text
    assert 'class="flow-child"' in page.text
