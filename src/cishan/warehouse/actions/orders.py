"""Orders from the request to the hand-out: writing them down, setting goods aside, letting them go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.files.actions import Brought
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import alone, atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import handovers, stock
from cishan.warehouse.actions.order_steps import (
    Locked,
    add_picks,
    lock,
    move,
    record,
    reservations,
    start_pick_clocks,
    step,
    stop_pick_clocks,
)
from cishan.warehouse.queries import intake, shelves
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.catalogue import item_by_id, name_of
from cishan.warehouse.queries.shelves import Shortage
from cishan.warehouse.rules import fefo
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.fefo import Take
from cishan.warehouse.rules.orders import (
    LIST,
    ORDER,
    Event,
    HandedOut,
    NewOrder,
    PickState,
    Second,
    Signed,
    State,
)
from cishan.warehouse.rules.stock import Cause, Delta
from cishan.warehouse.tables.orders import (
    PHONE_PURPOSE,
    RECEIVER_ADDRESS,
    RECEIVER_NAME,
    RECEIVER_PHONE,
)

ALL_THERE = N_("Everything that is wanted is set aside already.")
NOTHING_THERE = N_("Nothing of what is wanted can be set aside now.")


@dataclass(frozen=True, slots=True)
class Placed:
    """Orders that were written down, by this call or by the same request before."""

    order_ids: tuple[UUID, ...]
    numbers: tuple[str, ...]
    batch: UUID | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside, in pieces, and what orders still lack (the first two hundred lines)."""

    pieces: int
    short: tuple[Shortage, ...]


async def request_goods(new: NewOrder, *, by: Acting, request: UUID) -> Placed:
    """Write down what one receiver shall get; nothing is set aside yet, what is short may be asked for."""
    async with atomic():
        await _lock_numbers()
        rows = await fetch("SELECT id, number FROM goods_order WHERE request = {}", request)
        if rows:
            return Placed((rows[0]["id"],), (rows[0]["number"],), None, False)
        return await _write([(request, new)], by, None)


async def request_list(
    site: UUID, title: str, orders: Sequence[NewOrder], *, by: Acting, request: UUID
) -> Placed:
    """Write down an allocation list: all of its orders, or none."""
    if not orders:
        raise Invalid(N_("The list is empty."), field="rows")
    if sum(len(new.lines) for new in orders) > rules.LIST_LIMIT:
        raise Invalid(N_("A list has {limit} lines at most; split it."), field="rows", limit=rules.LIST_LIMIT)
    async with atomic():
        await _lock_numbers()
        known = await fetch_value("SELECT id FROM goods_list WHERE request = {}", request)
        if known is not None:
            made = await queries.orders_of_batch(known)
            numbers = await queries.numbers_of(made)
            return Placed(tuple(made), tuple(numbers[one] for one in made), known, False)
        batch = ids.new_id()
        await connection().execute(
            "INSERT INTO goods_list (id, site, title, orders, made_by, made_at, request)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *(batch, site, title.strip()[:80], len(orders), by.person_id, clock.now(), request),
        )
        numbered = [(uuid5(request, str(place)), new) for place, new in enumerate(orders)]
        return await _write(numbered, by, batch)


async def _lock_numbers() -> None:
    await alone("goods_order numbers")


