"""A real worker with the jobs of the payment slice alone, for the tests that kill it."""

import asyncio
import os
from pathlib import Path

from cishan import settings, worker
from cishan.plumbing import logs
from cishan.plumbing.jobs import REGISTRY, job

for name in list(REGISTRY):
    if not name.startswith("payments.drain"):
        del REGISTRY[name]


@job("donations.issue_receipt")
async def issue_receipt(donation_id: str) -> None:
    """Do nothing: the count of these jobs is what the test looks at."""


@job("donations.thank_all")
async def thank_all(donation_ids: list[str]) -> None:
    """Do nothing."""


@job("donations.refresh_totals")
async def refresh_totals(donation_ids: list[str]) -> None:
    """Do nothing."""


if __name__ == "__main__":
    Path(os.environ["READY"]).touch()
    logs.configure("json")
    asyncio.run(worker.run(settings.load(os.environ), stalled_after_seconds=1.5))
