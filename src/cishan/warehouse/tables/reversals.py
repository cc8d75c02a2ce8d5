"""Bookings of goods that somebody wants to reverse, and who agreed."""

from piccolo.columns import UUID, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.warehouse.tables.intake import GoodsBooking, GoodsOffer
from cishan.warehouse.tables.stock import StockCause


class GoodsReversal(Table, tablename="goods_reversal"):
    """One proposes to reverse a booking, and somebody else agrees or does not."""

    id = UUID(primary_key=True, default=None)
    offer = ForeignKey(GoodsOffer, on_delete=OnDelete.restrict, null=False, index=True)
    booking = ForeignKey(GoodsBooking, on_delete=OnDelete.restrict, null=False, index=True)
    received = ForeignKey(StockCause, on_delete=OnDelete.restrict, null=False, index=True)
    wrong = Varchar(length=8, default=None)
    fund_code = Varchar(length=64, default="")
    reason = Varchar(length=300, default=None)
    proposed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    proposed_role = Varchar(length=30, default=None)
    proposed_at = Timestamptz(default=None)
    request = UUID(default=None, unique=True)
    state = Varchar(length=12, default="proposed")
    decided_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    decided_role = Varchar(length=30, default="")
    decided_at = Timestamptz(default=None, null=True)
    words = Varchar(length=300, default="")

    goods_reversal_wrong = Check(
        "wrong IN ('fund', 'value', 'count') AND (wrong = 'fund') = (fund_code <> '') AND reason <> ''"
    )
    goods_reversal_state = Check("state IN ('proposed', 'agreed', 'refused', 'withdrawn')")
    goods_reversal_decided = Check(
        "num_nonnulls(decided_by, decided_at) = CASE state WHEN 'proposed' THEN 0 ELSE 2 END"
    )
    goods_reversal_by_another = Check(
        "state = 'proposed' OR (state = 'withdrawn') = (decided_by = proposed_by)"
    )
    goods_reversal_refused_says_why = Check("state <> 'refused' OR words <> ''")
