"""The one way in which goods move: a cause with its moves, and its voucher, in one transaction."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import asyncpg

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, DomainError, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger import actions as ledger
from cishan.ledger import queries as books
from cishan.ledger.rules import Entry, GoodsChange, Kind, goods_converted, goods_moved
from cishan.plumbing import i18n
from cishan.plumbing.db import atomic, connection, fetch, in_transaction
from cishan.warehouse.rules.restrictions import of_limits, require_known, union
from cishan.warehouse.rules.stock import (
    LOT,
    Cause,
    Delta,
    LotState,
    NewLot,
    Posted,
    Value,
    net_by_lot,
)

SOURCE = "warehouse"
"""Of entries in the books; their key is the cause."""
_POST = """SELECT cause, fresh, lots, vals FROM stock_post(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::uuid[], $12::uuid[], $13::int[], $14::int[])"""
_BOOKED = {
    Cause.RECEIVE: Kind.GOODS_RECEIVED,
    Cause.ISSUE: Kind.GOODS_ISSUED,
    Cause.RETURN: Kind.GOODS_RETURNED,
    Cause.SCRAP: Kind.GOODS_WRITTEN_OFF,
    Cause.LOSE: Kind.GOODS_WRITTEN_OFF,
    Cause.ADJUST: Kind.GOODS_WRITTEN_OFF,
}
_LIMITS = "SELECT min_age, max_age, sex FROM goods_item WHERE id = {}"


class Short(Conflict):
    """There is less than that, or less that is promised to nobody; `values` say how much."""


class Unusable(Conflict):
    """The lot is expired, in quarantine or recalled."""


class Frozen(Conflict):
    """The bin is being counted."""


async def post(
    kind: Cause,
    deltas: Sequence[Delta],
    *,
    by: Acting | None,
    subject: tuple[str, UUID],
    request: UUID,
    reason: str = "",
    reverses: UUID | None = None,
) -> Posted:
    """Move goods for one cause, wholly or not at all, and book in the ledger what they are worth.

    Runs inside `atomic`. A `request` counts once: again it changes nothing and gives the first answer.
    `by` is None for what the clock does. After a refusal the transaction is lost, unless this call is nested
    in an `atomic` of its own. What each cause may do is said at `stock_post` in the migrations.
    """
    assert in_transaction(), "stock moves in the transaction of its cause"
    cause_id, kept = ids.new_id(), [d for d in deltas if d.on_hand or d.reserved]
    with _told():
        row = await connection().fetchrow(
            _POST,
            cause_id,
            kind,
            clock.now(),
            by.person_id if by else None,
            by.role if by else "",
            subject[0],
            subject[1],
            request,
            reason[:500],
            reverses,
            [d.lot for d in kept],
            [d.bin for d in kept],
            [d.on_hand for d in kept],
            [d.reserved for d in kept],
        )
    assert row is not None
    values = tuple(Value(*pair) for pair in zip(row["lots"], row["vals"], strict=True))
    posted = Posted(row["cause"], row["fresh"], values)
    if posted.is_new and kind is Cause.UNRECEIVE:
        await _reverse_entries(reverses, reason)
    elif posted.is_new and values:
        await ledger.post(await _entries(kind, posted, net_by_lot(kept), memo=reason))
    return posted


async def is_posted(request: UUID, subject: UUID | None = None) -> bool:
    """Tell whether a request has moved goods already; if `subject` is given, for that subject.

    A request that moved goods for another subject is left to `post`, which refuses it.
    """
    rows = await fetch("SELECT subject_id FROM stock_cause WHERE request = {}", request)
    return bool(rows) and subject in {None, rows[0]["subject_id"]}


async def _reverse_entries(received: UUID | None, reason: str) -> None:
    """Mirror the entries of a receipt; goods without a value have none."""
    for entry in await books.entries_of(SOURCE, str(received)):
        await ledger.reverse(entry.id, reason=reason)


async def _entries(kind: Cause, posted: Posted, nets: dict[UUID, int], *, memo: str) -> list[Entry]:
    rows = await fetch(
        """SELECT l.id, l.number, l.fund_code, i.code
             FROM stock_lot AS l JOIN goods_item AS i ON i.id = l.item
            WHERE l.id = ANY({}::uuid[])""",
        [value.lot for value in posted.values],
    )
    known = {row["id"]: row for row in rows}
    changes = [
        GoodsChange(
            fund=known[value.lot]["fund_code"],
            stock_code=known[value.lot]["code"],
            lot=known[value.lot]["number"],
            pieces=nets[value.lot],
            value_fen=value.value_fen,
        )
        for value in posted.values
    ]
    day, key = clock.today(), str(posted.cause_id)
    if kind in _BOOKED:
        return goods_moved(
            _BOOKED[kind], changes, source=SOURCE, source_key=key, effective_date=day, memo=memo
        )
    sign = 1 if kind is Cause.ASSEMBLE else -1
    (hub,) = [change for change in changes if change.pieces * sign > 0]
    parts = [change for change in changes if change is not hub]
    if any(part.fund != hub.fund or part.is_entrusted for part in changes):
        raise Conflict(N_("Goods of different funds do not go into one kit: no fund pays for another."))
    return goods_converted(hub, parts, source=SOURCE, source_key=key, effective_date=day, memo=memo)


async def open_lot(new: NewLot) -> UUID:
    """Write down a lot that is about to be filled, in one go, by RECEIVE, ASSEMBLE or DISASSEMBLE.

    What its kind of goods is limited to (age, sex) becomes a restriction of the lot.
    """
    assert in_transaction(), "a lot is opened in the transaction that fills it"
    if new.cost_fen and new.cost_fen < new.quantity:
        raise Invalid(N_("Value the goods at 0.01 yuan a piece at least, or not at all."), field="value")
    lot_id, limits = ids.new_id(), await fetch(_LIMITS, new.item)
    words = union([new.restrictions, *(of_limits(**row) for row in limits)])
    await connection().execute(
        """INSERT INTO stock_lot (id, number, item, made_on, expires_on, fund_code, entrusted, grade,
                                  quantity, cost_fen, basis, restrictions, source, source_id, state,
                                  on_hand, value_fen, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'open', 0, 0, $15)""",
        lot_id,
        _number(lot_id),
        new.item,
        new.made_on,
        new.expires_on,
        new.fund,
        new.entrusted,
        new.grade,
        new.quantity,
        new.cost_fen,
        new.basis,
        list(require_known(words)),
        new.source,
        new.source_id,
        clock.now(),
    )
    return lot_id


def _number(lot_id: UUID) -> str:
    """Return a lot's number: the day, and five letters and digits of chance."""
    return f"L{clock.today():%y%m%d}-{ids.letters_of(lot_id, 5)}"


