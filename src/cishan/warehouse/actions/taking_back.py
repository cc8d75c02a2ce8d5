"""Taking back promises that cannot be kept: goods that are gone, recalled or expired.

The orders that had them are told, lose no more than that, and get other goods if there are any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from cishan import gateways
from cishan.approvals.rules import Acting
from cishan.kernel import clock
from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_
from cishan.notify import actions as notify
from cishan.notify.rules import ReservationLost
from cishan.notify.rules.events import RESERVATION_LOST
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import orders, stock
from cishan.warehouse.actions.order_steps import lock, move
from cishan.warehouse.queries.stock import lots
from cishan.warehouse.rules.orders import Event, State
from cishan.warehouse.rules.stock import Cause, Delta

LOST = N_("They were not found at the stocktake.")
RECALLED = N_("They are called back and may not be handed out.")
EXPIRED = N_("Their last day of use has passed.")


@dataclass(frozen=True, slots=True)
class Lost:
    """What an order lost."""

    order_id: UUID
    number: str
    lot: UUID
    quantity: int


async def hold(lot_ids: Sequence[UUID]) -> None:
    """Lock lots with the orders that they are promised to, in everybody's order: orders, choices, lots.

    Who sets goods aside or picks them goes that way. Whoever took the lots first and then the promises would
    wait for them while they wait for the lots.
    """
    rows = await fetch(
        """SELECT DISTINCT line.goods_order AS id
             FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
            WHERE p.lot = ANY({}::uuid[]) AND p.state IN ('reserved', 'picked', 'missing')""",
        list(lot_ids),
    )
    held = await lock([row["id"] for row in rows])
    wanted = await fetch(
        """SELECT o.site, array_agg(DISTINCT line.item) AS items
             FROM goods_order_line AS line JOIN goods_order AS o ON o.id = line.goods_order
            WHERE o.id = ANY({}::uuid[]) GROUP BY o.site ORDER BY o.site""",
        [order.id for order in held],
    )
    for row in wanted:
        await stock.lock_items(row["site"], row["items"])
    await connection().execute(
        "SELECT FROM stock_lot WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(lot_ids)
    )


async def promised(lot_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, int]]:
    """Return all promised pieces of lots: lot, bin, pieces."""
    rows = await fetch(
        """SELECT s.lot, s.bin, s.reserved FROM stock_balance AS s
            WHERE s.lot = ANY({}::uuid[]) AND s.reserved > 0 ORDER BY s.lot, s.bin""",
        list(lot_ids),
    )
    return [(row["lot"], row["bin"], row["reserved"]) for row in rows]


async def take_back(
    pieces: Sequence[tuple[UUID, UUID, int]],
    *,
    by: Acting | None,
    subject: tuple[str, UUID],
    request: UUID,
    why: str,
    reason: str,
) -> list[Lost]:
    """Let promised pieces (lot, bin, how many) go and tell the orders that had them.

    The order that came last loses first. Goods that are picked are let go as a whole: they stay where they
    were packed. Returns what each order lost.
    """
    deltas: list[Delta] = []
    lost: list[Lost] = []
    for lot, bin_id, quantity in pieces:
        given = await _let_go(lot, bin_id, quantity, by=by, reason=reason)
        if given:
            deltas.append(Delta(lot, bin_id, reserved=-sum(one.quantity for one in given)))
            lost += given
    if not deltas:
        return []
    await stock.post(Cause.RELEASE, deltas, by=by, subject=subject, request=request, reason=reason)
    for order_id in dict.fromkeys(one.order_id for one in lost):
        await _step_back(order_id, by, reason)
    await _tell(lost, why, key=str(request))
    return lost


async def _let_go(lot: UUID, bin_id: UUID, quantity: int, *, by: Acting | None, reason: str) -> list[Lost]:
    rows = await fetch(
        """SELECT p.id, p.state, p.quantity, o.id AS order_id, o.number
             FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
             JOIN goods_order AS o ON o.id = line.goods_order
            WHERE p.lot = {} AND p.bin = {} AND p.state IN ('reserved', 'picked', 'missing')
            ORDER BY p.state <> 'missing', o.requested_at DESC, o.number DESC, p.id FOR NO KEY UPDATE OF p""",
        lot,
        bin_id,
    )
    lost: list[Lost] = []
    for row in rows:
        if quantity <= 0:
            break
        taken = min(quantity, row["quantity"]) if row["state"] == "reserved" else row["quantity"]
        if taken < row["quantity"]:
            await connection().execute(
                "UPDATE goods_pick SET quantity = quantity - $2, changed_at = $3 WHERE id = $1",
                *(row["id"], taken, clock.now()),
            )
        else:
            await connection().execute(
                "UPDATE goods_pick SET state = 'released', note = $2, changed_at = $3, changed_by = $4"
                " WHERE id = $1",
                *(row["id"], reason[:300], clock.now(), by.person_id if by else None),
            )
        lost.append(Lost(row["order_id"], row["number"], lot, taken))
        quantity -= taken
    return lost


async def _step_back(order_id: UUID, by: Acting | None, reason: str) -> None:
    """Let an order go back to where its missing goods are looked for again."""
    (order,) = await lock([order_id])
    held = await fetch(
        """SELECT count(*) AS n FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
            WHERE line.goods_order = {} AND p.state IN ('reserved', 'picked', 'missing')""",
        order_id,
    )
    if order.state is State.PACKED:
        await move(order, Event.TAKE_BACK, by, reason=reason)
    elif order.state is State.RESERVED and not held[0]["n"]:
        await move(order, Event.RELEASE, by, reason=reason)


async def _tell(lost: Sequence[Lost], why: str, *, key: str) -> None:
    known = await lots({one.lot for one in lost})
    rows = await fetch(
        "SELECT id, number, requested_by FROM goods_order WHERE id = ANY({}::uuid[]) ORDER BY number",
        list({one.order_id for one in lost}),
    )
    for row in rows:
        gone = [one for one in lost if one.order_id == row["id"]]
        goods = tuple(
            (known[one.lot].item_name, known[one.lot].number, f"{one.quantity} {known[one.lot].unit}")
            for one in gone
        )
        await notify.tell(
            key=f"reservation lost:{key}:{row['number']}",
            person_id=row["requested_by"],
            event=RESERVATION_LOST,
            letter=ReservationLost(
                order_number=row["number"],
                goods=goods,
                why=why,
                url=f"{gateways.settings().public_url}/staff/warehouse/orders/{row['number']}",
            ),
        )


async def allot_again(lost: Sequence[Lost], *, by: Acting | None) -> list[str]:
    """Set other goods aside for the orders that lost some; return the numbers of those that got none."""
    empty = []
    for order_id, number in dict.fromkeys((one.order_id, one.number) for one in lost):
        try:
            async with atomic():
                await orders.reserve([order_id], by=by, request=uuid5(order_id, f"again:{clock.now()}"))
        except Conflict:
            empty.append(number)
    return empty
