"""Time that passes for campaigns."""

from cishan.campaigns import actions
from cishan.plumbing.jobs import job


@job("campaigns.turn_clock", cron="5 * * * *")
async def turn_clock() -> None:
    """End campaigns after their last day and suspend emergency ones that were not filed in time."""
    await actions.turn_clock()