async def set_state(lot_id: UUID, state: LotState, *, by: Acting | None, reason: str, event: str) -> None:
    """Let a lot be handed out or not, with a reason in its history; the same again changes nothing."""
    async with atomic():
        row = await connection().fetchrow(
            "SELECT state FROM stock_lot WHERE id = $1 FOR NO KEY UPDATE", lot_id
        )
        if row is None:
            raise NotFound(N_("There is no such lot."))
        if row["state"] == state:
            return
        await connection().execute("UPDATE stock_lot SET state = $2 WHERE id = $1", lot_id, state)
        await audit.record(
            Transition(
                subject_kind=LOT,
                subject_id=str(lot_id),
                event=event,
                from_state=row["state"],
                to_state=state,
                actor=str(by.person_id) if by else SYSTEM,
                acting_role=by.role if by else "",
                reason=reason,
            )
        )


async def lock_items(site: UUID, items: Sequence[UUID]) -> None:
    """Be the only one who chooses lots of these goods at a site until the transaction ends."""
    assert in_transaction(), "a lock ends with its transaction"
    await connection().execute(
        """SELECT pg_advisory_xact_lock(hashtextextended(i::text, hashtext($1::uuid::text)))
             FROM (SELECT DISTINCT unnest($2::uuid[]) AS i ORDER BY 1) AS sorted""",
        site,
        list(items),
    )


async def lock_lots(lot_ids: Iterable[UUID]) -> None:
    """Let nobody change the state of lots until the transaction ends."""
    await connection().execute(
        "SELECT FROM stock_lot WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", sorted(set(lot_ids))
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(error: asyncpg.PostgresError) -> DomainError | None:
    code = error.sqlstate or ""
    if getattr(error, "constraint_name", None) == "stock_cause_unreceived_once":
        return Conflict(REVERSED)
    if not code.startswith("ST0") or code in {"ST005", "ST006", "ST008"}:
        return None
    told = json.loads(getattr(error, "detail", None) or "{}")
    match code:
        case "ST001":
            return Unusable(_UNUSABLE.get(told["state"], _EXPIRED), lot=told["lot"])
        case "ST002":
            name = told["item_zh"] if i18n.language() == i18n.CHINESE else told["item_en"] or told["item_zh"]
            return Short(
                N_("{item}, lot {lot} in {bin}: you asked for {wanted}, only {available} can be had."),
                item=name,
                lot=told["lot"],
                bin=told["bin"],
                wanted=told["wanted"],
                available=told["available"],
            )
        case "ST003":
            return Frozen(
                N_("Bin {bin} is being counted now. Try again after the stocktake."), bin=told["bin"]
            )
        case "ST004" if told["bin"]:
            return Conflict(N_("Bin {bin} is no place for that."), bin=told["bin"])
        case "ST004":
            return Conflict(N_("That lies at another site: make a transfer."))
        case "ST007":
            return Conflict(
                N_("Of lot {lot} {gone} were handed out; more cannot come back."),
                lot=told["lot"],
                gone=told["gone"],
            )
        case "ST010":
            return Conflict(N_("Of lot {lot} {gone} are no longer here."), lot=told["lot"], gone=told["gone"])
        case _:
            return Conflict(N_("This form was used for something else already. Open it anew."))


REVERSED = N_("This booking was reversed already.")
_EXPIRED = N_("Lot {lot} has expired: nobody may have it.")
_UNUSABLE = {
    LotState.QUARANTINED: N_("Lot {lot} is in quarantine: nobody may have it."),
    LotState.RECALLED: N_("Lot {lot} is recalled: nobody may have it."),
}
