"""One gift as its giver sees it by the secret link."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cishan.campaigns import queries as campaigns
from cishan.donations.rules.answers import GENERAL, GENERAL_TITLE
from cishan.donations.rules.giving import Anonymity, DonorKind, GiftStatus, MessageState, Tribute
from cishan.donations.rules.refunds import Undoing, can_undo, undo_ends
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext

OPEN_WITHIN = timedelta(minutes=14)
"""How long after the confirmation a payment page can be opened that could not be opened at once."""
GONE = N_("There is no gift under this link. The link may be cut off at its end: copy it whole.")


@dataclass(frozen=True, slots=True)
class GiftLine:
    """One part of a gift and its project."""

    campaign_id: UUID | None
    fund_code: str
    amount_fen: int
    title: str
    slug: str


@dataclass(frozen=True, slots=True)
class GiftView:
    """A gift without its giver: no name beside the public one, no address."""

    id: UUID
    number: str
    created_at: datetime
    amount_fen: int
    status: GiftStatus
    channel: str
    paid_at: datetime | None
    fee_fen: int
    refunded_fen: int
    failure_code: str
    session_id: str
    payment_intent_id: str
    invoice_id: str
    checkout_url: str
    checkout_expires_at: datetime | None
    draft_id: UUID | None
    plan_id: UUID | None
    anonymity: Anonymity
    display_name: str
    message: str
    message_state: MessageState
    tribute_kind: Tribute
    tribute_name: str
    donor_kind: DonorKind
    wants_receipt: bool
    has_email: bool
    language: str
    undo_until: datetime | None
    undo_asked_at: datetime | None
    is_large: bool
    lines: tuple[GiftLine, ...]

    @property
    def undoing(self) -> Undoing:
        """Return what the rule of undoing wants to know."""
        by_gateway = self.channel != "bank_transfer"
        return Undoing(self.status, self.paid_at, self.undo_until, by_gateway)

    @property
    def can_undo(self) -> bool:
        """Tell whether the undo button belongs on the page."""
        return self.undo_asked_at is None and can_undo(self.undoing, clock.now())

    @property
    def undo_ends(self) -> datetime | None:
        """Return until when a paid gift can be undone."""
        return undo_ends(self.undoing)

    @property
    def kept_fen(self) -> int:
        """Return what of the gift is still with us."""
        return self.amount_fen - self.refunded_fen

    @property
    def is_waiting(self) -> bool:
        """Tell whether news of the payment is still to come."""
        return self.status in {GiftStatus.AWAITING_PAYMENT, GiftStatus.PROCESSING}

    @property
    def can_pay(self) -> bool:
        """Tell whether the giver can still go to the payment page."""
        return (
            self.status == GiftStatus.AWAITING_PAYMENT
            and self.undo_asked_at is None
            and not self.invoice_id
            and clock.now() < (self.checkout_expires_at or self.created_at + OPEN_WITHIN)
        )

    @property
    def title(self) -> str:
        """Return the project's title, or how many there are."""
        return " · ".join(line.title for line in self.lines)


_COLUMNS = (
    "id, number, created_at, amount_fen, status, channel, paid_at, fee_fen, refunded_fen, failure_code,"
    " stripe_session_id, stripe_payment_intent_id, stripe_invoice_id, checkout_url, checkout_expires_at,"
    " draft, plan, anonymity, display_name, message, message_state, tribute_kind, tribute_name, donor_kind,"
    " wants_receipt, contact_email_enc IS NOT NULL AS has_email, language, undo_until, undo_asked_at,"
    " is_large"
)


async def gift_by_token(token: str) -> GiftView:
    """Return the gift of a secret link."""
    return await _one(f"SELECT {_COLUMNS} FROM donation WHERE token_hash = {{}}", ids.token_hash(token))


async def gift_by_id(donation_id: UUID) -> GiftView:
    """Return a gift."""
    return await _one(f"SELECT {_COLUMNS} FROM donation WHERE id = {{}}", donation_id)


async def gift_of_draft(draft_id: UUID) -> GiftView | None:
    """Return the gift that came of a draft, if it was confirmed."""
    rows = await fetch("SELECT id FROM donation WHERE draft = {}", draft_id)
    return await gift_by_id(rows[0]["id"]) if rows else None


async def _one(sql: str, value: object) -> GiftView:
    rows = await fetch(sql, value)
    if not rows:
        raise NotFound(GONE)
    row = rows[0]
    return _view(row, await _lines(row["id"]))


async def _lines(donation_id: UUID) -> tuple[GiftLine, ...]:
    rows = await fetch(
        "SELECT campaign, fund_code, amount_fen FROM donation_line WHERE donation = {} ORDER BY line_no",
        donation_id,
    )
    cards = await campaigns.by_ids([r["campaign"] for r in rows if r["campaign"] is not None])
    lines = []
    for row in rows:
        card = cards.get(row["campaign"])
        title = card.title if card else gettext(GENERAL_TITLE)
        slug = card.slug if card else GENERAL
        lines.append(GiftLine(row["campaign"], row["fund_code"], row["amount_fen"], title, slug))
    return tuple(lines)


def _view(row: dict[str, Any], lines: tuple[GiftLine, ...]) -> GiftView:
    return GiftView(
        id=row["id"],
        number=row["number"],
        created_at=row["created_at"],
        amount_fen=row["amount_fen"],
        status=GiftStatus(row["status"]),
        channel=row["channel"] or "",
        paid_at=row["paid_at"],
        fee_fen=row["fee_fen"],
        refunded_fen=row["refunded_fen"],
        failure_code=row["failure_code"] or "",
        session_id=row["stripe_session_id"] or "",
        payment_intent_id=row["stripe_payment_intent_id"] or "",
        invoice_id=row["stripe_invoice_id"] or "",
        checkout_url=row["checkout_url"] or "",
        checkout_expires_at=row["checkout_expires_at"],
        draft_id=row["draft"],
        plan_id=row["plan"],
        anonymity=Anonymity(row["anonymity"]),
        display_name=row["display_name"],
        message=row["message"],
        message_state=MessageState(row["message_state"]),
        tribute_kind=Tribute(row["tribute_kind"]),
        tribute_name=row["tribute_name"],
        donor_kind=DonorKind(row["donor_kind"]),
        wants_receipt=row["wants_receipt"],
        has_email=row["has_email"],
        language=row["language"],
        undo_until=row["undo_until"],
        undo_asked_at=row["undo_asked_at"],
        is_large=row["is_large"],
        lines=lines,
    )
