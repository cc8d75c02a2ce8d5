"""What staff type when a booking of goods was wrong."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from cishan.kernel.text import N_
from cishan.plumbing.forms import Input
from cishan.warehouse.rules.reversals import REASON_LIMIT, Wrong


class ProposalForm(msgspec.Struct, kw_only=True):
    """What was wrong, and why."""

    request: UUID
    wrong: Annotated[Wrong, Input(required=N_("Choose what was wrong."))]
    fund: str = ""
    reason: Annotated[
        str,
        Input(
            max_length=REASON_LIMIT,
            multiline=True,
            required=N_("Say what was wrong, so that the second person can judge it."),
        ),
    ]


class Verdict(StrEnum):
    """What a second person says."""

    AGREE = "agree"
    REFUSE = "refuse"


class VerdictForm(msgspec.Struct, kw_only=True):
    """Whether a second person agrees; who does not says why."""

    reversal: UUID
    verdict: Annotated[Verdict, Input(required=N_("Say whether you agree."))]
    words: Annotated[str, Input(max_length=REASON_LIMIT, multiline=True)] = ""


class WithdrawalForm(msgspec.Struct, kw_only=True):
    """Somebody takes their own proposal back."""

    reversal: UUID
