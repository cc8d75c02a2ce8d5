"""What a giver tells us on the first screen, whole and sound, as it waits for their confirmation."""

import msgspec

from cishan.donations.rules.giving import Anonymity, DonorKind, PlanMethod, Tribute
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

GENERAL = "general"
"""What stands in addresses in the place of a campaign for the unrestricted fund."""
GENERAL_FUND = "GEN"
GENERAL_TITLE = N_("Where it is needed most (general fund)")
MAX_LINES = 5
MAX_DAY = 28
"""A monthly day that every month has."""


class AnswerLine(msgspec.Struct, frozen=True):
    """One project (or `general`) and the amount for it."""

    slug: str
    amount_fen: int


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of the giving form. Built only by the form, which has judged each field."""

    lines: tuple[AnswerLine, ...]
    monthly: bool = False
    monthly_by: PlanMethod = PlanMethod.CARD
    day_of_month: int = 1
    anonymity: Anonymity = Anonymity.HIDDEN
    display_name: str = ""
    tribute_kind: Tribute = Tribute.NONE
    tribute_name: str = ""
    message: str = ""
    donor_kind: DonorKind = DonorKind.PERSON
    company_name: str = ""
    company_uscc: str = ""
    wants_receipt: bool = False
    receipt_title: str = ""
    email: str = ""
    phone: str = ""

    @property
    def amount_fen(self) -> int:
        """Return the sum of the lines."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def slugs(self) -> list[str]:
        """Return the projects in their order."""
        return [line.slug for line in self.lines]


def require_whole(answers: Answers) -> None:
    """Refuse answers that do not fit together, naming the field to blame."""
    if not 1 <= len(answers.lines) <= MAX_LINES or len(set(answers.slugs)) != len(answers.lines):
        raise Invalid(N_("Choose between one and {limit} projects."), limit=MAX_LINES)
    if answers.monthly and len(answers.lines) > 1:
        raise Invalid(N_("A monthly gift goes to one project. Set up one for each."), field="rhythm")
    if answers.monthly and not answers.email:
        raise Invalid(
            N_("A monthly gift needs an e-mail address: for the notice before each payment."), field="email"
        )
    if answers.wants_receipt and not answers.email:
        raise Invalid(N_("Enter the e-mail address to which the receipt shall go."), field="email")
    if answers.wants_receipt and not answers.receipt_title:
        raise Invalid(N_("Enter the name that shall stand on the receipt."), field="receipt_title")
    if answers.anonymity != Anonymity.HIDDEN and not answers.display_name:
        raise Invalid(
            N_("Enter the name to show, or choose to be shown as a kind stranger."), field="display_name"
        )
    if answers.tribute_kind != Tribute.NONE and not answers.tribute_name:
        raise Invalid(N_("Enter whom the gift honours or remembers."), field="tribute_name")
    if answers.donor_kind == DonorKind.COMPANY and not answers.company_name:
        raise Invalid(N_("Enter the company's registered name."), field="company_name")
    if answers.donor_kind == DonorKind.COMPANY and not answers.company_uscc:
        raise Invalid(N_("Enter the company's unified social credit code."), field="company_uscc")
