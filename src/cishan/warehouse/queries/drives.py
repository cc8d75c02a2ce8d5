"""Drives: what each hands out, how far it is, where every piece is: from the moves, never from counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import scanning, within
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import tasks
from cishan.warehouse.rules.codes import Code
from cishan.warehouse.rules.drives import Account, DriveState, EntitlementState, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """Where a drive hands out, and to how many people."""

    id: UUID
    code: str
    name: str
    region: str
    target_people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveView:
    """A drive as staff see it."""

    id: UUID
    number: str
    title: str
    title_zh: str
    title_en: str
    item: UUID
    item_code: str
    item_name: str
    unit: str
    is_kit: bool
    per_person: int
    fund: str
    starts_on: date
    ends_on: date
    organisation: UUID
    region: str
    state: DriveState
    closed_at: datetime | None
    sites: tuple[SitePlan, ...]

    @property
    def target_people(self) -> int:
        """How many people shall receive."""
        return sum(site.target_people for site in self.sites)

    def site(self, site_id: UUID) -> SitePlan:
        """Return one of its sites; raise NotFound."""
        found = next((one for one in self.sites if one.id == site_id), None)
        if found is None:
            raise NotFound(N_("This drive hands out nothing there."))
        return found


_DRIVE = """
    SELECT d.id, d.number, d.title AS title_zh, d.title_en, d.item, i.code AS item_code, i.name_zh, i.name_en,
           i.unit_zh, i.unit_en, i.is_kit, d.per_person, d.fund_code AS fund, d.starts_on, d.ends_on,
           d.organisation, d.region, d.state, d.closed_at
      FROM goods_drive AS d JOIN goods_item AS i ON i.id = d.item"""


async def drive_by_id(drive_id: UUID) -> DriveView:
    """Return a drive; raise NotFound."""
    found = await _drives(" WHERE d.id = {}", drive_id)
    if not found:
        raise NotFound(N_("There is no such drive."))
    return found[0]


async def drive_by_number(number: str) -> DriveView | None:
    """Return the drive of a number."""
    found = await _drives(" WHERE d.number = {}", number.strip().upper())
    return found[0] if found else None


async def open_drives(regions: Sequence[str] = ("%",)) -> list[DriveView]:
    """Return the drives that hand out now within some regions, by the end of their season."""
    return await _drives(
        " WHERE d.state = 'open' AND d.region LIKE ANY({}::text[]) ORDER BY d.ends_on, d.number",
        list(regions),
    )


async def titles_of(drive_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what drives are called, by their ids."""
    rows = await fetch(
        "SELECT id, title, title_en FROM goods_drive WHERE id = ANY ({}::uuid[])", list(drive_ids)
    )
    return {row["id"]: shown(row["title"], row["title_en"]) for row in rows}


async def _drives(where: str, *values: object) -> list[DriveView]:
    rows = await fetch(_DRIVE + where, *values)
    sites = await fetch(
        """SELECT p.drive, s.id, s.code, s.name, s.region, p.target_people
             FROM goods_drive_site AS p JOIN stock_site AS s ON s.id = p.site
            WHERE p.drive = ANY({}::uuid[]) ORDER BY s.code""",
        [row["id"] for row in rows],
    )
    of_drive: dict[UUID, list[SitePlan]] = {row["id"]: [] for row in rows}
    for site in sites:
        of_drive[site.pop("drive")].append(SitePlan(**site))
    return [_view(row, of_drive[row["id"]]) for row in rows]


def _view(row: dict[str, Any], sites: Sequence[SitePlan]) -> DriveView:
    return DriveView(
        title=shown(row["title_zh"], row["title_en"]),
        item_name=shown(row.pop("name_zh"), row.pop("name_en")),
        unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
        state=DriveState(row.pop("state")),
        sites=tuple(sites),
        **row,
    )


async def progress_of(drive_id: UUID) -> dict[UUID, Progress]:
    """Return how far a drive is at each site where anybody is on its list."""
    rows = await fetch(
        """SELECT site, state, count(*) AS n FROM goods_entitlement
            WHERE drive = {} AND state <> 'struck' GROUP BY site, state""",
        drive_id,
    )
    counts: dict[UUID, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["site"], {})[row["state"]] = row["n"]
    return {site: _progress(found) for site, found in counts.items()}


