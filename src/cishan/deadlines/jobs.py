"""What clocks do by themselves."""

from cishan.deadlines import actions
from cishan.plumbing.jobs import job


@job("deadlines.escalate", cron="7 * * * *")
async def escalate() -> None:
    """Tell the levels that are to be told by now of what is overdue."""
    await actions.escalate()
