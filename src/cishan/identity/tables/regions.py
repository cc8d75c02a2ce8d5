"""Regions and organisations."""

from piccolo.columns import UUID, Boolean, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.columns.reference import LazyTableReference
from piccolo.constraints import Check
from piccolo.table import Table


class Region(Table, tablename="region"):
    """A place of the tree city → county → town → village by its division code."""

    code = Varchar(length=12, primary_key=True, default=None)
    parent: "ForeignKey[Region]" = ForeignKey(
        LazyTableReference("Region", module_path=__name__), on_delete=OnDelete.restrict, null=True, index=True
    )
    level = Varchar(length=8, default=None)
    name = Varchar(length=40, default=None)
    name_en = Varchar(length=60, default="")
    position = SmallInt(default=None)
    """Official order among the children of one parent."""

    region_code_fits_level = Check(
        "(level = 'city' AND code ~ '^[0-9]{4}00$')"
        " OR (level = 'county' AND code ~ '^[0-9]{6}$' AND code !~ '00$')"
        " OR (level = 'town' AND code ~ '^[0-9]{9}$' AND code !~ '000$')"
        " OR (level = 'village' AND code ~ '^[0-9]{12}$' AND code !~ '000$')"
    )
    region_lies_in_parent = Check(
        "parent IS NOT DISTINCT FROM CASE level WHEN 'county' THEN left(code, 4) || '00'"
        " WHEN 'town' THEN left(code, 6) WHEN 'village' THEN left(code, 9) END"
    )


class Organisation(Table, tablename="organisation"):
    """A body within which people act; what it may concern is its region and all below."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, default=None, unique=True)
    name = Varchar(length=80, default=None)
    kind = Varchar(length=16, default=None)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    organisation_kind = Check("kind IN ('federation', 'civil_affairs', 'service', 'volunteers', 'warehouse')")
    organisation_code_is_plain = Check("code ~ '^[a-z][a-z0-9-]{1,39}$'")
