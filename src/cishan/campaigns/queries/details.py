"""What the page of one campaign shows: the filed plan, its news with photos, its gifts, its spendings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from cishan.campaigns import rules
from cishan.campaigns.queries import PUBLIC
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger.queries.openness import Spending, spendings
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch

GIFTS_FIRST = 8
"""Gifts on the page of the campaign itself."""
GIFTS_PAGE = 20
UPDATES_SHOWN = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CampaignView:
    """The filed plan of a published campaign and its sums."""

    id: UUID
    slug: str
    title: str
    summary: str
    story: str
    theme: str
    county: str
    """The code of the region that it is for."""
    county_zh: str
    county_en: str
    state: str
    state_reason: str
    fund_code: str
    purpose: str
    starts_on: date
    ends_on: date
    region: str
    office: str
    office_address: str
    contact: str
    receiving_methods: str
    bank_name: str
    bank_account_masked: str
    goal_fen: int
    beneficiary_scope: str
    beneficiary_count: int
    beneficiary_unit: str
    beneficiary_selection: str
    use_of_funds: str
    cost_note: str
    surplus_rule: str
    over_target: str
    over_target_rule: str
    filing_no: str
    filed_on: date | None
    certificate_no: str
    emergency_decree_no: str
    raised_fen: int
    refunded_fen: int
    gift_count: int
    giver_count: int
    updated_at: datetime

    @property
    def closed_reason(self) -> str:
        """Return the msgid of why no gift is taken today; empty if gifts are welcome."""
        return rules.closed_reason(
            state=self.state,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            today=clock.today(),
            raised_fen=self.raised_fen,
            goal_fen=self.goal_fen,
            over_target=self.over_target,
        )

    @property
    def phase(self) -> rules.Phase:
        """Return what a visitor calls the campaign's state."""
        return rules.phase(
            state=self.state,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            today=clock.today(),
            raised_fen=self.raised_fen,
            goal_fen=self.goal_fen,
        )

    @property
    def percent(self) -> int:
        """Return the whole percent of the goal that is reached."""
        return rules.percent(self.raised_fen, self.goal_fen)

    @property
    def days_left(self) -> int | None:
        """Return the days until gifts end; None unless they are taken today."""
        raising = self.phase in {rules.Phase.OPEN, rules.Phase.FUNDED}
        return rules.days_left(self.ends_on, clock.today()) if raising else None

    @property
    def county_name(self) -> str:
        """Return the county in the language of the request."""
        return self.county_zh if i18n.language() == i18n.CHINESE else self.county_en


async def view(slug: str) -> CampaignView:
    """Return the published campaign at this address."""
    if not rules.is_slug(slug):
        raise NotFound(N_("No such campaign."))
    rows = await fetch(
        f"""SELECT campaign.id, campaign.slug, campaign.title, campaign.summary, campaign.story,
                   campaign.theme, campaign.county, county.name AS county_zh, county.name_en AS county_en,
                   campaign.state, campaign.state_reason, campaign.fund_code, campaign.purpose,
                   campaign.starts_on, campaign.ends_on, campaign.region, campaign.office,
                   campaign.office_address,
                   campaign.contact, campaign.receiving_methods, campaign.bank_name,
                   campaign.bank_account_masked, campaign.goal_fen, campaign.beneficiary_scope,
                   campaign.beneficiary_count, campaign.beneficiary_unit, campaign.beneficiary_selection,
                   campaign.use_of_funds, campaign.cost_note, campaign.surplus_rule, campaign.over_target,
                   campaign.over_target_rule, COALESCE(campaign.filing_no, '') AS filing_no,
                   campaign.filed_on, campaign.certificate_no, campaign.emergency_decree_no,
                   total.raised_fen, total.refunded_fen, total.gift_count, total.giver_count,
                   total.updated_at
              FROM campaign JOIN county ON county.code = campaign.county
              JOIN campaign_total AS total ON total.campaign = campaign.id
             WHERE campaign.slug = {{}} AND {PUBLIC}""",  # noqa: S608
        slug,
    )
    if not rows:
        raise NotFound(N_("No such campaign."))
    return CampaignView(**rows[0])


@dataclass(frozen=True, slots=True)
class PlatformPage:
    """The campaign's page on a designated platform."""

    platform: str
    url: str


async def budget(campaign_id: UUID) -> list[rules.BudgetLine]:
    """Return what the goal is for, part by part."""
    rows = await fetch(
        "SELECT item, basis, amount_fen FROM campaign_budget_line WHERE campaign = {} ORDER BY position",
        campaign_id,
    )
    return [rules.BudgetLine(**row) for row in rows]


