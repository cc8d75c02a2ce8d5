"""Second factors: how long one stands, codes of authenticator apps, recovery codes."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from argon2.low_level import Type, hash_secret_raw

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, fold

SESSION = timedelta(hours=8)
"""For so long a second factor that was shown at sign-in stands for what staff roles do."""
FRESH = timedelta(minutes=10)
"""For so long it stands for approving, paying, granting roles and changing one's factors."""
DUE_LIFE = timedelta(minutes=10)
"""How long the right password waits for its second factor."""
CHALLENGE_LIFE = timedelta(minutes=10)
ENROL_WITHIN = timedelta(minutes=30)
MAX_FACTORS = 10

STEP_SECONDS = 30
STEPS_AROUND = 1
"""A telephone's clock may be one step early or late (RFC 6238 §5.2)."""

RECOVERY_CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Nothing that is read as something else: no 0 and o, no 1, i and l."""
_GROUP, _GROUPS = 5, 2
SALT_BYTES = 16


class Kind(StrEnum):
    """What a second factor is."""

    APP = "totp"
    PASSKEY = "passkey"


def stands(shown_at: datetime | None, now: datetime, within: timedelta) -> bool:
    """Tell whether a second factor that was shown then is good enough now."""
    return shown_at is not None and now - shown_at <= within


def new_secret() -> str:
    """Return a new secret of an authenticator app: 160 bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, *, account: str, issuer: str) -> str:
    """Return what an authenticator app reads from the square code (otpauth://…)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def code_at(secret: str, step: int) -> str:
    """Return the six digits of a step (RFC 4226, SHA-1: the one that every app knows)."""
    return pyotp.HOTP(secret).at(step)


def step_at(moment: datetime) -> int:
    """Return the number of the half minute."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """Return the step whose code was typed, if it is of now and later than the last that was used."""
    found = None
    for step in range(step_at(now) - STEPS_AROUND, step_at(now) + STEPS_AROUND + 1):
        right = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if right and (after is None or step > after):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return ten different codes of about 49 bits each, as they are shown: abcde-23456."""
    found: set[str] = set()
    while len(found) < RECOVERY_CODES:
        groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        found.add("-".join(groups))
    return sorted(found)


def read_recovery_code(text: str) -> str:
    """Return a recovery code in its one spelling, however it was typed; raise Invalid."""
    letters = "".join(c for c in fold(text) if c not in " -–—")
    if len(letters) != _GROUP * _GROUPS or any(c not in _LETTERS for c in letters):
        raise Invalid(N_("Enter a recovery code such as abcde-23456."))
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"


def hash_recovery_codes(codes: Iterable[str], salt: bytes) -> list[bytes]:
    """Return what is kept of recovery codes (argon2id); slow on purpose: use a thread."""
    return [
        hash_secret_raw(
            code.encode(), salt, time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, type=Type.ID
        )
        for code in codes
    ]
