"""Labels that were printed ahead and are stuck on first: what they were bound to."""

from piccolo.columns import UUID, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.places import StockBin
from cishan.warehouse.tables.stock import StockLot


class StockLabel(Table, tablename="stock_label"):
    """One label. It is bound once, to a lot or a bin, and may be taken out of use when it is damaged."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=9, default=None, unique=True)
    batch = UUID(default=None, index=True)
    printed_at = Timestamptz(default=None)
    printed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    lot = ForeignKey(StockLot, on_delete=OnDelete.restrict, null=True, index=True)
    bin = ForeignKey(StockBin, on_delete=OnDelete.restrict, null=True, index=True)
    bound_at = Timestamptz(default=None, null=True)
    bound_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    retired_at = Timestamptz(default=None, null=True)
    retired_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    replaces: ForeignKey["StockLabel"] = ForeignKey(
        "self", on_delete=OnDelete.restrict, null=True, unique=True
    )

    stock_label_code = Check("code ~ '^Q[2-9A-HJ-NP-Z]{7}[0-9A-Z]$'")
    stock_label_is_of_one_thing = Check("lot IS NULL OR bin IS NULL")
    stock_label_binding = Check(
        "(bound_at IS NULL) = (lot IS NULL AND bin IS NULL) AND (bound_at IS NULL) = (bound_by IS NULL)"
    )
    stock_label_retiring = Check("(retired_at IS NULL) = (retired_by IS NULL)")
