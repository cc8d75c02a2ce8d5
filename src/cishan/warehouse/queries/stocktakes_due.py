"""What should be counted, and which stocktakes go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cishan.identity.rules.permissions import Action
from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.rules import tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBin:
    """A bin that should be counted: when it was counted last, and what lies there."""

    id: UUID
    code: str
    site: UUID
    site_name: str
    lots: int
    counted_at: datetime | None


async def bins_to_count(site: UUID, *, every_days: int, limit: int = 50) -> list[DueBin]:
    """Return the bins of a site with goods in them that nobody counted for so long, the oldest first.

    A bin that was never counted is due when goods have lain in it for so long.
    """
    before = clock.now() - timedelta(days=every_days)
    rows = await fetch(
        """SELECT b.id, b.code, b.site, t.name AS site_name, held.lots, last.at AS counted_at
             FROM stock_bin AS b JOIN stock_site AS t ON t.id = b.site
             JOIN LATERAL (SELECT count(*)::int AS lots FROM stock_balance AS s
                            WHERE s.bin = b.id AND s.on_hand > 0) AS held ON held.lots > 0
             LEFT JOIN LATERAL (SELECT max(k.closed_at) AS at FROM stocktake_bin AS c
                                  JOIN stocktake AS k ON k.id = c.stocktake
                                 WHERE c.bin = b.id AND k.state = 'done') AS last ON true
            WHERE b.site = {} AND b.active AND b.frozen_by IS NULL
              AND b.purpose IN ('shelf', 'cold', 'quarantine')
              AND coalesce(last.at, (SELECT min(k.at) FROM stock_move AS m
                                       JOIN stock_cause AS k ON k.id = m.cause WHERE m.bin = b.id)) < {}
            ORDER BY last.at NULLS FIRST, b.walk_order, b.code LIMIT {}""",
        site,
        before,
        limit,
    )
    return [DueBin(**row) for row in rows]


async def _going_on(regions: Sequence[str]) -> dict[UUID | None, int]:
    rows = await fetch(
        """SELECT t.site, count(*)::int AS number FROM stocktake AS t JOIN stock_site AS s ON s.id = t.site
            WHERE t.state IN ('counting', 'review', 'proposed') AND s.region LIKE ANY({}::text[])
            GROUP BY t.site""",
        list(regions),
    )
    return {row["site"]: row["number"] for row in rows}


tasks.register(
    tasks.Line(
        N_("Stocktakes going on"), "/staff/warehouse/counts?site={site}", _going_on, Action.STOCK_WORK, 60
    )
)