def _progress(counts: dict[str, int]) -> Progress:
    return Progress(
        given=counts.get(EntitlementState.GIVEN, 0),
        absent=counts.get(EntitlementState.ABSENT, 0),
        waiting=counts.get(EntitlementState.LISTED, 0),
    )


def together(parts: Sequence[Progress]) -> Progress:
    """Return the progress of several sites as one."""
    return Progress(
        given=sum(part.given for part in parts),
        absent=sum(part.absent for part in parts),
        waiting=sum(part.waiting for part in parts),
    )


# What a drive's orders moved: its issues, and what came back of them.
_OUT = """
    SELECT c.id AS cause FROM goods_order AS o
      JOIN stock_cause AS c ON c.subject_kind = 'goods_order' AND c.subject_id = o.id AND c.kind = 'issue'
     WHERE o.drive = {}"""


async def pieces_of(drive_id: UUID) -> tuple[int, int]:
    """Return how many pieces a drive has handed out and how many of them came back, from the moves."""
    rows = await fetch(
        f"""WITH gone AS ({_OUT})
            SELECT (SELECT coalesce(-sum(m.on_hand), 0) FROM stock_move AS m
                     WHERE m.cause IN (SELECT cause FROM gone)) AS handed_out,
                   (SELECT coalesce(sum(m.on_hand), 0)
                      FROM stock_move AS m JOIN stock_cause AS c ON c.id = m.cause
                     WHERE c.reverses IN (SELECT cause FROM gone)) AS returned""",
        drive_id,
    )
    return int(rows[0]["handed_out"]), int(rows[0]["returned"])


# The lots of a drive: what was put together for it, and whatever else it handed out of.
_LOTS = f"""
    WITH gone AS ({_OUT}),
    lots AS (
        SELECT a.lot FROM goods_assembly AS a WHERE a.drive = {{}} AND a.doing = 'assemble'
        UNION SELECT m.lot FROM stock_move AS m WHERE m.cause IN (SELECT cause FROM gone))"""


