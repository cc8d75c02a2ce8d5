"""Gifts that came by bank transfer and were matched to a line of the bank's statement."""

from dataclasses import dataclass
from datetime import datetime

from cishan.donations.rules.answers import Answers, require_whole
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

SOURCE = "bank"
"""Of the vouchers; their key is the number of the statement's line."""


@dataclass(frozen=True, slots=True)
class BankGift:
    """One line of a bank statement and the wishes of who sent it."""

    line_no: str
    """As the bank numbers it; one line is one gift."""
    received_at: datetime
    answers: Answers


def require_bank_gift(gift: BankGift, now: datetime) -> None:
    """Refuse a line that cannot be a gift."""
    if not gift.line_no.strip() or len(gift.line_no) > 60:
        raise Invalid(N_("Enter the number of the bank statement's line."), field="line_no")
    if gift.received_at > now:
        raise Invalid(N_("A gift cannot have arrived in the future."), field="received_at")
    if gift.answers.monthly:
        raise Invalid(N_("A bank transfer is a gift for once."), field="rhythm")
    if any(line.amount_fen <= 0 for line in gift.answers.lines):
        raise Invalid(N_("Enter an amount."), field="amount")
    require_whole(gift.answers)
