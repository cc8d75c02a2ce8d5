"""What every verb on an order needs: the lock, the step with its history, goods set aside, the clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.deadlines import actions as deadlines
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.plumbing.db import connection, fetch_value, in_transaction
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries import orders as queries
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.fefo import Take
from cishan.warehouse.rules.orders import LIST, ORDER, Event, PickState, State
from cishan.warehouse.rules.stock import Delta


async def record(
    steps: Sequence[tuple[UUID, str, State]], event: str, by: Acting | None, *, reason: str = ""
) -> None:
    """Write steps of orders (which one, from, to) into the history."""
    await audit.record(
        *(
            Transition(
                subject_kind=ORDER,
                subject_id=str(order_id),
                event=event,
                from_state=before,
                to_state=after,
                actor=str(by.person_id) if by else SYSTEM,
                acting_role=by.role if by else "",
                reason=reason,
            )
            for order_id, before, after in steps
        )
    )


@dataclass(frozen=True, slots=True)
class Locked:
    """An order that nobody else changes until the transaction ends."""

    id: UUID
    number: str
    site: UUID
    batch: UUID | None
    region: str
    state: State


async def lock(order_ids: Sequence[UUID]) -> list[Locked]:
    """Lock orders in one order for everybody; raise NotFound if one is missing."""
    assert in_transaction(), "a lock ends with its transaction"
    rows = await connection().fetch(
        "SELECT id, number, site, batch, region, state FROM goods_order WHERE id = ANY($1) ORDER BY id"
        " FOR NO KEY UPDATE",
        list(order_ids),
    )
    if len(rows) < len(set(order_ids)):
        raise NotFound(queries.NO_ORDER)
    return [
        Locked(row["id"], row["number"], row["site"], row["batch"], row["region"], State(row["state"]))
        for row in rows
    ]


def step(order: Locked, event: Event) -> State:
    """Return where an event leads an order; raise Conflict in the language of the request."""
    return rules.step(order.state, event, said=gettext(rules.STATE_PHRASES[order.state]))


async def move(order: Locked, event: Event, by: Acting | None, *, reason: str = "", **columns: Any) -> State:
    """Let an event happen to a locked order, with its history; columns are set beside the state."""
    after = step(order, event)
    names = list(columns)
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, start=3))
    await connection().execute(
        f"UPDATE goods_order SET state = $2{sets} WHERE id = $1",  # noqa: S608 - names are our own
        order.id,
        after.value,
        *(columns[name] for name in names),
    )
    await record([(order.id, order.state, after)], event.value, by, reason=reason)
    return after


def reservations(takes: Sequence[Take]) -> list[Delta]:
    """Return what setting goods aside changes, once for each lot and bin."""
    pieces: dict[tuple[UUID, UUID], int] = {}
    for take in takes:
        pieces[take.lot, take.bin] = pieces.get((take.lot, take.bin), 0) + take.quantity
    return [Delta(lot, bin_id, reserved=count) for (lot, bin_id), count in sorted(pieces.items())]


async def add_picks(
    takes: Sequence[Take],
    by: Acting | None,
    *,
    state: PickState = PickState.RESERVED,
    override_reason: str = "",
) -> list[UUID]:
    """Write down which goods are set aside for which line, and return the ids."""
    now = clock.now()
    rows = [
        (
            *(ids.new_id(), take.line, take.lot, take.bin, take.quantity, state.value, override_reason, ""),
            *(now, now, by.person_id if by else None, 0),
        )
        for take in takes
    ]
    await connection().copy_records_to_table("goods_pick", records=rows, columns=_PICK_COLUMNS)
    return [row[0] for row in rows]


_PICK_COLUMNS = (
    *("id", "line", "lot", "bin", "quantity", "state", "override_reason", "note"),
    *("created_at", "changed_at", "changed_by", "returned"),
)


async def start_pick_clocks(kind: str, subject_id: UUID, region: str) -> None:
    """Let the clocks of reserved goods run: to be picked, and then to be let go."""
    for code in (rules.PICK_CLOCK, rules.RELEASE_CLOCK):
        await deadlines.start(code, subject_kind=kind, subject_id=subject_id, region=region)


async def stop_pick_clocks(order: Locked) -> None:
    """Stop the clocks of reserved goods that are picked or let go; a list's run on while one of it waits."""
    for code in (rules.PICK_CLOCK, rules.RELEASE_CLOCK):
        await deadlines.stop(code, subject_kind=ORDER, subject_id=order.id)
    if order.batch is None:
        return
    waiting = await fetch_value(
        "SELECT count(*) FROM goods_order WHERE batch = {} AND state = 'reserved'", order.batch
    )
    if not waiting:
        for code in (rules.PICK_CLOCK, rules.RELEASE_CLOCK):
            await deadlines.stop(code, subject_kind=LIST, subject_id=order.batch)