async def account_of(drive_id: UUID) -> Account:
    """Return where every piece of the lots of a drive is: by the moves, and what is left by the balances."""
    rows = await fetch(
        _LOTS
        + """, moved AS (
            SELECT c.kind, sum(m.on_hand) AS pieces,
                   c.id IN (SELECT cause FROM gone) OR c.reverses IN (SELECT cause FROM gone) AS mine
              FROM stock_move AS m JOIN stock_cause AS c ON c.id = m.cause
             WHERE m.lot IN (SELECT lot FROM lots) GROUP BY c.kind, 3, m.on_hand > 0)
        SELECT (SELECT coalesce(sum(l.quantity), 0) FROM stock_lot AS l
                 WHERE l.id IN (SELECT lot FROM lots)) AS came,
               coalesce(-sum(pieces) FILTER (WHERE kind = 'issue' AND mine), 0) AS handed_out,
               coalesce(sum(pieces) FILTER (WHERE kind = 'return' AND mine), 0) AS returned,
               coalesce(-sum(pieces) FILTER (WHERE kind IN ('issue', 'return') AND mine IS NOT TRUE), 0)
                   AS elsewhere,
               coalesce(-sum(pieces) FILTER (WHERE kind IN ('assemble', 'disassemble') AND pieces < 0), 0)
                   AS taken_apart,
               coalesce(-sum(pieces) FILTER (WHERE kind IN ('scrap', 'lose', 'adjust')), 0) AS damaged,
               (SELECT coalesce(sum(b.on_hand), 0) FROM stock_balance AS b
                 WHERE b.lot IN (SELECT lot FROM lots)) AS left
          FROM moved""",
        drive_id,
        drive_id,
    )
    return Account(**{name: int(value) for name, value in rows[0].items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """Pieces of a drive's lots that lie in a bin."""

    lot: UUID
    number: str
    site: UUID
    site_name: str
    bin: UUID
    bin_code: str
    on_hand: int
    reserved: int


async def left_overs(drive_id: UUID) -> list[LeftOver]:
    """Return where what is left of a drive lies."""
    rows = await fetch(
        _LOTS
        + """ SELECT b.lot, l.number, s.id AS site, s.name AS site_name, b.bin, n.code AS bin_code, b.on_hand,
                     b.reserved
                FROM stock_balance AS b JOIN stock_lot AS l ON l.id = b.lot
                JOIN stock_bin AS n ON n.id = b.bin JOIN stock_site AS s ON s.id = n.site
               WHERE b.on_hand > 0 AND b.lot IN (SELECT lot FROM lots)
               ORDER BY s.code, n.walk_order, n.code, l.number LIMIT 500""",
        drive_id,
        drive_id,
    )
    return [LeftOver(**row) for row in rows]


async def in_stock(site: UUID, item: UUID, day: date) -> int:
    """Return how many pieces of an item could be handed out at a site, whomever they are for."""
    rows = await fetch(
        """SELECT coalesce(sum(b.on_hand - b.reserved), 0) AS n
             FROM stock_lot AS l JOIN stock_balance AS b ON b.lot = l.id JOIN stock_bin AS n ON n.id = b.bin
            WHERE l.item = {} AND l.state = 'open' AND NOT l.entrusted AND n.site = {} AND n.active
              AND (l.expires_on IS NULL OR l.expires_on >= {}) AND n.purpose IN ('shelf', 'cold')""",
        item,
        site,
        day,
    )
    return int(rows[0]["n"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDrive:
    """A drive as everybody may see it: counts, no names."""

    number: str
    title: str
    item_name: str
    unit: str
    starts_on: date
    ends_on: date
    target_people: int
    people: int
    pieces: int
    """Handed out, less what came back."""


async def public_progress(*, limit: int = 12) -> list[PublicDrive]:
    """Return the drives that hand out now, the one that ends last first."""
    drives = await _drives(" WHERE d.state = 'open' ORDER BY d.ends_on DESC, d.number DESC LIMIT {}", limit)
    found = []
    for drive in drives:
        handed_out, returned = await pieces_of(drive.id)
        found.append(
            PublicDrive(
                number=drive.number,
                title=drive.title,
                item_name=drive.item_name,
                unit=drive.unit,
                starts_on=drive.starts_on,
                ends_on=drive.ends_on,
                target_people=drive.target_people,
                people=together(list((await progress_of(drive.id)).values())).given,
                pieces=handed_out - returned,
            )
        )
    return found


async def _waiting(patterns: Sequence[str]) -> dict[UUID | None, int]:
    """Return how many people have not come yet, by site, in the drives that hand out now."""
    rows = await fetch(
        """SELECT e.site, count(*) AS n FROM goods_entitlement AS e JOIN goods_drive AS d ON d.id = e.drive
             JOIN stock_site AS s ON s.id = e.site
            WHERE d.state = 'open' AND e.state IN ('listed', 'absent') AND s.region LIKE ANY({}::text[])
            GROUP BY e.site""",
        list(patterns),
    )
    return {row["site"]: row["n"] for row in rows}


tasks.register(
    tasks.Line(
        label=N_("People waiting in goods drives"),
        href="/staff/drives?state=open",
        count=_waiting,
        action=Action.STOCK_WORK,
        order=60,
    )
)


async def _drive_path(code: Code, staff: Staff) -> str | None:
    regions = within.seen_by(staff)
    found = await fetch_value(
        """SELECT d.id FROM goods_drive AS d
            WHERE d.number = {} AND (d.region LIKE ANY({}::text[]) OR EXISTS (
                  SELECT FROM goods_drive_site AS g JOIN stock_site AS s ON s.id = g.site
                   WHERE g.drive = d.id AND s.region LIKE ANY({}::text[])))""",
        code.number,
        regions,
        regions,
    )
    return f"/staff/drives/{found}" if found else None


scanning.register("drive", _drive_path, pattern=r"D[0-9]{2}-[0-9]{3,5}")
