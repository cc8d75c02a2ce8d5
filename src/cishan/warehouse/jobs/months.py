"""Months that are over."""

from cishan.plumbing.jobs import job
from cishan.warehouse.actions import figures


@job("warehouse.close_months", cron="10 17 * * *")
async def close_months() -> None:
    """Sum up the months that are over, at ten past one at night in China (17:10 UTC)."""
    await figures.close_months()
