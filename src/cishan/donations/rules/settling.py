"""What becomes of a gift by what the payment service says of its payment, and which vouchers that makes.

The facts of a gift are the set of its movements; its status is read off that set, so it does not matter in
which order, how often or how late we are told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from uuid import UUID

from cishan.donations.rules.giving import Channel, GiftStatus
from cishan.kernel import clock
from cishan.kernel.money import share
from cishan.kernel.payments import DisputeState, Kind, Movement, Payment, State
from cishan.ledger.rules import (
    Entry,
    Line,
    dispute_lost,
    dispute_reinstated,
    dispute_withdrawn,
    gift_settled,
    refund,
    refund_failed,
    unidentified,
)

__all__ = ["DisputeState", "Kind", "Movement", "Payment", "State"]

SOURCE = "stripe"
"""Of every entry made here; its key is the balance transaction."""
CURRENCY = "cny"
_CHANNELS = frozenset(Channel)
OF_GIFTS = frozenset({Kind.CHARGE, Kind.REFUND, Kind.REFUND_FAILURE, Kind.DISPUTE, Kind.DISPUTE_REVERSAL})
"""The movements that can belong to a gift."""
OF_RECEIPTS = frozenset({Kind.CHARGE, Kind.REFUND, Kind.REFUND_FAILURE})
"""The movements after which a receipt is issued, or one in red."""


class Outcome(StrEnum):
    """What became of one payment."""

    SETTLED = "settled"
    """Gift, movements and books say what the payment service says."""
    WAITING = "waiting"
    """Told too early: the gift is not known yet, or the money is not on the balance yet."""
    INCOMPLETE = "incomplete"
    """The sighting does not tell enough of the payment; it must be fetched."""
    SUSPENSE = "suspense"
    """The money is in the suspense account; `problem` says why."""


class Problem(StrEnum):
    """Why money is in suspense."""

    NONE = ""
    UNIDENTIFIED = "unidentified"
    AMOUNT = "amount"
    CURRENCY = "currency"
    PAID_TWICE = "paid_twice"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Booked:
    """A movement of a gift that is in the books."""

    txn_id: str
    kind: Kind
    amount_fen: int
    """As the channel signs it."""
    fee_fen: int
    at: datetime
    source_id: str


@dataclass(frozen=True, slots=True)
class Gift:
    """What settling knows of a stored gift. Its lines sum to its amount."""

    id: UUID
    number: str
    amount_fen: int
    status: GiftStatus
    payment_intent_id: str
    session_id: str
    invoice_id: str
    plan_id: UUID | None
    """The monthly plan that it belongs to."""
    lines: tuple[tuple[str, int], ...]
    """Fund code and 分."""
    booked: tuple[Booked, ...] = ()
    open_refunds: tuple[str, ...] = ()
    """Of our own refunds that are under way: the payment service's id, or empty."""
    waits_for_staff: bool = False
    """Its giver asked for a refund that nobody has decided."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one payment: `gift_id` is None for money that belongs to no gift."""

    key: str
    """Of the payment."""
    outcome: Outcome
    gift_id: UUID | None = None
    status: GiftStatus | None = None
    problem: Problem = Problem.NONE
    booked: int = 0
    """Movements that this call put into the books."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What must be written so that a gift says what the payment service says."""

    status: GiftStatus
    channel: str | None
    paid_at: datetime | None
    fee_fen: int
    refunded_fen: int
    failure_code: str | None
    fresh: tuple[Movement, ...]
    entries: tuple[Entry, ...]
    refunds_done: tuple[str, ...]
    """Refunds of our own whose money has moved; those in `refunds_failed` came back."""
    refunds_failed: tuple[str, ...]


@dataclass(slots=True)
class _Sums:
    charged: int = 0
    refunded: int = 0
    disputed: int = 0
    fee: int = 0
    charge_at: datetime | None = None
    refunds: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)


def problem_of(gift: Gift | None, payment: Payment) -> Problem:
    """Say why the payment's money cannot go to the gift; NONE if it can."""
    if gift is None:
        return Problem.UNIDENTIFIED
    if payment.payment_intent_id != gift.payment_intent_id and any(
        b.kind is Kind.CHARGE for b in gift.booked
    ):
        return Problem.PAID_TWICE
    if payment.state is State.UNKNOWN:
        return Problem.NONE
    if payment.currency != CURRENCY or any(m.currency != CURRENCY for m in payment.movements):
        return Problem.CURRENCY
    charges = [m.amount_fen for m in payment.movements if m.kind is Kind.CHARGE]
    if payment.amount_fen != gift.amount_fen or any(amount != gift.amount_fen for amount in charges):
        return Problem.AMOUNT
    return Problem.NONE


