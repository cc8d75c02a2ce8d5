"""What managers and the public see: from balances and from sums of days, never from all moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from cishan import gateways
from cishan.kernel import clock
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import shown
from cishan.warehouse.rules import figures as rules
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.figures import Band, Month
from cishan.warehouse.rules.stock import Cause

COUNTED = (Cause.RECEIVE, Cause.ISSUE, Cause.RETURN, Cause.UNRECEIVE)
SUMS = """
    SELECT x.month, x.site, x.item, x.fund_code, x.kind, sum(x.pieces)::bigint AS pieces,
           sum(x.value_fen)::bigint AS value_fen
      FROM (SELECT date_trunc('month', c.at AT TIME ZONE 'Asia/Shanghai')::date AS month, c.kind, l.item,
                   l.fund_code, min(b.site::text)::uuid AS site, abs(sum(m.on_hand)) AS pieces,
                   coalesce(abs(max(v.value_fen)), 0) AS value_fen
              FROM stock_cause AS c JOIN stock_move AS m ON m.cause = c.id JOIN stock_bin AS b ON b.id = m.bin
              JOIN stock_lot AS l ON l.id = m.lot
              LEFT JOIN stock_value AS v ON v.cause = c.id AND v.lot = m.lot
             WHERE c.kind = ANY({}::varchar[]) AND c.at >= {} AND c.at < {}
             GROUP BY c.id, m.lot, l.item, l.fund_code) AS x
     GROUP BY x.month, x.site, x.item, x.fund_code, x.kind"""
"""What came and went between two moments; the value is a lot's, told at the first of a cause's sites."""
_SUMMED = """
    SELECT m.month, m.site, m.item, m.fund_code, m.kind, m.pieces, m.value_fen FROM stock_month AS m
     WHERE m.month >= {}"""


@dataclass(frozen=True, slots=True)
class Share:
    """What goods of a fund and category are worth."""

    fund: str
    category: str
    pieces: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Cover:
    """For how long a kind of goods lasts."""

    item: UUID
    name: str
    unit: str
    available: int
    issued: int
    days: int | None
    minimum: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """Goods that will not last."""

    band: Band
    lots: int
    pieces: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What managers look at, for the sites they may see."""

    sites: int
    value_fen: int
    entrusted_fen: int
    pieces: int
    shares: tuple[Share, ...]
    covers: tuple[Cover, ...]
    near_days: int
    """With so many days left or fewer, goods are to be handed out first."""
    expiring: tuple[Expiring, ...]
    months: tuple[Month, ...]
    turnover_tenths: int | None

    def by_category(self) -> list[tuple[str, int]]:
        """Return names (msgids) and values of categories, the dearest first."""
        sums: dict[str, int] = {}
        for share in self.shares:
            sums[share.category] = sums.get(share.category, 0) + share.value_fen
        return [(CATEGORIES[key], fen) for key, fen in sorted(sums.items(), key=lambda pair: -pair[1])]


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins in China."""
    return datetime.combine(day, time.min, clock.CHINA)


async def site_ids(regions: Sequence[str]) -> list[UUID]:
    """Return the sites whose region is like one of the patterns."""
    rows = await fetch("SELECT id FROM stock_site WHERE region LIKE ANY({}::text[])", list(regions))
    return [row["id"] for row in rows]


async def overview(regions: Sequence[str]) -> Overview:
    """Return the figures of all sites in reach; the number of queries does not depend on what there is."""
    sites, today = await site_ids(regions), clock.today()
    shares, worth = await _shares(sites)
    sums = await _sums(set(sites), today)
    months, near = _by_month(sums, today), gateways.settings().near_expiry_days
    since = rules.months_before(today, rules.COVER_MONTHS)[0]
    ours = [row for row in sums if not row["fund_code"].startswith("A-")]
    days = (today - max(since, await _began() or since)).days + 1
    turned = rules.turnover(worth[False] + worth[True], months)
    return Overview(
        sites=len(sites),
        value_fen=worth[False],
        entrusted_fen=worth[True],
        pieces=sum(share.pieces for share in shares),
        shares=tuple(shares),
        covers=tuple(await _covers(sites, _issued(ours, since), days)),
        near_days=near,
        expiring=tuple(await _expiring(sites, today, rules.bands(near))),
        months=tuple(months),
        turnover_tenths=turned[0] if turned else None,
    )


async def _began() -> date | None:
    """Return the day on which goods moved for the first time."""
    (row,) = await fetch("SELECT min(at) AS at FROM stock_cause")
    return clock.china_day(row["at"]) if row["at"] else None


async def _shares(sites: list[UUID]) -> tuple[list[Share], dict[bool, int]]:
    rows = await fetch(
        """SELECT l.fund_code AS fund, i.category, l.entrusted, sum(s.pieces)::bigint AS pieces,
                  sum(l.value_fen::numeric * s.pieces / l.on_hand)::bigint AS value_fen
             FROM (SELECT s.lot, sum(s.on_hand) AS pieces
                     FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
                    WHERE s.on_hand > 0 AND b.site = ANY({}::uuid[]) GROUP BY s.lot) AS s
             JOIN stock_lot AS l ON l.id = s.lot JOIN goods_item AS i ON i.id = l.item
            GROUP BY l.fund_code, i.category, l.entrusted ORDER BY l.fund_code, i.category""",
        sites,
    )
    worth = {False: 0, True: 0}
    for row in rows:
        worth[row.pop("entrusted")] += row["value_fen"]
    return [Share(**row) for row in rows], worth


async def summed_until() -> date | None:
    """Return the last day of those that were summed up, into which nothing may be dated back."""
    (row,) = await fetch("SELECT max(day) AS day FROM stock_summed")
    found: date | None = row["day"]
    return found


async def _sums(sites: Collection[UUID], today: date) -> list[dict[str, Any]]:
    """Return what came and went in a year, by month and item: summed days as they stand, then the rest."""
    first = rules.months_before(today, rules.SHOWN_MONTHS - 1)[0]
    summed = await summed_until()
    since = max(first, summed + timedelta(days=1)) if summed else first
    found = await fetch(_SUMMED, first)
    found += await fetch(SUMS, list(COUNTED), midnight(since), midnight(today + timedelta(days=1)))
    return [row for row in found if row["site"] in sites]


def _issued(rows: list[dict[str, Any]], since: date) -> dict[UUID, int]:
    """Return how many pieces of each item went out and stayed out since a month."""
    issued: dict[UUID, int] = {}
    for row in rows:
        if row["month"] >= since and row["kind"] in {Cause.ISSUE, Cause.RETURN}:
            sign = 1 if row["kind"] == Cause.ISSUE else -1
            issued[row["item"]] = issued.get(row["item"], 0) + sign * row["pieces"]
    return issued


def _by_month(rows: list[dict[str, Any]], today: date) -> list[Month]:
    sums: dict[tuple[date, str], tuple[int, int]] = {}
    for row in rows:
        key = (row["month"], row["kind"])
        pieces, fen = sums.get(key, (0, 0))
        sums[key] = (pieces + row["pieces"], fen + row["value_fen"])
    found = []
    for month in [*rules.months_before(today, rules.SHOWN_MONTHS - 1), rules.month_of(today)]:
        came, gone, back, undone = (sums.get((month, kind), (0, 0)) for kind in COUNTED)
        found.append(
            Month(month, came[0] - undone[0], came[1] - undone[1], gone[0] - back[0], gone[1] - back[1])
        )
    return found


async def _covers(sites: list[UUID], issued: dict[UUID, int], days: int) -> list[Cover]:
    rows = await fetch(
        """SELECT i.id AS item, i.name_zh, i.name_en, i.unit_zh, i.unit_en,
                  coalesce(s.available, 0) AS available, coalesce(v.minimum, 0) AS minimum
             FROM goods_item AS i
             LEFT JOIN (SELECT l.item, sum(s.on_hand - s.reserved)::bigint AS available
                          FROM stock_balance AS s JOIN stock_lot AS l ON l.id = s.lot
                          JOIN stock_bin AS b ON b.id = s.bin
                         WHERE s.on_hand > s.reserved AND l.state = 'open' AND b.site = ANY({}::uuid[])
                           AND NOT l.entrusted AND (l.expires_on IS NULL OR l.expires_on >= {})
                           AND b.purpose IN ('shelf', 'cold', 'packing', 'receiving')
                         GROUP BY l.item) AS s ON s.item = i.id
             LEFT JOIN (SELECT item, sum(minimum)::bigint AS minimum FROM stock_level
                         WHERE site = ANY({}::uuid[]) GROUP BY item) AS v ON v.item = i.id
            WHERE i.active AND (s.available > 0 OR v.minimum > 0 OR i.id = ANY({}::uuid[]))""",
        sites,
        clock.today(),
        sites,
        list(issued),
    )
    covers = [
        Cover(
            item=row["item"],
            name=shown(row["name_zh"], row["name_en"]),
            unit=shown(row["unit_zh"], row["unit_en"]),
            available=row["available"],
            issued=max(issued.get(row["item"], 0), 0),
            days=rules.days_of_cover(row["available"], issued.get(row["item"], 0), days),
            minimum=row["minimum"],
        )
        for row in rows
    ]
    return sorted(covers, key=lambda c: (c.available >= c.minimum, c.days is None, c.days or 0, c.name))


async def _expiring(sites: list[UUID], today: date, bands: Sequence[Band]) -> list[Expiring]:
    rows = await fetch(
        """SELECT l.expires_on - {}::date AS left_days, s.pieces,
                  (l.value_fen::numeric * s.pieces / l.on_hand)::bigint AS value_fen
             FROM (SELECT s.lot, sum(s.on_hand) AS pieces
                     FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
                    WHERE s.on_hand > 0 AND b.site = ANY({}::uuid[]) GROUP BY s.lot) AS s
             JOIN stock_lot AS l ON l.id = s.lot
            WHERE l.expires_on <= {}""",
        today,
        sites,
        today + timedelta(days=bands[-1].last),
    )
    found = []
    for band in bands:
        fitting = [row for row in rows if band.first <= row["left_days"] <= band.last]
        found.append(
            Expiring(
                band,
                len(fitting),
                int(sum(row["pieces"] for row in fitting)),
                sum(row["value_fen"] for row in fitting),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a kind of goods a site should have and has."""

    id: UUID
    site: UUID
    site_name: str
    item: UUID
    code: str
    is_kit: bool
    name: str
    unit: str
    minimum: int
    available: int


