"""Picking: goods go from their bins to packing, and what is not where it should be is told and replaced."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.order_steps import (
    Locked,
    add_picks,
    lock,
    move,
    record,
    reservations,
    step,
    stop_pick_clocks,
)
from cishan.warehouse.queries import places, shelves
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.queries.orders import NO_PICK
from cishan.warehouse.rules import fefo, restrictions
from cishan.warehouse.rules.fefo import Take, Want
from cishan.warehouse.rules.orders import ORDER, Event, PickState
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta, LotState

REASON_LIMIT = 300
NOT_MISSING = N_("These goods are not missing.")


@dataclass(frozen=True, slots=True)
class Held:
    """A pick, its line and its order, locked."""

    id: UUID
    line: UUID
    lot: UUID
    bin: UUID
    item: UUID
    quantity: int
    state: PickState
    order: Locked
    tokens: frozenset[str]
    entrusted_to: UUID | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of goods that were not found: pieces picked, set aside elsewhere, and short."""

    picked: int
    replaced: int
    short: int


async def _hold(pick_id: UUID) -> Held:
    rows = await fetch(
        """SELECT line.goods_order AS order_id FROM goods_pick AS p
             JOIN goods_order_line AS line ON line.id = p.line WHERE p.id = {}""",
        pick_id,
    )
    if not rows:
        raise NotFound(NO_PICK)
    (order,) = await lock([rows[0]["order_id"]])
    row = await connection().fetchrow(
        """SELECT p.id, p.line, p.lot, p.bin, line.item, p.quantity, p.state, o.tokens, o.entrusted_to
             FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
             JOIN goods_order AS o ON o.id = line.goods_order WHERE p.id = $1 FOR NO KEY UPDATE OF p""",
        pick_id,
    )
    assert row is not None
    return Held(
        row["id"],
        row["line"],
        row["lot"],
        row["bin"],
        row["item"],
        row["quantity"],
        PickState(row["state"]),
        order,
        frozenset(row["tokens"]),
        row["entrusted_to"],
    )


async def pick(pick_id: UUID, *, quantity: int, by: Acting, request: UUID) -> int:
    """Take pieces to packing, and return how many of this line of the list are still to pick.

    The same request again changes nothing and answers what is left now.
    """
    async with atomic():
        held = await _hold(pick_id)
        if await stock.is_posted(uuid5(request, "pick")):
            return held.quantity if held.state is PickState.RESERVED else 0
        _require_waiting(held)
        _require_at_most(quantity, held.quantity, least=1)
        await _take(held, quantity, by, request)
        await _begin(held.order, by)
    return held.quantity - quantity


def _require_waiting(held: Held) -> None:
    step(held.order, Event.PICK)
    if held.state is not PickState.RESERVED:
        raise Conflict(N_("This line of the list is done already."))


def _require_at_most(quantity: int, limit: int, *, least: int) -> None:
    if not least <= quantity <= limit:
        raise Invalid(
            N_("Enter a whole number from {least} to {limit}."), field="quantity", least=least, limit=limit
        )


async def _take(held: Held, quantity: int, by: Acting, request: UUID) -> None:
    """Move pieces to packing; a part of a line becomes a line of its own."""
    packing = await places.first_bin(held.order.site, Purpose.PACKING)
    deltas = [
        Delta(held.lot, held.bin, on_hand=-quantity, reserved=-quantity),
        Delta(held.lot, packing.id, on_hand=quantity, reserved=quantity),
    ]
    now, whole = clock.now(), quantity == held.quantity
    if whole:
        await connection().execute(
            """UPDATE goods_pick SET state = 'picked', bin = $2, taken_from = bin, changed_at = $3,
                      changed_by = $4 WHERE id = $1""",
            *(held.id, packing.id, now, by.person_id),
        )
    else:
        await connection().execute(
            "UPDATE goods_pick SET quantity = quantity - $2, changed_at = $3, changed_by = $4 WHERE id = $1",
            *(held.id, quantity, now, by.person_id),
        )
        await connection().execute(
            """INSERT INTO goods_pick (id, line, lot, bin, quantity, state, taken_from, override_reason, note,
                                       created_at, changed_at, changed_by, returned)
               SELECT $2, line, lot, $3, $4, 'picked', bin, override_reason, '', created_at, $5, $6, 0
                 FROM goods_pick WHERE id = $1""",
            *(held.id, ids.new_id(), packing.id, quantity, now, by.person_id),
        )
    subject = (ORDER, held.order.id)
    await stock.post(Cause.PICK, deltas, by=by, subject=subject, request=uuid5(request, "pick"))


async def _begin(order: Locked, by: Acting) -> None:
    """Note the first pick of an order; later ones are told by the stock."""
    if step(order, Event.PICK) is not order.state:
        await move(order, Event.PICK, by)
        await stop_pick_clocks(order)


async def not_found(pick_id: UUID, *, found: int, reason: str, by: Acting, request: UUID) -> Replaced:
    """Pick what is there, say why the rest is not, and set the rest aside elsewhere as far as there is any.

    What was not found stays promised, so that nobody else is sent for it, until it is found or written off.
    """
    said = _said(reason)
    async with atomic():
        held = await _hold(pick_id)
        if await stock.is_posted(uuid5(request, "pick")) or held.state is PickState.MISSING:
            return Replaced(0, 0, 0)
        _require_waiting(held)
        _require_at_most(found, held.quantity - 1, least=0)
        await stock.lock_items(held.order.site, [held.item])
        if found:
            await _take(held, found, by, request)
        await connection().execute(
            """UPDATE goods_pick SET state = 'missing', note = $2, changed_at = $3, changed_by = $4
                WHERE id = $1""",
            *(held.id, said, clock.now(), by.person_id),
        )
        await _begin(held.order, by)
        lost = held.quantity - found
        want = Want(
            line=held.line,
            item=held.item,
            quantity=lost,
            tokens=held.tokens,
            entrusted_to=held.entrusted_to,
        )
        replaced = await _replace(want, held, by, request)
        after = step(held.order, Event.PICK)
        await record([(held.order.id, after, after)], "not_found", by, reason=said)
    return Replaced(found, replaced, lost - replaced)


