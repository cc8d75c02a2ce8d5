"""Receipts: numbered without gaps, never changed; and the record that a gift has none."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
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

from cishan.donations.tables.gifts import Donation
from cishan.donations.tables.goods import GoodsGift


class ReceiptSeries(Table, tablename="receipt_series"):
    """The last number taken of a series in a year. Whoever takes the next one holds this row until commit."""

    id = UUID(primary_key=True, default=None)
    series = Varchar(length=2, default=None)
    year = SmallInt(default=None)
    last_serial = Integer(default=0)

    receipt_series_once = Unique([series, year])
    receipt_series_serial = Check("last_serial >= 0")


class Receipt(Table, tablename="receipt"):
    """One receipt or its reversal. `sheet` is all that is printed; only the fiscal number comes later."""

    id = UUID(primary_key=True, default=None)
    series = Varchar(length=2, default=None)
    year = SmallInt(default=None)
    serial = Integer(default=None)
    number = Varchar(length=20, default=None, unique=True)
    check_code = Varchar(length=8, default=None)
    kind = Varchar(length=8, default=None)
    original: ForeignKey["Receipt"] = ForeignKey("self", on_delete=OnDelete.restrict, null=True, index=True)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=True, index=True)
    goods = ForeignKey(GoodsGift, on_delete=OnDelete.restrict, null=True, index=True)
    cause = Varchar(length=120, default=None, unique=True)
    covers = Array(base_column=Varchar(length=100), default=list)
    amount_fen = BigInt(default=None)
    payer_title = Varchar(length=100, default=None)
    payer_uscc = Varchar(length=18, default="")
    issued_at = Timestamptz(default=None, index=True)
    sheet = JSONB(default=None)
    fiscal_code = Varchar(length=20, default=None, null=True)
    fiscal_number = Varchar(length=20, default=None, null=True, unique=True)

    receipt_once = Unique([series, year, serial])
    receipt_kind = Check(
        "kind IN ('receipt', 'red') AND (kind = 'red') = (amount_fen < 0) AND amount_fen <> 0"
    )
    receipt_red_has_original = Check("kind = 'receipt' OR original IS NOT NULL")
    receipt_corrections_cover = Check("(original IS NULL) = (cardinality(covers) = 0)")
    receipt_sheet_agrees = Check(
        "(sheet->>'amount_fen')::bigint = amount_fen AND sheet->>'number' = number"
        " AND sheet->>'payer_title' = payer_title AND sheet->>'check_code' = check_code"
    )
    receipt_of_one_gift = Check("num_nonnulls(donation, goods) = 1")
    receipt_fiscal_whole = Check("(fiscal_code IS NULL) = (fiscal_number IS NULL)")


class ReceiptWaiver(Table, tablename="receipt_waiver"):
    """The record that a paid gift has no receipt; withdrawn when one is asked for after all."""

    id = UUID(primary_key=True, default=None)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=True, unique=True)
    goods = ForeignKey(GoodsGift, on_delete=OnDelete.restrict, null=True, unique=True)
    reason = Varchar(length=12, default=None)
    recorded_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(default=None, null=True)

    receipt_waiver_of_one_gift = Check("num_nonnulls(donation, goods) = 1")
    receipt_waiver_reason = Check("reason IN ('not_wanted', 'returned')")
