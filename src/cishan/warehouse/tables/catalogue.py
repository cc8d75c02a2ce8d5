"""Kinds of goods, their packs and barcodes."""

from piccolo.columns import (
    UUID,
    BigInt,
    Boolean,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class GoodsItem(Table, tablename="goods_item"):
    """A kind of goods."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=20, default=None, unique=True)
    name_zh = Varchar(length=60, default=None)
    name_en = Varchar(length=80, default="")
    unit_zh = Varchar(length=10, default=None)
    unit_en = Varchar(length=20, default="")
    category = Varchar(length=16, default=None, index=True)
    shelf_life_days = Integer(default=None, null=True)
    typical_value_fen = BigInt(default=0)
    cold_chain = Boolean(default=False)
    min_age = SmallInt(default=None, null=True)
    max_age = SmallInt(default=None, null=True)
    sex = Varchar(length=1, default="")
    is_kit = Boolean(default=False)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    goods_item_code = Check("code ~ '^[A-Z0-9][A-Z0-9-]{1,19}$'")
    goods_item_is_named = Check("name_zh <> '' AND unit_zh <> ''")
    goods_item_category = Check(
        "category IN ('food_staple', 'food_other', 'bedding', 'clothing', 'hygiene', 'medical_aid',"
        " 'appliance', 'child_study', 'kit') AND is_kit = (category = 'kit')"
    )
    goods_item_life = Check("shelf_life_days BETWEEN 1 AND 36500")
    goods_item_value = Check("typical_value_fen BETWEEN 0 AND 100000000000")
    goods_item_ages = Check("min_age BETWEEN 0 AND 120 AND max_age BETWEEN 0 AND 120 AND min_age <= max_age")
    goods_item_sex = Check("sex IN ('', 'f', 'm')")


class GoodsPack(Table, tablename="goods_pack"):
    """How many of a kind of goods come in one box."""

    id = UUID(primary_key=True, default=None)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.cascade, null=False)
    name = Varchar(length=20, default=None)
    quantity = Integer(default=None)

    goods_pack_once = Unique([item, name])
    goods_pack_holds = Check("quantity BETWEEN 2 AND 100000 AND name <> ''")


class GoodsBarcode(Table, tablename="goods_barcode"):
    """A barcode printed on goods or on their box, and how many it stands for."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=64, default=None, unique=True)
    item = ForeignKey(GoodsItem, on_delete=OnDelete.cascade, null=False, index=True)
    quantity = Integer(default=1)

    goods_barcode_is_plain = Check("code ~ '^[0-9A-Za-z][0-9A-Za-z./_-]{2,63}$'")
    goods_barcode_counts = Check("quantity BETWEEN 1 AND 100000")
