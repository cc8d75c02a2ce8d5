"""Kits in their versions, when some were put together or taken apart, and which lot went into which."""

from piccolo.columns import (
    UUID,
    BigInt,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.drives import GoodsDrive
from cishan.warehouse.tables.places import StockBin, StockSite
from cishan.warehouse.tables.stock import StockCause, StockLot


class GoodsKit(Table, tablename="goods_kit"):
    """One version of what is in a kit. Once it is in force it stays as it is."""

    id = UUID(primary_key=True, default=None)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False)
    version = SmallInt(default=None)
    note = Varchar(length=200, default="")
    state = Varchar(length=8, default="draft")
    created_at = Timestamptz(default=None)
    frozen_at = Timestamptz(default=None, null=True)

    goods_kit_version = Unique([item, version])
    goods_kit_counts = Check("version >= 1")
    goods_kit_state = Check("state IN ('draft', 'frozen') AND (state = 'frozen') = (frozen_at IS NOT NULL)")


class GoodsKitPart(Table, tablename="goods_kit_part"):
    """So many pieces of some goods in each kit of a version."""

    id = UUID(primary_key=True, default=None)
    kit = ForeignKey(GoodsKit, on_delete=OnDelete.cascade, null=False)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False, index=True)
    quantity = Integer(default=None)
    position = SmallInt(default=None)

    goods_kit_part_once = Unique([kit, item])
    goods_kit_part_quantity = Check("quantity BETWEEN 1 AND 1000")


class GoodsAssembly(Table, tablename="goods_assembly"):
    """Kits of one lot that were put together, or taken apart, once for each request."""

    id = UUID(primary_key=True, default=None)
    doing = Varchar(length=12, default=None)
    kit = ForeignKey(GoodsKit, on_delete=OnDelete.restrict, null=False, index=True)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    drive = ForeignKey(GoodsDrive, on_delete=OnDelete.restrict, null=True, index=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    quantity = Integer(default=None)
    cause = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False, index=True)
    request = UUID(default=None, unique=True)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    at = Timestamptz(default=None, index=True)

    goods_assembly_doing = Check("doing IN ('assemble', 'disassemble')")
    goods_assembly_quantity = Check("quantity BETWEEN 1 AND 1000000")


class GoodsLotPart(Table, tablename="goods_lot_part"):
    """What of a lot went into a lot of kits."""

    id = UUID(primary_key=True, default=None)
    kit_lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False)
    part_lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    quantity = Integer(default=None)
    value_fen = BigInt(default=None)

    goods_lot_part_once = Unique([kit_lot, part_lot])
    goods_lot_part_holds = Check("quantity >= 1 AND value_fen >= 0 AND kit_lot <> part_lot")


class GoodsLotSplit(Table, tablename="goods_lot_split"):
    """What came out of a lot of kits as a lot of its own."""

    id = UUID(primary_key=True, default=None)
    kit_lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    part_lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, unique=True)
    quantity = Integer(default=None)
    value_fen = BigInt(default=None)

    goods_lot_split_holds = Check("quantity >= 1 AND value_fen >= 0 AND kit_lot <> part_lot")
