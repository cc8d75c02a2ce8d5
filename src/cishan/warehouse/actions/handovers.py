"""Packing, handing over before two people, saying that it came, and taking goods back."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from cishan import gateways
from cishan.approvals.rules import Acting
from cishan.deadlines import actions as deadlines
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.notify import actions as notify
from cishan.plumbing import crypto, i18n
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from cishan.plumbing.i18n import gettext
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.order_steps import Locked, lock, move, step
from cishan.warehouse.queries import catalogue, choosing, places
from cishan.warehouse.queries import handovers as queries
from cishan.warehouse.queries.orders import NO_PICK
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules import orders as rules
from cishan.warehouse.rules.orders import (
    ORDER,
    Condition,
    Confirmed,
    Event,
    HandedOut,
    PickState,
    Second,
    Signed,
    State,
)
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from cishan.warehouse.tables.orders import RECEIVER_PHONE, SECOND_NAME, SIGNER_NAME

PARCELS_LIMIT = 500


async def pack(order_id: UUID, *, parcels: int, by: Acting, drop_rest: bool = False) -> None:
    """Note that picked goods are packed into so many parcels; the rest is picked before, or dropped.

    The same again changes nothing.
    """
    if not 1 <= parcels <= PARCELS_LIMIT:
        raise Invalid(
            N_("Enter a whole number from 1 to {limit}."), field="parcels", limit=f"{PARCELS_LIMIT:,}"
        )
    async with atomic():
        (order,) = await lock([order_id])
        packed = await fetch_value("SELECT parcels FROM goods_order WHERE id = {}", order_id)
        if order.state is State.PACKED and packed == parcels:
            return
        step(order, Event.PACK)
        rows = await fetch(
            """SELECT p.state, count(*) AS n FROM goods_pick AS p
                 JOIN goods_order_line AS line ON line.id = p.line WHERE line.goods_order = {}
                GROUP BY p.state""",
            order_id,
        )
        counts = {row["state"]: row["n"] for row in rows}
        if counts.get(PickState.RESERVED):
            if not drop_rest:
                raise Conflict(N_("Not everything is picked yet. Pick it, or say that the rest stays here."))
            await _drop_unpicked(order, by)
        if not counts.get(PickState.PICKED):
            raise Conflict(N_("Nothing is picked yet."))
        await move(order, Event.PACK, by, packed_at=clock.now(), parcels=parcels)
        await _text(
            order, "ready", N_("Goods for you are packed (order {number}). We will tell you when to get them")
        )


async def _drop_unpicked(order: Locked, by: Acting) -> None:
    rows = await connection().fetch(
        """UPDATE goods_pick AS p SET state = 'released', changed_at = $2, changed_by = $3
             FROM goods_order_line AS line
            WHERE line.id = p.line AND line.goods_order = $1 AND p.state = 'reserved'
           RETURNING p.id, p.lot, p.bin, p.quantity""",
        *(order.id, clock.now(), by.person_id),
    )
    deltas = [Delta(row["lot"], row["bin"], reserved=-row["quantity"]) for row in rows]
    request = uuid5(min(row["id"] for row in rows), "drop")
    await stock.post(Cause.RELEASE, deltas, by=by, subject=(ORDER, order.id), request=request)


async def hand_over(
    order_id: UUID,
    *,
    by: Acting,
    second: Second,
    signed: Signed,
    signature: Sequence[Brought],
    photo: Sequence[Brought] = (),
    signer: str = "",
    request: UUID,
) -> HandedOut:
    """Give packed goods to their receiver before a second person, against a signature; once for a request."""
    rules.require_second(second, by.person_id)
    require_signature(signature, signed)
    async with atomic():
        (order,) = await lock([order_id])
        known = await known_handover(order, request)
        if known is not None:
            return known
        step(order, Event.HAND_OVER)
        picked = await connection().fetch(
            """UPDATE goods_pick AS p SET state = 'issued', changed_at = $2, changed_by = $3
                 FROM goods_order_line AS line
                WHERE line.id = p.line AND line.goods_order = $1 AND p.state = 'picked'
               RETURNING p.lot, p.bin, p.quantity""",
            *(order.id, clock.now(), by.person_id),
        )
        deltas = [
            Delta(row["lot"], row["bin"], on_hand=-row["quantity"], reserved=-row["quantity"])
            for row in picked
        ]
        done = await issue(
            order, deltas, Event.HAND_OVER, by, second=second, signed=signed, signer=signer, request=request
        )
        await attach(order, signature, photo, by)
        await deadlines.start(
            rules.CONFIRM_CLOCK, subject_kind=ORDER, subject_id=order.id, region=order.region
        )
        words = N_("You got goods from us today (order {number}). If you did not, call {phone}")
        await _text(order, "handed", words)
        return done


def require_signature(signature: Sequence[Brought], signed: Signed) -> None:
    """Refuse a hand-over that nobody signed for."""
    if not signature:
        words = {
            Signed.SCREEN: N_("The receiver signs on the screen."),
            Signed.PAPER: N_("Add a photo of the signed paper."),
        }
        raise Invalid(words[signed], field="signature")


async def known_handover(order: Locked, request: UUID) -> HandedOut | None:
    """Return what this request did before."""
    rows = await fetch("SELECT id, request, cause FROM goods_handover WHERE goods_order = {}", order.id)
    if not rows or rows[0]["request"] != request:
        return None
    value_fen = -await queries.stock_value_of(rows[0]["cause"])
    return HandedOut(
        order_id=order.id,
        number=order.number,
        handover_id=rows[0]["id"],
        value_fen=value_fen,
        is_new=False,
    )


async def issue(
    order: Locked,
    deltas: Sequence[Delta],
    event: Event,
    by: Acting,
    *,
    second: Second,
    signed: Signed,
    signer: str,
    request: UUID,
) -> HandedOut:
    """Issue goods of a locked order and write the hand-over down."""
    posted = await stock.post(
        Cause.ISSUE, deltas, by=by, subject=(ORDER, order.id), request=uuid5(request, "issue")
    )
    handover_id = ids.new_id()
    volunteer, other = second.name.strip()[:60], signer.strip()[:60]
    await connection().execute(
        """INSERT INTO goods_handover (id, goods_order, at, handed_by, acting_role, second, second_enc,
                                       signer_enc, signed, cause, request)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        *(handover_id, order.id, clock.now(), by.person_id, by.role, second.person),
        None if second.person else crypto.seal(volunteer, place=SECOND_NAME, row=handover_id),
        crypto.seal(other, place=SIGNER_NAME, row=handover_id) if other else None,
        *(signed.value, posted.cause_id, request),
    )
    await move(order, event, by)
    return HandedOut(
        order_id=order.id,
        number=order.number,
        handover_id=handover_id,
        value_fen=-posted.value_fen,
        is_new=True,
    )


