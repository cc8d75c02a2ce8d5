"""What the public sees of gifts: the sums of a campaign and its list of gifts."""

from uuid import UUID

from cishan.campaigns import actions as campaigns
from cishan.donations.queries import totals
from cishan.donations.rules.giving import Tribute
from cishan.plumbing.db import atomic

_TRIBUTES = {Tribute.NONE: "", Tribute.HONOUR: "致敬 {name}", Tribute.MEMORY: "缅怀 {name}"}
"""Said in the language of the gifts themselves: names and messages are not translated either."""


async def show(donation_ids: list[UUID]) -> None:
    """Bring the public lists in line with the gifts."""
    async with atomic():
        showings = await totals.showings(donation_ids)
        for gift_id in {s.gift_id for s in showings if s.kept_fen <= 0}:
            await campaigns.hide_gift(gift_id)
        for line in showings:
            if line.kept_fen <= 0:
                continue
            await campaigns.show_gift(
                gift_id=line.gift_id,
                line_no=line.line_no,
                campaign_id=line.campaign_id,
                display_name=line.display_name,
                amount_fen=line.kept_fen,
                message=line.message,
                tribute=_TRIBUTES[line.tribute_kind].format(name=line.tribute_name),
                given_at=line.given_at,
            )


async def refresh(campaign_id: UUID) -> None:
    """Bring the sums of a campaign in line with its gifts."""
    found = await totals.totals_of(campaign_id)
    await campaigns.set_progress(
        campaign_id,
        raised_fen=found.raised_fen,
        refunded_fen=found.refunded_fen,
        gift_count=found.gift_count,
        giver_count=found.giver_count,
    )
