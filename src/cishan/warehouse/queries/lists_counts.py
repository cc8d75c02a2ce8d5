"""The lists of stocktakes, of recalls, and of goods near their last day of use."""

from collections.abc import Sequence
from datetime import timedelta

from cishan.identity.queries.names import names_of
from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Amounts, Choice, Column, Condition, Days, Kind, List, Row, Text, View
from cishan.warehouse.queries import within
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import expiry, recalls, stocktakes
from cishan.warehouse.rules.catalogue import CATEGORIES, FRESH_UNTIL_DAYS
from cishan.warehouse.rules.restrictions import LABELS


def at_sites(regions: Sequence[str]) -> Condition:
    """Return the condition that keeps what is at sites of the regions (`Reach.regions`)."""
    return "site.region LIKE ANY({}::text[])", (list(regions),)


async def _openers(rows: list[Row]) -> None:
    names = await names_of({row["opened_by"] for row in rows})
    for row in rows:
        row["who"] = names.get(row["opened_by"], "")


STOCKTAKES = List(
    code="stocktakes",
    title=N_("Stocktakes"),
    source="stocktake AS take JOIN stock_site AS site ON site.id = take.site",
    key="take.id",
    order="-opened_at",
    more=_openers,
    views=(
        View(N_("Going on now"), "open=1"),
        View(N_("With a loss"), "amount_min=0.01"),
    ),
    columns=(
        Column(code="number", title=N_("Number"), sql="take.number", link="/staff/warehouse/counts/{id}"),
        Column(code="id", title="", sql="take.id::text", on_screen=False, in_file=False),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="take.state",
            words=stocktakes.STATES,
            tones=stocktakes.TONES,
        ),
        Column(code="site", title=N_("Site"), sql="site.name", wide=True),
        Column(
            code="bins",
            title=N_("Bins"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM stocktake_bin AS held WHERE held.stocktake = take.id)",
        ),
        Column(
            code="different",
            title=N_("Lines that differ"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM stocktake_line AS line WHERE line.stocktake = take.id"
            " AND line.round = take.round AND line.counted <> line.expected AND take.state <> 'counting')",
        ),
        Column(
            code="amount_fen",
            title=N_("Value of what is missing"),
            kind=Kind.MONEY,
            sql="take.amount_fen",
            sorts=True,
            sums=True,
        ),
        Column(code="note", title=N_("Occasion"), sql="take.note", wide=True),
        Column(code="opened_at", title=N_("Opened"), kind=Kind.MOMENT, sql="take.opened_at", sorts=True),
        Column(code="opened_by", title="", sql="take.opened_by", on_screen=False, in_file=False),
        Column(code="who", title=N_("Opened by"), wide=True),
        Column(
            code="closed_at",
            title=N_("Ended"),
            kind=Kind.MOMENT,
            sql="take.closed_at",
            sorts=True,
            nulls=True,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Number"), sql="take.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="take.state = {}", words=stocktakes.STATES),
        Choice(
            code="open",
            title=N_("Going on"),
            words={"1": N_("yes"), "0": N_("no")},
            conditions={
                "1": "take.state IN ('counting', 'review', 'proposed')",
                "0": "take.state IN ('done', 'abandoned')",
            },
        ),
        Text(code="site", title=N_("Site"), sql="site.name ILIKE {}"),
        Text(
            code="bin",
            title=N_("Bin"),
            sql="EXISTS (SELECT FROM stocktake_bin AS held JOIN stock_bin AS place ON place.id = held.bin"
            " WHERE held.stocktake = take.id AND place.code ILIKE {})",
        ),
        Days(code="opened", title=N_("Opened"), sql="take.opened_at", moments=True),
        Amounts(code="amount", title=N_("Value of what is missing"), sql="take.amount_fen"),
    ),
    empty=N_("No stocktake fits these filters."),
)


def recalled_in(regions: Sequence[str]) -> Condition:
    """Return the condition that keeps the recalls of goods, or to receivers, in the regions."""
    return within.RECALL, (list(regions), list(regions))


