"""The door to where files lie: a folder under the data directory, or a bucket by setting.

A file's key is made by us of its content's hash, never of what somebody called it; nothing is served by its
path. What was put is on the disk (or in the bucket) when `put` returns.
"""

import hashlib
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

from cishan import gateways
from cishan.gateways.storage.bucket import Bucket
from cishan.gateways.storage.disk import Disk
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_

SHELVES = ("files", "photos")
_KEY = re.compile(rf"(?:{'|'.join(SHELVES)})/[0-9a-f]{{2}}/[0-9a-f]{{64}}")


class Lost(NotFound):
    """A file is no longer where it was put, or it is no longer what was put there."""


class _Place(Protocol):
    async def put(self, key: str, data: bytes) -> None: ...

    async def get(self, key: str) -> bytes | None: ...

    async def sweep(self, shelf: str, used: Collection[str], *, untouched_for: timedelta) -> int: ...


def key_of(shelf: str, data: bytes) -> str:
    """Return the key under which these bytes lie."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{shelf}/{digest[:2]}/{digest}"


async def put(shelf: str, data: bytes) -> str:
    """Keep the bytes and return their key; the same bytes have the same key and lie there once.

    They are young afterwards, even if they lay there before: no sweep takes what is about to be referred to.
    """
    key = key_of(shelf, data)
    assert _KEY.fullmatch(key), "a shelf is one of SHELVES"
    await _place().put(key, data)
    return key


async def get(key: str) -> bytes:
    """Return the bytes of a key, exactly as they were put; raise Lost if they are gone or changed."""
    assert _KEY.fullmatch(key), "keys are made by put() alone"
    data = await _place().get(key)
    if data is None:
        raise Lost(N_("This file is no longer there."))
    if hashlib.sha256(data).hexdigest() != key.rpartition("/")[2]:
        raise Lost(N_("This file is no longer what was put there."))
    return data


async def sweep(shelf: str, used: Collection[str], *, untouched_for: timedelta) -> int:
    """Remove the shelf's files that nothing refers to and nobody put lately; return how many went."""
    return await _place().sweep(shelf, used, untouched_for=untouched_for)


def _place() -> _Place:
    settings = gateways.settings()
    return Bucket(settings.bucket) if settings.bucket else Disk(settings.data_dir / "uploads")