async def levels(regions: Sequence[str]) -> list[Level]:
    """Return the minimum levels of the sites in reach, what lacks most first."""
    rows = await fetch(
        """SELECT v.id, v.site, t.name AS site_name, v.item, i.code, i.is_kit, i.name_zh, i.name_en,
                  i.unit_zh, i.unit_en, v.minimum,
                  coalesce((SELECT sum(s.on_hand - s.reserved) FROM stock_lot AS l
                              JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
                             WHERE l.item = v.item AND l.state = 'open' AND l.on_hand > 0 AND b.site = v.site
                               AND NOT l.entrusted AND (l.expires_on IS NULL OR l.expires_on >= {})
                               AND b.purpose IN ('shelf', 'cold', 'packing', 'receiving')),
                           0)::bigint AS available
             FROM stock_level AS v JOIN stock_site AS t ON t.id = v.site JOIN goods_item AS i ON i.id = v.item
            WHERE t.region LIKE ANY({}::text[])""",
        clock.today(),
        list(regions),
    )
    found = [
        Level(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            **row,
        )
        for row in rows
    ]
    return sorted(found, key=lambda level: (level.available - level.minimum, level.site_name, level.name))


@dataclass(frozen=True, slots=True)
class Need:
    """What the warehouses lack."""

    item_code: str
    name: str
    unit: str
    missing: int
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Public:
    """What everybody may know: counts, and nobody's name."""

    year: int
    sites: int
    pieces_given: int
    hand_outs: int
    value_fen: int
    by_category: tuple[tuple[str, int], ...]
    months: tuple[tuple[date, int], ...]
    needs: tuple[Need, ...]
    updated_at: datetime


