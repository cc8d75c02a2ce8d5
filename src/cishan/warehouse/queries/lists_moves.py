"""Every move of goods as a list: what, from or into which bin, by whom, for what, and what it was worth."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from cishan.identity.queries.names import names_of
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Choice, Column, Days, Kind, List, Option, Row, Text
from cishan.warehouse.queries import intake, orders, recalls, scraps, stocktakes, transfers
from cishan.warehouse.queries.kits import lots_made
from cishan.warehouse.queries.places import sites
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.stock import CAUSES, shares
from cishan.warehouse.rules.wording import SUBJECTS

HERE = "/staff/warehouse"
_NUMBERS: Mapping[str, tuple[Callable[[list[UUID]], Awaitable[dict[UUID, str]]], str]] = {
    "transfer": (transfers.numbers_of, f"{HERE}/transfers/{{id}}"),
    "goods_offer": (intake.numbers_of, "/staff/goods-offers/{number}"),
    "goods_order": (orders.numbers_of, f"{HERE}/orders/{{number}}"),
    "goods_scrap": (scraps.numbers_of, f"{HERE}/scraps/{{id}}"),
    "stocktake": (stocktakes.numbers_of, f"{HERE}/counts/{{id}}"),
    "recall": (recalls.numbers_of, f"{HERE}/recalls/{{id}}"),
    "kit_lot": (lots_made, "/staff/kits/made/{id}"),
}
"""The numbers of what goods move for, and the address of its page."""
_VALUES = """
    SELECT m.id, m.cause, m.lot, m.on_hand, v.value_fen
      FROM (SELECT DISTINCT p.cause, p.lot FROM unnest({}::uuid[], {}::uuid[]) AS p (cause, lot)) AS p
      JOIN stock_value AS v ON v.cause = p.cause AND v.lot = p.lot
      JOIN stock_move AS m ON m.cause = v.cause AND m.lot = v.lot
     ORDER BY m.id"""


async def _sites(regions: Sequence[str]) -> Sequence[Option]:
    found = await sites(regions=tuple(regions))
    return [Option(str(site.id), f"{site.code} {site.name}", site.id) for site in found]


async def _movers() -> Sequence[Option]:
    """Return everybody who ever moved goods by their names; the index leads from one to the next."""
    rows = await fetch(
        """WITH RECURSIVE mover (person) AS (
               (SELECT c.person FROM stock_cause AS c WHERE c.person IS NOT NULL ORDER BY c.person LIMIT 1)
                UNION ALL
               SELECT (SELECT c.person FROM stock_cause AS c WHERE c.person > mover.person
                        ORDER BY c.person LIMIT 1)
                 FROM mover WHERE mover.person IS NOT NULL)
           SELECT person FROM mover WHERE person IS NOT NULL LIMIT 1000"""
    )
    names = await names_of({row["person"] for row in rows})
    options = [Option(str(person), name, person) for person, name in names.items()]
    return sorted(options, key=lambda option: (option.label, option.value))


async def _told(rows: list[Row]) -> None:
    """Fill in goods, persons, subjects and values: one query each, and one for each kind of subject."""
    names = await names_of({row["person"] for row in rows if row["person"]})
    for row in rows:
        row["item"] = shown(row["name_zh"], row["name_en"])
        row["unit"] = shown(row["unit_zh"], row["unit_en"])
        row["who"] = names.get(row["person"], "") if row["person"] else gettext(N_("The platform by itself"))
    await _for_what(rows)
    await _worth(rows)


async def _for_what(rows: list[Row]) -> None:
    of: dict[str, set[UUID]] = {}
    for row in rows:
        of.setdefault(row["subject_kind"], set()).add(row["subject_id"])
    numbers = {kind: await _NUMBERS[kind][0](list(ids)) for kind, ids in of.items() if kind in _NUMBERS}
    for row in rows:
        kind, subject = row["subject_kind"], row["subject_id"]
        number = numbers.get(kind, {}).get(subject, "")
        named = kind in SUBJECTS and kind != "lot"  # the lot has a column of its own
        row["subject"] = f"{gettext(SUBJECTS[kind])} {number}".strip() if named else ""
        row["subject_path"] = _NUMBERS[kind][1].format(id=subject, number=number) if number else ""


async def _worth(rows: list[Row]) -> None:
    """Fill in what each move was worth: its share by pieces of what its cause changed its lot's value by."""
    found = await fetch(_VALUES, [row["cause_id"] for row in rows], [row["lot_id"] for row in rows])
    moves: dict[tuple[UUID, UUID], list[Row]] = {}
    for one in found:
        moves.setdefault((one["cause"], one["lot"]), []).append(one)
    values: dict[int, int] = {}
    for several in moves.values():
        parts = shares(several[0]["value_fen"], [one["on_hand"] for one in several])
        values |= {one["id"]: part for one, part in zip(several, parts, strict=True)}
    for row in rows:
        row["value_fen"] = values.get(row["number"])


