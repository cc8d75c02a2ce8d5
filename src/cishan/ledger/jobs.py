"""What keeps the books in order by itself."""

import structlog

from cishan.ledger import actions
from cishan.ledger.queries import proofs
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import job

log = structlog.get_logger()


@job("ledger.seal", cron="* * * * *")
async def seal() -> None:
    """Number and chain what was booked since the last time.

    The log keeps the number and hash of each block outside the database: whoever rewrote the books and all
    their hashes would still contradict it.
    """
    while True:
        async with atomic():
            block = await actions.seal()
        if block is None:
            return
        log.info(
            "books_sealed",
            block=block.no,
            first_voucher=block.first_voucher,
            entries=block.entries,
            hash=block.hash.hex(),
        )


@job("ledger.prove", cron="40 2 * * *", attempts=2)
async def prove() -> None:
    """Prove the books every night; what is broken is logged as an error, row by row."""
    report = await proofs.prove()
    for finding in report.findings:
        log.error("books_broken", proof=finding.proof, first=finding.first, count=finding.count)
    if not report.findings:
        log.info("books_sound", entries=report.entries, proofs=report.proofs)
