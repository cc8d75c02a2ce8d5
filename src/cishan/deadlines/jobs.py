"""What clocks do by themselves."""

from cishan.deadlines import actions
from cishan.plumbing.jobs import job


@job("deadlines.escalate", cron="7 * * * *")
async def escalate() -> None:
    """Note which levels are to be told of what is overdue; slices above read it and tell them."""
    await actions.escalate()
