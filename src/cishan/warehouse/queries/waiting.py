"""Orders that wait for somebody longer than they should."""

from uuid import UUID

from cishan.deadlines import queries as deadlines
from cishan.plumbing.db import fetch
from cishan.warehouse.rules.orders import LIST, ORDER, RELEASE_CLOCK


async def unpicked() -> list[tuple[UUID, UUID]]:
    """Return orders that are set aside and past their last day, with the clock that says so."""
    found: list[tuple[UUID, UUID]] = []
    for kind, column in ((ORDER, "id"), (LIST, "batch")):
        overdue = await deadlines.overdue(subject_kind=kind, code=RELEASE_CLOCK, limit=1000)
        clocks = {UUID(one.subject_id): one.id for one in overdue}
        rows = await fetch(
            f"SELECT id, {column} AS subject FROM goods_order"
            f" WHERE {column} = ANY({{}}::uuid[]) AND state = 'reserved' ORDER BY id",
            list(clocks),
        )
        found += [(row["id"], clocks[row["subject"]]) for row in rows]
    return found