async def attach(order: Locked, signature: Sequence[Brought], photo: Sequence[Brought], by: Acting) -> None:
    """Keep the papers of a hand-over."""
    await files.attach(signature, owner_id=order.id, by=by.person_id, field="signature")
    if photo:
        await files.attach(photo, owner_id=order.id, by=by.person_id, field="photo")


async def _text(order: Locked, event: str, words: str) -> None:
    """Send the receiver one line, if they gave a mobile number."""
    rows = await fetch("SELECT phone_enc FROM goods_order WHERE id = {}", order.id)
    if rows[0]["phone_enc"] is None:
        return
    phone = crypto.unseal(rows[0]["phone_enc"], place=RECEIVER_PHONE, row=order.id)
    house = gateways.settings().organisation
    with i18n.speaking(i18n.CHINESE):
        text = gettext(N_("[{organisation}] {text}.")).format(
            organisation=house.short_name,
            text=gettext(words).format(number=order.number, phone=house.phone),
        )
    await notify.send_text(
        key=f"goods_order:{order.id}:{event}",
        to_mobile=phone,
        language=i18n.CHINESE,
        template=f"goods_{event}",
        text=text,
    )


async def confirm(
    order_id: UUID, *, how: Confirmed, by: Acting | None, complaint: bool = False, note: str = ""
) -> bool:
    """Note that the receiver says it came, or that something was wrong; False: it was noted before.

    By telephone and at visits the one who handed it over does not ask themselves.
    """
    if complaint and not note.strip():
        raise Invalid(N_("Say what was wrong."), field="note")
    async with atomic():
        (order,) = await lock([order_id])
        if order.state is State.CONFIRMED:
            return False
        step(order, Event.CONFIRM)
        rows = await fetch("SELECT id, handed_by FROM goods_handover WHERE goods_order = {}", order_id)
        if by is not None and rows[0]["handed_by"] == by.person_id:
            raise Conflict(N_("You handed it over yourself; somebody else asks the receiver."))
        await connection().execute(
            """UPDATE goods_handover SET confirmed_at = $2, confirmed_how = $3, confirmed_by = $4,
                      complaint = $5, confirm_note = $6 WHERE goods_order = $1""",
            *(order_id, clock.now(), how.value, by.person_id if by else None),
            *(complaint, note.strip()[:500]),
        )
        await move(order, Event.CONFIRM, by, reason=note.strip()[:500] if by else "")
        await deadlines.stop(rules.CONFIRM_CLOCK, subject_kind=ORDER, subject_id=order_id)
    return True


