"""The list of staff over offers of goods."""

from collections.abc import Sequence

from cishan.kernel.text import N_
from cishan.plumbing.lists import Choice, Column, Condition, Days, Flag, Kind, List, Text, View
from cishan.warehouse.rules.offers import STATES, TONES


def offers_within(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps the offers to sites whose region one of the patterns fits."""
    return "site.region LIKE ANY ({}::text[])", (list(patterns),)


OFFERS = List(
    code="goods-offers",
    title=N_("Offers of goods"),
    source="goods_offer AS offer JOIN stock_site AS site ON site.id = offer.site",
    key="offer.id",
    order="-created_at",
    views=(
        View(N_("To be answered"), "state=offered&sort=created_at"),
        View(N_("Goods on their way"), "state=accepted&sort=appointed_on"),
        View(N_("To be valued"), "state=graded"),
        View(N_("To be booked"), "state=valued"),
        View(N_("Reversal proposed"), "reversal=1"),
    ),
    columns=(
        Column(
            code="number", title=N_("Offer number"), sql="offer.number", link="/staff/goods-offers/{number}"
        ),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="offer.state",
            words=STATES,
            tones=TONES,
        ),
        Column(
            code="goods",
            title=N_("Goods"),
            wide=True,
            sql="(SELECT string_agg(coalesce(i.name_zh, l.words) || ' × ' || l.quantity, '、'"
            " ORDER BY l.position) FROM goods_offer_line AS l LEFT JOIN goods_item AS i ON i.id = l.item"
            " WHERE l.offer = offer.id)",
        ),
        Column(code="site", title=N_("Warehouse"), sql="site.name"),
        Column(
            code="created_at", title=N_("Offered on"), kind=Kind.MOMENT, sql="offer.created_at", sorts=True
        ),
        Column(
            code="appointed_on",
            title=N_("Appointment"),
            kind=Kind.DATE,
            sql="offer.appointed_on",
            sorts=True,
            nulls=True,
        ),
        Column(code="fund", title=N_("Fund"), sql="offer.fund_code", on_screen=False),
        Column(
            code="entrusted", title=N_("Named receiver"), kind=Kind.FLAG, sql="offer.receiver_enc IS NOT NULL"
        ),
    ),
    filters=(
        Text(code="number", title=N_("Offer number"), sql="offer.number ILIKE {}"),
        Choice(code="state", title=N_("State"), sql="offer.state = {}", words=STATES),
        Text(code="site", title=N_("Warehouse"), sql="site.name ILIKE {}"),
        Days(code="created", title=N_("Offered on"), sql="offer.created_at", moments=True),
        Days(code="appointed", title=N_("Appointment"), sql="offer.appointed_on"),
        Flag(code="entrusted", title=N_("Named receiver"), sql="offer.receiver_enc IS NOT NULL"),
        Flag(
            code="reversal",
            title=N_("Reversal proposed"),
            sql="EXISTS (SELECT FROM goods_reversal AS r WHERE r.offer = offer.id AND r.state = 'proposed')",
        ),
    ),
)