async def _write(orders: Sequence[tuple[UUID, NewOrder]], by: Acting, batch: UUID | None) -> Placed:
    for _, new in orders:
        if new.entrusted_to and await intake.names_another(new.entrusted_to, new.receiver.name):
            raise Invalid(N_("The giver of these goods named another receiver."), field="entrusted")
    day, now = clock.today(), clock.now()
    prefix = rules.order_number(day, 0)[:8]
    count = int(
        await fetch_value(
            "SELECT coalesce(max(substr(number, 10)::int), 0) FROM goods_order"
            " WHERE substr(number, 1, 8) = {}",
            prefix,
        )
    )
    rows: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for place, (request, new) in enumerate(orders, start=1):
        order_id, who = ids.new_id(), new.receiver
        link = crypto.secret_link(order_id, purpose=queries.LINK)
        rows.append(
            (
                *(
                    order_id,
                    rules.order_number(day, count + place),
                    new.site,
                    new.kind.value,
                    batch,
                    new.drive,
                ),
                *(new.purpose.strip()[:200], who.kind.value),
                crypto.seal(who.name, place=RECEIVER_NAME, row=order_id),
                crypto.seal(who.phone, place=RECEIVER_PHONE, row=order_id) if who.phone else None,
                crypto.blind_index(who.phone, purpose=PHONE_PURPOSE) if who.phone else None,
                crypto.seal(who.address, place=RECEIVER_ADDRESS, row=order_id) if who.address else None,
                *(list(who.tokens), who.region, new.entrusted_to, State.REQUESTED.value, by.person_id, now),
                *(0, ids.token_hash(link), request),
            )
        )
        for position, line in enumerate(rules.require_lines(new.lines), start=1):
            lines.append((ids.new_id(), order_id, line.item, position, line.quantity))
    await connection().copy_records_to_table("goods_order", records=rows, columns=_ORDER_COLUMNS)
    await connection().copy_records_to_table("goods_order_line", records=lines, columns=_LINE_COLUMNS)
    await record([(row[0], "", State.REQUESTED) for row in rows], "request", by)
    return Placed(tuple(row[0] for row in rows), tuple(row[1] for row in rows), batch, True)


_ORDER_COLUMNS = (
    *("id", "number", "site", "kind", "batch", "drive", "purpose", "receiver_kind", "name_enc", "phone_enc"),
    *("phone_index", "address_enc", "tokens", "region", "entrusted_to", "state", "requested_by"),
    *("requested_at", "parcels", "token_hash", "request"),
)
_LINE_COLUMNS = ("id", "goods_order", "item", "position", "quantity")


async def reserve(order_ids: Sequence[UUID], *, by: Acting | None, request: UUID) -> Reserved:
    """Set aside what orders lack, first expired first, all in one cause; what is short stays asked for.

    The orders are of one site. Two that want the same goods there wait for each other. Conflict, and nothing
    changes, if there is nothing at all to set aside.
    """
    if not order_ids:
        raise Conflict(ALL_THERE)
    async with atomic():
        orders = await lock(order_ids)
        if not await stock.is_posted(request):
            for order in orders:
                step(order, Event.RESERVE)
            pieces = await _set_aside(orders, by, request)
        else:
            pieces = 0
        short = await shelves.shortages(order_ids, clock.today())
    return Reserved(pieces, tuple(short))


async def _set_aside(orders: Sequence[Locked], by: Acting | None, request: UUID) -> int:
    (site,) = {order.site for order in orders}
    wants = await shelves.wants_of([order.id for order in orders])
    if not wants:
        raise Conflict(ALL_THERE)
    await stock.lock_items(site, sorted({want.item for want in wants}))
    shelved = await shelves.shelved_for(site, wants, clock.today())
    takes = fefo.allocate(wants, shelved, on=clock.today()).takes
    if not takes:
        raise Conflict(NOTHING_THERE)
    await add_picks(takes, by)
    batches = {order.batch for order in orders}
    batch = next(iter(batches)) if len(orders) > 1 and len(batches) == 1 else None
    subject = (LIST, batch) if batch else (ORDER, orders[0].id)
    await stock.post(Cause.RESERVE, reservations(takes), by=by, subject=subject, request=request)
    served = await fetch(
        "SELECT DISTINCT goods_order AS id FROM goods_order_line WHERE id = ANY({}::uuid[])",
        [take.line for take in takes],
    )
    reached = {row["id"] for row in served}
    moved = [order for order in orders if order.id in reached]
    new = [order for order in moved if order.state is State.REQUESTED]
    await connection().execute(
        "UPDATE goods_order SET state = 'reserved', reserved_at = $2 WHERE id = ANY($1)",
        [order.id for order in new],
        clock.now(),
    )
    await record(
        [(order.id, order.state, rules.EDGES[order.state, Event.RESERVE]) for order in moved],
        Event.RESERVE.value,
        by,
    )
    if batch and new:
        await start_pick_clocks(LIST, batch, new[0].region)
    else:
        for order in new:
            await start_pick_clocks(ORDER, order.id, order.region)
    return sum(take.quantity for take in takes)


