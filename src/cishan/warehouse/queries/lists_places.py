"""Sites, bins, lots, what lies where, and transfers, as lists."""

from collections.abc import Sequence

from cishan.identity.queries import regions
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing.lists import (
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
from cishan.warehouse.queries.places import sites
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import transfers
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.places import PURPOSES
from cishan.warehouse.rules.stock import LOT_STATES, LOT_TONES

HERE = "/staff/warehouse"


def at_sites(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps rows of sites in regions like the patterns."""
    return "site.region LIKE ANY({}::text[])", (list(patterns),)


def lots_at_sites(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps lots of which something lay in regions like the patterns."""
    return (
        "EXISTS (SELECT FROM stock_balance AS there JOIN stock_bin AS b ON b.id = there.bin"
        " JOIN stock_site AS site ON site.id = b.site"
        " WHERE there.lot = lot.id AND site.region LIKE ANY({}::text[]))",
        (list(patterns),),
    )


def transfers_at_sites(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps transfers from or to regions like the patterns."""
    return (
        "(source.region LIKE ANY({}::text[]) OR target.region LIKE ANY({}::text[]))",
        (list(patterns), list(patterns)),
    )


async def _sites(regions: Sequence[str]) -> Sequence[Option]:
    found = await sites(regions=tuple(regions))
    return [Option(str(site.id), f"{site.code} {site.name}", site.id) for site in found]


async def _regions(rows: list[Row]) -> None:
    names = await regions.names({row["region_code"] for row in rows})
    for row in rows:
        row["region"] = names.get(row["region_code"], row["region_code"])


async def _goods(rows: list[Row]) -> None:
    for row in rows:
        row["item"] = shown(row["name_zh"], row["name_en"])
        row["unit"] = shown(row["unit_zh"], row["unit_en"])


def _hidden(code: str, sql: str) -> Column:
    return Column(code=code, title="", sql=sql, on_screen=False, in_file=False)


_ITEM = (
    _hidden("item_id", "item.id"),
    _hidden("name_zh", "item.name_zh"),
    _hidden("name_en", "item.name_en"),
    _hidden("unit_zh", "item.unit_zh"),
    _hidden("unit_en", "item.unit_en"),
    Column(code="item", title=N_("Goods item"), wide=True, link=f"{HERE}/items/{{item_id}}"),
    Column(code="item_code", title=N_("Item code"), sql="item.code", sorts=True, on_screen=False),
)
_ITEM_FILTERS = (
    Text(
        code="item",
        title=N_("Name or code"),
        sql="item.name_zh ILIKE {} OR item.name_en ILIKE {} OR item.code ILIKE {}",
    ),
    Choice(code="category", title=N_("Category"), sql="item.category = {}", words=CATEGORIES),
)
_LOT_STATE = Column(
    code="state",
    title=N_("State"),
    kind=Kind.CHOICE,
    sql="lot.state",
    words=LOT_STATES,
    tones=LOT_TONES,
)
_EXPIRES = Column(
    code="expires_on",
    title=N_("Last day of use"),
    kind=Kind.DATE,
    sql="lot.expires_on",
    sorts=True,
    nulls=True,
)
SITES = List(
    code="warehouse/sites",
    title=N_("Warehouse sites"),
    source="stock_site AS site",
    key="site.id",
    order="code",
    more=_regions,
    columns=(
        Column(code="code", title=N_("Code"), sql="site.code", sorts=True, link=f"{HERE}/sites/{{id}}"),
        _hidden("id", "site.id"),
        Column(code="name", title=N_("Name"), sql="site.name", sorts=True, wide=True),
        _hidden("region_code", "site.region"),
        Column(code="region", title=N_("Region of the site")),
        Column(code="address", title=N_("Address of the site"), sql="site.address", wide=True),
        Column(
            code="bins",
            title=N_("Bins"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM stock_bin AS b WHERE b.site = site.id AND b.active)",
        ),
        Column(code="active", title=N_("In use"), kind=Kind.FLAG, sql="site.active"),
    ),
    filters=(Text(code="name", title=N_("Name or code"), sql="site.name ILIKE {} OR site.code ILIKE {}"),),
)
BINS = List(
    code="warehouse/bins",
    title=N_("Bins"),
    source=(
        "stock_bin AS bin JOIN stock_site AS site ON site.id = bin.site"
        " JOIN stock_zone AS zone ON zone.id = bin.zone"
    ),
    key="bin.id",
    order="walk_order",
    views=(
        View(N_("Empty"), "empty=1"),
        View(N_("Being counted"), "frozen=1"),
        View(N_("Out of use"), "closed=1"),
    ),
    columns=(
        Column(code="code", title=N_("Code"), sql="bin.code", sorts=True, link=f"{HERE}/bins/{{id}}"),
        _hidden("id", "bin.id"),
        Column(code="site", title=N_("Site"), sql="site.name", wide=True),
        Column(code="zone", title=N_("Zone"), sql="zone.name"),
        Column(
            code="purpose",
            title=N_("Purpose of the zone"),
            kind=Kind.CHOICE,
            sql="bin.purpose",
            words=PURPOSES,
        ),
        Column(
            code="walk_order",
            title=N_("Walking order"),
            kind=Kind.NUMBER,
            sql="bin.walk_order",
            sorts=True,
        ),
        Column(
            code="pieces",
            title=N_("Pieces"),
            kind=Kind.NUMBER,
            sql="(SELECT coalesce(sum(s.on_hand), 0) FROM stock_balance AS s WHERE s.bin = bin.id)",
        ),
        Column(code="frozen", title=N_("Being counted"), kind=Kind.FLAG, sql="bin.frozen_by IS NOT NULL"),
        Column(code="active", title=N_("In use"), kind=Kind.FLAG, sql="bin.active"),
    ),
    filters=(
        Text(code="code", title=N_("Code"), sql="bin.code ILIKE {}"),
        Choice(code="site", title=N_("Site"), sql="bin.site = {}", near=_sites),
        Choice(code="purpose", title=N_("Purpose of the zone"), sql="bin.purpose = {}", words=PURPOSES),
        Flag(
            code="empty",
            title=N_("Empty"),
            sql="bin.active AND NOT EXISTS (SELECT FROM stock_balance AS s WHERE s.bin = bin.id"
            " AND s.on_hand > 0)",
        ),
        Flag(code="frozen", title=N_("Being counted"), sql="bin.frozen_by IS NOT NULL"),
        Flag(code="closed", title=N_("Out of use"), sql="NOT bin.active"),
    ),
)


async def _lots(rows: list[Row]) -> None:
    await _goods(rows)
    names = {fund.code: fund.name for fund in await ledger.funds()}
    for row in rows:
        row["fund"] = names.get(row["fund_code"], row["fund_code"])


LOTS = List(
    code="warehouse/lots",
    title=N_("Lots"),
    source="stock_lot AS lot JOIN goods_item AS item ON item.id = lot.item",
    key="lot.id",
    order="-created_at",
    more=_lots,
    views=(
        View(N_("In stock"), "stocked=1"),
        View(N_("Locked"), "locked=1"),
    ),
    columns=(
        Column(code="number", title=N_("Lot"), sql="lot.number", sorts=True, link=f"{HERE}/lots/{{id}}"),
        _hidden("id", "lot.id"),
        *_ITEM,
        _LOT_STATE,
        Column(
            code="made_on",
            title=N_("Made on"),
            kind=Kind.DATE,
            sql="lot.made_on",
            nulls=True,
            on_screen=False,
        ),
        _EXPIRES,
        Column(code="quantity", title=N_("Taken in"), kind=Kind.NUMBER, sql="lot.quantity", on_screen=False),
        Column(code="on_hand", title=N_("In stock"), kind=Kind.NUMBER, sql="lot.on_hand", sorts=True),
        Column(code="unit", title=N_("Unit"), on_screen=False),
        Column(code="grade", title=N_("Grade"), sql="lot.grade", on_screen=False),
        _hidden("fund_code", "lot.fund_code"),
        Column(code="fund", title=N_("Fund"), wide=True),
        Column(
            code="value_fen",
            title=N_("Value"),
            kind=Kind.MONEY,
            sql="lot.value_fen",
            sorts=True,
            sums=True,
        ),
        Column(
            code="created_at",
            title=N_("Came in"),
            kind=Kind.MOMENT,
            sql="lot.created_at",
            sorts=True,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Lot"), sql="lot.number ILIKE {}"),
        *_ITEM_FILTERS,
        Choice(code="state", title=N_("State"), sql="lot.state = {}", words=LOT_STATES),
        Choice(
            code="site",
            title=N_("Site"),
            sql="EXISTS (SELECT FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin"
            " WHERE s.lot = lot.id AND s.on_hand > 0 AND b.site = {})",
            near=_sites,
        ),
        Days(code="expires", title=N_("Last day of use"), sql="lot.expires_on"),
        Flag(code="stocked", title=N_("In stock"), sql="lot.on_hand > 0"),
        Flag(code="locked", title=N_("Locked"), sql="lot.on_hand > 0 AND lot.state <> 'open'"),
    ),
)
STOCK = List(
    code="warehouse/stock",
    title=N_("What lies where"),
    source=(
        "stock_balance AS lies JOIN stock_lot AS lot ON lot.id = lies.lot"
        " JOIN goods_item AS item ON item.id = lot.item JOIN stock_bin AS bin ON bin.id = lies.bin"
        " JOIN stock_site AS site ON site.id = bin.site"
    ),
    key="lies.id",
    base="lies.on_hand > 0",
    order="bin",
    more=_goods,
    columns=(
        Column(code="bin", title=N_("Bin"), sql="bin.code", sorts=True, link=f"{HERE}/bins/{{bin_id}}"),
        _hidden("bin_id", "bin.id"),
        Column(code="site", title=N_("Site"), sql="site.name", on_screen=False),
        *_ITEM,
        Column(code="lot", title=N_("Lot"), sql="lot.number", link=f"{HERE}/lots/{{lot_id}}"),
        _hidden("lot_id", "lot.id"),
        _LOT_STATE,
        _EXPIRES,
        Column(code="on_hand", title=N_("In stock"), kind=Kind.NUMBER, sql="lies.on_hand", sorts=True),
        Column(code="reserved", title=N_("Reserved"), kind=Kind.NUMBER, sql="lies.reserved"),
        Column(code="available", title=N_("Available"), kind=Kind.NUMBER, sql="lies.on_hand - lies.reserved"),
        Column(code="unit", title=N_("Unit")),
    ),
    filters=(
        Choice(code="site", title=N_("Site"), sql="site.id = {}", near=_sites),
        *_ITEM_FILTERS,
        Text(code="bin", title=N_("Bin"), sql="bin.code ILIKE {}"),
        Text(code="lot", title=N_("Lot"), sql="lot.number ILIKE {}"),
        Choice(code="purpose", title=N_("Zone"), sql="bin.purpose = {}", words=PURPOSES),
        Days(code="expires", title=N_("Last day of use"), sql="lot.expires_on"),
    ),
)
TRANSFERS = List(
    code="warehouse/transfers",
    title=N_("Transfers between sites"),
    source=(
        "stock_transfer AS transfer JOIN stock_site AS source ON source.id = transfer.source"
        " JOIN stock_site AS target ON target.id = transfer.target"
    ),
    key="transfer.id",
    order="-created_at",
    views=(
        View(N_("Under way"), "state=sent"),
        View(N_("Goods missing"), "state=incomplete"),
        View(N_("Being prepared"), "state=draft"),
    ),
    columns=(
        Column(
            code="number",
            title=N_("Transfer"),
            sql="transfer.number",
            link=f"{HERE}/transfers/{{id}}",
        ),
        _hidden("id", "transfer.id"),
        Column(code="source", title=N_("From site"), sql="source.name", wide=True),
        Column(code="target", title=N_("To site"), sql="target.name", wide=True),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="transfer.state",
            words=transfers.STATES,
            tones=transfers.TONES,
        ),
        Column(
            code="pieces",
            title=N_("Pieces"),
            kind=Kind.NUMBER,
            sql="(SELECT coalesce(sum(l.quantity), 0) FROM stock_transfer_line AS l"
            " WHERE l.transfer = transfer.id)",
        ),
        Column(
            code="missing",
            title=N_("Pieces short"),
            kind=Kind.NUMBER,
            sql="(SELECT coalesce(sum(l.quantity - l.arrived - l.damaged - l.found - l.lost), 0)"
            " FROM stock_transfer_line AS l WHERE l.transfer = transfer.id)",
        ),
        Column(
            code="created_at",
            title=N_("Begun"),
            kind=Kind.MOMENT,
            sql="transfer.created_at",
            sorts=True,
        ),
        Column(
            code="sent_at",
            title=N_("Sent on"),
            kind=Kind.MOMENT,
            sql="transfer.sent_at",
            sorts=True,
            nulls=True,
            on_screen=False,
        ),
        Column(
            code="received_at",
            title=N_("Taken over on"),
            kind=Kind.MOMENT,
            sql="transfer.received_at",
            sorts=True,
            nulls=True,
            on_screen=False,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Transfer"), sql="transfer.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="transfer.state = {}", words=transfers.STATES),
        Choice(code="source", title=N_("From site"), sql="transfer.source = {}", near=_sites),
        Choice(code="target", title=N_("To site"), sql="transfer.target = {}", near=_sites),
    ),
)
