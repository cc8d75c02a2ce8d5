"""Lines of bank statements that were matched to gifts."""

from cishan.plumbing.db import fetch_value


async def has_lines(prefix: str) -> bool:
    """Tell whether a gift is matched to a line whose number begins so."""
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM donation WHERE starts_with(bank_line_no, {}))", prefix
    )
    return found
