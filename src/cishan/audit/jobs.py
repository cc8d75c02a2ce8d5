"""What keeps the history sealed and anchored by itself."""

import structlog

from cishan import gateways
from cishan.audit import actions
from cishan.plumbing.db import atomic
from cishan.plumbing.jobs import job

log = structlog.get_logger()


@job("audit.seal", cron="* * * * *")
async def seal() -> None:
    """Chain what was written since the last time."""
    while True:
        async with atomic():
            block = await actions.seal()
        if block is None:
            return


@job("audit.anchor", cron="5 16 * * *")
async def anchor() -> None:
    """Write the day's anchor, at five past midnight in China; the log keeps it too."""
    await seal()
    told = await actions.anchor(gateways.settings().data_dir / "anchors")
    if told is not None:
        log.info("history_anchored", block=told.block, count=told.count, hash=told.hash)
