"""Kits and their versions, what putting some together would take, and which lot went into which."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.kernel import clock
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.warehouse.queries.stock import available_of, shown
from cishan.warehouse.rules import kits
from cishan.warehouse.rules.kits import Doing, KitState, Part, Plan
from cishan.warehouse.rules.stock import LotState


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One kind of goods in a kit, as a page shows it."""

    item: UUID
    code: str
    name: str
    unit: str
    quantity: int
    typical_value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KitView:
    """A version of a kit with its parts."""

    id: UUID
    item: UUID
    code: str
    name: str
    unit: str
    version: int
    note: str
    state: KitState
    created_at: datetime
    frozen_at: datetime | None
    parts: tuple[PartView, ...]

    @property
    def typical_value_fen(self) -> int:
        """What the parts of one kit usually cost together."""
        return sum(part.typical_value_fen * part.quantity for part in self.parts)

    @property
    def recipe(self) -> tuple[Part, ...]:
        """The parts as the rules reckon with them."""
        return tuple(Part(part.item, part.quantity) for part in self.parts)


_KIT = """SELECT k.id, k.item, i.code, i.name_zh, i.name_en, i.unit_zh, i.unit_en, k.version, k.note, k.state,
                 k.created_at, k.frozen_at
            FROM goods_kit AS k JOIN goods_item AS i ON i.id = k.item"""


async def kit_by_id(kit_id: UUID) -> KitView:
    """Return a version of a kit; raise NotFound."""
    found = await _kits(" WHERE k.id = {}", kit_id)
    if not found:
        raise NotFound(N_("There is no such kit."))
    return found[0]


async def versions_of(item: UUID) -> list[KitView]:
    """Return all versions of a kit, the newest first."""
    return await _kits(" WHERE k.item = {} ORDER BY k.version DESC", item)


async def in_force(item: UUID) -> KitView | None:
    """Return the newest version in force of a kit; None if there is none."""
    found = [kit for kit in await versions_of(item) if kit.state is KitState.FROZEN]
    return found[0] if found else None


async def _kits(where: str, *values: object) -> list[KitView]:
    rows = await fetch(_KIT + where, *values)
    parts = await fetch(
        """SELECT p.kit, p.item, i.code, i.name_zh, i.name_en, i.unit_zh, i.unit_en, p.quantity,
                  i.typical_value_fen
             FROM goods_kit_part AS p JOIN goods_item AS i ON i.id = p.item
            WHERE p.kit = ANY({}::uuid[]) ORDER BY p.kit, p.position, i.code""",
        [row["id"] for row in rows],
    )
    of_kit: dict[UUID, list[PartView]] = {row["id"]: [] for row in rows}
    for row in parts:
        of_kit[row.pop("kit")].append(
            PartView(
                name=shown(row.pop("name_zh"), row.pop("name_en")),
                unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
                **row,
            )
        )
    return [
        KitView(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            state=KitState(row.pop("state")),
            parts=tuple(of_kit[row["id"]]),
            **row,
        )
        for row in rows
    ]


async def plan_for(
    kit: KitView, *, site: UUID, quantity: int, fund: str, tokens: Collection[str] = ()
) -> Plan:
    """Return which lots so many kits would take at a site, and what is missing.

    `tokens` say for whom the kits are: goods with other restrictions stay out of them.
    """
    offers = await available_of(site, [part.item for part in kit.parts], clock.today())
    have = set(tokens)
    fitting = {
        item: [one for one in candidates if set(one.restrictions) <= have]
        for item, candidates in offers.items()
    }
    return kits.plan(kit.recipe, quantity, fitting, fund=fund)


async def funds_at(site: UUID, kit: KitView) -> list[str]:
    """Return the funds of which goods for this kit lie at a site, by code."""
    offers = await available_of(site, [part.item for part in kit.parts], clock.today())
    return sorted({one.fund for candidates in offers.values() for one in candidates if not one.entrusted})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """What of a lot went into a lot of kits."""

    lot: UUID
    number: str
    item: UUID
    name: str
    unit: str
    quantity: int
    value_fen: int
    expires_on: date | None
    restrictions: tuple[str, ...]
    grade: str
    state: LotState


async def ingredients_of(kit_lot: UUID) -> list[Ingredient]:
    """Return what went into a lot of kits, by item and lot."""
    rows = await fetch(
        """SELECT p.part_lot AS lot, l.number, l.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en, p.quantity,
                  p.value_fen, l.expires_on, l.restrictions, l.grade, l.state
             FROM goods_lot_part AS p JOIN stock_lot AS l ON l.id = p.part_lot
             JOIN goods_item AS i ON i.id = l.item
            WHERE p.kit_lot = {} ORDER BY i.code, l.number""",
        kit_lot,
    )
    return _ingredients(rows)


