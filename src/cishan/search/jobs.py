"""The index follows what is public."""

from uuid import UUID

from cishan.plumbing.jobs import job
from cishan.search import actions


@job("search.reindex_campaign")
async def reindex_campaign(campaign_id: str) -> None:
    """Bring one campaign in the index up to date."""
    await actions.reindex_campaign(UUID(campaign_id))
