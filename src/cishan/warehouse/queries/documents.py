"""Where papers of the warehouse lead whose nouns do not say so themselves, and what stands on slips."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cishan.identity.rules.roles import Staff
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch, fetch_value
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries import labels, scanning, within
from cishan.warehouse.queries.scanning import WAREHOUSE, Resolve
from cishan.warehouse.rules.codes import Code
from cishan.warehouse.rules.labels import Label

Row = Mapping[str, Any]


def _found(sql: str, path: Callable[[Row, Staff], str]) -> Resolve:
    """Return how numbers are looked up by a query with a place for the number and one for regions."""

    async def resolve(code: Code, staff: Staff) -> str | None:
        rows = await fetch(sql, code.number, within.seen_by(staff))
        return path(rows[0], staff) if rows else None

    return resolve


async def _slips(numbers: Sequence[str], regions: Sequence[str]) -> Mapping[str, Label]:
    rows = await fetch(
        """SELECT o.number, s.name AS site, count(l.id) AS kinds
             FROM goods_order AS o JOIN stock_site AS s ON s.id = o.site
             LEFT JOIN goods_order_line AS l ON l.goods_order = o.id
            WHERE o.number = ANY({}::varchar[]) AND s.region LIKE ANY({}::text[]) GROUP BY o.id, s.id""",
        list(numbers),
        list(regions),
    )
    return {row["number"]: _slip(row) for row in rows}


def _slip(row: Row) -> Label:
    kinds = gettext(N_("{count} kinds of goods")).format(count=row["kinds"])
    return Label(code=row["number"], title=gettext(N_("Goods for handing over")), facts=(row["site"], kinds))


async def _recall(code: Code, staff: Staff) -> str | None:
    found = await fetch_value("SELECT id FROM goods_recall WHERE number = {}", code.number)
    if found is None or not await within.recall(found, within.seen_by(staff)):
        return None
    return f"{WAREHOUSE}/recalls/{found}"


scanning.register(
    "offer",
    _found(
        """SELECT o.number FROM goods_offer AS o JOIN stock_site AS s ON s.id = o.site
            WHERE o.number = {} AND s.region LIKE ANY({}::text[])""",
        lambda row, _: f"/staff/goods-offers/{row['number']}",
    ),
    pattern=r"W[0-9]{6}-[0-9A-Z]{6}",
)
scanning.register(
    "scrap",
    _found(
        """SELECT c.id FROM goods_scrap AS c JOIN stock_bin AS b ON b.id = c.bin
             JOIN stock_site AS s ON s.id = b.site WHERE c.number = {} AND s.region LIKE ANY({}::text[])""",
        lambda row, _: f"{WAREHOUSE}/scraps/{row['id']}",
    ),
    pattern=r"BF[0-9]{6}-[0-9]{4,6}",
)
scanning.register(
    "stocktake",
    _found(
        """SELECT t.id FROM stocktake AS t JOIN stock_site AS s ON s.id = t.site
            WHERE t.number = {} AND s.region LIKE ANY({}::text[])""",
        lambda row, _: f"{WAREHOUSE}/counts/{row['id']}",
    ),
    pattern=r"PD[0-9]{6}-[0-9A-Z]{5}",
)
scanning.register(
    "recall",
    _recall,
    pattern=r"ZH[0-9]{6}-[0-9A-Z]{5}",
)
labels.register("order", _slips)