async def came_out(assembly_id: UUID) -> list[Ingredient]:
    """Return the lots that one taking apart made."""
    return _ingredients(
        await fetch(
            """SELECT l.id AS lot, l.number, l.item, i.name_zh, i.name_en, i.unit_zh, i.unit_en,
                      s.quantity, s.value_fen, l.expires_on, l.restrictions, l.grade, l.state
                 FROM goods_lot_split AS s JOIN stock_lot AS l ON l.id = s.part_lot
                 JOIN goods_item AS i ON i.id = l.item
                WHERE l.source = 'split' AND l.source_id = {} ORDER BY i.code, l.number""",
            assembly_id,
        )
    )


def _ingredients(rows: Sequence[dict[str, Any]]) -> list[Ingredient]:
    return [
        Ingredient(
            name=shown(row.pop("name_zh"), row.pop("name_en")),
            unit=shown(row.pop("unit_zh"), row.pop("unit_en")),
            restrictions=tuple(row.pop("restrictions")),
            state=LotState(row.pop("state")),
            **row,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Kits that were put together or taken apart."""

    id: UUID
    doing: Doing
    kit: UUID
    site: UUID
    drive: UUID | None
    lot: UUID
    lot_number: str
    bin_code: str
    quantity: int
    at: datetime


_MADE = """SELECT a.id, a.doing, a.kit, a.site, a.drive, a.lot, l.number AS lot_number, b.code AS bin_code,
                  a.quantity, a.at
             FROM goods_assembly AS a JOIN stock_lot AS l ON l.id = a.lot
             JOIN stock_bin AS b ON b.id = a.bin"""


async def made(assembly_id: UUID) -> Made:
    """Return one assembling or taking apart; raise NotFound."""
    rows = await fetch(_MADE + " WHERE a.id = {}", assembly_id)
    if not rows:
        raise NotFound(N_("There is no such assembling of kits."))
    return Made(**{**rows[0], "doing": Doing(rows[0]["doing"])})


async def lots_made(assembly_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the numbers of the lots of kits that were put together or taken apart."""
    rows = await fetch(
        """SELECT a.id, l.number FROM goods_assembly AS a JOIN stock_lot AS l ON l.id = a.lot
            WHERE a.id = ANY({}::uuid[])""",
        list(assembly_ids),
    )
    return {row["id"]: row["number"] for row in rows}


async def made_by_request(request: UUID) -> Made | None:
    """Return what a form did that was sent before."""
    rows = await fetch(_MADE + " WHERE a.request = {}", request)
    return Made(**{**rows[0], "doing": Doing(rows[0]["doing"])}) if rows else None


async def kit_of_lot(kit_lot: UUID) -> UUID | None:
    """Return the version of the kit that a lot was put together by; None for any other lot."""
    rows = await fetch("SELECT kit FROM goods_assembly WHERE lot = {} AND doing = 'assemble'", kit_lot)
    return rows[0]["kit"] if rows else None


# From a lot to where it went: all that came out of it if it is of kits, the kits that hold some of it, and
# the same goods that came out of those again, as they may be of it.
_ONWARD = """
    WITH RECURSIVE reached (lot) AS (
        (SELECT unnest({}::uuid[])
         UNION ALL
         SELECT s.part_lot FROM goods_lot_split AS s WHERE s.kit_lot = ANY ({}::uuid[]))
        UNION
        SELECT onward.whole FROM reached CROSS JOIN LATERAL (
            SELECT p.kit_lot AS whole FROM goods_lot_part AS p WHERE p.part_lot = reached.lot
            UNION ALL
            SELECT s.part_lot FROM goods_lot_part AS p JOIN goods_lot_split AS s ON s.kit_lot = p.kit_lot
              JOIN stock_lot AS a ON a.id = p.part_lot JOIN stock_lot AS b ON b.id = s.part_lot
             WHERE p.part_lot = reached.lot AND a.item = b.item) AS onward)
    SELECT lot FROM reached WHERE lot <> ALL ({}::uuid[]) ORDER BY lot"""


async def kit_lots_with(lots: Sequence[UUID]) -> list[UUID]:
    """Return every other lot that may hold something of these: kits, and what came out of kits."""
    return [row["lot"] for row in await fetch(_ONWARD, *[list(lots)] * 3)]


async def names_of(kit_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what versions of kits are called, by their ids."""
    rows = await fetch(
        """SELECT k.id, i.name_zh, i.name_en, k.version
             FROM goods_kit AS k JOIN goods_item AS i ON i.id = k.item
            WHERE k.id = ANY ({}::uuid[])""",
        list(kit_ids),
    )
    return {row["id"]: f"{shown(row['name_zh'], row['name_en'])} v{row['version']}" for row in rows}
