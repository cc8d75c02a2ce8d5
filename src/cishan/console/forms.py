"""What staff type at the desk."""

from typing import Annotated

import msgspec

from cishan.plumbing.forms import Input
from cishan.plumbing.sheets import Format


class ExportForm(msgspec.Struct):
    """What kind of file, and what it is for."""

    format: Format
    purpose: Annotated[str, Input(max_length=200)] = ""
