"""Time that passes for campaigns."""

from datetime import timedelta

from cishan.campaigns import actions
from cishan.campaigns.queries import details
from cishan.gateways import storage
from cishan.plumbing.jobs import job

ORPHAN_AFTER = timedelta(days=2)


@job("campaigns.turn_clock", cron="5 * * * *")
async def turn_clock() -> None:
    """End campaigns after their last day and suspend emergency ones that were not filed in time."""
    await actions.turn_clock()


@job("campaigns.sweep_photos", cron="40 18 * * *")
async def sweep_photos() -> None:
    """Remove the photos of news that were never published."""
    await storage.sweep("photos", await details.photo_keys(), untouched_for=ORPHAN_AFTER)
