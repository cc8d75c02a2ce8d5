"""How passwords are kept, and how often one may try."""

import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

SESSION_LIFE = timedelta(hours=8)
WINDOW = timedelta(minutes=15)
FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 30
"""An office shares one address, and telephones of one carrier do too."""

_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
_SALT, _KEY = 16, 32
_MEMORY = 64 * 1024 * 1024
MAX_PASSWORD = 200


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in."""

    id: UUID
    username: str
    display_name: str


def hash_password(password: str) -> bytes:
    """Return salt and scrypt of a password; takes about a tenth of a second, on purpose."""
    salt = os.urandom(_SALT)
    return salt + _scrypt(password, salt)


def fits(password: str, stored: bytes) -> bool:
    """Tell whether a password is the one that was stored."""
    return hmac.compare_digest(_scrypt(password, stored[:_SALT]), stored[_SALT:])


NOBODY = bytes(_SALT + _KEY)
"""What is compared when there is no such account, so that both answers take the same time."""


def _scrypt(password: str, salt: bytes) -> bytes:
    text = unicodedata.normalize("NFKC", password[:MAX_PASSWORD]).encode()
    return hashlib.scrypt(text, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY, dklen=_KEY)
