"""Drives, where they hand out, and who is entitled. Who somebody is lies here encrypted."""

from piccolo.columns import (
    UUID,
    Array,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.regions import Organisation, Region
from cishan.plumbing.sealed import sealed
from cishan.warehouse.tables.catalogue import GoodsItem
from cishan.warehouse.tables.places import StockSite

NAME = sealed("goods_entitlement", "name_enc")
ID_PURPOSE = "receiver id"
ID_NUMBER = sealed("goods_entitlement", "id_number_enc", index="id_index", purpose=ID_PURPOSE)
CONTACT_PURPOSE = "receiver contact"
CONTACT = sealed("goods_entitlement", "contact_enc", index="contact_index", purpose=CONTACT_PURPOSE)
"""Telephone number, a space, and the name as it is compared: who has no ID number is told by both."""


class GoodsDrive(Table, tablename="goods_drive"):
    """Goods for many people in one season."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=12, default=None, unique=True)
    title = Varchar(length=60, default=None)
    title_en = Varchar(length=80, default="")
    item = ForeignKey(GoodsItem, on_delete=OnDelete.restrict, null=False, index=True)
    per_person = SmallInt(default=1)
    fund_code = Varchar(length=64, default=None)
    starts_on = Date(default=None)
    ends_on = Date(default=None)
    organisation = ForeignKey(Organisation, on_delete=OnDelete.restrict, null=False, index=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    state = Varchar(length=8, default="planned")
    created_at = Timestamptz(default=None)
    closed_at = Timestamptz(default=None, null=True)

    goods_drive_number = Check("number ~ '^D[0-9]{2}-[0-9]{3,5}$'")
    goods_drive_is_named = Check("btrim(title) <> ''")
    goods_drive_per_person = Check("per_person BETWEEN 1 AND 100")
    goods_drive_season = Check("ends_on >= starts_on AND ends_on - starts_on <= 366")
    goods_drive_state = Check(
        "state IN ('planned', 'open', 'closed') AND (state = 'closed') = (closed_at IS NOT NULL)"
    )


class GoodsDriveSite(Table, tablename="goods_drive_site"):
    """A site where a drive hands out, and to how many people."""

    id = UUID(primary_key=True, default=None)
    drive = ForeignKey(GoodsDrive, on_delete=OnDelete.cascade, null=False)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    target_people = Integer(default=None)

    goods_drive_site_once = Unique([drive, site])
    goods_drive_site_target = Check("target_people BETWEEN 1 AND 1000000")


class GoodsEntitlement(Table, tablename="goods_entitlement"):
    """One person's turn in one drive. The guards let it be given once."""

    id = UUID(primary_key=True, default=None)
    drive = ForeignKey(GoodsDrive, on_delete=OnDelete.restrict, null=False)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    number = Varchar(length=20, default=None, unique=True)
    name_enc = Bytea(default=None)
    id_number_enc = Bytea(default=None, null=True)
    id_index = Bytea(default=None, null=True)
    contact_enc = Bytea(default=None, null=True)
    contact_index = Bytea(default=None, null=True)
    region = Varchar(length=12, default="")
    tokens = Array(base_column=Varchar(), default=None)
    state = Varchar(length=8, default="listed")
    listed_at = Timestamptz(default=None)
    come_on = Date(default=None, null=True)
    """The later day for somebody who was absent."""
    absent_on = Date(default=None, null=True)
    given_at = Timestamptz(default=None, null=True)
    order_id = UUID(default=None, null=True, unique=True)
    reason = Varchar(length=200, default="")
    """Why somebody was struck off, or why another person signed for them."""

    goods_entitlement_is_somebody = Check(
        "num_nonnulls(id_index, contact_index) > 0 AND (id_index IS NULL) = (id_number_enc IS NULL)"
        " AND (contact_index IS NULL) = (contact_enc IS NULL)"
    )
    goods_entitlement_state = Check("state IN ('listed', 'absent', 'given', 'struck')")
    goods_entitlement_given = Check(
        "(state = 'given') = (given_at IS NOT NULL) AND (state = 'given') = (order_id IS NOT NULL)"
    )
    goods_entitlement_says_why = Check("reason <> '' OR state <> 'struck'")
    goods_entitlement_absent = Check("state <> 'absent' OR absent_on IS NOT NULL")
