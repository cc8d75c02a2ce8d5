"""The lists of staff over kits, what was put together, drives and who is entitled."""

from collections.abc import Sequence

from cishan.kernel import masking
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.plumbing.lists import (
    Choice,
    Column,
    Condition,
    Days,
    Kind,
    List,
    Option,
    Row,
    Text,
    View,
)
from cishan.warehouse.queries.entitlements import opened
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules.drives import (
    DRIVE_STATES,
    DRIVE_TONES,
    ENTITLEMENT_STATES,
    ENTITLEMENT_TONES,
)
from cishan.warehouse.rules.kits import DOINGS, KIT_STATES, KIT_TONES


async def _sites(regions: Sequence[str]) -> list[Option]:
    rows = await fetch(
        "SELECT id, code, name FROM stock_site WHERE region LIKE ANY ({}::text[]) ORDER BY code LIMIT 1000",
        list(regions),
    )
    return [Option(row["code"], row["name"], row["id"]) for row in rows]


async def _drives(regions: Sequence[str]) -> list[Option]:
    within, values = drives_in(regions)
    rows = await fetch(
        f"SELECT id, number, title FROM goods_drive AS drive WHERE {within} ORDER BY number DESC LIMIT 500",
        *values,
    )
    return [Option(row["number"], f"{row['number']} {row['title']}", row["id"]) for row in rows]


