"""Files in a folder: written beside, forced to the disk, then given their name in one step."""

import asyncio
import fcntl
import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from cishan.kernel import ids


class Disk:
    """A folder of which this platform's processes are the only writers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.building = folder.with_name(f"{folder.name}.building")
        """Beside it, so that a backup meets whole files alone."""
        self.lock = folder.with_name(f"{folder.name}.lock")

    async def put(self, key: str, data: bytes) -> None:
        """Let the bytes lie under the key, also if something else, or half of them, lay there before."""
        await asyncio.to_thread(self._put, self.folder / key, data)

    async def get(self, key: str) -> bytes | None:
        """Return what lies under the key; None if nothing does."""
        return await asyncio.to_thread(_read, self.folder / key)

    async def sweep(self, shelf: str, used: Collection[str], *, untouched_for: timedelta) -> int:
        """Remove what is neither used nor young, also what a power cut left half written."""
        return await asyncio.to_thread(self._sweep, shelf, used, untouched_for.total_seconds())

    def _put(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._turn(fcntl.LOCK_SH):
            if _read(path) == data:
                os.utime(path)
                return
            self.building.mkdir(exist_ok=True)
            building = self.building / ids.new_token()
            with building.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            building.replace(path)
            for folder in (path.parent, path.parent.parent, self.folder):
                _force_names(folder)

    def _sweep(self, shelf: str, used: Collection[str], untouched_seconds: float) -> int:
        before, gone = time.time() - untouched_seconds, 0
        unused = [
            path
            for path in (self.folder / shelf).glob("*/*")
            if f"{shelf}/{path.parent.name}/{path.name}" not in used
        ]
        for path in [*unused, *self.building.glob("*")]:
            # Nobody makes it young, or gives it its name, between the look and the removal.
            with self._turn(fcntl.LOCK_EX), suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    gone += 1
        return gone

    @contextmanager
    def _turn(self, kind: int) -> Iterator[None]:
        with self.lock.open("a") as lock:
            fcntl.flock(lock, kind)
            yield


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _force_names(folder: Path) -> None:
    """Let the names in a folder outlast a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
