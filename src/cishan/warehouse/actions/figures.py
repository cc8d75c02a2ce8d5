"""Summing up days, and saying how much of what should always be there."""

from datetime import timedelta
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.plumbing.db import alone, atomic, connection, fetch
from cishan.warehouse.queries.figures import COUNTED, SUMS, midnight
from cishan.warehouse.rules.catalogue import require_quantity

LEVEL = "stock_level"
"""The kind of thing of a level's history."""


async def sum_days() -> bool:
    """Add up the days that are over and were not added yet; tell whether there were any.

    Nothing is ever dated back: what moves goods does so today.
    """
    yesterday = clock.today() - timedelta(days=1)
    async with atomic():
        (row,) = await fetch(
            """SELECT (SELECT max(day) FROM stock_summed) AS summed,
                      (SELECT min(at) AT TIME ZONE 'Asia/Shanghai' FROM stock_cause) AS began"""
        )
        if row["began"] is None:
            return False
        first = row["summed"] + timedelta(days=1) if row["summed"] else row["began"].date()
        if first > yesterday:
            return False
        fresh = await fetch(
            "INSERT INTO stock_summed (day, at) VALUES ({}, {}) ON CONFLICT (day) DO NOTHING RETURNING day",
            yesterday,
            clock.now(),
        )
        if not fresh:
            return False
        rows = await fetch(SUMS, list(COUNTED), midnight(first), midnight(clock.today()))
        await connection().executemany(
            """INSERT INTO stock_month (month, site, item, fund_code, kind, pieces, value_fen)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (month, site, item, fund_code, kind)
               DO UPDATE SET pieces = stock_month.pieces + excluded.pieces,
                             value_fen = stock_month.value_fen + excluded.value_fen""",
            [
                (r["month"], r["site"], r["item"], r["fund_code"], r["kind"], r["pieces"], r["value_fen"])
                for r in rows
            ],
        )
        return True


async def set_level(site: UUID, item: UUID, minimum: int, *, by: Acting) -> None:
    """Say how many pieces of something a site should always have; 0: nothing is asked for any more."""
    if minimum:
        require_quantity(minimum, field="minimum")
    async with atomic():
        await alone(f"stock_level {site} {item}")
        rows = await fetch("SELECT id, minimum FROM stock_level WHERE site = {} AND item = {}", site, item)
        before = rows[0]["minimum"] if rows else 0
        if before == minimum:
            return
        level_id = rows[0]["id"] if rows else ids.new_id()
        if minimum:
            await connection().execute(
                """INSERT INTO stock_level (id, site, item, minimum) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (site, item) DO UPDATE SET minimum = excluded.minimum""",
                level_id,
                site,
                item,
                minimum,
            )
        else:
            await connection().execute("DELETE FROM stock_level WHERE id = $1", level_id)
        await audit.record(
            Transition(
                subject_kind=LEVEL,
                subject_id=str(level_id),
                event="set",
                from_state=str(before) if before else "",
                to_state=str(minimum),
                actor=str(by.person_id),
                acting_role=by.role,
            )
        )
