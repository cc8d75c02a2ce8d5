"""Gifts in kind that were taken into the books: what a receipt of goods is for."""

from piccolo.columns import UUID, BigInt, Boolean, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.warehouse.tables.intake import GoodsOffer


class GoodsGift(Table, tablename="goods_gift"):
    """Goods of one offer that were booked with a value as a gift to the charity."""

    id = UUID(primary_key=True, default=None)
    offer = ForeignKey(GoodsOffer, on_delete=OnDelete.restrict, null=False, unique=True)
    number = Varchar(length=20, default=None, unique=True)
    booked_at = Timestamptz(default=None, index=True)
    amount_fen = BigInt(default=None)
    handler = Varchar(length=60, default="")
    wants_receipt = Boolean(default=False)
    receipt_title = Varchar(length=100, default="")
    uscc = Varchar(length=18, default="")

    goods_gift_amount = Check("amount_fen > 0")
    goods_gift_title = Check("NOT wants_receipt OR receipt_title <> ''")