RECALLS = List(
    code="recalls",
    title=N_("Recalls"),
    source="goods_recall AS recall",
    key="recall.id",
    order="-opened_at",
    more=_openers,
    views=(View(N_("Open"), "state=open"),),
    columns=(
        Column(code="number", title=N_("Number"), sql="recall.number", link="/staff/warehouse/recalls/{id}"),
        Column(code="id", title="", sql="recall.id::text", on_screen=False, in_file=False),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="recall.state",
            words=recalls.STATES,
            tones=recalls.TONES,
        ),
        Column(
            code="origin",
            title=N_("Who calls back"),
            kind=Kind.CHOICE,
            sql="recall.origin",
            words=recalls.ORIGINS,
        ),
        Column(code="reason", title=N_("Reason"), sql="recall.reason", wide=True),
        Column(
            code="lots",
            title=N_("Lots"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM goods_recall_lot AS held WHERE held.recall = recall.id)",
        ),
        Column(
            code="receivers",
            title=N_("Receivers"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM goods_recall_receiver AS held WHERE held.recall = recall.id)",
        ),
        Column(
            code="waiting",
            title=N_("Not settled yet"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM goods_recall_receiver AS held WHERE held.recall = recall.id"
            " AND held.state IN ('waiting', 'reached'))",
        ),
        Column(code="opened_at", title=N_("Begun"), kind=Kind.MOMENT, sql="recall.opened_at", sorts=True),
        Column(code="opened_by", title="", sql="recall.opened_by", on_screen=False, in_file=False),
        Column(code="who", title=N_("Begun by"), wide=True),
        Column(
            code="closed_at",
            title=N_("Ended"),
            kind=Kind.MOMENT,
            sql="recall.closed_at",
            sorts=True,
            nulls=True,
        ),
    ),
    filters=(
        Text(code="number", title=N_("Number"), sql="recall.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="recall.state = {}", words=recalls.STATES),
        Text(
            code="lot",
            title=N_("Lot"),
            sql="EXISTS (SELECT FROM goods_recall_lot AS held JOIN stock_lot AS lot ON lot.id = held.lot"
            " WHERE held.recall = recall.id AND lot.number ILIKE {})",
        ),
        Days(code="opened", title=N_("Begun"), sql="recall.opened_at", moments=True),
    ),
    empty=N_("No recall fits these filters."),
)

RECEIVERS = List(
    code="recall-receivers",
    title=N_("Receivers of recalled goods"),
    source="goods_recall_receiver AS line",
    key="line.id",
    order="order",
    personal=True,
    columns=(
        Column(code="order", title=N_("Order"), sorts=True),
        Column(code="name", title=N_("Name")),
        Column(code="phone", title=N_("Mobile number")),
        Column(code="region", title=N_("Region")),
        Column(code="quantity", title=N_("Pieces"), kind=Kind.NUMBER),
        Column(code="state", title=N_("State"), kind=Kind.CHOICE, words=recalls.REACHED),
        Column(code="note", title=N_("Note")),
        Column(code="told_at", title=N_("Notice written"), kind=Kind.MOMENT),
    ),
)
"""The columns of the file of a recall's receivers; its rows are unsealed by their page."""

_TODAY = "($NOW AT TIME ZONE 'Asia/Shanghai')::date"
_DAYS = f"(lot.expires_on - {_TODAY})"
_HERE = (
    "(SELECT sum({}) FROM stock_balance AS held JOIN stock_bin AS place ON place.id = held.bin"
    " WHERE held.lot = lot.id AND place.site = site.id)::int"
)


async def _what_to_do(rows: list[Row]) -> None:
    """Fill in the names, how urgent it is, and what to do with each lot."""
    wanted = await _asked_for(sorted({row["item"] for row in rows}))
    for row in rows:
        row["goods"] = shown(row["name_zh"], row["name_en"])
        row["words"] = "、".join(gettext(LABELS.get(one, one)) for one in row["restrictions"] or ())
        row["urgency"] = expiry.urgency(row["days"])
        asked = wanted.get((row["site_id"], row["item"]), 0)
        if row["on_hand"] == row["reserved"]:
            row["todo"] = gettext(expiry.PROMISED)
        elif row["life"] is not None and row["life"] < FRESH_UNTIL_DAYS:
            row["todo"] = gettext(expiry.FRESH)
        elif asked:
            row["todo"] = gettext(expiry.ORDERED).format(wanted=asked)
        else:
            row["todo"] = gettext(expiry.NOBODY)


async def _asked_for(items: Sequence[object]) -> dict[tuple[object, object], int]:
    """Return how many pieces of each item waiting orders of each site still lack."""
    rows = await fetch(
        """SELECT o.site, line.item, sum(line.quantity - coalesce(p.held, 0))::int AS lacking
             FROM goods_order_line AS line JOIN goods_order AS o ON o.id = line.goods_order
             LEFT JOIN LATERAL (SELECT sum(k.quantity) AS held FROM goods_pick AS k
                                 WHERE k.line = line.id
                                   AND k.state IN ('reserved', 'picked', 'issued')) AS p ON true
            WHERE o.state IN ('requested', 'reserved', 'picking') AND line.item = ANY({}::uuid[])
              AND line.quantity > coalesce(p.held, 0)
            GROUP BY o.site, line.item""",
        list(items),
    )
    return {(row["site"], row["item"]): row["lacking"] for row in rows}


def within_days(days: int) -> Condition:
    """Return the condition that keeps goods whose last day comes in so many days, or sooner."""
    return "lot.expires_on <= {}", (clock.today() + timedelta(days=days),)


NEAR_EXPIRY = List(
    code="near-expiry",
    title=N_("Near their last day of use"),
    source="stock_lot AS lot JOIN goods_item AS item ON item.id = lot.item"
    " JOIN stock_site AS site ON EXISTS (SELECT FROM stock_balance AS held JOIN stock_bin AS place"
    " ON place.id = held.bin WHERE held.lot = lot.id AND held.on_hand > 0 AND place.site = site.id)",
    key="(lot.id, site.id)",
    base=f"lot.on_hand > 0 AND lot.state = 'open' AND lot.expires_on >= {_TODAY}",
    order="expires_on",
    more=_what_to_do,
    views=(
        View(N_("This week"), "soon=now"),
        View(N_("This month"), "soon=month"),
    ),
    columns=(
        Column(code="number", title=N_("Lot"), sql="lot.number", link="/staff/warehouse/lots/{lot_id}"),
        Column(code="lot_id", title="", sql="lot.id", on_screen=False, in_file=False),
        Column(code="goods", title=N_("Goods"), wide=True, link="/staff/warehouse/items/{item}"),
        Column(code="item", title="", sql="lot.item", on_screen=False, in_file=False),
        Column(code="name_zh", title="", sql="item.name_zh", on_screen=False, in_file=False),
        Column(code="name_en", title="", sql="item.name_en", on_screen=False, in_file=False),
        Column(code="life", title="", sql="item.shelf_life_days", on_screen=False, in_file=False),
        Column(code="site_id", title="", sql="site.id", on_screen=False, in_file=False),
        Column(
            code="restrictions",
            title="",
            sql="lot.restrictions",
            on_screen=False,
            in_file=False,
        ),
        Column(
            code="expires_on",
            title=N_("Last day of use"),
            kind=Kind.DATE,
            sql="lot.expires_on",
            sorts=True,
        ),
        Column(code="days", title=N_("Days left"), kind=Kind.NUMBER, sql=_DAYS),
        Column(
            code="urgency",
            title=N_("Urgency"),
            kind=Kind.CHOICE,
            words=expiry.URGENCIES,
            tones=expiry.URGENCY_TONES,
        ),
        Column(
            code="on_hand",
            title=N_("Pieces"),
            kind=Kind.NUMBER,
            sql=_HERE.replace("{}", "held.on_hand"),
        ),
        Column(
            code="reserved",
            title=N_("Reserved"),
            kind=Kind.NUMBER,
            sql=_HERE.replace("{}", "held.reserved"),
        ),
        Column(
            code="value_fen",
            title=N_("Value"),
            kind=Kind.MONEY,
            sql="(lot.value_fen * " + _HERE.replace("{}", "held.on_hand") + " / lot.on_hand)",
            sorts=True,
            sums=True,
        ),
        Column(code="words", title=N_("For whom"), wide=True),
        Column(code="todo", title=N_("What to do"), wide=True),
        Column(code="site", title=N_("Site"), sql="site.name", wide=True),
        Column(
            code="category",
            title=N_("Category"),
            kind=Kind.CHOICE,
            sql="item.category",
            words=CATEGORIES,
            on_screen=False,
        ),
        Column(code="fund", title=N_("Fund"), sql="lot.fund_code", on_screen=False),
    ),
    filters=(
        Choice(
            code="soon",
            title=N_("Urgency"),
            words={"now": expiry.URGENCIES["now"], "month": expiry.URGENCIES["soon"]},
            conditions={
                "now": f"{_DAYS} <= {expiry.NOW_DAYS}",
                "month": f"{_DAYS} <= {expiry.SOON_DAYS}",
            },
        ),
        Text(code="lot", title=N_("Lot"), sql="lot.number ILIKE {}"),
        Text(code="goods", title=N_("Goods"), sql="item.name_zh ILIKE {}"),
        Choice(code="category", title=N_("Category"), sql="item.category = {}", words=CATEGORIES),
        Text(code="site", title=N_("Site"), sql="site.name ILIKE {}"),
        Text(code="fund", title=N_("Fund"), sql="lot.fund_code ILIKE {}", begins=True),
        Days(code="expires", title=N_("Last day of use"), sql="lot.expires_on"),
    ),
    empty=N_("Nothing near its last day of use fits these filters."),
)
