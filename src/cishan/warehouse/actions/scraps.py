"""Writing goods off: one proposes before a witness and with photos, others check, then the stock says so.

Until it is decided the goods are held in quarantine, or stay promised if they were not found, so that nobody
is given them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from cishan.approvals import actions as approvals
from cishan.approvals import queries as approval_queries
from cishan.approvals.rules import OPEN, Acting, ApprovalView, Kind, Payee, register
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import alone, atomic, connection, fetch, fetch_value
from cishan.warehouse.actions import lost_on_the_way, picks, stock
from cishan.warehouse.queries import places
from cishan.warehouse.queries import scraps as queries
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.rules.orders import PickState, Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.scraps import GROUNDS, KIND, SCRAP, Ground, ScrapState
from cishan.warehouse.rules.stock import Cause, Delta, Lot, Posted, value_out
from cishan.warehouse.tables.orders import WITNESS_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What one saw, who saw it too, and the photos."""

    words: str
    witness: Second
    photos: Sequence[Brought]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goods:
    lot: Lot
    quantity: int
    ground: Ground
    site: UUID
    bin: UUID
    taken_from: UUID
    pick: UUID | None = None
    transfer_line: UUID | None = None


async def propose(
    told: Proposed,
    *,
    lot_id: UUID,
    bin_id: UUID,
    quantity: int,
    ground: Ground,
    by: Acting,
    request: UUID,
) -> UUID:
    """Lay before the checkers that goods shall be written off; return its id, once for a request."""
    _require(told, by)
    assert ground is not Ground.MISSING, "what is missing is proposed by its pick or its transfer"
    async with atomic():
        known = await _known(request)
        if known is not None:
            return known
        place = await places.bin_by_id(bin_id)
        if place.purpose is Purpose.TRANSIT:
            raise Conflict(N_("Goods under way are written off from the page of their transfer."))
        await connection().execute("SELECT FROM stock_lot WHERE id = $1 FOR NO KEY UPDATE", lot_id)
        lot = await lots.lot_by_id(lot_id)
        scrap_id, held = ids.new_id(), place.id
        if place.purpose is Purpose.QUARANTINE:
            await _require_free(lot, held, quantity)
        else:
            held = (await places.first_bin(place.site, Purpose.QUARANTINE)).id
            deltas = [Delta(lot_id, place.id, on_hand=-quantity), Delta(lot_id, held, on_hand=quantity)]
            await stock.post(
                Cause.MOVE, deltas, by=by, subject=(SCRAP, scrap_id), request=uuid5(request, "hold")
            )
        goods = _Goods(
            lot=lot, quantity=quantity, ground=ground, site=place.site, bin=held, taken_from=place.id
        )
        await _lay(scrap_id, goods, told, by, request)
        return scrap_id


async def propose_missing(told: Proposed, *, pick_id: UUID, by: Acting, request: UUID) -> UUID:
    """Lay before the checkers that goods which picking did not find shall be written off."""
    _require(told, by)
    async with atomic():
        known = await _known(request)
        if known is not None:
            return known
        row = await connection().fetchrow(
            """SELECT p.lot, p.bin, p.quantity, p.state, b.site FROM goods_pick AS p
                 JOIN stock_bin AS b ON b.id = p.bin WHERE p.id = $1 FOR NO KEY UPDATE OF p""",
            pick_id,
        )
        if row is None or row["state"] != PickState.MISSING:
            raise Conflict(picks.NOT_MISSING)
        if await fetch("SELECT FROM goods_scrap WHERE pick = {} AND state = 'proposed'", pick_id):
            raise Conflict(N_("They are proposed to be written off already."))
        goods = _Goods(
            lot=await lots.lot_by_id(row["lot"]),
            quantity=row["quantity"],
            ground=Ground.MISSING,
            site=row["site"],
            bin=row["bin"],
            taken_from=row["bin"],
            pick=pick_id,
        )
        scrap_id = ids.new_id()
        await _lay(scrap_id, goods, told, by, request)
        return scrap_id


