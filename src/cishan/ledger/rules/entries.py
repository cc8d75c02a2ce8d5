"""Entries and their lines, and what makes one sound before the database is asked."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

CNY = "CNY"
GENERAL_FUND = "GEN"
AGENCY_FUND = "A-AGENT"
MAX_AMOUNT = 10**15
MAX_LINES = 1000


class Restriction(StrEnum):
    """For what a fund may be used."""

    UNRESTRICTED = "unrestricted"
    RESTRICTED = "restricted"
    AGENCY = "agency"


class Kind(StrEnum):
    """What happened; the same names stand in a CHECK of `books.entry`."""

    OPENING = "opening"
    GIFT = "gift"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_REINSTATED = "dispute_reinstated"
    DISPUTE_LOST = "dispute_lost"
    PAYOUT = "payout"
    PAYOUT_FAILED = "payout_failed"
    CHANNEL_FEE = "channel_fee"
    UNIDENTIFIED = "unidentified"
    IDENTIFIED = "identified"
    GOODS_RECEIVED = "goods_received"
    GOODS_ISSUED = "goods_issued"
    GOODS_WRITTEN_OFF = "goods_written_off"
    GOODS_RETURNED = "goods_returned"
    GOODS_CONVERTED = "goods_converted"
    AGENCY_IN = "agency_in"
    AGENCY_OUT = "agency_out"
    DISBURSEMENT_APPROVED = "disbursement_approved"
    DISBURSEMENT_SENT = "disbursement_sent"
    DISBURSEMENT_CONFIRMED = "disbursement_confirmed"
    FUND_TRANSFER = "fund_transfer"
    RELEASE = "release"
    CLOSE_YEAR = "close_year"
    MANUAL = "manual"


KIND_LABELS = {
    Kind.OPENING: N_("Opening balance"),
    Kind.GIFT: N_("Gift received"),
    Kind.REFUND: N_("Gift returned to the giver"),
    Kind.REFUND_FAILED: N_("Return failed, the gift is back"),
    Kind.DISPUTE_WITHDRAWN: N_("Amount withheld while a bank dispute runs"),
    Kind.DISPUTE_REINSTATED: N_("Dispute won, amount returned to us"),
    Kind.DISPUTE_LOST: N_("Dispute lost, borne by the general fund"),
    Kind.PAYOUT: N_("Moved from the payment channel to the bank"),
    Kind.PAYOUT_FAILED: N_("Transfer to the bank failed"),
    Kind.CHANNEL_FEE: N_("Fee of the payment channel"),
    Kind.UNIDENTIFIED: N_("Receipt not yet identified"),
    Kind.IDENTIFIED: N_("Receipt identified"),
    Kind.GOODS_RECEIVED: N_("Goods received"),
    Kind.GOODS_ISSUED: N_("Goods handed out"),
    Kind.GOODS_WRITTEN_OFF: N_("Goods written off"),
    Kind.GOODS_RETURNED: N_("Goods brought back"),
    Kind.GOODS_CONVERTED: N_("Goods put together or taken apart"),
    Kind.AGENCY_IN: N_("Received to pass on to a named person"),
    Kind.AGENCY_OUT: N_("Passed on to the named person"),
    Kind.DISBURSEMENT_APPROVED: N_("Aid approved"),
    Kind.DISBURSEMENT_SENT: N_("Aid sent to the bank"),
    Kind.DISBURSEMENT_CONFIRMED: N_("Aid paid out"),
    Kind.FUND_TRANSFER: N_("Transfer between funds"),
    Kind.RELEASE: N_("Restriction met"),
    Kind.CLOSE_YEAR: N_("Closing of the year"),
    Kind.MANUAL: N_("General voucher"),
}


class AccountRef(NamedTuple):
    """A heading of one fund in one unit with one counterparty; opened by the first entry that names it."""

    gl: str
    fund: str
    unit: str = CNY
    counterparty: str = ""


class Line(NamedTuple):
    """One side of an entry: whole minor units (分, or pieces of goods), + debit, - credit."""

    account: AccountRef
    amount: int


@dataclass(frozen=True)
class Entry:
    """A voucher to be posted. Building one proves it sound; `source` and `source_key` name its cause."""

    kind: Kind
    effective_date: date
    source: str
    source_key: str
    lines: tuple[Line, ...]
    memo: str = ""

    def __post_init__(self) -> None:
        require_sound(self)

    @property
    def key(self) -> tuple[str, str]:
        """The money movement that this entry books."""
        return self.source, self.source_key

    @property
    def body_hash(self) -> bytes:
        """The SHA-256 of all that may not differ under one key: kind, day and lines in any order."""
        lines = sorted(
            f"{gl}|{fund}|{unit}|{counterparty}|{amount}"
            for (gl, fund, unit, counterparty), amount in self.lines
        )
        return hashlib.sha256(
            "\n".join((self.kind, self.effective_date.isoformat(), *lines)).encode()
        ).digest()


def require_sound(entry: Entry) -> None:
    """Refuse an entry that the database would refuse, in words that say which line is wrong."""
    if not 2 <= len(entry.lines) <= MAX_LINES:
        raise Invalid(N_("An entry has at least two lines and at most a thousand."))
    if not entry.source or not entry.source_key:
        raise Invalid(N_("An entry names the money movement that it books."))
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for account, amount in entry.lines:
        if type(amount) is not int or amount == 0 or abs(amount) > MAX_AMOUNT:
            raise Invalid(
                N_("The amount {amount} on account {gl} cannot be booked."), amount=amount, gl=account.gl
            )
        sums[account.fund, account.unit] += amount
    for (fund, unit), total in sums.items():
        if total:
            raise Invalid(
                N_("The entry does not balance: fund {fund} is off by {total} {unit}."),
                fund=fund,
                total=total,
                unit=unit,
            )


def restriction_of(fund: str) -> Restriction:
    """Return the restriction that a fund's code implies: GEN is free, A-… is agency, others are bound."""
    if fund == GENERAL_FUND:
        return Restriction.UNRESTRICTED
    return Restriction.AGENCY if fund.startswith("A-") else Restriction.RESTRICTED


def goods_unit(stock_code: str) -> str:
    """Return the unit in which pieces of one kind of goods are counted."""
    return f"SKU:{stock_code}"


def pair(
    debit: str,
    credit: str,
    fund: str,
    amount: int,
    *,
    debit_counterparty: str = "",
    credit_counterparty: str = "",
) -> tuple[Line, Line]:
    """Return a debit and a credit of one amount in one fund."""
    return (
        Line(AccountRef(debit, fund, counterparty=debit_counterparty), amount),
        Line(AccountRef(credit, fund, counterparty=credit_counterparty), -amount),
    )


def require_positive(amount_fen: int) -> None:
    """Refuse an amount that moves nothing, or backwards."""
    if amount_fen <= 0:
        raise Invalid(N_("An amount of money is more than zero."))
