"""The small forms after a gift: asking for a refund, finding one's gifts, changing a monthly gift."""

from typing import Annotated

import msgspec

from cishan.donations.rules.giving import RefundGround
from cishan.donations.rules.refunds import ASKABLE
from cishan.kernel.contacts import email
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import Input, Yuan


def _ground(text: str) -> RefundGround:
    found = next((g for g in ASKABLE if g.value == text), None)
    if found is None:
        raise Invalid(N_("Choose one of the options."))
    return found


class RefundForm(msgspec.Struct, kw_only=True):
    """Why the money shall go back."""

    ground: Annotated[RefundGround, Input(parse=_ground, required=N_("Choose why."))]
    words: Annotated[str, Input(max_length=500, multiline=True)] = ""


class FindForm(msgspec.Struct, kw_only=True):
    """The address that was left with a gift."""

    email: Annotated[str, Input(parse=email, max_length=254, required=N_("Enter your e-mail address."))]


class PlanForm(msgspec.Struct, kw_only=True):
    """A monthly gift's amount and day."""

    amount: Yuan
    day: Annotated[int, Input(max_length=2)] = 1