async def propose_lost(told: Proposed, *, line_id: UUID, quantity: int, by: Acting, request: UUID) -> UUID:
    """Lay before the checkers that pieces which a transfer lost on the way shall be written off."""
    _require(told, by)
    async with atomic():
        known = await _known(request)
        if known is not None:
            return known
        transfer, line = await lost_on_the_way.claim_missing(line_id, quantity)
        way = await places.first_bin(transfer.target, Purpose.TRANSIT)
        goods = _Goods(
            lot=await lots.lot_by_id(line.lot),
            quantity=quantity,
            ground=Ground.MISSING,
            site=transfer.target,
            bin=way.id,
            taken_from=way.id,
            transfer_line=line_id,
        )
        scrap_id = ids.new_id()
        await _lay(scrap_id, goods, told, by, request)
        return scrap_id


def _require(told: Proposed, by: Acting) -> None:
    witness = told.witness
    if not told.words.strip():
        raise Invalid(N_("Say what happened to the goods."), field="words")
    if witness.person is None and not witness.name.strip():
        raise Invalid(N_("Name the witness."), field="witness")
    if witness.person == by.person_id:
        raise Invalid(N_("The witness is somebody else, not you."), field="witness")
    if not told.photos:
        raise Invalid(N_("Add a photo of the goods, or of the empty place."), field="photo")


async def _known(request: UUID) -> UUID | None:
    """Return what a form proposed before; the second of two that come at once waits for the first."""
    await alone(f"goods_scrap {request}")
    found: UUID | None = await fetch_value("SELECT id FROM goods_scrap WHERE request = {}", request)
    return found


async def _require_free(lot: Lot, bin_id: UUID, quantity: int) -> None:
    """Refuse more than lies in quarantine and is not proposed to be written off already."""
    free = int(
        await fetch_value(
            """SELECT coalesce((SELECT on_hand - reserved FROM stock_balance WHERE lot = {} AND bin = {}), 0)
                      - coalesce((SELECT sum(quantity) FROM goods_scrap
                                   WHERE lot = {} AND bin = {} AND pick IS NULL AND state = 'proposed'),
                                 0)""",
            *(lot.id, bin_id, lot.id, bin_id),
        )
    )
    if not 1 <= quantity <= free:
        raise stock.Short(
            N_("{item}: you asked for {wanted}, only {available} can be had."),
            item=lot.item_name,
            wanted=quantity,
            available=max(free, 0),
        )


async def _lay(scrap_id: UUID, goods: _Goods, told: Proposed, by: Acting, request: UUID) -> None:
    lot, words, witness = goods.lot, told.words.strip()[:300], told.witness
    value_fen = value_out(lot.value_fen, lot.on_hand, goods.quantity) if lot.value_fen else 0
    name = witness.name.strip()[:60]
    await connection().execute(
        """INSERT INTO goods_scrap (id, number, site, lot, bin, taken_from, pick, quantity, value_fen, ground,
                                    words, proposed_by, witness, witness_enc, proposed_at, state, request,
                                    transfer_line)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'proposed', $16, $17)""",
        *(scrap_id, await _number(), goods.site, lot.id, goods.bin, goods.taken_from, goods.pick),
        *(goods.quantity, value_fen, goods.ground.value, words, by.person_id, witness.person),
        None if witness.person else crypto.seal(name, place=WITNESS_NAME, row=scrap_id),
        *(clock.now(), request, goods.transfer_line),
    )
    await files.attach(told.photos, owner_id=scrap_id, by=by.person_id, field="photo")
    await _record(scrap_id, "propose", ("", ScrapState.PROPOSED), by, words)
    await _approve(scrap_id, by, words)


async def _approve(scrap_id: UUID, by: Acting, reason: str) -> UUID:
    scrap = await queries.scrap_by_id(scrap_id)
    return await approvals.propose(
        kind=KIND,
        subject_kind=SCRAP,
        subject_id=scrap_id,
        title=scrap.number,
        amount_fen=scrap.value_fen,
        payee=Payee(),
        by=by,
        organisation_id=scrap.organisation,
        region_code=scrap.region,
        facts=[
            (N_("Kind of goods"), scrap.item_name),
            (N_("Lot"), scrap.lot_number),
            (N_("Quantity"), f"{scrap.quantity} {scrap.unit}"),
            (N_("Why"), GROUNDS[scrap.ground]),
            (N_("What happened to them"), scrap.words),
        ],
        reason=reason,
    )


async def propose_again(scrap_id: UUID, *, by: Acting, reason: str) -> UUID:
    """Lay a proposal before the checkers once more that was returned or withdrawn; return the approval."""
    if not reason.strip():
        raise Invalid(N_("Say what is different now."), field="reason")
    async with atomic():
        await _lock(scrap_id)
        return await _approve(scrap_id, by, reason)


