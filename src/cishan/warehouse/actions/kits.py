"""Writing down what is in a kit: a version is a draft until it comes into force, and then it stays."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import alone, atomic, connection, fetch
from cishan.warehouse.queries import catalogue
from cishan.warehouse.queries import kits as queries
from cishan.warehouse.rules import kits as rules
from cishan.warehouse.rules.kits import KitState, Part

_FROZEN = N_("This version is in force and stays as it is. Write a new version.")


async def draft_kit(item: UUID, parts: Sequence[Part], *, note: str = "") -> UUID:
    """Write the next version of a kit down as a draft, or over the draft that there is; return its id."""
    rules.require_parts(parts, kit_item=item)
    kit_item = await catalogue.item_by_id(item)
    if not kit_item.is_kit:
        raise Invalid(N_("This item is no kit."), field="item")
    known = await catalogue.items([part.item for part in parts])
    if len(known) < len(parts):
        raise NotFound(N_("There is no such item in the catalogue."))
    async with atomic():
        await alone(f"goods_kit {item}")
        versions = await queries.versions_of(item)
        open_one = next((one for one in versions if one.state is KitState.DRAFT), None)
        if open_one is None:
            kit_id, version = ids.new_id(), 1 + max((one.version for one in versions), default=0)
            await connection().execute(
                """INSERT INTO goods_kit (id, item, version, note, state, created_at)
                   VALUES ($1, $2, $3, $4, 'draft', $5)""",
                *(kit_id, item, version, note, clock.now()),
            )
        else:
            kit_id = open_one.id
            await connection().execute("UPDATE goods_kit SET note = $2 WHERE id = $1", kit_id, note)
            await connection().execute("DELETE FROM goods_kit_part WHERE kit = $1", kit_id)
        await connection().executemany(
            "INSERT INTO goods_kit_part (id, kit, item, quantity, position) VALUES ($1, $2, $3, $4, $5)",
            [
                (ids.new_id(), kit_id, part.item, part.quantity, position)
                for position, part in enumerate(parts, start=1)
            ],
        )
    return kit_id


async def freeze_kit(kit_id: UUID, *, by: Acting | None) -> None:
    """Let a version come into force; it never changes again. Once more is the same as once."""
    try:
        async with atomic():
            row = await connection().fetchrow(
                "SELECT state FROM goods_kit WHERE id = $1 FOR NO KEY UPDATE", kit_id
            )
            if row is None:
                raise NotFound(N_("There is no such kit."))
            if row["state"] == KitState.FROZEN:
                return
            await connection().execute(
                "UPDATE goods_kit SET state = 'frozen', frozen_at = $2 WHERE id = $1", kit_id, clock.now()
            )
            await audit.record(
                Transition(
                    subject_kind=rules.KIT,
                    subject_id=str(kit_id),
                    event="freeze",
                    from_state=KitState.DRAFT,
                    to_state=KitState.FROZEN,
                    actor=str(by.person_id) if by else SYSTEM,
                    acting_role=by.role if by else "",
                )
            )
    except asyncpg.CheckViolationError as error:
        raise Invalid(N_("A kit has one part at least."), field="parts") from error


async def set_kit(item: UUID, parts: Sequence[Part]) -> UUID:
    """Let a kit hold just this from now on, unless it does already; return its version."""
    held = await queries.in_force(item)
    if held is not None and held.recipe == tuple(parts):
        return held.id
    async with atomic():
        kit_id = await draft_kit(item, parts)
        await freeze_kit(kit_id, by=None)
    return kit_id


async def discard_draft(kit_id: UUID) -> None:
    """Throw a draft away, once or again; a version in force is a Conflict."""
    async with atomic():
        gone = await connection().fetchval(
            "DELETE FROM goods_kit WHERE id = $1 AND state = 'draft' RETURNING id", kit_id
        )
        if gone is None and await fetch("SELECT FROM goods_kit WHERE id = {}", kit_id):
            raise Conflict(_FROZEN)
