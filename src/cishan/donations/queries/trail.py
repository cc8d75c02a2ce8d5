"""What happened to a gift, told from its own rows and the books."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cishan.campaigns import queries as campaigns
from cishan.donations.queries.gifts import GiftView
from cishan.donations.queries.refunds import RefundView
from cishan.donations.rules.giving import GiftStatus, RefundKind, RefundStatus
from cishan.donations.rules.refunds import GROUND_LABELS
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.ledger.rules import GENERAL_FUND, KIND_LABELS, Kind
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import money_text


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher that touched the gift."""

    number: str
    on: date
    title: str
    words: str
    lines: tuple[tuple[str, str, int], ...]
    """Heading, fund, amount (+ debit, − credit)."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the project of a gift has received and spent so far, all gifts together."""

    title: str
    slug: str
    is_general: bool
    raised_fen: int
    spent_fen: int


async def vouchers(donation_id: UUID) -> list[Voucher]:
    """Return the vouchers of a gift's money movements, oldest first, each with a sentence."""
    rows = await fetch("SELECT txn_id FROM donation_movement WHERE donation = {}", donation_id)
    found = await ledger.postings_for("stripe", [r["txn_id"] for r in rows]) if rows else []
    found += await ledger.postings_for("bank", await _bank_keys(donation_id))
    return [_voucher(entry) for entry in found]


async def _bank_keys(donation_id: UUID) -> list[str]:
    rows = await fetch(
        "SELECT bank_line_no FROM donation WHERE id = {} AND bank_line_no IS NOT NULL", donation_id
    )
    return [r["bank_line_no"] for r in rows]


def _voucher(entry: ledger.EntryView) -> Voucher:
    chinese = i18n.language() == i18n.CHINESE
    lines = tuple(
        (
            f"{p.gl} {p.gl_name_zh if chinese else p.gl_name_en}",
            f"{p.fund} {p.fund_name}" if chinese else p.fund,
            p.amount,
        )
        for p in entry.lines
    )
    number = gettext(N_("No. {number}")).format(number=entry.voucher_no) if entry.voucher_no else ""
    title = gettext(KIND_LABELS[entry.kind])
    return Voucher(number, entry.effective_date, title, _words(entry), lines)


def _words(entry: ledger.EntryView) -> str:
    fee = sum(p.amount for p in entry.lines if p.gl.startswith("5401") and p.amount > 0)
    moved = sum(p.amount for p in entry.lines if p.amount > 0) - fee
    values = {"amount": money_text(moved), "fee": money_text(fee)}
    if entry.reverses is not None:
        return gettext(N_("An earlier voucher was taken back: {amount}.")).format(**values)
    match entry.kind:
        case Kind.GIFT if fee:
            text = N_(
                "{amount} was written down in full for the project. The payment service's fee of {fee} was"
                " borne by the general fund, not by your gift."
            )
        case Kind.GIFT:
            text = N_("{amount} was written down in full for the project.")
        case Kind.REFUND:
            text = N_("{amount} was taken out of the project's books because it goes back to you.")
        case Kind.REFUND_FAILED:
            text = N_("{amount} could not be returned and stands in the project's books again.")
        case Kind.DISPUTE_WITHDRAWN:
            text = N_(
                "{amount} is withheld while the bank looks into it; the general fund carries it meanwhile."
            )
        case Kind.DISPUTE_REINSTATED:
            text = N_("The bank decided for the charity: {amount} is back.")
        case _:
            text = N_("{amount} was moved.")
    return gettext(text).format(**values)


async def uses(gift: GiftView) -> list[Use]:
    """Return what the projects of a gift have spent so far; a gift's own share cannot be told apart."""
    cards = await campaigns.by_ids([line.campaign_id for line in gift.lines if line.campaign_id is not None])
    found = []
    for line in gift.lines:
        card = cards.get(line.campaign_id) if line.campaign_id is not None else None
        found.append(
            Use(
                title=line.title,
                slug=line.slug,
                is_general=line.fund_code == GENERAL_FUND,
                raised_fen=card.raised_fen if card else 0,
                spent_fen=await ledger.spent(line.fund_code),
            )
        )
    return found


async def steps(gift: GiftView, refunds: list[RefundView]) -> list[Step]:
    """Return what happened to a gift, newest first."""
    found = [Step(gift.created_at, gettext(N_("You confirmed the gift")), "")]
    if gift.paid_at is not None:
        found.append(Step(gift.paid_at, gettext(N_("The payment arrived")), money_text(gift.amount_fen)))
    if gift.undo_asked_at is not None:
        found.append(Step(gift.undo_asked_at, gettext(N_("You undid the gift")), ""))
    for refund in refunds:
        if refund.kind == RefundKind.REQUEST:
            ground = gettext(GROUND_LABELS[refund.ground])
            found.append(Step(refund.created_at, gettext(N_("You asked for a refund")), ground))
            if refund.decided_at is not None:
                said = (
                    N_("The refund was declined")
                    if refund.status == RefundStatus.REFUSED
                    else N_("The refund was approved")
                )
                found.append(Step(refund.decided_at, gettext(said), refund.decision_note))
        if refund.sent_at is not None:
            found.append(
                Step(refund.sent_at, gettext(N_("The refund was sent off")), money_text(refund.amount_fen))
            )
    found += await _returned(gift.id)
    if gift.status in {GiftStatus.EXPIRED, GiftStatus.FAILED} and gift.checkout_expires_at is not None:
        closed = (
            min(gift.checkout_expires_at, max(s.at for s in found))
            if gift.undo_asked_at
            else (gift.checkout_expires_at)
        )
        found.append(Step(closed, gettext(N_("Closed without a payment")), ""))
    return sorted(found, key=lambda step: step.at, reverse=True)


async def _returned(donation_id: UUID) -> list[Step]:
    rows = await fetch(
        "SELECT kind, amount_fen, at FROM donation_movement WHERE donation = {}"
        " AND kind IN ('refund', 'refund_failure', 'dispute', 'dispute_reversal') ORDER BY at LIMIT 100",
        donation_id,
    )
    titles = {
        "refund": N_("The refund left our account"),
        "refund_failure": N_("The refund came back to us"),
        "dispute": N_("The bank withheld the amount"),
        "dispute_reversal": N_("The bank released the amount"),
    }
    found = []
    for row in rows:
        title = titles[row["kind"]]
        found.append(Step(row["at"], gettext(title), money_text(abs(row["amount_fen"]))))
    return found
