"""Money that came without a gift: whose it may turn out to be, and when it is nobody's any more."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from cishan.kernel import clock, workdays
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.ledger.rules import GENERAL_FUND

IDENTIFY_WORKDAYS = 10
"""So long its giver is looked for; then the council may give it to the general fund (house rule)."""
SOURCE = "suspense"
"""Of the voucher that takes money out of suspense; its key is the movement."""


class Owner(StrEnum):
    """Whose the money is said to be."""

    FUND = "fund"
    GIFT = "gift"
    UNCLAIMED = "unclaimed"


OWNER_LABELS: dict[str, str] = {
    Owner.FUND: N_("It was meant for a fund"),
    Owner.GIFT: N_("It came from the giver of a gift"),
    Owner.UNCLAIMED: N_("Nobody claimed it: to the general fund, by the council"),
}
PROBLEM_LABELS: dict[str, str] = {
    "unidentified": N_("No gift fits this payment"),
    "amount": N_("Another amount than the gift's"),
    "currency": N_("In another currency"),
    "paid_twice": N_("Paid a second time"),
    "category": N_("A movement of an unusual kind"),
}
_NAMEABLE = frozenset({"unidentified", "amount", "paid_twice"})


@dataclass(frozen=True, slots=True)
class Held:
    """A movement in suspense."""

    id: UUID
    txn_id: str
    kind: str
    amount_fen: int
    at: datetime
    problem: str
    is_held: bool = True
    """False: it has found its gift."""

    @property
    def due_on(self) -> date:
        """Return the last day on which its giver is looked for."""
        return workdays.add_working_days(clock.china_day(self.at), IDENTIFY_WORKDAYS)

    @property
    def why_not(self) -> str:
        """Return why its owner cannot be named here; empty: it can."""
        if not self.is_held:
            return GONE
        if self.kind != "charge" or self.amount_fen <= 0 or self.problem not in _NAMEABLE:
            return N_("Not a gift in yuan: an accountant settles it by a voucher.")
        return ""


GONE = N_("This money has found its place already.")


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose a movement is said to be: a fund, or the giver of a gift."""

    owner: Owner
    fund_code: str = ""
    gift_id: UUID | None = None


def require_nameable(held: Held) -> None:
    """Refuse to name an owner of what is no gift in yuan, or has one."""
    if held.why_not:
        raise Conflict(held.why_not)


def require_waited(held: Held, today: date) -> None:
    """Refuse to give money to the general fund while its giver may still be found."""
    if today <= held.due_on:
        raise Invalid(
            N_("Its giver is looked for until {day}. After that day the council may decide."),
            field="owner",
            day=held.due_on.isoformat(),
        )


def fund_of(claim: Claim) -> str:
    """Return the fund of a claim that names one."""
    return GENERAL_FUND if claim.owner is Owner.UNCLAIMED else claim.fund_code
