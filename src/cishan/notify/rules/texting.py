"""How long a text message may be."""

PART_LENGTH = 65
"""Characters of one part, of which a provider bills each, once there is a Chinese character among them."""
MAX_PARTS = 2
"""A Chinese text has one; the English one, with the charity's Chinese name in front, may have two."""


def parts(text: str) -> int:
    """Return how many parts a provider makes of a text."""
    return -(-len(text) // PART_LENGTH)
