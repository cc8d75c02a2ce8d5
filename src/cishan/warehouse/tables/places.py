"""Sites, their zones and bins."""

from piccolo.columns import UUID, Boolean, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.regions import Organisation, Region


class StockSite(Table, tablename="stock_site"):
    """A warehouse."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=20, default=None, unique=True)
    name = Varchar(length=60, default=None)
    organisation = ForeignKey(Organisation, on_delete=OnDelete.restrict, null=False, index=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    address = Varchar(length=200, default="")
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    stock_site_code = Check("code ~ '^[A-Z][A-Z0-9]{1,19}$' AND name <> ''")


class StockZone(Table, tablename="stock_zone"):
    """A part of a site."""

    id = UUID(primary_key=True, default=None)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False)
    code = Varchar(length=20, default=None)
    name = Varchar(length=40, default=None)
    purpose = Varchar(length=10, default=None)

    stock_zone_once = Unique([site, code])
    stock_zone_purpose = Check(
        "purpose IN ('receiving', 'shelf', 'cold', 'packing', 'quarantine', 'transit')"
    )


class StockBin(Table, tablename="stock_bin"):
    """A place for goods. Its purpose is its zone's."""

    id = UUID(primary_key=True, default=None)
    site = ForeignKey(StockSite, on_delete=OnDelete.restrict, null=False, index=True)
    zone = ForeignKey(StockZone, on_delete=OnDelete.restrict, null=False, index=True)
    code = Varchar(length=40, default=None, unique=True)
    purpose = Varchar(length=10, default=None)
    walk_order = Integer(default=0)
    frozen_by = UUID(default=None, null=True)
    active = Boolean(default=True)

    stock_bin_code = Check("code ~ '^[A-Z0-9][A-Z0-9-]{1,39}$'")
    stock_bin_purpose = Check("purpose IN ('receiving', 'shelf', 'cold', 'packing', 'quarantine', 'transit')")
    stock_bin_walk = Check("walk_order BETWEEN 0 AND 1000000")