async def public() -> Public:
    """Return what the warehouses need and what they gave out this year."""
    today = clock.today()
    sites = await site_ids(["%"])
    january = today.replace(month=1, day=1)
    sums = await _sums(set(sites), today)
    months = _by_month(sums, today)
    categories: dict[str, int] = {}
    kinds = await fetch("SELECT id, category FROM goods_item")
    of_item = {row["id"]: row["category"] for row in kinds}
    for item, pieces in _issued(sums, january).items():
        categories[of_item[item]] = categories.get(of_item[item], 0) + pieces
    (given,) = await fetch(
        "SELECT count(*) AS times FROM stock_cause WHERE kind = 'issue' AND at >= {}",
        midnight(january),
    )
    this_year = [month for month in months if month.month.year == today.year]
    return Public(
        year=today.year,
        sites=len(sites),
        pieces_given=sum(categories.values()),
        hand_outs=given["times"],
        value_fen=sum(month.issued_fen for month in this_year),
        by_category=tuple(
            (CATEGORIES[key], pieces)
            for key, pieces in sorted(categories.items(), key=lambda pair: -pair[1])
            if pieces > 0
        ),
        months=tuple((month.month, month.issued) for month in months),
        needs=tuple(await needs()),
        updated_at=clock.now(),
    )


async def needs() -> list[Need]:
    """Return what all sites together lack of what they should always have, most pieces first.

    Kits are put together by the house: nobody is asked to give one.
    """
    found: dict[UUID, Need] = {}
    for level in await levels(["%"]):
        missing = level.minimum - level.available
        if missing <= 0 or level.is_kit:
            continue
        before = found.get(level.item, Need(level.code, level.name, level.unit, 0, ()))
        found[level.item] = replace(
            before, missing=before.missing + missing, sites=(*before.sites, level.site_name)
        )
    return sorted(found.values(), key=lambda need: (-need.missing, need.name))
