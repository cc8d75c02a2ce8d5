"""What pages and slices above may know of campaigns: frozen views, a constant number of queries each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.campaigns import rules
from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger.queries.openness import fund_figures
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch, fetch_value

PUBLIC = "campaign.state NOT IN (" + ", ".join(f"'{s}'" for s in sorted(rules.UNFILED)) + ")"
"""What a visitor may see at all."""

PAGE_SIZE = 12
GIFTS_PAGE = 20


@dataclass(frozen=True, slots=True)
class GivingCard:
    """What a giver must know of a campaign before giving."""

    id: UUID
    slug: str
    title: str
    fund_code: str
    filing_no: str
    goal_fen: int
    raised_fen: int
    spent_fen: int
    giver_count: int
    starts_on: date
    ends_on: date
    open: bool
    closed_reason: str
    """A msgid; empty while open."""
    over_target_rule: str
    surplus_rule: str
    last_update_on: date | None
    beneficiary_scope: str
    cost_note: str
    updated_at: datetime

    @property
    def percent(self) -> int:
        """Return the whole percent of the goal that is reached."""
        return rules.percent(self.raised_fen, self.goal_fen)


_GIVING = f"""
    SELECT campaign.id, campaign.slug, campaign.title, campaign.fund_code, campaign.state,
           COALESCE(campaign.filing_no, '') AS filing_no, campaign.goal_fen, campaign.over_target,
           total.raised_fen, total.giver_count, total.updated_at, campaign.starts_on, campaign.ends_on,
           campaign.over_target_rule, campaign.surplus_rule, campaign.beneficiary_scope, campaign.cost_note,
           (SELECT max(published_at) FROM campaign_update WHERE campaign_update.campaign = campaign.id)
               AS last_update
      FROM campaign JOIN campaign_total AS total ON total.campaign = campaign.id
     WHERE {PUBLIC}"""  # noqa: S608 - constants of this module


async def for_giving(slug: str) -> GivingCard:
    """Return what a giver must know of the published campaign at this address."""
    return _one(await _giving("campaign.slug = {}", slug) if rules.is_slug(slug) else [])


async def campaign_by_id(campaign_id: UUID) -> GivingCard:
    """Return the same by the campaign's id."""
    return _one(await _giving("campaign.id = {}", campaign_id))


async def by_ids(campaign_ids: Sequence[UUID]) -> dict[UUID, GivingCard]:
    """Return several at once; ids of nothing public are left out."""
    cards = await _giving("campaign.id = ANY({}::uuid[])", list(campaign_ids))
    return {card.id: card for card in cards}


async def open_campaigns() -> list[GivingCard]:
    """Return every campaign that takes gifts today, those that end first at the head."""
    cards = await _giving(
        "campaign.state IN ('live', 'live_unfiled') AND campaign.ends_on >= {}", clock.today()
    )
    return sorted((c for c in cards if c.open), key=lambda c: (c.ends_on, c.slug))


def _one(cards: list[GivingCard]) -> GivingCard:
    if not cards:
        raise NotFound(N_("No such campaign."))
    return cards[0]


async def _giving(condition: str, *values: object) -> list[GivingCard]:
    rows = await fetch(f"{_GIVING} AND {condition} LIMIT 500", *values)
    funds = await fund_figures([row["fund_code"] for row in rows]) if rows else []
    spent = {fund.code: fund.spent_fen for fund in funds}
    return [_giving_card(row, spent.get(row["fund_code"], 0)) for row in rows]


def _giving_card(row: dict[str, Any], spent_fen: int) -> GivingCard:
    last = row.pop("last_update")
    facts = {k: row[k] for k in ("starts_on", "ends_on", "raised_fen", "goal_fen")}
    reason = rules.closed_reason(
        state=row.pop("state"), over_target=row.pop("over_target"), today=clock.today(), **facts
    )
    return GivingCard(
        **row,
        spent_fen=spent_fen,
        open=not reason,
        closed_reason=reason,
        last_update_on=clock.china_day(last) if last else None,
    )


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """A campaign in a list."""

    id: UUID
    slug: str
    title: str
    summary: str
    theme: str
    county_name: str
    goal_fen: int
    raised_fen: int
    donor_count: int
    """How many gifts, which is what the card says."""
    days_left: int | None
    """None unless gifts are taken today."""
    phase: str

    @property
    def theme_label(self) -> str:
        """Return the theme in the language of the request."""
        return i18n.gettext(rules.THEME_LABELS[self.theme])

    @property
    def phase_label(self) -> str:
        """Return the phase in the language of the request."""
        return i18n.gettext(rules.PHASE_LABELS[self.phase])

    @property
    def progress_percent(self) -> int:
        """Return the whole percent of the goal that is reached."""
        return rules.percent(self.raised_fen, self.goal_fen)

    @property
    def cover_url(self) -> str:
        """Return the address of the drawn cover."""
        return f"/campaigns/{self.slug}/cover.svg"


