"""Recalls: which lots are locked and why, and what every receiver was told and did."""

from piccolo.columns import UUID, Boolean, Date, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.orders import GoodsOrder
from cishan.warehouse.tables.stock import StockLot


class GoodsRecall(Table, tablename="goods_recall"):
    """Goods that nobody may use any more, and that are asked back."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    origin = Varchar(length=12, default=None)
    reason = Varchar(length=500, default=None)
    advice = Varchar(length=100, default=None)
    """What a receiver is to do with the goods; stands in the notice."""
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=True, index=True)
    made_from = Date(default=None, null=True)
    made_to = Date(default=None, null=True)
    state = Varchar(length=8, default="open")
    request = UUID(default=None, unique=True)
    opened_at = Timestamptz(default=None, index=True)
    opened_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    closed_at = Timestamptz(default=None, null=True)
    closed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    closing = Varchar(length=500, default="")

    goods_recall_origin = Check("origin IN ('manufacturer', 'authority', 'own')")
    goods_recall_says_why = Check("reason <> '' AND advice <> ''")
    goods_recall_days = Check("made_from <= made_to")
    goods_recall_state = Check(
        "state IN ('open', 'closed', 'lifted') AND (state = 'open') = (closed_at IS NULL)"
        " AND (state = 'open') = (closed_by IS NULL) AND (state = 'open') = (closing = '')"
    )
    goods_recall_is_lifted_by_another = Check("state <> 'lifted' OR closed_by <> opened_by")


class GoodsRecallLot(Table, tablename="goods_recall_lot"):
    """A lot that a recall locked."""

    id = UUID(primary_key=True, default=None)
    recall = ForeignKey(GoodsRecall, on_delete=OnDelete.restrict, null=False)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    in_kit = Boolean(default=False)
    """It is a kit that contains one of the others."""
    was = Varchar(length=12, default=None)
    """Its state before."""
    on_hand = Integer(default=None)
    """Pieces in the house when it was locked."""
    released = Integer(default=0)
    """Pieces that had been promised."""

    goods_recall_lot_once = Unique([recall, lot])
    goods_recall_lot_was = Check("was IN ('open', 'quarantined', 'recalled', 'expired')")


class GoodsRecallReceiver(Table, tablename="goods_recall_receiver"):
    """Somebody who received such goods, and how far they were reached."""

    id = UUID(primary_key=True, default=None)
    recall = ForeignKey(GoodsRecall, on_delete=OnDelete.restrict, null=False)
    goods_order = ForeignKey(GoodsOrder, on_delete=OnDelete.restrict, null=False, index=True)
    quantity = Integer(default=None)
    """Pieces that they held when the recall began, kits counted as one."""
    state = Varchar(length=12, default="waiting")
    note = Varchar(length=200, default="")
    told_at = Timestamptz(default=None, null=True)
    """When the notice was written."""
    changed_at = Timestamptz(default=None, null=True)
    changed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)

    goods_recall_receiver_once = Unique([recall, goods_order])
    goods_recall_receiver_state = Check(
        "quantity > 0 AND state IN ('waiting', 'reached', 'returned', 'destroyed', 'used', 'unreachable')"
    )
