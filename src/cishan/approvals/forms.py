"""What is typed into a decision and into a declaration."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from stdnum.cn import uscc as uscc_codes

from cishan.approvals.rules import REASON_LIMIT, Decision, Relation
from cishan.kernel import contacts
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import CHOOSE, Input

Reason = Annotated[str, Input(max_length=REASON_LIMIT, multiline=True)]


def _contact(text: str) -> str:
    return contacts.contact(text).value


def _uscc(text: str) -> str:
    code = "".join(text.split()).upper()
    if not uscc_codes.is_valid(code):
        raise Invalid(N_("Enter the 18 characters of the unified social credit code."))
    return code


class DecisionForm(msgspec.Struct):
    """What a checker or a releaser says, and why."""

    decision: Annotated[Decision, Input(required=CHOOSE)]
    reason: Reason = ""


class PanelForm(msgspec.Struct):
    """What a panel decided, and who was there."""

    decision: Annotated[Decision, Input(required=CHOOSE)]
    participants: list[UUID] = []
    reason: Reason = ""


class WithdrawForm(msgspec.Struct):
    """Why something is taken back."""

    reason: Reason = ""


class RelatedForm(msgspec.Struct):
    """To whom somebody of the staff is bound."""

    relation: Annotated[Relation, Input(required=CHOOSE)]
    name: Annotated[str, Input(max_length=80)]
    contact: Annotated[str, Input(parse=_contact, max_length=254)] = ""
    uscc: Annotated[str, Input(parse=_uscc, max_length=40)] = ""
    since: date | None = None


class EndForm(msgspec.Struct):
    """Which relation ends, and on which day."""

    related_id: UUID
    until: date | None = None
