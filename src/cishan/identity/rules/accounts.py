"""How long one stays signed in, how often one may try, and who is at the door."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

WINDOW = timedelta(minutes=15)
FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 30
"""An office shares one address, and telephones of one carrier do too."""

STAFF_IDLE, STAFF_LIFE = timedelta(minutes=30), timedelta(hours=12)
IDLE, LIFE = timedelta(days=7), timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
"""The last use of a session is written down no more often than that."""
FRESH = timedelta(minutes=15)
"""For so long a code that was just entered stands in for the old password."""

CODE_LIFE = timedelta(minutes=10)
REGISTER_WITHIN = timedelta(minutes=30)
"""How long after the right code the registration may be sent."""
CODE_TRIES = 5
CODE_PAUSE = timedelta(minutes=1)
CODES_PER_DAY = 5
CODES_KEPT = timedelta(days=1)
HOUR = timedelta(hours=1)
CODES_PER_ADDRESS = 20
"""In an hour."""
DEMO_PASSWORD = "cishan-demo-2026"  # noqa: S105 - opens nothing unless CISHAN_DEMO=1
"""Of every account that a demonstration makes."""
ADULT_YEARS = 18
"""Civil Code art. 17."""


class Method(StrEnum):
    """How a session was opened."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    account_id: UUID
    person_id: UUID | None
    """None: an account of an office."""
    name: str
    username: str
    is_staff: bool
    """Whether they hold a post today."""
    session_id: UUID
    method: Method
    signed_in_at: datetime
    seen_at: datetime
    second_factor_at: datetime | None
    """When this session last showed a second factor."""


def code_of(secret: str) -> str:
    """Return the six digits that belong to a secret of 256 bits."""
    return f"{int.from_bytes(secret.encode()) % 1_000_000:06d}"


def is_minor(born_on: date | None, today: date) -> bool:
    """Tell whether somebody is under eighteen; unknown is not."""
    return born_on is not None and _birthday(born_on, ADULT_YEARS) > today


def _birthday(born_on: date, years: int) -> date:
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:  # 29 February
        return date(born_on.year + years, 3, 1)


_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return what a browser says of itself in two words, such as Firefox · Linux; empty: none."""
    words = [
        next((word for mark, word in known if re.search(re.escape(mark), user_agent)), "")
        for known in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(word for word in words if word)
