"""The catalogue as a list; its file has the columns that a sheet brings back."""

from cishan.kernel.text import N_
from cishan.plumbing.lists import Choice, Column, Flag, Kind, List, Row, Text, View
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.catalogue_sheet import SEXES, TITLES

_BARCODES = """(SELECT string_agg(b.code || CASE b.quantity WHEN 1 THEN '' ELSE '×' || b.quantity END, '; '
                                  ORDER BY b.code)
                  FROM goods_barcode AS b WHERE b.item = item.id)"""
_PACKS = """(SELECT string_agg(p.name || '=' || p.quantity, '; ' ORDER BY p.quantity, p.name)
               FROM goods_pack AS p WHERE p.item = item.id)"""
_ON_HAND = "(SELECT coalesce(sum(l.on_hand), 0) FROM stock_lot AS l WHERE l.item = item.id)"


async def _names(rows: list[Row]) -> None:
    for row in rows:
        row["name"] = shown(row["name_zh"], row["name_en"])


def _column(
    code: str, kind: Kind = Kind.TEXT, *, sql: str = "", on_screen: bool = False, **more: object
) -> Column:
    return Column(
        code=code,
        title=TITLES[code],
        kind=kind,
        sql=sql or f"item.{code}",
        on_screen=on_screen,
        **more,  # type: ignore[arg-type]
    )


ITEMS = List(
    code="warehouse/items",
    title=N_("Catalogue of goods"),
    source="goods_item AS item",
    key="item.id",
    order="code",
    views=(
        View(N_("In use"), "active=yes"),
        View(N_("Out of use"), "active=no"),
        View(N_("Cold chain"), "cold=1"),
    ),
    more=_names,
    columns=(
        _column("code", on_screen=True, sorts=True, link="/staff/warehouse/items/{id}"),
        Column(code="name", title=N_("Name"), in_file=False, wide=True),
        Column(code="id", title="", sql="item.id", on_screen=False, in_file=False),
        _column("name_zh"),
        _column("name_en"),
        _column("unit_zh"),
        _column("unit_en"),
        _column("category", Kind.CHOICE, words=CATEGORIES, on_screen=True, sorts=True),
        _column("shelf_life_days", Kind.NUMBER, on_screen=True, sorts=True, nulls=True),
        _column("typical_value_fen", Kind.MONEY, on_screen=True, sorts=True),
        _column("cold_chain", Kind.FLAG),
        _column("min_age", Kind.NUMBER),
        _column("max_age", Kind.NUMBER),
        _column("sex", Kind.CHOICE, words=SEXES),
        _column("packs", sql=_PACKS),
        _column("barcodes", sql=_BARCODES),
        _column("active", Kind.FLAG, on_screen=True),
        Column(
            code="on_hand",
            title=N_("In stock"),
            kind=Kind.NUMBER,
            sql=_ON_HAND,
            sorts=True,
            in_file=False,
        ),
    ),
    filters=(
        Text(
            code="name",
            title=N_("Name or code"),
            sql="item.name_zh ILIKE {} OR item.name_en ILIKE {} OR item.code ILIKE {}",
        ),
        Choice(code="category", title=TITLES["category"], sql="item.category = {}", words=CATEGORIES),
        Choice(
            code="active",
            title=TITLES["active"],
            words={"yes": N_("yes"), "no": N_("no")},
            conditions={"yes": "item.active", "no": "NOT item.active"},
        ),
        Flag(code="cold", title=TITLES["cold_chain"], sql="item.cold_chain"),
        Text(
            code="barcode",
            title=N_("Barcode"),
            sql="EXISTS (SELECT FROM goods_barcode AS b WHERE b.item = item.id AND b.code ILIKE {})",
            begins=True,
        ),
    ),
)