async def drop(scrap_id: UUID, *, by: Acting, reason: str) -> None:
    """Give up a proposal that was returned or withdrawn: the goods stay, to be moved back by hand."""
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
    async with atomic():
        await _lock(scrap_id)
        standing = (await approval_queries.states_of(KIND, SCRAP, [scrap_id])).get(str(scrap_id))
        if standing is not None and standing.state in OPEN:
            raise Conflict(N_("This is before its checkers. Withdraw it there first."))
        await _refuse(scrap_id, by, reason.strip()[:300])


async def _number() -> str:
    await alone("goods_scrap numbers")
    prefix = f"BF{clock.today():%y%m%d}"
    count = await fetch_value(
        "SELECT coalesce(max(substr(number, 10)::int), 0) FROM goods_scrap WHERE number LIKE {}",
        f"{prefix}-%",
    )
    return f"{prefix}-{int(count) + 1:04}"


async def _record(
    scrap_id: UUID, event: str, step: tuple[str, ScrapState], by: Acting, reason: str = ""
) -> None:
    await audit.record(
        Transition(
            subject_kind=SCRAP,
            subject_id=str(scrap_id),
            event=event,
            from_state=step[0],
            to_state=step[1].value,
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason,
        )
    )


async def _approved(approval: ApprovalView, by: Acting) -> None:
    scrap_id = UUID(approval.subject_id)
    row = await _lock(scrap_id)
    posted = await _take_out(scrap_id, row, by, approval.steps[0].reason)
    await connection().execute(
        "UPDATE goods_scrap SET state = 'scrapped', decided_at = $2, cause = $3 WHERE id = $1",
        *(scrap_id, clock.now(), posted.cause_id),
    )
    await _record(scrap_id, "scrap", (ScrapState.PROPOSED, ScrapState.SCRAPPED), by)


async def _take_out(scrap_id: UUID, row: dict[str, Any], by: Acting, reason: str) -> Posted:
    subject, request = (SCRAP, scrap_id), uuid5(scrap_id, "scrap")
    if row["transfer_line"] is not None:
        return await lost_on_the_way.write_off(
            row["transfer_line"], row["quantity"], subject=subject, by=by, request=request, reason=reason
        )
    held = row["pick"] is not None and await picks.is_held(row["pick"])
    if held:  # nobody took the promise back meanwhile, as a recall does
        await picks.let_go(row["pick"], by)
    delta = Delta(row["lot"], row["bin"], on_hand=-row["quantity"], reserved=-row["quantity"] if held else 0)
    cause = Cause.LOSE if row["pick"] else Cause.SCRAP
    return await stock.post(cause, [delta], by=by, subject=subject, request=request, reason=reason)


async def _rejected(approval: ApprovalView, by: Acting) -> None:
    """Leave the goods where they are held: they are looked at and moved back by hand."""
    scrap_id = UUID(approval.subject_id)
    await _lock(scrap_id)
    await _refuse(scrap_id, by, approval.steps[-1].reason)


async def _refuse(scrap_id: UUID, by: Acting, reason: str) -> None:
    await connection().execute(
        "UPDATE goods_scrap SET state = 'refused', decided_at = $2 WHERE id = $1", scrap_id, clock.now()
    )
    await _record(scrap_id, "refuse", (ScrapState.PROPOSED, ScrapState.REFUSED), by, reason)


async def _lock(scrap_id: UUID) -> dict[str, Any]:
    row = await connection().fetchrow(
        """SELECT lot, bin, pick, transfer_line, quantity, state FROM goods_scrap
            WHERE id = $1 FOR NO KEY UPDATE""",
        scrap_id,
    )
    if row is None:
        raise NotFound(N_("There is no such write-off."))
    if row["state"] != ScrapState.PROPOSED:
        raise Conflict(N_("This write-off is decided already."))
    return dict(row)


def _page(scrap_id: str) -> str:
    return f"/staff/warehouse/scraps/{scrap_id}"


register(
    Kind(
        code=KIND,
        title=N_("Write-off of goods"),
        on_approved=_approved,
        on_rejected=_rejected,
        href=_page,
        about_goods=True,
    )
)
