"""Messages that wait for a person to read them."""

from collections.abc import Sequence
from uuid import UUID

from cishan.plumbing.db import fetch

_WITHIN = """({}::uuid[] IS NULL OR NOT EXISTS (
       SELECT FROM donation_line AS line
        WHERE line.donation = donation.id AND (line.campaign = ANY ({}::uuid[])) IS NOT TRUE))"""
"""Whether every part of a gift goes to one of the campaigns, which fill both places; None is any gift."""


async def is_within(donation_id: UUID, campaigns: Sequence[UUID] | None) -> bool:
    """Tell whether there is such a gift and all of it goes to the campaigns."""
    mine = None if campaigns is None else list(campaigns)
    rows = await fetch(f"SELECT id FROM donation WHERE id = {{}} AND {_WITHIN}", donation_id, mine, mine)
    return bool(rows)
