"""Draining the inbox, polling, and the nightly reconciliation. Times are UTC."""

from dataclasses import dataclass

from cishan.payments import actions
from cishan.plumbing.jobs import job


@dataclass(slots=True)
class _Drain:
    """Whether this process is draining, and whether it was asked to do so meanwhile."""

    runs: bool = False
    asked: bool = False


_drain = _Drain()


@job("payments.drain", cron="* * * * * */15")
async def drain() -> None:
    """Work the inbox off; asked for by every new message, and by the clock in case that was lost.

    One drain at a time in a process: two would ask the payment service the same questions.
    """
    _drain.asked = True
    if _drain.runs:
        return
    _drain.runs = True
    try:
        while _drain.asked:
            _drain.asked = False
            await actions.drain()
    finally:
        _drain.runs = False


@job("payments.poll", cron="*/5 * * * *")
async def poll() -> None:
    """Book what moved at the payment service, whether or not we were told."""
    await actions.poll()


@job("payments.reconcile", cron="30 18 * * *")
async def reconcile() -> None:
    """Compare the payment service with the books, at half past two in the night in China."""
    await actions.reconcile()