def _hidden(code: str, sql: str = "") -> Column:
    return Column(code=code, title="", sql=sql, on_screen=False, in_file=False)


MOVES = List(
    code="warehouse/moves",
    title=N_("Moves of goods"),
    # Outer joins: what a count does not ask for is not joined, and every move has all of them.
    source=(
        "stock_move AS move LEFT JOIN stock_cause AS cause ON cause.id = move.cause"
        " LEFT JOIN stock_lot AS lot ON lot.id = move.lot LEFT JOIN goods_item AS item ON item.id = lot.item"
        " LEFT JOIN stock_bin AS bin ON bin.id = move.bin LEFT JOIN stock_site AS site ON site.id = bin.site"
    ),
    key="move.id",
    order="-number",  # they are numbered as they are written: the order of time, by the primary key
    more=_told,
    columns=(
        Column(
            code="number",
            title=N_("Running number"),
            kind=Kind.NUMBER,
            sql="move.id",
            sorts=True,
        ),
        Column(code="at", title=N_("When"), kind=Kind.MOMENT, sql="cause.at", sorts=True),
        Column(code="kind", title=N_("What"), kind=Kind.CHOICE, sql="cause.kind", words=CAUSES),
        Column(code="lot", title=N_("Lot"), sql="lot.number", link=f"{HERE}/lots/{{lot_id}}"),
        Column(code="item", title=N_("Goods item"), wide=True, link=f"{HERE}/items/{{item_id}}"),
        Column(code="item_code", title=N_("Item code"), sql="item.code", on_screen=False),
        Column(code="bin", title=N_("Bin"), sql="bin.code", link=f"{HERE}/bins/{{bin_id}}"),
        Column(code="site", title=N_("Site"), sql="site.name", on_screen=False),
        Column(code="on_hand", title=N_("Pieces in and out"), kind=Kind.NUMBER, sql="move.on_hand"),
        Column(code="reserved", title=N_("Set aside and released"), kind=Kind.NUMBER, sql="move.reserved"),
        Column(code="unit", title=N_("Unit"), on_screen=False),
        Column(code="value_fen", title=N_("Change of value"), kind=Kind.MONEY),
        Column(code="who", title=N_("By whom")),
        Column(code="subject", title=N_("For what"), link="{subject_path}"),
        Column(code="reason", title=N_("Reason"), sql="cause.reason", wide=True),
        _hidden("subject_path"),
        _hidden("lot_id", "lot.id"),
        _hidden("item_id", "item.id"),
        _hidden("bin_id", "bin.id"),
        _hidden("cause_id", "cause.id"),
        _hidden("person", "cause.person"),
        _hidden("subject_kind", "cause.subject_kind"),
        _hidden("subject_id", "cause.subject_id"),
        _hidden("name_zh", "item.name_zh"),
        _hidden("name_en", "item.name_en"),
        _hidden("unit_zh", "item.unit_zh"),
        _hidden("unit_en", "item.unit_en"),
    ),
    filters=(
        Text(code="lot", title=N_("Lot"), sql="lot.number ILIKE {}"),
        Text(
            code="item",
            title=N_("Goods item"),
            sql="item.name_zh ILIKE {} OR item.name_en ILIKE {} OR item.code ILIKE {}",
        ),
        Choice(code="kind", title=N_("What"), sql="cause.kind = {}", words=CAUSES),
        Choice(code="site", title=N_("Site"), sql="bin.site = {}", near=_sites),
        Text(code="bin", title=N_("Bin"), sql="bin.code ILIKE {}"),
        Days(code="at", title=N_("When"), sql="cause.at", moments=True),
        Choice(code="person", title=N_("By whom"), sql="cause.person = {}", options=_movers),
    ),
)
