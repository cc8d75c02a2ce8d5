"""What is typed when the history is looked over."""

import msgspec


class CheckForm(msgspec.Struct):
    """How many rows, counted from the newest, to prove."""

    rows: int
