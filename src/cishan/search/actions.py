"""Keeping the index like what is public."""

from uuid import UUID

from cishan import gateways
from cishan.campaigns import queries as campaigns
from cishan.plumbing.db import atomic, fetch
from cishan.search.embedded import EmbeddedIndex
from cishan.search.remote import MeilisearchIndex
from cishan.search.rules import Entry


async def reindex_campaign(campaign_id: UUID) -> None:
    """Let a campaign and its updates be found as they are public now; a hidden one is not found."""
    async with atomic():
        # Two changes of one campaign at once: the later one reads what the earlier one wrote.
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended('search ' || {}, 0))", str(campaign_id))
        entries = [
            Entry(
                id=text.id,
                kind=text.kind,
                campaign_id=campaign_id,
                title=text.title,
                body=text.body,
                at=text.at,
            )
            for text in await campaigns.public_texts(campaign_id)
        ]
        await EmbeddedIndex().replace(campaign_id, entries)
    if gateways.settings().meilisearch_url:
        await MeilisearchIndex().replace(campaign_id, entries)


async def reindex_all() -> int:
    """Build the index anew, campaign by campaign; return how many there are."""
    campaign_ids = await campaigns.all_ids()
    for campaign_id in campaign_ids:
        await reindex_campaign(campaign_id)
    return len(campaign_ids)
