"""Stocktakes: which bins stand still, what the books expect there, who counted what, labelled or not."""

from piccolo.columns import UUID, BigInt, Date, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockBin, StockSite
from cishan.warehouse.tables.stock import StockLot


class Stocktake(Table, tablename="stocktake"):
    """A count of some bins of a site, which stand still until it has ended."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    state = Varchar(length=10, default="counting")
    round = SmallInt(default=1)
    note = Varchar(length=200, default="")
    amount_fen = BigInt(default=0)
    """What the approvers were asked about: the value of all that is missing."""
    request = UUID(default=None, unique=True)
    opened_at = Timestamptz(default=None, index=True)
    opened_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    closed_at = Timestamptz(default=None, null=True)

    stocktake_state = Check(
        "state IN ('counting', 'review', 'proposed', 'done', 'abandoned')"
        " AND (closed_at IS NOT NULL) = (state IN ('done', 'abandoned'))"
    )
    stocktake_amount = Check("amount_fen >= 0 AND round BETWEEN 1 AND 100")


class StocktakeBin(Table, tablename="stocktake_bin"):
    """A bin that is counted."""

    id = UUID(primary_key=True, default=None)
    stocktake = ForeignKey(Stocktake, on_delete=OnDelete.restrict, null=False)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False, index=True)

    stocktake_bin_once = Unique([stocktake, bin])


class StocktakeLine(Table, tablename="stocktake_line"):
    """A lot in a bin: what the books said when the bin was frozen, and what is there."""

    id = UUID(primary_key=True, default=None)
    stocktake = ForeignKey(Stocktake, on_delete=OnDelete.restrict, null=False)
    round = SmallInt(default=None)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    expected = Integer(default=None)
    reserved = Integer(default=None)
    counted = Integer(default=None, null=True)
    explanation = Varchar(length=300, default="")

    stocktake_line_once = Unique([stocktake, round, bin, lot])
    stocktake_line_numbers = Check(
        "expected >= reserved AND reserved >= 0 AND counted BETWEEN 0 AND 100000000"
    )


class StocktakeCount(Table, tablename="stocktake_count"):
    """One person's count of one bin: the first, the second, or the one of what these two disagree on."""

    id = UUID(primary_key=True, default=None)
    stocktake = ForeignKey(Stocktake, on_delete=OnDelete.restrict, null=False)
    round = SmallInt(default=None)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    position = SmallInt(default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=40, default=None)
    began_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)

    stocktake_count_once = Unique([stocktake, round, bin, position])
    stocktake_count_position = Check("position BETWEEN 1 AND 3 AND ended_at >= began_at")


class StocktakeEntry(Table, tablename="stocktake_entry"):
    """Pieces of a lot that a counter found; several entries of a lot add up. The id is the form's request."""

    id = UUID(primary_key=True, default=None)
    count = ForeignKey(StocktakeCount, on_delete=OnDelete.restrict, null=False, index=True)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False)
    quantity = Integer(default=None)
    at = Timestamptz(default=None)

    stocktake_entry_quantity = Check("quantity BETWEEN 0 AND 1000000")


class StocktakeUnlabelled(Table, tablename="stocktake_unlabelled"):
    """Goods that lie in a bin without the label of a lot, as its counters agree on them."""

    id = UUID(primary_key=True, default=None)
    stocktake = ForeignKey(Stocktake, on_delete=OnDelete.restrict, null=False)
    round = SmallInt(default=None)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False)
    counted = Integer(default=None, null=True)
    use_until = Date(default=None, null=True)
    """The earliest day that a counter read on them."""
    explanation = Varchar(length=300, default="")
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=True, default=None)
    """What they became, once a third person had agreed."""

    stocktake_unlabelled_once = Unique([stocktake, round, bin, item])
    stocktake_unlabelled_counted = Check("counted BETWEEN 0 AND 100000000")
    stocktake_unlabelled_lot_once = Unique([lot])


class StocktakeUnlabelledEntry(Table, tablename="stocktake_unlabelled_entry"):
    """Pieces without a label that a counter found. Several entries add up; the id is the form's request."""

    id = UUID(primary_key=True, default=None)
    count = ForeignKey(StocktakeCount, on_delete=OnDelete.restrict, null=False, index=True)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False)
    quantity = Integer(default=None)
    use_until = Date(default=None, null=True)
    reason = Varchar(length=200, default=None)
    at = Timestamptz(default=None)

    stocktake_unlabelled_entry_quantity = Check("quantity BETWEEN 0 AND 1000000 AND reason <> ''")
