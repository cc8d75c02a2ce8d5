"""How often one visitor may ask for what costs us much: counted in this process, forgotten with it.

For limits that must hold over restarts and processes (gifts, sign-in) the database counts.
"""

from collections import deque
from datetime import datetime, timedelta

from cishan.kernel import clock
from cishan.kernel.errors import TooMany
from cishan.kernel.text import N_
from cishan.plumbing import crypto

MOST_VISITORS = 20_000


class Pace:
    """So many times in a window for each address, of which only a keyed hash is kept."""

    def __init__(self, *, times: int, seconds: int) -> None:
        self.times = times
        self.window = timedelta(seconds=seconds)
        self._asked: dict[bytes, deque[datetime]] = {}

    def require(self, address: str) -> None:
        """Count one more request of an address; raise TooMany, uncounted, when its window is full."""
        now, key = clock.now(), crypto.blind_index(address, purpose="pace")
        asked = self._asked.setdefault(key, deque())
        while asked and asked[0] <= now - self.window:
            asked.popleft()
        if len(asked) >= self.times:
            raise TooMany(N_("That was very often in a short time. Please wait a minute."))
        asked.append(now)
        if len(self._asked) > MOST_VISITORS:
            self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Drop who has not asked for a window; if that is nobody, who came first."""
        gone = [k for k, asked in self._asked.items() if not asked or asked[-1] <= now - self.window]
        for key in gone or list(self._asked)[: MOST_VISITORS // 10]:
            del self._asked[key]
