"""What the pages above all slices show: the front page, and where the money went."""

from dataclasses import dataclass

from cishan.campaigns import queries as campaigns
from cishan.campaigns import rules
from cishan.campaigns.queries import CampaignCard, details
from cishan.ledger.queries.openness import FundFigures, fund_figures

FEATURED = 6
LATEST_GIFTS = 8
LATEST_UPDATES = 4


@dataclass(frozen=True, slots=True)
class Home:
    """What the front page shows."""

    stats: details.Stats
    featured: tuple[CampaignCard, ...]
    latest_gifts: tuple[details.GiftLine, ...]
    latest_updates: tuple[details.News, ...]


async def home() -> Home:
    """Return the sums, the open campaigns nearest to their goal, and what is new, in four queries."""
    wish = rules.Filter(phase=rules.Phase.OPEN, sort=rules.Sort.NEAREST)
    raising = await campaigns.campaign_page(wish, size=FEATURED)
    return Home(
        stats=await details.stats(),
        featured=raising.cards,
        latest_gifts=tuple(await details.latest_gifts(limit=LATEST_GIFTS)),
        latest_updates=tuple(await details.latest_updates(limit=LATEST_UPDATES)),
    )


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A fund or a campaign's own part of it, in 分."""

    code: str
    name: str
    slug: str
    """Empty unless it is a published campaign."""
    received_fen: int
    spent_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A fund with everything under it, and its parts."""

    whole: FlowRow
    parts: tuple[FlowRow, ...]


async def flows() -> list[Flow]:
    """Return every fund with its campaigns, in two queries."""
    figures = await fund_figures()
    slugs = {c.fund_code: c for c in await campaigns.by_fund([f.code for f in figures])}

    def row(fund: FundFigures) -> FlowRow:
        campaign = slugs.get(fund.code)
        return FlowRow(
            fund.code,
            campaign.title if campaign else fund.name,
            campaign.slug if campaign else "",
            fund.received_fen,
            fund.spent_fen,
            fund.balance_fen,
        )

    parts: dict[str, list[FlowRow]] = {}
    for fund in figures:
        if fund.parent_code:
            parts.setdefault(fund.parent_code, []).append(row(fund))
    return [_with_parts(row(f), tuple(parts.get(f.code, ()))) for f in figures if not f.parent_code]


def _with_parts(own: FlowRow, parts: tuple[FlowRow, ...]) -> Flow:
    everything = (own, *parts)
    whole = FlowRow(
        own.code,
        own.name,
        own.slug,
        sum(r.received_fen for r in everything),
        sum(r.spent_fen for r in everything),
        sum(r.balance_fen for r in everything),
    )
    return Flow(whole, parts)


async def addresses() -> list[tuple[str, str]]:
    """Return the path and the day of the last change (or '') of every page that search engines may keep."""
    fixed = [
        "/",
        "/campaigns",
        "/disclosure",
        "/transparency",
        "/about",
        "/help",
        "/privacy",
        "/accessibility",
    ]
    pages = await campaigns.addresses()
    return [
        *((path, "") for path in fixed),
        *((f"/campaigns/{p.slug}", p.changed_on.isoformat()) for p in pages),
    ]
