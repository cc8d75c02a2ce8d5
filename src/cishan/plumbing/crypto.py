"""Personal data at rest: authenticated encryption, blind indexes for look-ups, links nobody can guess."""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class KeysClash(Exception):
    """Two data keys have the same id byte, so a stored value could not tell which of them it needs."""


class Unreadable(Exception):
    """Stored data was changed, moved to another row, or written under a key that we do not have."""


@dataclass(frozen=True, slots=True)
class _Keys:
    key_id: int
    column: bytes
    index: bytes


_present: _Keys | None = None
_known: dict[int, _Keys] = {}
_link = b""


def use(secret_key: str, *, data_keys: Sequence[str] = ()) -> None:
    """Encrypt under the first data key from now on, and read what any of them wrote.

    Without data keys the secret key is the one. Links are always derived from the secret key, so that another
    data key leaves the links in old letters as they are. Raise KeysClash, and change nothing, if two of the
    data keys share an id.
    """
    global _present, _link
    keys = [_derive(secret) for secret in dict.fromkeys(data_keys or (secret_key,))]
    known = {k.key_id: k for k in keys}
    if len(known) < len(keys):
        raise KeysClash("two data keys have the same id byte; make the newest one anew")
    _known.clear()
    _known.update(known)
    _present, _link = keys[0], _key(secret_key, b"secret link")


def _derive(secret: str) -> _Keys:
    return _Keys(_key(secret, b"key id", 1)[0], _key(secret, b"column"), _key(secret, b"blind index"))


def _key(secret: str, purpose: bytes, length: int = 32) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=b"cishan", info=purpose).derive(secret.encode())


def _keys() -> _Keys:
    assert _present is not None, "crypto.use(secret_key) comes before the first secret"
    return _present


def present_key_id() -> int:
    """Return the id of the key under which is encrypted now: the first byte of what `seal` returns."""
    return _keys().key_id


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
    return _index(_keys(), value, purpose)


def blind_indexes(value: str, *, purpose: str) -> list[bytes]:
    """Return the value's index under every key that we have: what to look for while keys are rotated."""
    return [_index(keys, value, purpose) for keys in _known.values()]


def _index(keys: _Keys, value: str, purpose: str) -> bytes:
    return hmac.digest(keys.index, f"{purpose}:{value}".encode(), hashlib.sha256)[:16]


def secret_link(row: UUID, *, purpose: str) -> str:
    """Return the token of a row's secret link: 256 bits, the same each time, derivable by us alone."""
    assert _link, "crypto.use(secret_key) comes before the first link"
    tag = hmac.digest(_link, f"{purpose}:{row}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(tag).decode().rstrip("=")
