"""Orders and transfers of a demonstration, one in every state; who receives does not exist."""

from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.plumbing.uploads import Upload
from cishan.warehouse.actions import handovers, orders, picks, transfers
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.queries.transfers import transfer_by_id
from cishan.warehouse.rules.orders import (
    ORDER,
    Condition,
    Confirmed,
    Kind,
    NewOrder,
    PickState,
    Receiver,
    ReceiverKind,
    Second,
    Signed,
    State,
    WantedLine,
)
from cishan.warehouse.rules.transfers import Counted, Line
from seeds import demo_pictures
from seeds.demo_staff import keepers
from seeds.demo_warehouse import days_before, item_of, site_of
from seeds.demo_year import is_told

Goods = tuple[tuple[str, int], ...]
WAY = (State.REQUESTED, State.RESERVED, State.PICKING, State.PACKED, State.HANDED_OVER, State.CONFIRMED)
ORDERS: tuple[tuple[State, int, str, Goods], ...] = (
    (State.REQUESTED, 0, "371402001", (("FLOUR10", 2), ("SOAP4", 2))),
    (State.REQUESTED, 1, "371423100", (("WHEELCHAIR", 1),)),
    (State.RESERVED, 1, "371402001", (("THERMALS", 2), ("TISSUE10", 2))),
    (State.PICKING, 1, "371402001", (("THERMALS", 4), ("NOODLES1", 6))),
    (State.PACKED, 2, "371402001", (("COAT", 2), ("SHOES", 2))),
    (State.HANDED_OVER, 3, "371402001", (("THERMALS", 3), ("PILLOW", 1))),
    (State.CONFIRMED, 6, "371423100", (("THERMALS", 2), ("BEDSET", 1))),
    (State.CANCELLED, 5, "371402001", (("WHEELCHAIR", 1),)),
)
"""How far they came, days ago, where the receiver lives, and what they want; flour is not there."""
LIST_TITLE = "演示：第一批困难家庭"
LIST: tuple[Goods, ...] = (
    (("DETERGENT3", 1),),
    (("DETERGENT3", 1), ("HANDWASH500", 2)),
    (("HANDWASH500", 1),),
)


async def load() -> None:
    """Let goods of the year that was told be on their way; where it was not there are none."""
    if not await is_told():
        return
    first, second = await keepers()
    papers = await files.bring(
        [Upload("signature.png", demo_pictures.signature())],
        owner_kind=ORDER,
        purpose="signature",
        field="signature",
    )
    async with atomic():
        for number, (state, days, region, goods) in enumerate(ORDERS, 1):
            with clock.fixed(days_before(days, 10)):
                new = await _order(f"演示受助人{number}", region, goods)
                await _go(state, new, _id(f"order {number}"), (first, second), papers)
        with clock.fixed(days_before(1, 11)):
            await _allocate(first)
        with clock.fixed(days_before(9)):
            await _transfer("explained", (("THERMALS", 30), ("SOAP4", 20)), first, second)
        with clock.fixed(days_before(4)):
            await _transfer("missing", (("COAT", 12),), first, second)
        with clock.fixed(days_before(1)):
            await _transfer("under way", (("QUILT", 20), ("RICE10", 40)), first, second)


async def _order(name: str, region: str, goods: Goods, kind: Kind = Kind.REQUEST) -> NewOrder:
    return NewOrder(
        site=(await site_of("DZ")).id,
        kind=kind,
        receiver=Receiver(
            kind=ReceiverKind.PERSON, name=name, address="演示小区1号楼", region=region, tokens=("elders",)
        ),
        lines=tuple([WantedLine((await item_of(code)).id, pieces) for code, pieces in goods]),
        purpose="演示：困难家庭",
    )


async def _go(
    state: State, new: NewOrder, request: UUID, staff: tuple[Acting, Acting], papers: list[Brought]
) -> None:
    """Let a new order go its way up to a state; one that was written down before stays where it is."""
    first, second = staff
    placed = await orders.request_goods(new, by=first, request=request)
    if not placed.is_new or state is State.REQUESTED:
        return
    (order,) = placed.order_ids
    await orders.reserve([order], by=first, request=uuid5(request, "reserve"))
    if state is State.CANCELLED:
        await orders.cancel(order, by=first, request=uuid5(request, "cancel"), reason="家属已自行购买")
        return
    steps = WAY.index(state)
    if steps >= WAY.index(State.PICKING):
        waiting = [pick for pick in await queries.picks_of(order) if pick.state is PickState.RESERVED]
        for pick in waiting[:1] if state is State.PICKING else waiting:
            await picks.pick(pick.id, quantity=pick.quantity, by=first, request=uuid5(pick.id, "demo"))
    if steps >= WAY.index(State.PACKED):
        await handovers.pack(order, parcels=1, by=first)
    if steps >= WAY.index(State.HANDED_OVER):
        await handovers.hand_over(
            order,
            by=first,
            second=Second(person=second.person_id),
            signed=Signed.SCREEN,
            signature=papers,
            request=uuid5(request, "hand over"),
        )
    if state is State.CONFIRMED:
        await handovers.confirm(order, how=Confirmed.PHONE, by=second)
        await _take_back(order, second)


async def _take_back(order: UUID, by: Acting) -> None:
    """Let one piece come back into quarantine for inspection."""
    pick = (await queries.picks_of(order))[0]
    await handovers.take_back(
        pick.id,
        quantity=1,
        condition=Condition.GOOD,
        reason="尺码不合，未拆封",
        by=by,
        request=uuid5(pick.id, "demo back"),
    )


async def _allocate(by: Acting) -> None:
    """Write an allocation list down and set its goods aside."""
    people = [
        await _order(f"演示受助人{number}", "371402001", goods, Kind.LIST)
        for number, goods in enumerate(LIST, len(ORDERS) + 1)
    ]
    request = _id("list")
    placed = await orders.request_list(people[0].site, LIST_TITLE, people, by=by, request=request)
    if placed.is_new:
        await orders.reserve(placed.order_ids, by=by, request=uuid5(request, "reserve"))


async def _transfer(key: str, goods: Goods, first: Acting, second: Acting) -> None:
    """Send goods from the city to a county; `explained` arrives with a torn piece, `missing` two short."""
    transfer, source, target = _id(f"transfer {key}"), await site_of("DZ"), await site_of("QY")
    made = await transfers.draft(
        source=source.id, target=target.id, note="演示：补充县仓", by=first, request=transfer
    )
    if made.lines:
        return
    for code, pieces in goods:
        item = (await item_of(code)).id
        await transfers.add_first_expiring(transfer, item, pieces, request=uuid5(transfer, code))
    await transfers.send(transfer, by=first, request=uuid5(transfer, "send"))
    if key == "under way":
        return
    lines = (await transfer_by_id(transfer)).lines
    counted = {line.id: Counted(line.quantity, 0) for line in lines}
    counted[lines[0].id] = _different(key, lines[0])
    await transfers.receive(transfer, counted, by=second, request=uuid5(transfer, "receive"))


def _different(key: str, line: Line) -> Counted:
    if key == "explained":
        return Counted(line.quantity - 1, 1, "一套外包装淋雨，已放待检区")
    return Counted(line.quantity - 2, 0, "少两件，司机说装车时未见，正在查找")


def _id(key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-orders/{key}")
