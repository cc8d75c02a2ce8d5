"""The list of campaigns and the search: every choice an address, hostile ones harmless."""

import re
from datetime import timedelta

import httpx
import pytest

import cishan.search.jobs  # noqa: F401 - lets the queue know the job
from cishan.campaigns import actions, queries, rules
from cishan.campaigns.queries import details
from cishan.kernel import clock
from cishan.plumbing import jobs
from tests.campaigns import making
from tests.campaigns.conftest import counted

__all__ = ["counted"]


async def _titles(client: httpx.AsyncClient, query: str) -> list[str]:
    page = await client.get(f"/campaigns{query}")
    assert page.status_code == 200
    return re.findall(r'<h2 class="project-title"><a href="/campaigns/([a-z0-9-]+)">', page.text)


@pytest.fixture
async def four(db: None) -> None:
    """Four campaigns: open, nearly full, full and suspended, in two counties."""
    today = clock.today()
    for n, (slug, title, theme, county, raised) in enumerate(
        [
            ("meals", "孝老助餐", "hardship", "371423", 100_000),
            ("school", "扶贫助学", "education", "371423", 990_000),
            ("winter", "暖冬行动 棉被", "warm_winter", "371400", 1_200_000),
            ("care", "医养救助", "medical_care", "371400", 500_000),
        ]
    ):
        with clock.fixed(clock.now() - timedelta(hours=10 - n)):
            card = await making.a_live_campaign(
                slug=slug,
                title=title,
                theme=theme,
                county=county,
                ends_on=today + timedelta(days=100 - n * 10),
            )
        await actions.set_progress(card.id, raised_fen=raised, refunded_fen=0, gift_count=1, giver_count=1)
        if slug == "care":
            await actions.move(card.id, "suspend", actor="test", reason="核查")
    await jobs.work_off()


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["care", "winter", "school", "meals"]),
        ("?theme=education", ["school"]),
        ("?county=371423", ["school", "meals"]),
        ("?phase=open", ["school", "meals"]),
        ("?phase=funded", ["winter"]),
        ("?phase=paused", ["care"]),
        ("?phase=upcoming", []),
        ("?sort=raised", ["winter", "school", "care", "meals"]),
        ("?sort=nearest", ["school", "care", "meals", "winter"]),
        ("?sort=ending", ["winter", "school", "meals", "care"]),
        ("?q=棉被", ["winter"]),
        ("?q=助学&county=371423", ["school"]),
        ("?q=助学&county=371400", []),
        ("?theme=nonsense&county=x&phase=y&sort=z", ["care", "winter", "school", "meals"]),
        ("?page=0", ["care", "winter", "school", "meals"]),
        ("?page=-1", ["care", "winter", "school", "meals"]),
        ("?page=99999999999999999999", ["care", "winter", "school", "meals"]),
        ("?page=7", ["care", "winter", "school", "meals"]),
        ("?page=①", ["care", "winter", "school", "meals"]),
    ],
)
async def test_every_choice_is_an_address(
    four: None, client: httpx.AsyncClient, query: str, slugs: list[str]
) -> None:
    assert await _titles(client, query) == slugs


@pytest.mark.parametrize(
    "query",
    [
        "?q=%ff%fe",
        "?q=%00",
        "?theme=%00&county=%00",
        "?q='; DROP TABLE campaign; --",
        "?q=" + "好" * 2000,
        "?q=<script>alert(1)</script>",
        "?q={}{{7*7}}",
        "?theme=education&theme=hardship",
        "?county=371423' OR '1'='1",
        "?page=1e9",
        "?unknown=1",
    ],
)
async def test_hostile_addresses_do_no_harm(four: None, client: httpx.AsyncClient, query: str) -> None:
    for path in ("/campaigns", "/search"):
        page = await client.get(path + query)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "49" not in re.findall(r'value="([^"]*)"', page.text)
    assert len(await _titles(client, "")) == 4


async def test_htmx_gets_the_found_part_alone(four: None, client: httpx.AsyncClient) -> None:
    part = await client.get("/campaigns?theme=education", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.lstrip().startswith('<div id="found">')
    assert part.headers["vary"] == "Cookie, HX-Request"


async def test_an_empty_list_says_so_and_leads_on(four: None, client: httpx.AsyncClient) -> None:
    page = await client.get("/campaigns?q=宇宙飞船")
    assert "没有符合条件的项目" in page.text
    assert 'href="/campaigns"' in page.text


async def test_pages_keep_the_filter(db: None, client: httpx.AsyncClient) -> None:
    for n in range(15):
        await making.a_live_campaign(slug=f"c-{n}", title=f"项目{n}")
    page = await client.get("/campaigns?theme=hardship")
    assert "/campaigns?theme=hardship&amp;page=2" in page.text
    assert len(await _titles(client, "?theme=hardship&page=1")) == 12
    assert len(await _titles(client, "?theme=hardship&page=2")) == 3


async def test_the_list_costs_the_same_number_of_queries_with_10_and_with_100_campaigns(
    db: None, client: httpx.AsyncClient, counted: list[str]
) -> None:
    costs = []
    made = 0
    for wanted in (10, 100):
        while made < wanted:
            made += 1
            await making.a_live_campaign(slug=f"c-{made}", title=f"项目{made}")
        for path in ("/campaigns", "/campaigns?theme=hardship&sort=raised", "/"):
            counted.clear()
            assert (await client.get(path)).status_code == 200
            costs.append(len(counted))
    assert costs[:3] == costs[3:]
    assert max(costs) <= 5


async def test_news_are_found_and_lead_to_their_campaign(client: httpx.AsyncClient) -> None:
    card = await making.a_live_campaign()
    await actions.publish_update(
        card.id, title="首批热饭送达", body="志愿者冒雪送餐。", photos=[], signed_by="项目组"
    )
    await jobs.work_off()
    page = await client.get("/search?q=冒雪")
    assert "首批热饭送达" in page.text
    assert f'href="/campaigns/{card.slug}#updates"' in page.text
    nothing = await client.get("/search?q=宇宙飞船")
    assert "没有找到相关内容" in nothing.text
    assert (await client.get("/search")).status_code == 200


async def test_a_filter_of_ids_keeps_the_order_of_relevance(four: None) -> None:
    ids = [str((await details.view(slug)).id) for slug in ("winter", "meals", "school")]
    page = await queries.campaign_page(rules.Filter(only=tuple(ids)))
    assert [c.slug for c in page.cards] == ["winter", "meals", "school"]