async def take_back(
    pick_id: UUID,
    *,
    quantity: int,
    condition: Condition,
    reason: str,
    by: Acting,
    request: UUID,
    shelf: str = "",
    grade: str = "",
) -> bool:
    """Take handed-over goods back into quarantine for inspection; False: this request did it before.

    Onto a shelf of the same site only if the keeper names one, states that the goods are whole and of which
    grade, and their lot may be handed out. At most what went out, at the value at which it went.
    """
    if not reason.strip():
        raise Invalid(N_("Say why the goods came back."), field="reason")
    async with atomic():
        rows = await connection().fetch(
            """SELECT p.lot, p.quantity, p.returned, p.state, o.id AS order_id, o.site, h.cause
                 FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
                 JOIN goods_order AS o ON o.id = line.goods_order
                 LEFT JOIN goods_handover AS h ON h.goods_order = o.id
                WHERE p.id = $1 FOR NO KEY UPDATE OF p""",
            pick_id,
        )
        if not rows:
            raise NotFound(NO_PICK)
        if await fetch("SELECT FROM goods_return WHERE request = {}", request):
            return False
        row = rows[0]
        if row["state"] != PickState.ISSUED:
            raise Conflict(N_("These goods were not handed over."))
        left = row["quantity"] - row["returned"]
        if not 1 <= quantity <= left:
            raise Invalid(
                N_("At most {limit} can come back: so many were handed over."), field="quantity", limit=left
            )
        lot = await lot_by_id(row["lot"])
        if shelf:
            target = await _shelf(shelf, site=row["site"])
            item = await catalogue.item_by_id(lot.item)
            rules.require_fit_for_shelf(
                condition, grade, lot, today=clock.today(), cold_chain=item.cold_chain
            )
        else:
            target = await places.first_bin(row["site"], Purpose.QUARANTINE)
        posted = await stock.post(
            Cause.RETURN,
            [Delta(lot.id, target.id, on_hand=quantity)],
            by=by,
            subject=(ORDER, row["order_id"]),
            request=uuid5(request, "return"),
            reason=reason.strip(),
            reverses=row["cause"],
        )
        await connection().execute(
            "UPDATE goods_pick SET returned = returned + $2, changed_at = $3, changed_by = $4 WHERE id = $1",
            *(pick_id, quantity, clock.now(), by.person_id),
        )
        await connection().execute(
            """INSERT INTO goods_return (id, pick, quantity, condition, grade, bin, reason, at, taken_by,
                                         cause, request)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            *(ids.new_id(), pick_id, quantity, condition.value, grade if shelf else "", target.id),
            *(reason.strip()[:300], clock.now(), by.person_id, posted.cause_id, request),
        )
    return True


async def _shelf(code: str, *, site: UUID) -> Bin:
    """Return the shelf bin of the site that somebody scanned; raise Invalid."""
    found = await choosing.bin_meant(code)
    if found.site != site or found.purpose != Purpose.SHELF or not found.active:
        raise Invalid(N_("Choose a shelf bin of the site from which the goods went out."), field="bin")
    return found