async def release(order_ids: Sequence[UUID], *, by: Acting | None, request: UUID, reason: str) -> int:
    """Let go what is set aside for orders and not picked, so that they are only requested; return pieces."""
    return await _let_go(order_ids, Event.RELEASE, by, request, reason)


async def cancel(order_id: UUID, *, by: Acting | None, request: UUID, reason: str) -> None:
    """Give an order up. What is set aside is free again; what is picked waits in packing to be put back."""
    if not reason.strip():
        raise Invalid(N_("Say why the order is given up."), field="reason")
    await _let_go([order_id], Event.CANCEL, by, request, reason.strip()[:300])


async def _let_go(
    order_ids: Sequence[UUID], event: Event, by: Acting | None, request: UUID, reason: str
) -> int:
    async with atomic():
        orders = await lock(order_ids)
        gone = uuid5(request, event.value)
        if await stock.is_posted(gone) or all(order.state is State.CANCELLED for order in orders):
            return 0
        for order in orders:
            step(order, event)
        rows = await connection().fetch(
            """UPDATE goods_pick AS p SET state = 'released', note = $2, changed_at = $3, changed_by = $4
                 FROM goods_order_line AS line
                WHERE line.id = p.line AND line.goods_order = ANY($1) AND p.state IN ('reserved', 'picked')
               RETURNING p.lot, p.bin, p.quantity, p.line""",
            *([order.id for order in orders], reason, clock.now(), by.person_id if by else None),
        )
        if rows:
            takes = [Take(row["line"], row["lot"], row["bin"], -row["quantity"]) for row in rows]
            subject = (ORDER, orders[0].id)
            await stock.post(
                Cause.RELEASE, reservations(takes), by=by, subject=subject, request=gone, reason=reason
            )
        for order in orders:
            await move(order, event, by, reason=reason)
            await stop_pick_clocks(order)
    return sum(row["quantity"] for row in rows)


async def hand_out(
    new: NewOrder,
    *,
    by: Acting,
    second: Second,
    signature: Sequence[Brought],
    photo: Sequence[Brought] = (),
    signed: Signed = Signed.SCREEN,
    signer: str = "",
    request: UUID,
) -> HandedOut:
    """Give goods out in one step: the order, what expires first, the issue, and the signature.

    All of it or nothing: Short names what is not there. The same request again answers as the first time.
    """
    rules.require_second(second, by.person_id)
    handovers.require_signature(signature, signed)
    async with atomic():
        placed = await request_goods(new, by=by, request=request)
        (order,) = await lock(placed.order_ids)
        known = await handovers.known_handover(order, request)
        if known is not None:
            return known
        step(order, Event.HAND_OUT)
        wants = await shelves.wants_of([order.id])
        await stock.lock_items(order.site, sorted({want.item for want in wants}))
        shelved = await shelves.shelved_for(order.site, wants, clock.today())
        allocation = fefo.allocate(wants, shelved, on=clock.today())
        for want in wants:
            if want.line in allocation.short:
                raise stock.Short(
                    N_("{item}: you asked for {wanted}, only {available} can be had."),
                    item=name_of(await item_by_id(want.item)),
                    wanted=want.quantity,
                    available=want.quantity - allocation.short[want.line],
                )
        await add_picks(allocation.takes, by, state=PickState.ISSUED)
        deltas = [
            Delta(delta.lot, delta.bin, on_hand=-delta.reserved) for delta in reservations(allocation.takes)
        ]
        done = await handovers.issue(
            order, deltas, Event.HAND_OUT, by, second=second, signed=signed, signer=signer, request=request
        )
        await handovers.attach(order, signature, photo, by)
        return done