async def platforms(campaign_id: UUID) -> list[PlatformPage]:
    """Return where the ministry's designated platforms show the campaign."""
    rows = await fetch(
        "SELECT platform, url FROM campaign_platform_link WHERE campaign = {} ORDER BY platform", campaign_id
    )
    return [PlatformPage(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo of an update."""

    file: UUID
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class News:
    """An update of a campaign."""

    id: UUID
    title: str
    body: str
    signed_by: str
    published_at: datetime
    campaign_slug: str
    campaign_title: str
    photos: tuple[PhotoView, ...]

    @property
    def summary(self) -> str:
        """Return the beginning of the text."""
        return self.body if len(self.body) <= 90 else self.body[:88] + "……"


_NEWS = f"""
    SELECT news.id, news.title, news.body, news.signed_by, news.published_at,
           campaign.slug AS campaign_slug, campaign.title AS campaign_title
      FROM campaign_update AS news JOIN campaign ON campaign.id = news.campaign
     WHERE {PUBLIC}"""  # noqa: S608


async def updates(campaign_id: UUID, *, limit: int = UPDATES_SHOWN) -> list[News]:
    """Return the news of a campaign, newest first, in two queries."""
    order = "ORDER BY news.published_at DESC, news.id DESC LIMIT {}"
    return await _news(f"{_NEWS} AND news.campaign = {{}} {order}", campaign_id, limit)


async def latest_updates(*, limit: int) -> list[News]:
    """Return the newest of all news, without photos."""
    rows = await fetch(f"{_NEWS} ORDER BY news.published_at DESC, news.id DESC LIMIT {{}}", limit)
    return [News(**row, photos=()) for row in rows]


async def updates_by_ids(ids: Sequence[UUID]) -> list[News]:
    """Return the news with these ids, in their order."""
    order = "ORDER BY array_position({}::uuid[], news.id) LIMIT 200"
    return await _news(f"{_NEWS} AND news.id = ANY({{}}::uuid[]) {order}", list(ids), list(ids))


async def _news(sql: str, *values: object) -> list[News]:
    rows = await fetch(sql, *values)
    photos = await fetch(
        "SELECT file, news, caption, width, height FROM campaign_photo WHERE news = ANY({}::uuid[])"
        " ORDER BY position",
        [row["id"] for row in rows],
    )
    shown: dict[UUID, list[PhotoView]] = {}
    for photo in photos:
        shown.setdefault(photo.pop("news"), []).append(PhotoView(**photo))
    return [News(**row, photos=tuple(shown.get(row["id"], ()))) for row in rows]


@dataclass(frozen=True, slots=True)
class GiftLine:
    """A gift in public. An empty name is a giver who wants none."""

    display_name: str
    amount_fen: int
    message: str
    tribute: str
    given_at: datetime
    campaign_slug: str
    campaign_title: str


@dataclass(frozen=True, slots=True)
class GiftPage:
    """Some gifts, newest first, and the cursor of those that follow ('' at the end)."""

    gifts: tuple[GiftLine, ...]
    older: str


_GIFT = f"""
    SELECT gift.id, gift.display_name, gift.amount_fen, gift.message, gift.tribute, gift.given_at,
           campaign.slug AS campaign_slug, campaign.title AS campaign_title
      FROM public_gift AS gift JOIN campaign ON campaign.id = gift.campaign
     WHERE {PUBLIC}"""  # noqa: S608


async def gifts(campaign_id: UUID, *, before: str = "", limit: int = GIFTS_PAGE) -> GiftPage:
    """Return the gifts of a campaign that are older than the cursor; nonsense means the newest."""
    at, gift_id = _position(before)
    rows = await fetch(
        f"""{_GIFT} AND gift.campaign = {{}}
               AND ({{}}::timestamptz IS NULL OR (gift.given_at, gift.id) < ({{}}::timestamptz, {{}}::uuid))
             ORDER BY gift.given_at DESC, gift.id DESC LIMIT {{}}""",
        campaign_id,
        at,
        at,
        gift_id,
        limit + 1,
    )
    older = _cursor(rows[limit - 1]["given_at"], rows[limit - 1]["id"]) if len(rows) > limit else ""
    lines = [GiftLine(**{k: v for k, v in row.items() if k != "id"}) for row in rows[:limit]]
    return GiftPage(tuple(lines), older)


async def latest_gifts(*, limit: int) -> list[GiftLine]:
    """Return the newest gifts to any published campaign."""
    rows = await fetch(f"{_GIFT} ORDER BY gift.given_at DESC, gift.id DESC LIMIT {{}}", limit)
    return [GiftLine(**{k: v for k, v in row.items() if k != "id"}) for row in rows]


def _cursor(given_at: datetime, gift_id: UUID) -> str:
    return f"{(given_at - _EPOCH) // timedelta(microseconds=1)}-{gift_id.hex}"


def _position(cursor: str) -> tuple[datetime | None, UUID | None]:
    microseconds, _, hexadecimal = cursor.partition("-")
    try:
        if not (microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= 17):
            return None, None
        return _EPOCH + timedelta(microseconds=int(microseconds)), UUID(hexadecimal)
    except (ValueError, OverflowError):
        return None, None


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that the page of one campaign shows."""

    campaign: CampaignView
    budget: tuple[rules.BudgetLine, ...]
    platforms: tuple[PlatformPage, ...]
    updates: tuple[News, ...]
    gifts: GiftPage
    spendings: tuple[Spending, ...]

    @property
    def spent_fen(self) -> int:
        """Return the sum of the spendings shown."""
        return sum(s.amount_fen for s in self.spendings)


async def details(slug: str) -> Details:
    """Return the whole page of a published campaign in seven queries, however much it holds."""
    campaign = await view(slug)
    return Details(
        campaign=campaign,
        budget=tuple(await budget(campaign.id)),
        platforms=tuple(await platforms(campaign.id)),
        updates=tuple(await updates(campaign.id)),
        gifts=await gifts(campaign.id, limit=GIFTS_FIRST),
        spendings=tuple(await spendings(campaign.fund_code, limit=200)),
    )


@dataclass(frozen=True, slots=True)
class Stats:
    """What came together over all published campaigns."""

    raised_fen: int
    gifts: int
    campaigns: int
    updated_at: datetime | None


async def stats() -> Stats:
    """Return the sums over all published campaigns."""
    rows = await fetch(
        f"""SELECT COALESCE(sum(total.raised_fen), 0)::bigint AS raised_fen,
                   COALESCE(sum(total.gift_count), 0)::bigint AS gifts,
                   count(*) AS campaigns, max(total.updated_at) AS updated_at
              FROM campaign JOIN campaign_total AS total ON total.campaign = campaign.id
             WHERE {PUBLIC}"""  # noqa: S608
    )
    return Stats(**rows[0])