def sites_in(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps the rows of sites whose region one of the patterns fits."""
    return "site.region LIKE ANY ({}::text[])", (list(patterns),)


def drives_in(patterns: Sequence[str]) -> Condition:
    """Return the condition that keeps the drives of regions, and those that hand out at a site there."""
    return (
        """drive.region LIKE ANY ({}::text[]) OR EXISTS (
             SELECT FROM goods_drive_site AS p JOIN stock_site AS s ON s.id = p.site
              WHERE p.drive = drive.id AND s.region LIKE ANY ({}::text[]))""",
        (list(patterns), list(patterns)),
    )


async def _named(rows: list[Row]) -> None:
    for row in rows:
        row["name"] = shown(row["name_zh"], row["name_en"])


_NAMES = (
    Column(code="name_zh", title="", sql="item.name_zh", on_screen=False, in_file=False),
    Column(code="name_en", title="", sql="item.name_en", on_screen=False, in_file=False),
)

KITS = List(
    code="kits",
    title=N_("Kits"),
    source="goods_kit AS kit JOIN goods_item AS item ON item.id = kit.item",
    base="""kit.version = (SELECT max(k.version) FROM goods_kit AS k WHERE k.item = kit.item)""",
    key="kit.id",
    order="code",
    more=_named,
    empty=N_("Nobody has written down a kit yet."),
    columns=(
        Column(
            code="code",
            title=N_("Code"),
            sql="item.code",
            sorts=True,
            link="/staff/kits/{id}",
        ),
        Column(code="name", title=N_("Kit"), wide=True, link="/staff/kits/{id}"),
        Column(code="version", title=N_("Version"), kind=Kind.NUMBER, sql="kit.version"),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="kit.state",
            words=KIT_STATES,
            tones=KIT_TONES,
        ),
        Column(
            code="parts",
            title=N_("Different parts"),
            kind=Kind.NUMBER,
            sql="(SELECT count(*) FROM goods_kit_part AS p WHERE p.kit = kit.id)",
        ),
        Column(
            code="on_hand",
            title=N_("In stock"),
            kind=Kind.NUMBER,
            sql="(SELECT coalesce(sum(l.on_hand), 0) FROM stock_lot AS l WHERE l.item = kit.item)",
            sorts=True,
        ),
        Column(code="id", title="", sql="kit.id", on_screen=False, in_file=False),
        *_NAMES,
    ),
    filters=(
        Text(
            code="name", title=N_("Kit"), sql="concat_ws(' ', item.code, item.name_zh, item.name_en) ILIKE {}"
        ),
        Choice(code="state", title=N_("State"), sql="kit.state = {}", words=KIT_STATES),
    ),
)

ASSEMBLIES = List(
    code="assemblies",
    title=N_("Kits put together and taken apart"),
    source="""goods_assembly AS made JOIN goods_kit AS kit ON kit.id = made.kit
              JOIN goods_item AS item ON item.id = kit.item JOIN stock_site AS site ON site.id = made.site
              JOIN stock_lot AS lot ON lot.id = made.lot
              LEFT JOIN goods_drive AS drive ON drive.id = made.drive""",
    key="made.id",
    order="-at",
    more=_named,
    columns=(
        Column(
            code="at",
            title=N_("When"),
            kind=Kind.MOMENT,
            sql="made.at",
            sorts=True,
            link="/staff/kits/made/{id}",
        ),
        Column(code="doing", title=N_("What"), kind=Kind.CHOICE, sql="made.doing", words=DOINGS),
        Column(code="name", title=N_("Kit"), wide=True),
        Column(code="version", title=N_("Version"), kind=Kind.NUMBER, sql="kit.version"),
        Column(code="quantity", title=N_("Pieces"), kind=Kind.NUMBER, sql="made.quantity", sorts=True),
        Column(code="lot", title=N_("Lot"), sql="lot.number", link="/staff/warehouse/lots/{lot_id}"),
        Column(code="lot_id", title="", sql="lot.id", on_screen=False, in_file=False),
        Column(code="site", title=N_("Site"), sql="site.name"),
        Column(code="drive", title=N_("Drive"), sql="drive.number"),
        Column(code="id", title="", sql="made.id", on_screen=False, in_file=False),
        *_NAMES,
    ),
    filters=(
        Choice(code="doing", title=N_("What"), sql="made.doing = {}", words=DOINGS),
        Choice(code="site", title=N_("Site"), sql="made.site = {}", near=_sites),
        Choice(code="drive", title=N_("Drive"), sql="made.drive = {}", near=_drives),
        Days(code="at", title=N_("When"), sql="made.at", moments=True),
    ),
)


async def _drives_named(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["title"] = row["title_zh"] if chinese or not row["title_en"] else row["title_en"]
        row["name"] = shown(row["name_zh"], row["name_en"])


DRIVES = List(
    code="drives",
    title=N_("Goods drives"),
    source="goods_drive AS drive JOIN goods_item AS item ON item.id = drive.item",
    key="drive.id",
    order="-ends_on",
    more=_drives_named,
    empty=N_("No drive was planned yet."),
    views=(
        View(N_("Handing out"), "state=open&sort=ends_on"),
        View(N_("Planned"), "state=planned"),
        View(N_("Closed"), "state=closed"),
    ),
    columns=(
        Column(code="number", title=N_("Number"), sql="drive.number", sorts=True, link="/staff/drives/{id}"),
        Column(code="title", title=N_("Drive"), wide=True, link="/staff/drives/{id}"),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="drive.state",
            words=DRIVE_STATES,
            tones=DRIVE_TONES,
        ),
        Column(code="name", title=N_("What each gets"), wide=True),
        Column(
            code="people",
            title=N_("On the list"),
            kind=Kind.NUMBER,
            sql="""(SELECT count(*) FROM goods_entitlement AS e
                     WHERE e.drive = drive.id AND e.state <> 'struck')""",
        ),
        Column(
            code="given",
            title=N_("Have received"),
            kind=Kind.NUMBER,
            sql="""(SELECT count(*) FROM goods_entitlement AS e
                     WHERE e.drive = drive.id AND e.state = 'given')""",
        ),
        Column(code="starts_on", title=N_("From"), kind=Kind.DATE, sql="drive.starts_on", sorts=True),
        Column(code="ends_on", title=N_("Until"), kind=Kind.DATE, sql="drive.ends_on", sorts=True),
        Column(code="id", title="", sql="drive.id", on_screen=False, in_file=False),
        Column(code="title_zh", title="", sql="drive.title", on_screen=False, in_file=False),
        Column(code="title_en", title="", sql="drive.title_en", on_screen=False, in_file=False),
        *_NAMES,
    ),
    filters=(
        Text(
            code="title",
            title=N_("Drive"),
            sql="concat_ws(' ', drive.number, drive.title, drive.title_en) ILIKE {}",
        ),
        Choice(code="state", title=N_("State"), sql="drive.state = {}", words=DRIVE_STATES),
        Days(code="ends", title=N_("Until"), sql="drive.ends_on"),
    ),
)


async def _masked(rows: list[Row]) -> None:
    for row in rows:
        opened(row)
        row["name"] = masking.name(row["name"])
        row["phone"] = masking.phone(row["phone"].removeprefix("+86")) if row["phone"] else ""
        row["id_number"] = masking.id_number(row["id_number"]) if row["id_number"] else ""


ENTITLEMENTS = List(
    code="entitlements",
    title=N_("Lists of receivers"),
    source="""goods_entitlement AS turn JOIN goods_drive AS drive ON drive.id = turn.drive
              JOIN stock_site AS site ON site.id = turn.site""",
    key="turn.id",
    order="number",
    personal=True,
    more=_masked,
    empty=N_("Nobody is on such a list."),
    views=(
        View(N_("Not yet come"), "state=listed"),
        View(N_("Was absent"), "state=absent"),
        View(N_("Has received"), "state=given"),
    ),
    columns=(
        Column(
            code="number", title=N_("Slip"), sql="turn.number", sorts=True, link="/staff/drives/turns/{id}"
        ),
        Column(code="name", title=N_("Name")),
        Column(code="phone", title=N_("Telephone")),
        Column(code="id_number", title=N_("ID number"), on_screen=False),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="turn.state",
            words=ENTITLEMENT_STATES,
            tones=ENTITLEMENT_TONES,
        ),
        Column(code="drive", title=N_("Drive"), sql="drive.title", wide=True),
        Column(code="site", title=N_("Site"), sql="site.name"),
        Column(
            code="come_on", title=N_("Comes on"), kind=Kind.DATE, sql="turn.come_on", sorts=True, nulls=True
        ),
        Column(
            code="given_at",
            title=N_("Received"),
            kind=Kind.MOMENT,
            sql="turn.given_at",
            sorts=True,
            nulls=True,
        ),
        Column(code="reason", title=N_("Remark"), sql="turn.reason", on_screen=False),
        Column(code="id", title="", sql="turn.id", on_screen=False, in_file=False),
        Column(code="name_enc", title="", sql="turn.name_enc", on_screen=False, in_file=False),
        Column(code="id_number_enc", title="", sql="turn.id_number_enc", on_screen=False, in_file=False),
        Column(code="contact_enc", title="", sql="turn.contact_enc", on_screen=False, in_file=False),
    ),
    filters=(
        Text(code="number", title=N_("Slip"), sql="turn.number ILIKE {}"),
        Choice(code="drive", title=N_("Drive"), sql="turn.drive = {}", near=_drives),
        Choice(code="site", title=N_("Site"), sql="turn.site = {}", near=_sites),
        Choice(code="state", title=N_("State"), sql="turn.state = {}", words=ENTITLEMENT_STATES),
        Days(code="come", title=N_("Comes on"), sql="turn.come_on"),
    ),
)
