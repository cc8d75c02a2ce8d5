"""What keeps the stock in order by itself at night."""

import structlog

from cishan.plumbing.jobs import job
from cishan.warehouse.actions import locking
from cishan.warehouse.queries import proofs

log = structlog.get_logger()


@job("warehouse.expire", cron="2 16,20 * * *")
async def expire() -> None:
    """Lock what has expired, two minutes past midnight in China (16:02 UTC), and once more before work."""
    locked = await locking.lock_expired()
    if locked:
        log.info("lots_expired", lots=locked)


@job("warehouse.prove", cron="50 2 * * *", attempts=2)
async def prove() -> None:
    """Prove the stock every night; what is broken is logged as an error, proof by proof."""
    report = await proofs.prove()
    for finding in report.findings:
        log.error("stock_broken", proof=finding.proof, first=finding.first, count=finding.count)
    if not report.findings:
        log.info("stock_sound", lots=report.lots, proofs=report.proofs)
