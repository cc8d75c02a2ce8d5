"""A campaign as staff see it, published or not."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cishan.campaigns import rules
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch


@dataclass(frozen=True, slots=True)
class StaffCampaign:
    """The plan of a campaign and where it stands."""

    id: UUID
    slug: str
    title: str
    summary: str
    state: str
    state_reason: str
    theme: str
    county: str
    county_zh: str
    county_en: str
    fund_code: str
    purpose: str
    starts_on: date | None
    ends_on: date | None
    goal_fen: int
    beneficiary_scope: str
    use_of_funds: str
    cost_note: str
    surplus_rule: str
    filing_no: str
    filed_on: date | None
    certificate_no: str
    created_at: datetime
    published_at: datetime | None
    raised_fen: int
    refunded_fen: int
    gift_count: int

    @property
    def county_name(self) -> str:
        """Return the county in the language of the request."""
        return self.county_zh if i18n.language() == i18n.CHINESE else self.county_en

    @property
    def is_public(self) -> bool:
        """Tell whether visitors see it."""
        return rules.State(self.state) not in rules.UNFILED

    @property
    def percent(self) -> int:
        """Return the whole percent of the goal that is reached."""
        return rules.percent(self.raised_fen, self.goal_fen) if self.goal_fen else 0


async def campaign(slug: str) -> StaffCampaign:
    """Return a campaign by its address; raise NotFound."""
    rows = await fetch(
        """SELECT campaign.id, campaign.slug, campaign.title, campaign.summary, campaign.state,
                  campaign.state_reason, campaign.theme, campaign.county, county.name AS county_zh,
                  county.name_en AS county_en, campaign.fund_code, campaign.purpose, campaign.starts_on,
                  campaign.ends_on, campaign.goal_fen, campaign.beneficiary_scope, campaign.use_of_funds,
                  campaign.cost_note, campaign.surplus_rule, coalesce(campaign.filing_no, '') AS filing_no,
                  campaign.filed_on, campaign.certificate_no, campaign.created_at, campaign.published_at,
                  coalesce(total.raised_fen, 0) AS raised_fen,
                  coalesce(total.refunded_fen, 0) AS refunded_fen,
                  coalesce(total.gift_count, 0) AS gift_count
             FROM campaign JOIN county ON county.code = campaign.county
             LEFT JOIN campaign_total AS total ON total.campaign = campaign.id
            WHERE campaign.slug = {}""",
        slug if rules.is_slug(slug) else "",
    )
    if not rows:
        raise NotFound(N_("No such campaign."))
    return StaffCampaign(**rows[0])


async def by_filing_no(number: str, title: str) -> list[tuple[str, str]]:
    """Return address and title of the campaign with this filing number, or with this title or address."""
    rows = await fetch(
        "SELECT slug, title FROM campaign WHERE filing_no = {} OR title = {} OR slug = {}"
        " ORDER BY slug LIMIT 20",
        number,
        title,
        title,
    )
    return [(row["slug"], row["title"]) for row in rows]
