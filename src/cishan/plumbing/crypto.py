"""Personal data at rest: authenticated encryption, blind indexes for look-ups, links nobody can guess."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Unreadable(Exception):
    """Stored data was changed, moved to another row, or written under a key that we do not have."""


@dataclass(frozen=True, slots=True)
class _Keys:
    key_id: int
    column: bytes
    index: bytes
    link: bytes


_present: _Keys | None = None
_known: dict[int, _Keys] = {}


def use(secret_key: str, *retired: str) -> None:
    """Encrypt under the first key from now on; the retired ones can still be read."""
    global _present  # noqa: PLW0603 - the one value that belongs to the process
    _known.clear()
    for secret in (secret_key, *retired):
        keys = _derive(secret)
        _known.setdefault(keys.key_id, keys)
    _present = _derive(secret_key)


def _derive(secret: str) -> _Keys:
    def key(purpose: bytes, length: int = 32) -> bytes:
        return HKDF(hashes.SHA256(), length, salt=b"cishan", info=purpose).derive(secret.encode())

    return _Keys(key(b"key id", 1)[0], key(b"column"), key(b"blind index"), key(b"secret link"))


def _keys() -> _Keys:
    assert _present is not None, "crypto.use(secret_key) comes before the first secret"
    return _present


def seal(text: str, *, place: str, row: UUID) -> bytes:
    """Return the text encrypted (AES-256-GCM) so that it can be read only at this `table.column` and row."""
    keys, nonce = _keys(), os.urandom(_NONCE)
    body = AESGCM(keys.column).encrypt(nonce, text.encode(), _bound(place, row))
    return bytes([keys.key_id]) + nonce + body


def unseal(sealed: bytes, *, place: str, row: UUID) -> str:
    """Return what `seal` was given; raise Unreadable if anything about it is not as it was."""
    keys = _known.get(sealed[0]) if sealed else None
    if keys is None:
        raise Unreadable(f"no key for {place}")
    try:
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        return AESGCM(keys.column).decrypt(nonce, body, _bound(place, row)).decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable(f"{place} of {row} cannot be read") from error


def _bound(place: str, row: UUID) -> bytes:
    return f"{place}:{row}".encode()


def blind_index(value: str, *, purpose: str) -> bytes:
    """Return 16 bytes that equal values share and that tell nothing of the value without the key."""
    return hmac.digest(_keys().index, f"{purpose}:{value}".encode(), hashlib.sha256)[:16]


def secret_link(row: UUID, *, purpose: str) -> str:
    """Return the token of a row's secret link: 256 bits, the same each time, derivable by us alone."""
    tag = hmac.digest(_keys().link, f"{purpose}:{row}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(tag).decode().rstrip("=")
