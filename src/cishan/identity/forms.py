"""What is typed when signing in."""

from typing import Annotated

import msgspec

from cishan.identity.rules.accounts import MAX_PASSWORD
from cishan.plumbing.forms import Input


class SignIn(msgspec.Struct):
    """Name and password, and the page that was wanted."""

    username: Annotated[str, Input(max_length=40)]
    password: Annotated[str, Input(max_length=MAX_PASSWORD)]
    next: Annotated[str, Input(max_length=300)] = ""
