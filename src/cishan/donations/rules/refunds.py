"""When money goes back, and on what grounds (Civil Code art. 145 and 658; Charity Law art. 41)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.donations.rules.giving import GiftStatus, RefundGround
from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_

UNDO_WINDOW = timedelta(minutes=10)
NO_REQUEST = N_("There is no such refund request.")

ASKABLE = (
    RefundGround.MIS_KEY,
    RefundGround.DUPLICATE,
    RefundGround.NO_CAPACITY,
    RefundGround.BREACH,
    RefundGround.CAMPAIGN_VOID,
    RefundGround.OTHER,
)
GROUND_LABELS: dict[str, str] = {
    RefundGround.UNDO: N_("Undone within ten minutes"),
    RefundGround.MIS_KEY: N_("Wrong amount or wrong project"),
    RefundGround.DUPLICATE: N_("Paid twice"),
    RefundGround.NO_CAPACITY: N_("Given by a minor or a person who could not decide this alone"),
    RefundGround.BREACH: N_("The money is not used as was promised"),
    RefundGround.CAMPAIGN_VOID: N_("The project was cancelled"),
    RefundGround.OTHER: N_("Another reason"),
}

BY_BANK = N_("This gift came by bank transfer: return it by bank and reverse its voucher.")
BY_HAND = N_(
    "This gift was found among unidentified money, so it cannot be sent back from here: return the payment in"
    " the payment service's own pages and reverse its voucher."
)
_UNPAID = frozenset({GiftStatus.AWAITING_PAYMENT, GiftStatus.PROCESSING})
_KEPT = frozenset({GiftStatus.PAID, GiftStatus.PARTLY_REFUNDED})


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undo knows of a gift."""

    status: GiftStatus
    paid_at: datetime | None
    undo_until: datetime | None
    by_gateway: bool
    """Paid through the payment service; a bank transfer goes back by hand."""


def why_not_from_here(*, channel: str, payment_intent_id: str) -> str:
    """Return why the payment service cannot be asked to send a gift back: a msgid, or nothing if it can."""
    if payment_intent_id:
        return ""
    return BY_BANK if channel == "bank_transfer" else BY_HAND


def undo_ends(gift: Undoing) -> datetime | None:
    """Return until when the gift can be undone by its giver alone; None: not at all, or not paid yet."""
    if gift.paid_at is None or not gift.by_gateway:
        return None
    return gift.undo_until or gift.paid_at + UNDO_WINDOW


def can_undo(gift: Undoing, now: datetime) -> bool:
    """Tell whether the giver may take the gift back without giving a reason."""
    if gift.status in _UNPAID:
        return True
    ends = undo_ends(gift)
    return gift.status in _KEPT and ends is not None and now < ends


def require_undo(gift: Undoing, now: datetime) -> None:
    """Refuse an undo that comes too late or to a gift that is gone."""
    if can_undo(gift, now):
        return
    if gift.status in _KEPT:
        raise Conflict(N_("The ten minutes for undoing are over. You can ask for a refund and say why."))
    raise Conflict(N_("There is nothing to undo: the gift was not paid, or has gone back already."))


def require_refundable(status: GiftStatus) -> None:
    """Refuse a refund request for a gift of which we hold nothing."""
    if status not in _KEPT:
        raise Conflict(N_("A refund can be asked for while the gift is with us. This one is not."))