def is_stale(gift: Gift, payment: Payment) -> bool:
    """Tell whether a checkout that was given up says nothing of the gift, since another one goes on."""
    if not payment.payment_intent_id:
        return payment.session_id != gift.session_id
    other = gift.payment_intent_id not in {"", payment.payment_intent_id}
    return other and payment.state is State.EXPIRED


def after(gift: Gift, settlement: Settlement) -> Gift:
    """Return the gift as it will be when the settlement is written."""
    known = {b.txn_id for b in gift.booked}
    fresh = tuple(_as_booked(m) for m in settlement.fresh if m.txn_id not in known)
    return replace(gift, status=settlement.status, booked=gift.booked + fresh)


def is_ours(payment: Payment) -> bool:
    """Tell whether the payment carries our own mark, so that its gift or plan must be somewhere."""
    return "donation_id" in payment.metadata or "plan_id" in payment.metadata


def is_later_month(payment: Payment) -> bool:
    """Tell whether the payment pays a month of a plan after its first, so that its gift may be unwritten."""
    has_money = payment.state is State.SUCCEEDED or bool(payment.movements)
    return bool(payment.invoice_id) and not payment.begins_plan and has_money


def is_ours_but_moneyless(payment: Payment) -> bool:
    """Tell whether the payment is of a later month and nothing was taken: there is no gift to wait for."""
    return bool(payment.invoice_id) and not payment.begins_plan and not is_later_month(payment)


def join(earlier: Payment, later: Payment) -> Payment:
    """Return two sightings of one payment as one: the later word counts, the movements add up."""
    told, rest = (earlier, later) if later.state is State.UNKNOWN else (later, earlier)
    movements = {m.txn_id: m for m in (*rest.movements, *told.movements)}
    return replace(
        told,
        dispute=told.dispute or rest.dispute,
        metadata={**rest.metadata, **told.metadata},
        movements=tuple(movements.values()),
    )


def is_incomplete(gift: Gift | None, payment: Payment) -> bool:
    """Tell whether the payment was only glimpsed, and must be fetched before anything can be decided."""
    if payment.state is State.UNKNOWN:
        return gift is None or not any(b.kind is Kind.CHARGE for b in gift.booked)
    return gift is None and not payment.metadata and not payment.invoice_id


def settle(gift: Gift, payment: Payment, *, today: date) -> Settlement:
    """Return what must change about the gift; the same again changes nothing."""
    known = {b.txn_id for b in gift.booked}
    fresh = tuple(m for m in payment.movements if m.txn_id not in known and m.kind in OF_GIFTS)
    sums = _sum(chain(gift.booked, (_as_booked(m) for m in fresh)))
    status = _status(gift, payment, sums)
    entries = [*_entries(gift, fresh, sums)]
    if status is GiftStatus.CHARGED_BACK and gift.status is not GiftStatus.CHARGED_BACK:
        entries += _lost(gift, chain(gift.booked, (_as_booked(m) for m in fresh)), today)
    paid = sums.charged > 0
    return Settlement(
        status=status,
        # An attempt that failed may have gone another way than the one that was paid.
        channel=payment.channel
        if payment.state is State.SUCCEEDED and payment.channel in _CHANNELS
        else None,
        paid_at=sums.charge_at,
        fee_fen=max(sums.fee, 0),
        refunded_fen=min(max(sums.refunded, 0), gift.amount_fen),
        failure_code=None if paid or payment.state is not State.FAILED else payment.failure_code[:60],
        fresh=fresh,
        entries=tuple(entries),
        refunds_done=tuple(r for r in gift.open_refunds if r in sums.refunds - sums.returned),
        refunds_failed=tuple(r for r in gift.open_refunds if r in sums.returned),
    )


def suspense_entries(movements: Iterable[Movement], *, memo: str) -> Iterable[Entry]:
    """Yield the vouchers that keep movements in suspense until a person has looked at them."""
    for movement in movements:
        if movement.amount_fen or movement.fee_fen:
            entry = unidentified(
                source=SOURCE,
                source_key=movement.txn_id,
                effective_date=clock.china_day(movement.at),
                amount_fen=movement.amount_fen,
                fee_fen=movement.fee_fen,
                memo=memo,
            )
            yield entry if movement.currency == CURRENCY else _in_unit(entry, movement.currency.upper())


def _in_unit(entry: Entry, unit: str) -> Entry:
    lines = tuple(Line(account._replace(unit=unit), amount) for account, amount in entry.lines)
    return Entry(entry.kind, entry.effective_date, entry.source, entry.source_key, lines, entry.memo)


