"""Identifiers: sortable ones for rows, secret ones for links."""

import hashlib
import os
import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """Return a UUID version 7 (RFC 9562): new ids sort after older ones."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of numbers that people read and type: no letter looks like a digit or another letter."""


def letters_of(chance: UUID, count: int) -> str:
    """Return so many letters and digits of the random part of an id; the same for the same id."""
    left, letters = chance.int & ((1 << 62) - 1), ""
    for _ in range(count):
        left, digit = divmod(left, len(LETTERS))
        letters += LETTERS[digit]
    return letters


def new_token() -> str:
    """Return a secret of 256 bits that is safe in a URL."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what may be stored of a secret token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()
