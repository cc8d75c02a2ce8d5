"""What staff type when they propose a refund, or whose money in suspense is."""

from typing import Annotated

import msgspec

from cishan.donations.rules.giving import RefundGround
from cishan.donations.rules.suspense import Owner
from cishan.kernel.text import N_
from cishan.plumbing.forms import Input

Reason = Annotated[str, Input(max_length=500, multiline=True)]


class ProposeRefundForm(msgspec.Struct):
    """Why a giver's request shall be granted."""

    reason: Reason


class StartRefundForm(msgspec.Struct):
    """A refund that staff ask for in the giver's place."""

    gift_number: Annotated[str, Input(max_length=24)]
    ground: Annotated[RefundGround, Input(required=N_("Choose one of the options."))]
    reason: Reason


class OwnerForm(msgspec.Struct):
    """Whose a held movement is."""

    owner: Annotated[Owner, Input(required=N_("Choose one of the options."))]
    reason: Reason
    fund_code: Annotated[str, Input(max_length=64)] = ""
    gift_number: Annotated[str, Input(max_length=24)] = ""
