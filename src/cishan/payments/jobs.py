"""Draining the inbox, polling, and the nightly reconciliation. Times are UTC."""

from cishan.payments import actions
from cishan.plumbing.jobs import job


@job("payments.drain", cron="* * * * * */15")
async def drain() -> None:
    """Work the inbox off; asked for by every new message, and by the clock in case that was lost."""
    await actions.drain()


@job("payments.poll", cron="*/5 * * * *")
async def poll() -> None:
    """Book what moved at the payment service, whether or not we were told."""
    await actions.poll()


@job("payments.reconcile", cron="30 18 * * *")
async def reconcile() -> None:
    """Compare the payment service with the books, at half past two in the night in China."""
    await actions.reconcile()
