"""Summing up months, and saying how much of what should always be there."""

from datetime import date
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.queries.figures import COUNTED, SUMS, midnight
from cishan.warehouse.rules.catalogue import require_quantity
from cishan.warehouse.rules.figures import month_of, next_month

LEVEL = "stock_level"
"""The kind of thing of a level's history."""


async def close_months() -> list[date]:
    """Sum up every month that is over and was not summed up yet, each in one transaction; return them."""
    (row,) = await fetch(
        """SELECT (SELECT max(month) FROM stock_month_closed) AS closed,
                  (SELECT min(at) AT TIME ZONE 'Asia/Shanghai' FROM stock_cause) AS began"""
    )
    if row["closed"] is None and row["began"] is None:
        return []
    month = next_month(row["closed"]) if row["closed"] else month_of(row["began"].date())
    done = []
    while month < month_of(clock.today()):
        await _close(month)
        done.append(month)
        month = next_month(month)
    return done


async def _close(month: date) -> None:
    async with atomic():
        fresh = await fetch(
            """INSERT INTO stock_month_closed (month, closed_at) VALUES ({}, {})
               ON CONFLICT (month) DO NOTHING RETURNING month""",
            month,
            clock.now(),
        )
        if not fresh:
            return
        rows = await fetch(SUMS, list(COUNTED), midnight(month), midnight(next_month(month)))
        await connection().executemany(
            """INSERT INTO stock_month (month, site, item, fund_code, kind, pieces, value_fen)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [
                (month, r["site"], r["item"], r["fund_code"], r["kind"], r["pieces"], r["value_fen"])
                for r in rows
            ],
        )


async def set_level(site: UUID, item: UUID, minimum: int, *, by: Acting) -> None:
    """Say how many pieces of something a site should always have; 0: nothing is asked for any more."""
    if minimum:
        require_quantity(minimum, field="minimum")
    async with atomic():
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
