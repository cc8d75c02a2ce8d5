"""The lists of staff over the region tree and organisations."""

from cishan.identity.rules.regions import Level, OrganisationKind
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.lists import Choice, Column, Flag, Kind, List, Row, Text

LEVEL_WORDS: dict[str, str] = {
    Level.CITY: N_("City"),
    Level.COUNTY: N_("County"),
    Level.TOWN: N_("Town or street"),
    Level.VILLAGE: N_("Village"),
}
KIND_WORDS: dict[str, str] = {
    OrganisationKind.FEDERATION: N_("Charity federation"),
    OrganisationKind.CIVIL_AFFAIRS: N_("Civil affairs office"),
    OrganisationKind.SERVICE: N_("Social work station, school, hospital or home"),
    OrganisationKind.VOLUNTEERS: N_("Group of volunteers"),
    OrganisationKind.WAREHOUSE: N_("Warehouse"),
}


async def _names(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["name"] = row["name_zh"] if chinese or not row["name_en"] else row["name_en"]


REGIONS = List(
    code="regions",
    title=N_("Regions"),
    source="region LEFT JOIN region AS parent ON parent.code = region.parent",
    key="region.code",
    order="code",
    more=_names,
    columns=(
        Column(
            code="code",
            title=N_("Division code"),
            sql="region.code",
            sorts=True,
            link="/staff/regions?parent={code}",
        ),
        Column(code="name", title=N_("Name")),
        Column(code="name_zh", title="", sql="region.name", on_screen=False, in_file=False),
        Column(code="name_en", title="", sql="region.name_en", on_screen=False, in_file=False),
        Column(code="level", title=N_("Level"), kind=Kind.CHOICE, sql="region.level", words=LEVEL_WORDS),
        Column(code="parent", title=N_("Lies in"), sql="parent.name"),
        Column(
            code="below",
            title=N_("Regions in it"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM region AS child WHERE child.parent = region.code)",
        ),
        Column(
            code="organisations",
            title=N_("Organisations"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM organisation WHERE organisation.region = region.code)",
        ),
    ),
    filters=(
        Text(code="name", title=N_("Name"), sql="region.name ILIKE {}"),
        Text(code="code", title=N_("Division code"), sql="region.code LIKE {}", begins=True),
        Text(code="parent", title=N_("Code of the region above"), sql="region.parent LIKE {}", begins=True),
        Choice(code="level", title=N_("Level"), sql="region.level = {}", words=LEVEL_WORDS),
    ),
)

ORGANISATIONS = List(
    code="organisations",
    title=N_("Organisations"),
    source="organisation JOIN region ON region.code = organisation.region",
    key="organisation.id",
    order="region",
    columns=(
        Column(code="name", title=N_("Name"), sql="organisation.name", sorts=True),
        Column(code="code", title=N_("Code"), sql="organisation.code", sorts=True),
        Column(code="kind", title=N_("Kind"), kind=Kind.CHOICE, sql="organisation.kind", words=KIND_WORDS),
        Column(code="region", title=N_("Division code"), sql="organisation.region", sorts=True),
        Column(code="region_name", title=N_("Region it belongs to"), sql="region.name"),
        Column(code="active", title=N_("In use"), kind=Kind.FLAG, sql="organisation.active"),
        Column(
            code="created_at",
            title=N_("Entered on"),
            kind=Kind.MOMENT,
            sql="organisation.created_at",
            on_screen=False,
        ),
    ),
    filters=(
        Text(code="name", title=N_("Name"), sql="organisation.name ILIKE {}"),
        Choice(code="kind", title=N_("Kind"), sql="organisation.kind = {}", words=KIND_WORDS),
        Text(code="region", title=N_("Division code"), sql="organisation.region LIKE {}", begins=True),
        Flag(
            code="inactive", title=N_("Only those that are no longer active"), sql="NOT organisation.active"
        ),
    ),
)
