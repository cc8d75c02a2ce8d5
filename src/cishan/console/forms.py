"""What staff type at the desk."""

from typing import Annotated

import msgspec

from cishan.plumbing.forms import Input
from cishan.plumbing.sheets import Format


class ExportForm(msgspec.Struct):
    """What kind of file, and what it is for."""

    format: Format
    purpose: Annotated[str, Input(max_length=200)] = ""


class LookForm(msgspec.Struct):
    """What somebody must look behind a mask for."""

    purpose: Annotated[str, Input(max_length=200)]


class SearchForm(msgspec.Struct):
    """A number, or by what a person is reached; then also what it is for."""

    q: Annotated[str, Input(max_length=80)]
    purpose: Annotated[str, Input(max_length=200)] = ""


class RetryForm(msgspec.Struct):
    """One row of a list."""

    id: Annotated[str, Input(max_length=100)]
