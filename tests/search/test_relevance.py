"""One suite of relevance that both backends pass."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

import cishan.search.jobs  # noqa: F401 - lets the queue know the job
from cishan import gateways
from cishan.campaigns import actions as campaigns
from cishan.kernel import ids
from cishan.plumbing import jobs
from cishan.search import actions, queries, rules
from cishan.settings import Settings
from tests.campaigns import making
from tests.fakes import meilisearch

AT = datetime(2026, 11, 1, tzinfo=UTC)
TEXTS = {
    "meals": ("孝老助餐 暖心饭桌", "让庆云县独居老人每天吃上一顿热饭，由社区食堂送餐上门。"),
    "school": ("扶贫助学基金 点亮课桌", "资助困境学生完成学业。中国农业发展银行员工志愿陪伴。"),
    "winter": ("暖冬行动 棉被到家", "为特困老人送去羽绒服和棉被。"),
    "care": ("医养救助 护理包", "为失能老人配备护理用品，费用由 Warm Fund 承担。"),
}


@pytest.fixture(params=["embedded", "meilisearch"])
async def index(request: pytest.FixtureRequest, db: None, config: Settings) -> AsyncIterator[dict[str, UUID]]:
    """Four campaigns in the index of one backend; gives their ids by name."""
    if request.param == "embedded":
        yield await _fill()
        return
    async with meilisearch.serving() as fake:
        gateways.use(replace(config, meilisearch_url=fake.url))
        yield await _fill()
        gateways.use(config)


async def _fill() -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for n, (name, (title, body)) in enumerate(TEXTS.items()):
        campaign_id = await making.a_draft(slug=name, title=title)
        entry = rules.Entry(
            id=campaign_id,
            kind="campaign",
            campaign_id=campaign_id,
            title=title,
            body=body,
            at=AT + timedelta(days=n),
        )
        await queries.index().replace(campaign_id, [entry])
        found[name] = campaign_id
    return found


async def _names(index: dict[str, UUID], text: str) -> list[str]:
    names = {v: k for k, v in index.items()}
    return [names[hit.campaign_id] for hit in await queries.find(text)]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("助餐", "meals"),
        ("农业", "school"),  # inside a longer word
        ("农业发展银行", "school"),
        ("庆云县 独居老人", "meals"),
        ("棉被", "winter"),
        ("暖冬行动", "winter"),
        ("WARM fund", "care"),
        ("ｗａｒｍ", "care"),
        ("失能老人", "care"),
        ("老人 热饭", "meals"),
    ],
)
async def test_the_best_hit_comes_first(index: dict[str, UUID], text: str, best: str) -> None:
    assert (await _names(index, text))[0] == best


async def test_all_words_must_be_there_if_they_are_anywhere(index: dict[str, UUID]) -> None:
    assert await _names(index, "特困老人") == ["winter"]
    assert set(await _names(index, "老人")) == {"meals", "winter", "care"}


async def test_some_words_do_if_no_text_has_all(index: dict[str, UUID]) -> None:
    assert await _names(index, "棉被 宇宙飞船") == ["winter"]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "，。！", "火星", "'", "' & '", "a:*", "\\", "!!(", "\x00", "😀", "<b>", "%", "&|!<->"],
)
async def test_what_is_nowhere_is_not_found_and_nothing_breaks(index: dict[str, UUID], text: str) -> None:
    assert await _names(index, text) == []


async def test_a_very_long_search_is_cut(index: dict[str, UUID]) -> None:
    assert await _names(index, "棉被" + "呀" * 100_000) == ["winter"]


async def test_a_replaced_campaign_is_found_by_its_new_words_alone(index: dict[str, UUID]) -> None:
    campaign_id = index["meals"]
    news = rules.Entry(
        id=ids.new_id(), kind="update", campaign_id=campaign_id, title="首批热饭送达", body="笑脸", at=AT
    )
    await queries.index().replace(campaign_id, [news])
    hits = await queries.find("笑脸")
    assert [(h.id, h.kind, h.campaign_id) for h in hits] == [(news.id, "update", campaign_id)]
    assert await _names(index, "助餐") == []
    await queries.index().replace(campaign_id, [])
    assert await queries.find("笑脸") == []


async def test_a_published_campaign_is_found_and_a_draft_is_not(db: None, config: Settings) -> None:
    draft = await making.a_draft(slug="hidden", title="隐藏的项目")
    await campaigns.move(draft, "submit", actor="test")
    live = await making.a_live_campaign()
    await jobs.work_off()
    assert [h.campaign_id for h in await queries.find("饭桌")] == [live.id]
    assert await queries.find("隐藏") == []


async def test_while_the_search_server_is_down_the_embedded_index_answers(db: None, config: Settings) -> None:
    live = await making.a_live_campaign()
    await jobs.work_off()
    async with meilisearch.serving() as fake:
        fake.broken = True
        gateways.use(replace(config, meilisearch_url=fake.url))
        assert [h.campaign_id for h in await queries.find("饭桌")] == [live.id]
    gateways.use(replace(config, meilisearch_url=fake.url))  # nobody listens there any more
    assert [h.campaign_id for h in await queries.find("饭桌")] == [live.id]
    gateways.use(config)


def test_long_words_are_searched_by_their_parts() -> None:
    assert rules.query_words("农业发展银行") == ["农业", "发展", "银行"]
    assert rules.query_words("助餐 助餐") == ["助", "餐"]
    assert (
        len(rules.query_words("老人孩子书包课桌棉被热饭轮椅药品米面粮油衣服鞋子帽子手套围巾电灯"))
        <= rules.MAX_WORDS
    )


async def test_one_campaign_indexed_many_times_at_once_is_found_once(racing: str, config: Settings) -> None:
    live = await making.a_live_campaign()
    for _ in range(5):
        await asyncio.gather(*(actions.reindex_campaign(live.id) for _ in range(6)))
    assert [h.campaign_id for h in await queries.find("饭桌")] == [live.id]
