"""Sums of days that are over, and how much of what should always be there."""

from piccolo.columns import UUID, BigInt, BigSerial, Date, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockSite


class StockMonth(Table, tablename="stock_month"):
    """What came or went of a kind of goods in a month, as far as its days were summed up."""

    id = BigSerial(primary_key=True)
    month = Date(default=None)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False)
    fund_code = Varchar(length=64, default=None)
    kind = Varchar(length=12, default=None)
    pieces = BigInt(default=None)
    value_fen = BigInt(default=None)

    stock_month_once = Unique([month, site, item, fund_code, kind])


class StockSummed(Table, tablename="stock_summed"):
    """That all days up to this one were summed up: nothing is ever dated back into them."""

    day = Date(primary_key=True, default=None)
    at = Timestamptz(default=None)


class StockLevel(Table, tablename="stock_level"):
    """How many pieces of something a site should always have; what is missing is asked for in public."""

    id = UUID(primary_key=True, default=None)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False)
    minimum = Integer(default=None)

    stock_level_once = Unique([site, item])
    stock_level_counts = Check("minimum BETWEEN 1 AND 1000000")
