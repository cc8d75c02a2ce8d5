"""Putting kits together and taking them apart: goods change their lot, and no 分 is made or lost."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import alone, atomic, connection
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import kits as definitions
from cishan.warehouse.actions.stock import Short, lock_items, open_lot, post, set_state
from cishan.warehouse.queries import catalogue, places, stock
from cishan.warehouse.queries import kits as queries
from cishan.warehouse.queries.kits import Ingredient, KitView
from cishan.warehouse.rules import kits, restrictions
from cishan.warehouse.rules.catalogue import require_quantity
from cishan.warehouse.rules.kits import Doing, Missing, Plan
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Basis, Cause, Delta, Lot, LotState, NewLot, Source, value_out

SUBJECT = "kit_lot"
"""What a cause of assembling is about: `goods_assembly`."""
_LANDS = (Purpose.SHELF, Purpose.COLD, Purpose.PACKING)


async def assemble(
    kit_id: UUID,
    *,
    site: UUID,
    bin_id: UUID,
    quantity: int,
    fund: str,
    tokens: Collection[str] = (),
    drive: UUID | None = None,
    by: Acting,
    request: UUID,
) -> UUID:
    """Put so many kits together at a site and return the id of the assembling; the same request is once.

    The parts are those that expire first and may join a kit of the fund. Raise Short, naming item, needed and
    available, if something is missing; a draft that is put together is in force from then on.
    """
    require_quantity(quantity)
    if quantity > kits.KITS_AT_ONCE:
        raise Invalid(N_("At most {limit} at once."), field="quantity", limit=f"{kits.KITS_AT_ONCE:,}")
    async with atomic():
        await alone(f"goods_assembly {request}")
        before = await queries.made_by_request(request)
        if before is not None:
            return before.id
        kit, target = await queries.kit_by_id(kit_id), await _target(bin_id, site)
        await lock_items(site, sorted(part.item for part in kit.parts))
        plan = await queries.plan_for(kit, site=site, quantity=quantity, fund=fund, tokens=tokens)
        if not plan.can_be_done:
            raise await short(plan.missing[0])
        plan = await _exact(plan)
        await definitions.freeze_kit(kit.id, by=by)
        assembly_id = ids.new_id()
        lot = await _open_kit_lot(kit, plan, assembly_id)
        deltas = [Delta(pick.of.lot, pick.of.bin, on_hand=-pick.quantity) for pick in plan.picks]
        deltas.append(Delta(lot, target.id, on_hand=quantity))
        posted = await post(Cause.ASSEMBLE, deltas, by=by, subject=(SUBJECT, assembly_id), request=request)
        values, quantities = kits.values_out(plan.picks), kits.quantities(plan.picks)
        await connection().executemany(
            """INSERT INTO goods_lot_part (id, kit_lot, part_lot, quantity, value_fen)
               VALUES ($1, $2, $3, $4, $5)""",
            [(ids.new_id(), lot, part, count, values[part]) for part, count in quantities.items()],
        )
        await _note(
            Doing.ASSEMBLE,
            assembly_id,
            kit=kit.id,
            site=site,
            drive=drive,
            lot=lot,
            bin_id=target.id,
            quantity=quantity,
            cause=posted.cause_id,
            by=by,
            request=request,
        )
    return assembly_id


async def _exact(plan: Plan) -> Plan:
    """Return the plan with what its lots are worth now, and let nobody change that until the end."""
    lots = sorted({pick.of.lot for pick in plan.picks})
    rows = await connection().fetch(
        """SELECT id, value_fen, on_hand FROM stock_lot WHERE id = ANY($1::uuid[])
            ORDER BY id FOR NO KEY UPDATE""",
        lots,
    )
    now = {row["id"]: (row["value_fen"], row["on_hand"]) for row in rows}
    picks = tuple(
        replace(pick, of=replace(pick.of, value_fen=now[pick.of.lot][0], on_hand=now[pick.of.lot][1]))
        for pick in plan.picks
    )
    if any(pick.of.on_hand < pick.quantity for pick in picks):
        raise Conflict(N_("Somebody else took of these goods just now. Look again at what there is."))
    return replace(plan, picks=picks)


async def short(missing: Missing) -> Short:
    """Return the refusal that names the goods, how many are needed and how many there are."""
    item = await catalogue.item_by_id(missing.item)
    return Short(
        N_("Too little {item}: {needed} needed, {available} available."),
        item=catalogue.name_of(item),
        needed=missing.needed,
        available=missing.available,
    )


async def _target(bin_id: UUID, site: UUID) -> Bin:
    target = await places.bin_by_id(bin_id)
    if target.site != site or target.purpose not in _LANDS or not target.active:
        raise Invalid(N_("Choose a shelf or a packing place of this site."), field="bin")
    return target


async def _open_kit_lot(kit: KitView, plan: Plan, assembly_id: UUID) -> UUID:
    kits.require_worth(plan.value_fen, plan.kits)
    lots = await stock.lots({pick.of.lot for pick in plan.picks})
    return await open_lot(
        NewLot(
            item=kit.item,
            quantity=plan.kits,
            cost_fen=plan.value_fen,
            basis=Basis.PARTS if plan.value_fen else Basis.MEMO,
            fund=plan.fund,
            source=Source.KIT,
            source_id=assembly_id,
            made_on=None,
            expires_on=plan.expires_on,
            grade=kits.worst(lot.grade for lot in lots.values()),
            restrictions=plan.restrictions,
        )
    )


async def disassemble(
    kit_lot: UUID, *, from_bin: UUID, to_bin: UUID, quantity: int, by: Acting, request: UUID
) -> UUID:
    """Take kits of a lot apart and return the id of that; the same request is once.

    Each kind of goods comes back as one new lot, with the earliest last day and all restrictions of the lots
    of it that the kits were put together from. What was recalled or in quarantine stays so.
    """
    require_quantity(quantity)
    async with atomic():
        await alone(f"goods_assembly {request}")
        before = await queries.made_by_request(request)
        if before is not None:
            return before.id
        lot, target = await _locked(kit_lot), await places.bin_by_id(to_bin)
        source = await places.bin_by_id(from_bin)
        kit_id = await queries.kit_of_lot(kit_lot)
        if kit_id is None:
            raise Conflict(N_("This lot was not put together from parts."))
        await _target(to_bin, source.site)
        await _require_there(lot, from_bin, quantity)
        kit, assembly_id = await queries.kit_by_id(kit_id), ids.new_id()
        parts = await _open_parts(lot, kit, quantity, assembly_id)
        deltas = [Delta(kit_lot, from_bin, on_hand=-quantity)]
        deltas += [Delta(new, to_bin, on_hand=count) for new, count, _, _ in parts]
        posted = await post(Cause.DISASSEMBLE, deltas, by=by, subject=(SUBJECT, assembly_id), request=request)
        for new, _, _, state in parts:
            if state is not LotState.OPEN:
                reason = gettext(N_("Came out of kits of lot {lot}.")).format(lot=lot.number)
                await set_state(new, state, by=by, reason=reason, event="split")
        await connection().executemany(
            """INSERT INTO goods_lot_split (id, kit_lot, part_lot, quantity, value_fen)
               VALUES ($1, $2, $3, $4, $5)""",
            [(ids.new_id(), kit_lot, new, count, value) for new, count, value, _ in parts],
        )
        await _note(
            Doing.DISASSEMBLE,
            assembly_id,
            kit=kit.id,
            site=source.site,
            lot=kit_lot,
            bin_id=target.id,
            quantity=quantity,
            cause=posted.cause_id,
            by=by,
            request=request,
        )
    return assembly_id


async def _locked(lot_id: UUID) -> Lot:
    """Return a lot that nobody else changes until the transaction ends: its value is to be shared exactly."""
    await connection().execute("SELECT FROM stock_lot WHERE id = $1 FOR NO KEY UPDATE", lot_id)
    return await stock.lot_by_id(lot_id)


async def _require_there(lot: Lot, bin_id: UUID, quantity: int) -> None:
    found = await stock.balances(lot=lot.id, bin_id=bin_id)
    there = found[0].available if found else 0
    if there < quantity:
        raise Short(
            N_("Too little {item}: {needed} needed, {available} available."),
            item=lot.item_name,
            needed=quantity,
            available=there,
        )


async def _open_parts(
    lot: Lot, kit: KitView, quantity: int, assembly_id: UUID
) -> list[tuple[UUID, int, int, LotState]]:
    """Open a lot for each part; return it with its pieces, its value and the state that it shall have."""
    went_in: dict[UUID, list[Ingredient]] = {part.item: [] for part in kit.parts}
    for one in await queries.ingredients_of(lot.id):
        went_in[one.item].append(one)
    pieces = [part.quantity * quantity for part in kit.parts]
    weights = [sum(one.value_fen for one in went_in[part.item]) for part in kit.parts]
    values = kits.shared(value_out(lot.value_fen, lot.on_hand, quantity), weights, pieces)
    states = [_state([one.state for one in went_in[part.item]]) for part in kit.parts]
    if lot.state in _KEPT and not any(state in _KEPT for state in states):
        states = [lot.state] * len(states)
    found = []
    for part, count, value_fen, state in zip(kit.parts, pieces, values, states, strict=True):
        sources = went_in[part.item]
        new = await open_lot(
            NewLot(
                item=part.item,
                quantity=count,
                cost_fen=value_fen,
                basis=Basis.PARTS if value_fen else Basis.MEMO,
                fund=lot.fund,
                source=Source.SPLIT,
                source_id=assembly_id,
                expires_on=kits.earliest(one.expires_on for one in sources),
                grade=kits.worst(one.grade for one in sources),
                restrictions=restrictions.union(one.restrictions for one in sources),
            )
        )
        found.append((new, count, value_fen, state))
    return found


_KEPT = (LotState.RECALLED, LotState.QUARANTINED)
"""What a part brings back out of the kit; whether it has expired is told by its own last day."""


def _state(states: list[LotState]) -> LotState:
    return next((state for state in _KEPT if state in states), LotState.OPEN)


async def _note(
    doing: Doing,
    assembly_id: UUID,
    *,
    kit: UUID,
    site: UUID,
    drive: UUID | None = None,
    lot: UUID,
    bin_id: UUID,
    quantity: int,
    cause: UUID,
    by: Acting,
    request: UUID,
) -> None:
    await connection().execute(
        """INSERT INTO goods_assembly (id, doing, kit, site, drive, lot, bin, quantity, cause, request,
                                       person, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        *(assembly_id, doing, kit, site, drive, lot, bin_id, quantity, cause, request),
        by.person_id,
        clock.now(),
    )
