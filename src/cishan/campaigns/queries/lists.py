"""The list of staff over campaigns, and the campaigns as choices of other lists."""

from collections.abc import Sequence
from uuid import UUID

from cishan.campaigns import rules
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.lists import (
    Amounts,
    Choice,
    Column,
    Condition,
    Days,
    Kind,
    List,
    Option,
    Row,
    Text,
    View,
)

_TONES: dict[str, str] = {
    rules.State.LIVE: "good",
    rules.State.LIVE_UNFILED: "warn",
    rules.State.AMENDMENT_PENDING: "warn",
    rules.State.SUSPENDED: "warn",
    rules.State.TERMINATED: "bad",
    rules.State.RETURNED: "warn",
    rules.State.FILED: "calm",
}
STATE_TONES = {state: _TONES.get(state, "plain") for state in rules.STATE_LABELS}


async def titles_of(campaign_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the titles of campaigns, published or not: for staff alone."""
    rows = await fetch("SELECT id, title FROM campaign WHERE id = ANY ({}::uuid[])", list(campaign_ids))
    return {row["id"]: row["title"] for row in rows}


async def slug_of(campaign_id: UUID) -> str | None:
    """Return the address of a campaign, or None."""
    found: str | None = await fetch_value("SELECT slug FROM campaign WHERE id = {}", campaign_id)
    return found


async def options() -> list[Option]:
    """Return every campaign as a choice, by its title."""
    rows = await fetch("SELECT id, slug, title FROM campaign ORDER BY title, slug LIMIT 1000")
    return [Option(row["slug"], row["title"], row["id"]) for row in rows]


async def counties() -> list[Option]:
    """Return the counties as choices, in their official order."""
    rows = await fetch("SELECT code, name, name_en FROM county ORDER BY position, code")
    chinese = i18n.language() == i18n.CHINESE
    return [Option(r["code"], r["name"] if chinese else r["name_en"], r["code"]) for r in rows]


def in_regions(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps the campaigns whose county one of the patterns of codes fits."""
    return "campaign.county LIKE ANY ({}::text[])", (list(patterns),)


async def _shown_counties(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["county"] = row["county_zh"] if chinese else row["county_en"]
        row["percent"] = rules.percent(row["raised_fen"] or 0, row["goal_fen"]) if row["goal_fen"] else 0


CAMPAIGNS = List(
    code="campaigns",
    title=N_("Projects"),
    source="campaign JOIN county ON county.code = campaign.county"
    " LEFT JOIN campaign_total AS total ON total.campaign = campaign.id",
    key="campaign.id",
    order="-created_at",
    views=(
        View(N_("Raising"), "state=live&sort=ends_on"),
        View(N_("Suspended"), "state=suspended"),
        View(N_("Draft"), "state=draft"),
    ),
    more=_shown_counties,
    columns=(
        Column(
            code="title",
            title=N_("Project"),
            wide=True,
            sql="campaign.title",
            sorts=True,
            link="/staff/campaigns/{slug}",
        ),
        Column(code="slug", title=N_("Page address"), sql="campaign.slug", on_screen=False),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="campaign.state",
            words=rules.STATE_LABELS,
            tones=STATE_TONES,
        ),
        Column(code="filing_no", title=N_("Filing number"), sql="campaign.filing_no", on_screen=False),
        Column(
            code="theme",
            title=N_("Theme"),
            kind=Kind.CHOICE,
            sql="campaign.theme",
            words=rules.THEME_LABELS,
            on_screen=False,
        ),
        Column(code="county", title=N_("County")),
        Column(code="county_zh", title="", sql="county.name", on_screen=False, in_file=False),
        Column(code="county_en", title="", sql="county.name_en", on_screen=False, in_file=False),
        Column(code="fund_code", title=N_("Fund"), sql="campaign.fund_code", on_screen=False),
        Column(
            code="created_at",
            title=N_("Drafted"),
            kind=Kind.MOMENT,
            sql="campaign.created_at",
            sorts=True,
            on_screen=False,
        ),
        Column(
            code="starts_on",
            title=N_("From"),
            kind=Kind.DATE,
            sql="campaign.starts_on",
            sorts=True,
            nulls=True,
            on_screen=False,
        ),
        Column(
            code="ends_on", title=N_("Until"), kind=Kind.DATE, sql="campaign.ends_on", sorts=True, nulls=True
        ),
        Column(
            code="goal_fen",
            title=N_("Goal"),
            kind=Kind.MONEY,
            sql="campaign.goal_fen",
            sorts=True,
            sums=True,
        ),
        Column(
            code="raised_fen",
            title=N_("Raised"),
            kind=Kind.MONEY,
            sql="coalesce(total.raised_fen, 0)",
            sorts=True,
            sums=True,
        ),
        Column(code="percent", title=N_("Percent of the goal"), kind=Kind.NUMBER),
        Column(
            code="gift_count",
            title=N_("Number of gifts"),
            kind=Kind.NUMBER,
            sql="coalesce(total.gift_count, 0)",
            sorts=True,
        ),
    ),
    filters=(
        Text(code="title", title=N_("Project"), sql="campaign.title ILIKE {}"),
        Text(code="filing_no", title=N_("Filing number"), sql="campaign.filing_no ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="campaign.state = {}", words=rules.STATE_LABELS),
        Choice(code="theme", title=N_("Theme"), sql="campaign.theme = {}", words=rules.THEME_LABELS),
        Choice(code="county", title=N_("County"), sql="campaign.county = {}", options=counties),
        Days(code="ends", title=N_("Until"), sql="campaign.ends_on"),
        Amounts(code="goal", title=N_("Goal"), sql="campaign.goal_fen"),
    ),
)
