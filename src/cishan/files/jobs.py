"""What keeps the storage free of what nobody refers to."""

from cishan.files import queries, rules
from cishan.gateways import storage
from cishan.plumbing.jobs import job


@job("files.sweep", cron="40 18 * * *")
async def sweep() -> None:
    """Remove content whose row never came, and content of files that were removed a month ago."""
    used = await queries.used_keys(removed_within=rules.CONTENT_STAYS)
    for shelf in storage.SHELVES:
        await storage.sweep(shelf, used, untouched_for=rules.ORPHAN_AFTER)
