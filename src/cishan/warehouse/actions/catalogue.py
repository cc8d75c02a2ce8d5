"""Keeping the catalogue: items as a form or a sheet says them, with every change in their history."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import actions as ledger
from cishan.ledger.rules import goods_unit
from cishan.plumbing.db import alone, atomic, connection, in_transaction
from cishan.warehouse.queries import goods as queries
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.queries.goods import ITEM
from cishan.warehouse.rules import catalogue_sheet as rules
from cishan.warehouse.rules.barcodes import Barcode, require_code, require_quantity
from cishan.warehouse.rules.catalogue import CODE, Category, Item
from cishan.warehouse.rules.catalogue_sheet import Change, Draft, Plan, Verdict

ACTIVE = "active"
_SET = """
    INSERT INTO goods_item (id, code, name_zh, name_en, unit_zh, unit_en, category, shelf_life_days,
                            typical_value_fen, cold_chain, min_age, max_age, sex, is_kit, active, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $7::varchar = 'kit', $14, $15)
    ON CONFLICT (code) DO UPDATE SET
        name_zh = excluded.name_zh, name_en = excluded.name_en, unit_zh = excluded.unit_zh,
        unit_en = excluded.unit_en, category = excluded.category, shelf_life_days = excluded.shelf_life_days,
        typical_value_fen = excluded.typical_value_fen, cold_chain = excluded.cold_chain,
        min_age = excluded.min_age, max_age = excluded.max_age, sex = excluded.sex, active = excluded.active
    RETURNING id"""


async def set_item(
    *,
    code: str,
    name_zh: str,
    name_en: str = "",
    unit_zh: str,
    unit_en: str = "",
    category: Category,
    shelf_life_days: int | None = None,
    typical_value_fen: int = 0,
    cold_chain: bool = False,
) -> UUID:
    """Make a kind of goods known, unless its code is: what the staff made of that stays. Return its id."""
    assert CODE.fullmatch(code), code
    async with atomic():
        await ledger.open_unit(goods_unit(code))
        await connection().execute(
            """INSERT INTO goods_item (id, code, name_zh, name_en, unit_zh, unit_en, category,
                                       shelf_life_days, typical_value_fen, cold_chain, sex, is_kit, active,
                                       created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $7::varchar = 'kit', true, $11)
               ON CONFLICT (code) DO NOTHING""",
            ids.new_id(),
            code,
            name_zh,
            name_en,
            unit_zh,
            unit_en,
            category,
            shelf_life_days,
            typical_value_fen,
            cold_chain,
            clock.now(),
        )
        found: UUID = await connection().fetchval("SELECT id FROM goods_item WHERE code = $1", code)
        return found


async def add_item(draft: Draft, *, by: Acting) -> Item:
    """Put a new item into the catalogue; raise Invalid for what is wrong with it."""
    async with atomic():
        await _lock()
        if await item_by_code(draft.code) is not None:
            raise Invalid(N_("There is an item with this code already."), field="code")
        _refuse(rules.problems(draft))
        await _write(None, draft, by=by)
        return await _there(draft.code)


async def change_item(draft: Draft, *, by: Acting) -> tuple[Change, ...]:
    """Make an item what a draft says, and return what changed; raise Invalid for what may not be."""
    async with atomic():
        await _lock()
        before = (await queries.drafts([draft.code])).get(draft.code)
        if before is None:
            raise NotFound(N_("There is no such item in the catalogue."))
        stocked = draft.code in await queries.in_demand([draft.code])
        _refuse([*rules.problems(draft), *rules.barriers(before, draft, stocked=stocked)])
        return await _write(before, draft, by=by)


async def apply(plan: Plan, *, by: Acting) -> int:
    """Make everything of a sheet that is new or different so, all or nothing; return how many items.

    The plan was made in this transaction, after `lock`.
    """
    assert in_transaction(), "a plan is made and applied in one transaction"
    if not plan.can_apply:
        raise Conflict(N_("Something in the sheet is wrong, or nothing is new."))
    known = await queries.drafts()
    wanted = [line for line in plan.lines if line.verdict in (Verdict.NEW, Verdict.CHANGED)]
    # A barcode may go from one item to another: all that leave go first.
    for line in wanted:
        if line.draft.code in known:
            await _forget_barcodes(line.draft.code)
    for line in wanted:
        await _write(known.get(line.draft.code), line.draft, by=by)
    return len(wanted)


async def lock() -> None:
    """Be the only one who changes the catalogue until the transaction ends."""
    assert in_transaction(), "a lock ends with its transaction"
    await _lock()


async def bind_barcode(text: str, *, item_id: UUID, quantity: int = 1, by: Acting) -> Barcode:
    """Let an unknown barcode stand for so many pieces of an item; again for the same changes nothing."""
    code = require_code(text, field="barcode")
    require_quantity(quantity, field="quantity")
    async with atomic():
        await _lock()
        row = await connection().fetchrow(
            """SELECT b.item, b.quantity, i.code FROM goods_barcode AS b JOIN goods_item AS i ON i.id = b.item
                WHERE b.code = $1""",
            code,
        )
        if row is not None:
            if (row["item"], row["quantity"]) == (item_id, quantity):
                return Barcode(code, quantity)
            raise Conflict(N_("The barcode {code} belongs to {item}."), code=code, item=row["code"])
        item = await connection().fetchval("SELECT code FROM goods_item WHERE id = $1 AND active", item_id)
        if item is None:
            raise NotFound(N_("There is no such item in the catalogue."))
        before = (await queries.drafts([item]))[item]
        await _put_barcodes(item_id, [Barcode(code, quantity)])
        after = (await queries.drafts([item]))[item]
        await _record(item_id, rules.changes(before, after), by=by)
        return Barcode(code, quantity)


def _refuse(problems: Sequence[Invalid]) -> None:
    if problems:
        raise problems[0]


async def _lock() -> None:
    await alone("goods_item")


async def _there(code: str) -> Item:
    item = await item_by_code(code)
    assert item is not None
    return item


async def _write(before: Draft | None, draft: Draft, *, by: Acting) -> tuple[Change, ...]:
    if before is None:
        await ledger.open_unit(goods_unit(draft.code))
    item_id: UUID = await connection().fetchval(
        _SET,
        *(ids.new_id(), draft.code, draft.name_zh, draft.name_en, draft.unit_zh, draft.unit_en),
        *(Category(draft.category), draft.shelf_life_days, draft.typical_value_fen, draft.cold_chain),
        *(draft.min_age, draft.max_age, draft.sex, draft.active, clock.now()),
    )
    await connection().execute("DELETE FROM goods_pack WHERE item = $1", item_id)
    await connection().executemany(
        "INSERT INTO goods_pack (id, item, name, quantity) VALUES ($1, $2, $3, $4)",
        [(ids.new_id(), item_id, pack.name, pack.quantity) for pack in draft.packs],
    )
    await _forget_barcodes(draft.code)
    await _put_barcodes(item_id, draft.barcodes)
    differing = rules.changes(before, draft)
    if before is None:
        await _record(item_id, (Change("", "", ACTIVE),), by=by)
    await _record(item_id, differing, by=by)
    return differing


async def _forget_barcodes(code: str) -> None:
    await connection().execute(
        "DELETE FROM goods_barcode WHERE item = (SELECT id FROM goods_item WHERE code = $1)", code
    )


async def _put_barcodes(item_id: UUID, barcodes: Sequence[Barcode]) -> None:
    for one in barcodes:
        try:
            async with atomic():
                await connection().execute(
                    "INSERT INTO goods_barcode (id, code, item, quantity) VALUES ($1, $2, $3, $4)",
                    *(ids.new_id(), one.code, item_id, one.quantity),
                )
        except asyncpg.UniqueViolationError as error:
            owner = await connection().fetchval(
                """SELECT i.code FROM goods_item AS i JOIN goods_barcode AS b ON b.item = i.id
                    WHERE b.code = $1""",
                one.code,
            )
            raise Invalid(
                N_("The barcode {code} belongs to {item}."), field="barcodes", code=one.code, item=owner
            ) from error


async def _record(item_id: UUID, changes: Sequence[Change], *, by: Acting) -> None:
    """Write one step for each field; what is too long for a state stands in the reason."""
    await audit.record(
        *(
            Transition(
                subject_kind=ITEM,
                subject_id=str(item_id),
                event=f"change_{change.field}" if change.field else "add",
                from_state=_short(change.before) if change.field else "",
                to_state=_short(change.after),
                actor=str(by.person_id),
                acting_role=by.role,
                reason="" if _fits(change) else f"{change.before} → {change.after}"[:2000],
            )
            for change in changes
        )
    )


STATE_LENGTH = 40
NOTHING = "–"


def _fits(change: Change) -> bool:
    return max(len(change.before), len(change.after)) <= STATE_LENGTH


def _short(text: str) -> str:
    return (text if len(text) <= STATE_LENGTH else text[: STATE_LENGTH - 1] + "…") or NOTHING
