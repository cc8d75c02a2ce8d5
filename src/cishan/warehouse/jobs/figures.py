"""Days that are over."""

from cishan.plumbing.jobs import job
from cishan.warehouse.actions import figures


@job("warehouse.sum_days", cron="10 17 * * *")
async def sum_days() -> None:
    """Add up the day that is over, at ten past one at night in China (17:10 UTC)."""
    await figures.sum_days()
