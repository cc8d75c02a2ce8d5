"""Lists of orders and of write-offs."""

from collections.abc import Sequence
from uuid import UUID

from cishan.identity.queries.regions import shown as region_shown
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.lists import (
    Amounts,
    Choice,
    Column,
    Condition,
    Days,
    Flag,
    Kind,
    List,
    Option,
    Row,
    Text,
    View,
)
from cishan.warehouse.queries.orders import unsealed
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import orders, scraps


async def _sites(regions: Sequence[str]) -> Sequence[Option]:
    rows = await fetch(
        "SELECT id, code, name FROM stock_site WHERE region LIKE ANY ({}::text[]) ORDER BY code LIMIT 500",
        list(regions),
    )
    return [Option(str(row["id"]), f"{row['code']} {row['name']}", row["id"]) for row in rows]


def at_sites_in(regions: Sequence[str], person: UUID) -> Condition:
    """Return the condition that keeps orders at sites of some regions, and those that somebody asked for."""
    return "s.region LIKE ANY ({}::text[]) OR o.requested_by = {}", (list(regions), person)


def written_off_in(regions: Sequence[str]) -> Condition:
    """Return the condition that keeps the write-offs at sites of some regions."""
    return "s.region LIKE ANY ({}::text[])", (list(regions),)


async def _receivers(rows: list[Row]) -> None:
    for row in rows:
        row["receiver"] = unsealed(row, clear=False)["name"]
        row["region"] = region_shown(row["region_zh"], row["region_en"])


_LACKS = """EXISTS (SELECT FROM goods_order_line AS line WHERE line.goods_order = o.id AND line.quantity >
    coalesce((SELECT sum(p.quantity) FROM goods_pick AS p
               WHERE p.line = line.id AND p.state IN ('reserved', 'picked', 'issued')), 0))"""
_OPEN = "o.state IN ('requested', 'reserved', 'picking', 'packed')"
_HIDDEN = ("id", "receiver_kind", "name_enc", "phone_enc", "address_enc")

ORDERS = List(
    code="warehouse/orders",
    title=N_("Orders of goods"),
    source="goods_order AS o JOIN stock_site AS s ON s.id = o.site JOIN region AS r ON r.code = o.region"
    " LEFT JOIN goods_list AS b ON b.id = o.batch LEFT JOIN goods_handover AS h ON h.goods_order = o.id",
    key="o.id",
    order="-requested_at",
    views=(
        View(N_("To set aside"), "state=requested"),
        View(N_("To pick"), "state=reserved"),
        View(N_("Being picked"), "state=picking"),
        View(N_("To hand over"), "state=packed"),
        View(N_("Short"), "short=1"),
        View(N_("To ask whether it came"), "state=handed_over"),
    ),
    more=_receivers,
    personal=True,
    columns=(
        Column(
            code="number", title=N_("Order number"), sql="o.number", link="/staff/warehouse/orders/{number}"
        ),
        Column(code="receiver", title=N_("Receiver (masked)")),
        *(Column(code=c, title="", sql=f"o.{c}", on_screen=False, in_file=False) for c in _HIDDEN),
        Column(code="region_zh", title="", sql="r.name", on_screen=False, in_file=False),
        Column(code="region_en", title="", sql="r.name_en", on_screen=False, in_file=False),
        Column(code="region", title=N_("Where they live")),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="o.state",
            words=orders.STATES,
            tones=orders.TONES,
        ),
        Column(code="site", title=N_("Site"), sql="s.name", sorts=True),
        Column(code="kind", title=N_("Kind"), kind=Kind.CHOICE, sql="o.kind", words=orders.KINDS),
        Column(code="batch", title=N_("Allocation list"), sql="b.title", on_screen=False),
        Column(
            code="requested_at", title=N_("Requested"), kind=Kind.MOMENT, sql="o.requested_at", sorts=True
        ),
        Column(
            code="handed_at",
            title=N_("Handed over"),
            kind=Kind.MOMENT,
            sql="h.at",
            sorts=True,
            nulls=True,
        ),
        Column(
            code="complaint",
            title=N_("Complaint"),
            kind=Kind.FLAG,
            sql="coalesce(h.complaint, false)",
            on_screen=False,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Order number"), sql="o.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="o.state = {}", words=orders.STATES),
        Choice(code="site", title=N_("Site"), sql="o.site = {}", near=_sites),
        Choice(code="kind", title=N_("Kind"), sql="o.kind = {}", words=orders.KINDS),
        Text(code="list", title=N_("Allocation list"), sql="b.title ILIKE {}"),
        Days(code="requested", title=N_("Requested"), sql="o.requested_at", moments=True),
        Days(code="handed", title=N_("Handed over"), sql="h.at", moments=True),
        Flag(code="short", title=N_("Only orders that lack something"), sql=f"{_OPEN} AND {_LACKS}"),
        Flag(code="complaint", title=N_("Only with a complaint"), sql="h.complaint"),
    ),
)


async def _items(rows: list[Row]) -> None:
    for row in rows:
        row["item"] = shown(row["name_zh"], row["name_en"])


SCRAPS = List(
    code="warehouse/scraps",
    title=N_("Write-offs of goods"),
    source="goods_scrap AS c JOIN stock_site AS s ON s.id = c.site JOIN stock_lot AS l ON l.id = c.lot"
    " JOIN goods_item AS i ON i.id = l.item",
    key="c.id",
    order="-proposed_at",
    more=_items,
    columns=(
        Column(code="number", title=N_("Number"), sql="c.number", link="/staff/warehouse/scraps/{id}"),
        Column(code="id", title="", sql="c.id", on_screen=False, in_file=False),
        Column(code="item", title=N_("Kind of goods")),
        Column(code="name_zh", title="", sql="i.name_zh", on_screen=False, in_file=False),
        Column(code="name_en", title="", sql="i.name_en", on_screen=False, in_file=False),
        Column(code="lot", title=N_("Lot"), sql="l.number", link="/staff/warehouse/lots/{lot_id}"),
        Column(code="lot_id", title="", sql="l.id", on_screen=False, in_file=False),
        Column(
            code="quantity", title=N_("Quantity"), kind=Kind.NUMBER, sql="c.quantity", sorts=True, sums=True
        ),
        Column(code="ground", title=N_("Why"), kind=Kind.CHOICE, sql="c.ground", words=scraps.GROUNDS),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="c.state",
            words=scraps.SCRAP_STATES,
            tones=scraps.SCRAP_TONES,
        ),
        Column(code="site", title=N_("Site"), sql="s.name", sorts=True),
        Column(code="proposed_at", title=N_("Proposed"), kind=Kind.MOMENT, sql="c.proposed_at", sorts=True),
        Column(
            code="value_fen", title=N_("Value"), kind=Kind.MONEY, sql="c.value_fen", sorts=True, sums=True
        ),
    ),
    filters=(
        Text(code="number", title=N_("Number"), sql="c.number ILIKE {}"),
        Text(code="lot", title=N_("Lot"), sql="l.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="c.state = {}", words=scraps.SCRAP_STATES),
        Choice(code="ground", title=N_("Why"), sql="c.ground = {}", words=scraps.GROUNDS),
        Choice(code="site", title=N_("Site"), sql="c.site = {}", near=_sites),
        Days(code="proposed", title=N_("Proposed"), sql="c.proposed_at", moments=True),
        Amounts(code="value", title=N_("Value"), sql="c.value_fen"),
    ),
)