_LIST = f"""
    SELECT campaign.id, campaign.slug, campaign.title, campaign.summary, campaign.theme, campaign.state,
           county.name AS county_zh, county.name_en AS county_en, campaign.goal_fen, total.raised_fen,
           total.gift_count AS donor_count, campaign.starts_on, campaign.ends_on,
           count(*) OVER () AS found
      FROM campaign JOIN county ON county.code = campaign.county
      JOIN campaign_total AS total ON total.campaign = campaign.id
     WHERE {PUBLIC}"""  # noqa: S608

_RAISING = (
    "campaign.state IN ('live', 'live_unfiled') AND campaign.starts_on <= {} AND campaign.ends_on >= {}"
)
_PHASES = {
    rules.Phase.OPEN: f"{_RAISING} AND total.raised_fen < campaign.goal_fen",
    rules.Phase.FUNDED: f"{_RAISING} AND total.raised_fen >= campaign.goal_fen",
    rules.Phase.UPCOMING: "(campaign.state = 'filed' OR"
    " (campaign.state IN ('live', 'live_unfiled') AND campaign.starts_on > {}))",
    rules.Phase.PAUSED: "campaign.state IN ('suspended', 'amendment_pending')",
    rules.Phase.ENDED: "(campaign.state NOT IN"
    " ('filed', 'live', 'live_unfiled', 'suspended', 'amendment_pending')"
    " OR (campaign.state IN ('live', 'live_unfiled') AND campaign.ends_on < {}))",
}
_ORDER = {
    rules.Sort.NEWEST: "campaign.published_at DESC NULLS LAST, campaign.id DESC",
    rules.Sort.ENDING: "(campaign.state NOT IN ('live', 'live_unfiled') OR campaign.ends_on < {}),"
    " campaign.ends_on, campaign.id",
    rules.Sort.RAISED: "total.raised_fen DESC, campaign.id DESC",
    rules.Sort.NEAREST: "(total.raised_fen >= campaign.goal_fen),"
    " total.raised_fen::numeric / campaign.goal_fen DESC, campaign.id DESC",
}


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """One page of a list and how long the list is."""

    cards: tuple[CampaignCard, ...]
    found: int
    page: int
    pages: int