def _status(gift: Gift, payment: Payment, sums: _Sums) -> GiftStatus:
    if sums.charged <= 0:
        return _unpaid(gift.status, payment.state)
    if sums.disputed > 0:
        lost = payment.dispute is DisputeState.LOST or gift.status is GiftStatus.CHARGED_BACK
        return GiftStatus.CHARGED_BACK if lost else GiftStatus.DISPUTED
    if sums.refunded >= sums.charged:
        return GiftStatus.REFUNDED
    undecided = gift.waits_for_staff and gift.status is GiftStatus.REFUND_PENDING
    if undecided or any(refund_id not in sums.refunds for refund_id in gift.open_refunds):
        return GiftStatus.REFUND_PENDING
    return GiftStatus.PARTLY_REFUNDED if sums.refunded > 0 else GiftStatus.PAID


def _unpaid(present: GiftStatus, state: State) -> GiftStatus:
    """A gift is paid when it is in the books; money that is taken but not on the balance yet is not."""
    match state:
        case State.SUCCEEDED | State.PROCESSING:
            return GiftStatus.PROCESSING
        case State.FAILED:
            return GiftStatus.FAILED
        case State.EXPIRED:
            return GiftStatus.EXPIRED
        case State.OPEN:
            return present if present is GiftStatus.EXPIRED else GiftStatus.AWAITING_PAYMENT
        case State.UNKNOWN:
            return present


def _as_booked(movement: Movement) -> Booked:
    return Booked(
        movement.txn_id,
        movement.kind,
        movement.amount_fen,
        movement.fee_fen,
        movement.at,
        movement.source_id,
    )


def _sum(movements: Iterable[Booked]) -> _Sums:
    sums = _Sums()
    for movement in movements:
        match movement.kind:
            case Kind.CHARGE:
                sums.charged += movement.amount_fen
                sums.fee += movement.fee_fen
                sums.charge_at = min(sums.charge_at or movement.at, movement.at)
            case Kind.REFUND | Kind.REFUND_FAILURE:
                sums.refunded -= movement.amount_fen
                sums.refunds.add(movement.source_id)
                if movement.kind is Kind.REFUND_FAILURE:
                    sums.returned.add(movement.source_id)
            case Kind.DISPUTE | Kind.DISPUTE_REVERSAL:
                sums.disputed -= movement.amount_fen
            case _:
                pass
    return sums


def _entries(gift: Gift, fresh: Sequence[Movement], sums: _Sums) -> Iterable[Entry]:
    for movement in fresh:
        memo = f"{gift.number} {movement.source_id}".strip()
        day = clock.china_day(movement.at)
        amount = abs(movement.amount_fen)
        common = {"source": SOURCE, "source_key": movement.txn_id, "memo": memo}
        match movement.kind:
            case Kind.DISPUTE:
                yield dispute_withdrawn(
                    **common, effective_date=day, amount_fen=amount, fee_fen=movement.fee_fen
                )
            case Kind.DISPUTE_REVERSAL:
                yield dispute_reinstated(
                    **common, effective_date=day, amount_fen=amount, fee_returned_fen=-movement.fee_fen
                )
            case _:
                yield _by_fund(gift, movement, common, day, sums)


def _by_fund(gift: Gift, movement: Movement, common: Mapping[str, str], day: date, sums: _Sums) -> Entry:
    """Return one voucher for all funds of the gift; the fee is in it once."""
    weights = [amount for _, amount in gift.lines]
    parts: list[Entry] = []
    fee = movement.fee_fen
    earlier = sums.charge_at is not None and clock.china_day(sums.charge_at).year < day.year
    for (fund, _), amount in zip(gift.lines, share(abs(movement.amount_fen), weights), strict=True):
        if not amount:
            continue
        if movement.kind is Kind.CHARGE:
            part = gift_settled(**common, effective_date=day, fund=fund, gross_fen=amount, fee_fen=fee)
        elif movement.kind is Kind.REFUND:
            part = refund(
                **common, effective_date=day, fund=fund, amount_fen=amount, fee_fen=fee, earlier_year=earlier
            )
        else:
            part = refund_failed(
                **common, effective_date=day, fund=fund, amount_fen=amount, fee_fen=fee, earlier_year=earlier
            )
        parts.append(part)
        fee = 0
    first = parts[0]
    lines = tuple(chain.from_iterable(part.lines for part in parts))
    return Entry(first.kind, day, first.source, first.source_key, lines, first.memo)


def _lost(gift: Gift, movements: Iterable[Booked], today: date) -> Iterable[Entry]:
    """Write off what a lost dispute keeps from us; its key is the dispute, since no money moves."""
    kept: dict[str, int] = {}
    for movement in movements:
        if movement.kind in {Kind.DISPUTE, Kind.DISPUTE_REVERSAL}:
            kept[movement.source_id] = kept.get(movement.source_id, 0) - movement.amount_fen
    for dispute_id, amount in sorted(kept.items()):
        if amount > 0:
            yield dispute_lost(
                source=SOURCE,
                source_key=dispute_id,
                effective_date=today,
                amount_fen=amount,
                memo=f"{gift.number} {dispute_id}",
            )
