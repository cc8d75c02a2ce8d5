"""The door to where files lie: a folder under the data directory. Names are made by us, never by who sent."""

import hashlib
import os
import re
import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from cishan import gateways
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_

_KEY = re.compile(r"[a-z]+/[0-9a-f]{2}/[0-9a-f]{64}")


def put(shelf: str, data: bytes) -> str:
    """Keep the bytes and return their key; the same bytes have the same key."""
    digest = hashlib.sha256(data).hexdigest()
    key = f"{shelf}/{digest[:2]}/{digest}"
    path = _path(key)
    if path.exists():
        os.utime(path)  # young again: the sweep must not take what is about to be referred to
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        building = path.with_name(f"{path.name}.{os.getpid()}")
        building.write_bytes(data)
        building.replace(path)
    return key


def get(key: str) -> bytes:
    """Return the bytes of a key; raise NotFound if they are gone."""
    try:
        return _path(key).read_bytes()
    except FileNotFoundError:
        raise NotFound(N_("This file is no longer there.")) from None


def sweep(shelf: str, used: Collection[str], *, untouched_for: timedelta) -> int:
    """Remove the shelf's files that nothing refers to and nobody put lately; return how many went."""
    folder, gone = gateways.settings().data_dir / "uploads" / shelf, 0
    before = time.time() - untouched_for.total_seconds()
    for path in folder.glob("*/*"):
        key = f"{shelf}/{path.parent.name}/{path.name}"
        if key not in used and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _path(key: str) -> Path:
    assert _KEY.fullmatch(key), "keys are made by put() alone"
    return gateways.settings().data_dir / "uploads" / key
