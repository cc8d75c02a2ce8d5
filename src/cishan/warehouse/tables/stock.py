"""Lots, causes, moves, values and balances. Only the function `stock_post` writes the last four."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockBin


class StockLot(Table, tablename="stock_lot"):
    """Goods of one kind that came together. Only `state` ever changes by hand."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False, index=True)
    made_on = Date(default=None, null=True)
    expires_on = Date(default=None, null=True, index=True)
    fund_code = Varchar(length=64, default=None)
    entrusted = Boolean(default=False)
    grade = Varchar(length=1, default="A")
    quantity = Integer(default=None)
    cost_fen = BigInt(default=0)
    basis = Varchar(length=8, default=None)
    restrictions = Array(base_column=Varchar(), default=None)
    source = Varchar(length=8, default=None)
    source_id = UUID(default=None, index=True)
    state = Varchar(length=12, default="open")
    on_hand = Integer(default=0)
    value_fen = BigInt(default=0)
    created_at = Timestamptz(default=None)

    stock_lot_number = Check("number ~ '^L[0-9]{6}-[0-9A-Z]{5}$'")
    stock_lot_dates = Check("made_on <= expires_on")
    stock_lot_grade = Check("grade IN ('A', 'B', 'C')")
    stock_lot_quantity = Check("quantity BETWEEN 1 AND 1000000")
    stock_lot_cost = Check("cost_fen = 0 OR cost_fen BETWEEN quantity AND 1000000000000000")
    stock_lot_basis = Check(
        "basis IN ('voucher', 'fair', 'memo', 'parts') AND (basis <> 'memo' OR cost_fen = 0)"
    )
    stock_lot_source = Check("source IN ('offer', 'kit', 'split', 'count', 'opening')")
    stock_lot_state = Check("state IN ('open', 'quarantined', 'recalled', 'expired')")
    stock_lot_balance = Check("on_hand BETWEEN 0 AND quantity AND value_fen BETWEEN 0 AND cost_fen")
    stock_lot_value_goes_with_goods = Check("cost_fen = 0 OR (on_hand = 0) = (value_fen = 0)")


class StockCause(Table, tablename="stock_cause"):
    """Why goods moved, once for each request."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=12, default=None)
    at = Timestamptz(default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    acting_role = Varchar(length=30, default="")
    subject_kind = Varchar(length=20, default=None)
    subject_id = UUID(default=None, index=True)
    request = UUID(default=None, unique=True)
    reason = Varchar(length=500, default="")
    reverses = UUID(default=None, null=True, index=True)

    stock_cause_kind_is_known = Check(
        "kind IN ('receive', 'move', 'send', 'arrive', 'reserve', 'release', 'pick', 'issue', 'return',"
        " 'scrap', 'lose', 'adjust', 'assemble', 'disassemble', 'unreceive')"
        " AND (kind IN ('return', 'unreceive')) = (reverses IS NOT NULL)"
    )


class StockMove(Table, tablename="stock_move"):
    """A change of one lot in one bin."""

    id = BigSerial(primary_key=True)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False, index=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    on_hand = Integer(default=None)
    reserved = Integer(default=None)

    stock_move_moves = Check("on_hand <> 0 OR reserved <> 0")


class StockValue(Table, tablename="stock_value"):
    """By how much a cause changed what a lot is worth; the books hold the same under the cause's id."""

    id = BigSerial(primary_key=True)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    value_fen = BigInt(default=None)

    stock_value_once = Unique([cause, lot])
    stock_value_changes = Check("value_fen <> 0")


class StockBalance(Table, tablename="stock_balance"):
    """What lies of a lot in a bin: the sums of its moves, kept by the function that writes them."""

    id = BigSerial(primary_key=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)
    on_hand = Integer(default=None)
    reserved = Integer(default=None)

    stock_balance_once = Unique([lot, bin])
    stock_balance_holds = Check("on_hand >= reserved AND reserved >= 0")