async def _replace(want: Want, held: Held, by: Acting, request: UUID) -> int:
    shelved = await shelves.shelved_for(held.order.site, [want], clock.today(), but=(held.lot, held.bin))
    takes = fefo.allocate([want], shelved, on=clock.today()).takes
    if takes:
        await add_picks(takes, by)
        subject = (ORDER, held.order.id)
        await stock.post(
            Cause.RESERVE, reservations(takes), by=by, subject=subject, request=uuid5(request, "instead")
        )
    return sum(take.quantity for take in takes)


def _said(reason: str) -> str:
    said = reason.strip()[:REASON_LIMIT]
    if not said:
        raise Invalid(N_("Say why."), field="reason")
    return said


async def found_again(pick_id: UUID, *, by: Acting, request: UUID) -> None:
    """Note that goods that were not found are there after all: anybody may have them again."""
    async with atomic():
        held = await _hold(pick_id)
        if await stock.is_posted(uuid5(request, "found")):
            return
        if held.state is not PickState.MISSING:
            raise Conflict(NOT_MISSING)
        if await fetch("SELECT FROM goods_scrap WHERE pick = {} AND state = 'proposed'", pick_id):
            raise Conflict(N_("They are proposed to be written off. Withdraw that first."))
        await let_go(held.id, by)
        await stock.post(
            Cause.RELEASE,
            [Delta(held.lot, held.bin, reserved=-held.quantity)],
            by=by,
            subject=(ORDER, held.order.id),
            request=uuid5(request, "found"),
        )


async def is_held(pick_id: UUID) -> bool:
    """Lock a pick with its order; tell whether goods that were not found are promised still."""
    return (await _hold(pick_id)).state is PickState.MISSING


async def let_go(pick_id: UUID, by: Acting | None) -> None:
    """Write down that pieces are set aside for nobody any more; their stock is the caller's to post."""
    await connection().execute(
        "UPDATE goods_pick SET state = 'released', changed_at = $2, changed_by = $3 WHERE id = $1",
        *(pick_id, clock.now(), by.person_id if by else None),
    )


async def take_instead(
    pick_id: UUID, *, lot_number: str, bin_code: str = "", reason: str, by: Acting, request: UUID
) -> None:
    """Set another lot aside for a line of the list than what expires first, and keep the reason."""
    said = _said(reason)
    async with atomic():
        held = await _hold(pick_id)
        if await stock.is_posted(uuid5(request, "instead")):
            return
        _require_waiting(held)
        await stock.lock_items(held.order.site, [held.item])
        lot = await lots.lot_by_number(lot_number)
        if lot is None:
            raise Invalid(N_("There is no lot {lot}."), field="lot", lot=lot_number.strip()[:30])
        if lot.item != held.item:
            raise Invalid(
                N_("Lot {lot} is {item}, something else."), field="lot", lot=lot.number, item=lot.item_name
            )
        if lot.state is not LotState.OPEN or (lot.expires_on and lot.expires_on < clock.today()):
            raise Invalid(N_("Lot {lot} may not be handed out."), field="lot", lot=lot.number)
        entrusted_to = lot.source_id if lot.entrusted else None
        if not restrictions.allows(lot.restrictions, held.tokens) or entrusted_to not in {
            None,
            held.entrusted_to,
        }:
            raise Invalid(
                N_("Lot {lot} is meant for others: this receiver may not have it."),
                field="lot",
                lot=lot.number,
            )
        bin_id = await _bin_with(held, lot.id, bin_code)
        await let_go(held.id, by)
        await connection().execute("UPDATE goods_pick SET note = $2 WHERE id = $1", held.id, said)
        takes = [Take(held.line, lot.id, bin_id, held.quantity)]
        subject = (ORDER, held.order.id)
        await stock.post(
            Cause.RELEASE,
            [Delta(held.lot, held.bin, reserved=-held.quantity)],
            by=by,
            subject=subject,
            request=uuid5(request, "first"),
            reason=said,
        )
        await stock.post(
            Cause.RESERVE,
            reservations(takes),
            by=by,
            subject=subject,
            request=uuid5(request, "instead"),
            reason=said,
        )
        await add_picks(takes, by, override_reason=said)
        state = held.order.state
        await record([(held.order.id, state, state)], "take_instead", by, reason=said)


async def _bin_with(held: Held, lot: UUID, bin_code: str) -> UUID:
    """Return the bin of the site from which all pieces can be taken."""
    rows = await fetch(
        """SELECT s.bin FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
            WHERE s.lot = {} AND b.site = {} AND ({} = '' OR b.code = {}) AND b.purpose IN ('shelf', 'cold')
              AND s.on_hand - s.reserved + CASE WHEN (s.lot, s.bin) = ({}::uuid, {}::uuid) THEN {} ELSE 0 END
                  >= {}
            ORDER BY b.walk_order, b.code LIMIT 1""",
        lot,
        held.order.site,
        *[bin_code.strip().upper()] * 2,
        *(held.lot, held.bin, held.quantity, held.quantity),
    )
    if not rows:
        raise Conflict(N_("So many pieces of this lot are not free on a shelf of this site."))
    found: UUID = rows[0]["bin"]
    return found
