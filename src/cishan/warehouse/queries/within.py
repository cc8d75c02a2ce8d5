"""Whether things of the warehouse lie within somebody's reach (`Reach.regions`, patterns of region codes)."""

from collections.abc import Sequence
from uuid import UUID

from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.plumbing.db import fetch

LOT = """EXISTS (SELECT FROM stock_balance AS near JOIN stock_bin AS near_bin ON near_bin.id = near.bin
                   JOIN stock_site AS near_site ON near_site.id = near_bin.site
                  WHERE near.lot = l.id AND near_site.region LIKE ANY({}::text[]))"""
"""SQL: anything of the lot `l` lies or ever lay in the regions."""

RECALL = f"""(EXISTS (SELECT FROM goods_recall_lot AS c JOIN stock_lot AS l ON l.id = c.lot
                       WHERE c.recall = recall.id AND {LOT})
           OR EXISTS (SELECT FROM goods_recall_receiver AS r JOIN goods_order AS o ON o.id = r.goods_order
                       WHERE r.recall = recall.id AND o.region LIKE ANY({{}}::text[])))"""
"""SQL: a lot of the recall `recall`, or a receiver, is in the regions, which are given twice."""


def seen_by(staff: Staff) -> list[str]:
    """Return the regions whose goods somebody sees."""
    return list(scope_of(staff, Action.STOCK_READ).regions)


async def lots(lot_ids: Sequence[UUID], regions: Sequence[str]) -> set[UUID]:
    """Return those of the lots of which anything lies or ever lay in the regions."""
    rows = await fetch(
        f"SELECT l.id FROM stock_lot AS l WHERE l.id = ANY({{}}::uuid[]) AND {LOT}",
        list(lot_ids),
        list(regions),
    )
    return {row["id"] for row in rows}


async def recall(recall_id: UUID, regions: Sequence[str]) -> bool:
    """Tell whether a lot of a recall, or somebody who received some, is in the regions."""
    found = await fetch(
        f"SELECT FROM goods_recall AS recall WHERE recall.id = {{}} AND {RECALL}",
        recall_id,
        list(regions),
        list(regions),
    )
    return bool(found)
