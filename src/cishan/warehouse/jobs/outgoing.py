"""Letting go what was set aside and nobody picked."""

from uuid import uuid5

import structlog

from cishan.kernel.errors import DomainError
from cishan.plumbing.jobs import job
from cishan.warehouse.actions import orders
from cishan.warehouse.queries import waiting

log = structlog.get_logger()
REASON = "超过期限未拣货，系统释放预留"
"""In the house's language: it stands in the history."""


@job("warehouse.release_unpicked", cron="10 19 * * *")
async def release_unpicked() -> None:
    """Release every order whose clock `goods.release` has run out; `goods.pick` reminded of it before."""
    for order_id, clock_id in await waiting.unpicked():
        try:
            await orders.release([order_id], by=None, request=uuid5(clock_id, str(order_id)), reason=REASON)
        except DomainError as error:  # somebody picked it meanwhile
            log.info("order_not_released", order_id=str(order_id), why=error.message)
