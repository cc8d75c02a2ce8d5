"""Transfers between sites and their lines."""

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.places import StockBin, StockSite
from cishan.warehouse.tables.stock import StockLot


class StockTransfer(Table, tablename="stock_transfer"):
    """Goods on their way from one site to another; who receives them is never who sent them."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, default=None, unique=True)
    source = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    target = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    state = Varchar(length=12, default="draft")
    note = Varchar(length=300, default="")
    created_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    created_at = Timestamptz(default=None)
    sent_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    sent_at = Timestamptz(default=None, null=True)
    received_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    received_at = Timestamptz(default=None, null=True)

    stock_transfer_number = Check("number ~ '^T[0-9]{6}-[0-9A-Z]{5}$'")
    stock_transfer_goes_elsewhere = Check("source <> target")
    stock_transfer_state = Check("state IN ('draft', 'sent', 'incomplete', 'received', 'cancelled')")
    stock_transfer_sent = Check(
        "(sent_at IS NULL) = (state IN ('draft', 'cancelled')) AND (sent_at IS NULL) = (sent_by IS NULL)"
    )
    stock_transfer_received = Check(
        "(received_at IS NOT NULL) = (state IN ('incomplete', 'received'))"
        " AND (received_at IS NULL) = (received_by IS NULL)"
    )
    stock_transfer_two_people = Check("received_by <> sent_by")


class StockTransferLine(Table, tablename="stock_transfer_line"):
    """Pieces of one lot from one bin, and what came of them: a difference is explained."""

    id = UUID(primary_key=True, default=None)
    transfer = ForeignKey(StockTransfer, on_delete=OnDelete.restrict, null=False)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=False, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=False)
    quantity = Integer(default=None)
    arrived = Integer(default=None, null=True)
    damaged = Integer(default=None, null=True)
    found = Integer(default=0)
    lost = Integer(default=0)
    explanation = Varchar(length=300, default="")

    stock_transfer_line_once = Unique([transfer, lot, bin])
    stock_transfer_line_quantity = Check("quantity BETWEEN 1 AND 1000000")
    stock_transfer_line_counted = Check(
        "(arrived IS NULL) = (damaged IS NULL) AND arrived >= 0 AND damaged >= 0 AND found >= 0 AND lost >= 0"
        " AND coalesce(arrived + damaged, 0) + found + lost <= quantity"
        " AND (arrived IS NOT NULL OR found + lost = 0)"
    )
    stock_transfer_line_explained = Check("arrived IS NULL OR arrived = quantity OR btrim(explanation) <> ''")
