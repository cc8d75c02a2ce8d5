"""What stands on the labels of lots, bins and goods, and on slips."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from cishan.identity.queries import regions
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries import within
from cishan.warehouse.queries.places import bin_by_code, site_by_id
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import codes, restrictions
from cishan.warehouse.rules.codes import Code, Kind
from cishan.warehouse.rules.labels import Label
from cishan.warehouse.rules.places import PURPOSES, Purpose, Site

Draw = Callable[[Sequence[str], Sequence[str]], Awaitable[Mapping[str, Label]]]
"""Gives the labels of those of the numbers that exist within the regions. One query."""

_drawers: dict[str, Draw] = {}


def register(kind: str, draw: Draw) -> None:
    """Let labels of a kind of numbers be printed."""
    _drawers[kind] = draw


async def labels_of(typed: Sequence[str], regions: Sequence[str]) -> tuple[list[Label], list[str]]:
    """Return the labels of codes in their order, and those of which nothing is to print in the regions."""
    understood = [codes.read(one) for one in typed]
    found: dict[str, Label] = {}
    for kind, draw in _drawers.items():
        asked = {_written(code, kind) for code in understood if kind in code.kinds} - found.keys()
        if asked:
            found = {**await draw(sorted(asked), regions), **found}
    labels, missing = [], []
    for one, code in zip(typed, understood, strict=True):
        label = found.get(code.number) or found.get(code.text)
        if label is None:
            missing.append(one)
        else:
            labels.append(label)
    return labels, missing


def _written(code: Code, kind: str) -> str:
    return code.text if kind in (Kind.BIN, Kind.ITEM, Kind.LABEL) else code.number


async def codes_of_bins(site: UUID) -> list[str]:
    """Return the codes of a site's bins in walking order."""
    rows = await fetch(
        "SELECT code FROM stock_bin WHERE site = {} AND active AND purpose <> {} ORDER BY walk_order, code",
        site,
        Purpose.TRANSIT,
    )
    return [row["code"] for row in rows]


async def site_of_bin(code: str) -> Site | None:
    """Return the site of the bin of a code, if it is one."""
    found = codes.read(code)
    place = await bin_by_code(found.text) if Kind.BIN in found.kinds else None
    return await site_by_id(place.site) if place else None


async def lots_to_shelve(site: UUID) -> list[str]:
    """Return the numbers of the lots in the receiving area of a site, the newest first."""
    rows = await fetch(
        """SELECT DISTINCT l.number, l.created_at FROM stock_balance AS s
             JOIN stock_bin AS b ON b.id = s.bin JOIN stock_lot AS l ON l.id = s.lot
            WHERE b.site = {} AND b.purpose = {} AND s.on_hand > 0 ORDER BY l.created_at DESC, l.number""",
        site,
        Purpose.RECEIVING,
    )
    return [row["number"] for row in rows]


def mark_of(word: str, names: Mapping[str, str]) -> str:
    """Return a restriction for people; regions by their names."""
    if word in restrictions.LABELS:
        return gettext(restrictions.LABELS[word])
    code = word.removeprefix(restrictions.REGION)
    return gettext(N_("Only {region}")).format(region=names.get(code.ljust(6, "0"), code))


async def marks_of(words: Sequence[str]) -> list[str]:
    """Return restrictions for people, regions by their names."""
    names = await _regions(words)
    return [mark_of(word, names) for word in words]


async def _lots(numbers: Sequence[str], regions: Sequence[str]) -> Mapping[str, Label]:
    rows = await fetch(
        f"""SELECT l.number, i.name_zh, i.name_en, i.unit_zh, i.unit_en, l.quantity, l.expires_on, l.grade,
                   l.restrictions, l.entrusted
              FROM stock_lot AS l JOIN goods_item AS i ON i.id = l.item
             WHERE l.number = ANY({{}}::varchar[]) AND {within.LOT}""",
        list(numbers),
        list(regions),
    )
    names = await _regions([word for row in rows for word in row["restrictions"]])
    found = {}
    for row in rows:
        until = gettext(N_("Use until {day}")) if row["expires_on"] else gettext(N_("Does not expire"))
        unit = shown(row["unit_zh"], row["unit_en"])
        amount = gettext(N_("Grade {grade} · {quantity} {unit}"))
        marks = [mark_of(word, names) for word in row["restrictions"]]
        if row["entrusted"]:
            marks.append(gettext(N_("Entrusted goods")))
        found[row["number"]] = Label(
            code=row["number"],
            title=shown(row["name_zh"], row["name_en"]),
            facts=(
                until.format(day=row["expires_on"]),
                amount.format(grade=row["grade"], quantity=row["quantity"], unit=unit),
            ),
            marks=tuple(marks),
        )
    return found


async def _regions(words: Sequence[str]) -> Mapping[str, str]:
    """Return the names of the regions that restrictions name."""
    wanted = {
        w.removeprefix(restrictions.REGION).ljust(6, "0") for w in words if w.startswith(restrictions.REGION)
    }
    return await regions.names(sorted(wanted)) if wanted else {}


async def _bins(numbers: Sequence[str], regions: Sequence[str]) -> Mapping[str, Label]:
    rows = await fetch(
        """SELECT b.code, w.name AS site, z.name AS zone, b.purpose
             FROM stock_bin AS b JOIN stock_site AS w ON w.id = b.site JOIN stock_zone AS z ON z.id = b.zone
            WHERE b.code = ANY({}::varchar[]) AND w.region LIKE ANY({}::text[])""",
        list(numbers),
        list(regions),
    )
    return {
        row["code"]: Label(
            code=row["code"],
            title=row["code"],
            facts=(_zone(row["zone"], row["purpose"]), row["site"]),
        )
        for row in rows
    }


def _zone(name: str, purpose: str) -> str:
    """Return a zone's name, with its purpose unless that is its name."""
    kind = PURPOSES[purpose]
    return " · ".join(dict.fromkeys((name, gettext(kind))))


async def _items(numbers: Sequence[str], _: Sequence[str]) -> Mapping[str, Label]:
    rows = await fetch(
        "SELECT code, name_zh, name_en, unit_zh, unit_en FROM goods_item WHERE code = ANY({}::varchar[])",
        list(numbers),
    )
    return {
        row["code"]: Label(
            code=row["code"],
            title=shown(row["name_zh"], row["name_en"]),
            facts=(gettext(N_("Unit: {unit}")).format(unit=shown(row["unit_zh"], row["unit_en"])),),
        )
        for row in rows
    }


async def _ahead(numbers: Sequence[str], _: Sequence[str]) -> Mapping[str, Label]:
    rows = await fetch("SELECT code FROM stock_label WHERE code = ANY({}::varchar[])", list(numbers))
    return {row["code"]: blank(row["code"]) for row in rows}


def blank(code: str) -> Label:
    """Return a label that stands for nothing yet."""
    return Label(
        code=code,
        title=gettext(N_("Stick it on, then scan it")),
        facts=(gettext(N_("The system asks what it is for.")),),
    )


register(Kind.LOT, _lots)
register(Kind.BIN, _bins)
register(Kind.ITEM, _items)
register(Kind.LABEL, _ahead)
