"""Asking for a receipt, and checking one."""

from typing import Annotated, Literal

import msgspec

from cishan.donations.rules.receipts import require_uscc
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.forms import Input


class ReceiptWish(msgspec.Struct, kw_only=True):
    """For whom the receipt is made out."""

    payer: Literal["person", "company"] = "person"
    title: Annotated[str, Input(max_length=100, required=N_("Enter the name that the receipt shall show."))]
    uscc: Annotated[str, Input(parse=require_uscc, max_length=30)] = ""

    def __post_init__(self) -> None:
        """Refuse a company without its code."""
        if self.payer == "company" and not self.uscc:
            raise Invalid(N_("A company's receipt needs its unified social credit code."), field="uscc")


class ReceiptCheck(msgspec.Struct, kw_only=True):
    """The two things that stand on a receipt and prove it."""

    number: Annotated[str, Input(max_length=30, required=N_("Enter the receipt number."))]
    code: Annotated[str, Input(max_length=20, required=N_("Enter the check code."))]