async def campaign_page(wish: rules.Filter, *, page: int = 1, size: int = PAGE_SIZE) -> CampaignPage:
    """Return one page of the published campaigns that fit; a page too far is the last."""
    rows = await _list_rows(wish, page, size)
    if not rows and page > 1:
        first = await _list_rows(wish, 1, 1)
        found = first[0]["found"] if first else 0
        page = max(1, -(-found // size))
        rows = await _list_rows(wish, page, size) if found else []
    found = rows[0]["found"] if rows else 0
    pages = max(1, -(-found // size))
    return CampaignPage(tuple(_campaign_card(row) for row in rows), found, page, pages)


async def _list_rows(wish: rules.Filter, page: int, size: int) -> list[dict[str, Any]]:
    today = clock.today()
    sql = _LIST
    values: list[object] = []
    for column, value in (("theme", wish.theme), ("county", wish.county)):
        if value:
            sql += f" AND campaign.{column} = {{}}"
            values.append(value)
    if wish.phase:
        condition = _PHASES[rules.Phase(wish.phase)]
        sql += f" AND {condition}"
        values += [today] * condition.count("{}")
    if wish.only is not None:
        sql += " AND campaign.id = ANY({}::uuid[])"
        values.append(list(wish.only))
    if wish.only is not None and wish.sort == rules.Sort.NEWEST:
        order = "array_position({}::uuid[], campaign.id)"
        values.append(list(wish.only))
    else:
        order = _ORDER[rules.Sort(wish.sort)]
        values += [today] * order.count("{}")
    sql += f" ORDER BY {order} LIMIT {{}} OFFSET {{}}"
    return await fetch(sql, *values, size, (page - 1) * size)


def _campaign_card(row: dict[str, Any]) -> CampaignCard:
    today = clock.today()
    phase = rules.phase(
        state=row["state"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        today=today,
        raised_fen=row["raised_fen"],
        goal_fen=row["goal_fen"],
    )
    raising = phase in {rules.Phase.OPEN, rules.Phase.FUNDED}
    return CampaignCard(
        id=row["id"],
        slug=row["slug"],
        title=row["title"],
        summary=row["summary"],
        theme=row["theme"],
        county_name=row["county_zh"] if i18n.language() == i18n.CHINESE else row["county_en"],
        goal_fen=row["goal_fen"],
        raised_fen=row["raised_fen"],
        donor_count=row["donor_count"],
        days_left=rules.days_left(row["ends_on"], today) if raising else None,
        phase=phase,
    )


@dataclass(frozen=True, slots=True)
class County:
    """A county-level unit."""

    code: str
    name: str


async def counties() -> list[County]:
    """Return every county-level unit in its official order, named in the language of the request."""
    rows = await fetch("SELECT code, name, name_en FROM county ORDER BY position, code")
    chinese = i18n.language() == i18n.CHINESE
    return [County(r["code"], r["name"] if chinese else r["name_en"]) for r in rows]


async def id_of(slug: str) -> UUID | None:
    """Return the id of the campaign at this address, published or not."""
    found: UUID | None = await fetch_value("SELECT id FROM campaign WHERE slug = {}", slug)
    return found


@dataclass(frozen=True, slots=True)
class PublicText:
    """Words of a campaign that may be found by anybody."""

    id: UUID
    kind: str
    """campaign or update"""
    title: str
    body: str
    at: datetime


async def public_texts(campaign_id: UUID) -> list[PublicText]:
    """Return the words of a campaign and of its updates; none if it is not public."""
    rows = await fetch(
        f"""SELECT campaign.id, 'campaign' AS kind, campaign.title, campaign.theme,
                   concat_ws(' ', campaign.summary, campaign.story, county.name, campaign.filing_no,
                             campaign.beneficiary_scope, campaign.use_of_funds) AS body,
                   COALESCE(campaign.published_at, campaign.created_at) AS at
              FROM campaign JOIN county ON county.code = campaign.county
             WHERE campaign.id = {{}} AND {PUBLIC}
             UNION ALL
            SELECT news.id, 'update', news.title, '', news.body, news.published_at
              FROM campaign_update AS news JOIN campaign ON campaign.id = news.campaign
             WHERE campaign.id = {{}} AND {PUBLIC}""",  # noqa: S608
        campaign_id,
        campaign_id,
    )
    texts = []
    for row in rows:
        theme = row.pop("theme")
        with i18n.speaking(i18n.CHINESE):
            label = i18n.gettext(rules.THEME_LABELS[theme]) if theme else ""
        texts.append(PublicText(**{**row, "body": f"{label} {row['body']}"}))
    return texts


async def all_ids() -> list[UUID]:
    """Return the id of every campaign, published or not, oldest first."""
    return [row["id"] for row in await fetch("SELECT id FROM campaign ORDER BY id")]


@dataclass(frozen=True, slots=True)
class FundCampaign:
    """Which published campaign raises for a fund."""

    fund_code: str
    slug: str
    title: str


async def by_fund(codes: Sequence[str]) -> list[FundCampaign]:
    """Return the published campaigns that raise for these funds."""
    rows = await fetch(
        f"SELECT fund_code, slug, title FROM campaign WHERE {PUBLIC} AND fund_code = ANY({{}}::text[])",  # noqa: S608
        list(codes),
    )
    return [FundCampaign(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Address:
    """A published campaign's address and the day on which its page last said something new."""

    slug: str
    changed_on: date


async def addresses() -> list[Address]:
    """Return the address of every published campaign."""
    rows = await fetch(
        f"""SELECT campaign.slug,
                   GREATEST(COALESCE(campaign.published_at, campaign.created_at),
                            max(news.published_at)) AS at
              FROM campaign LEFT JOIN campaign_update AS news ON news.campaign = campaign.id
             WHERE {PUBLIC} GROUP BY campaign.id ORDER BY campaign.slug LIMIT 40000"""  # noqa: S608
    )
    return [Address(row["slug"], clock.china_day(row["at"])) for row in rows]


@dataclass(frozen=True, slots=True)
class Title:
    """A published campaign and when it last told something."""

    slug: str
    title: str
    last_update_at: datetime | None


async def titles(regions: Sequence[str]) -> list[Title]:
    """Return the published campaigns of regions (patterns of codes), those that were silent longest first."""
    rows = await fetch(
        f"""SELECT campaign.slug, campaign.title, max(news.published_at) AS last_update_at
              FROM campaign LEFT JOIN campaign_update AS news ON news.campaign = campaign.id
             WHERE {PUBLIC} AND campaign.county LIKE ANY ({{}}::text[]) GROUP BY campaign.id
             ORDER BY max(news.published_at) NULLS FIRST, campaign.slug LIMIT 1000""",  # noqa: S608
        list(regions),
    )
    return [Title(**row) for row in rows]


async def within(regions: Sequence[str]) -> list[UUID]:
    """Return the ids of all campaigns of regions (patterns of codes)."""
    rows = await fetch("SELECT id FROM campaign WHERE county LIKE ANY ({}::text[])", list(regions))
    return [row["id"] for row in rows]
