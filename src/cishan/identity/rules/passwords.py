"""Which passwords are taken, and what is kept of them."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

MIN_PASSWORD = 8
"""NIST SP 800-63B-4: no rules of composition, no change by date; but nothing that is on every list."""
MAX_PASSWORD = 200

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with 19 MiB: the least that OWASP recommends; enough of a burden for a small server."""
_SALT, _KEY = 16, 32


_WORDS = (
    "woaini|aini|iloveyou|wohenaini|woaiwojia|woaita|baobei|laopo|laogong|nihao|caonima|woshishui|mima|"
    "zhongguo|china|beijing|shandong|dezhou|cishan|cishanchou|cishanhui|cizong|taobao|weixin|wechat|qq|"
    "zhifubao|alipay|admin|root|test|user|guest|password|passwd|qwer|asdf|zxcv|abc|abcd|"
    "wang|li|zhang|liu|chen|yang|huang|zhao|wu|zhou|xu|sun|ma|zhu|hu|guo|he|lin|gao|luo|xiao|ming|hong"
)
_HABITS = re.compile(
    rf"[0-9]{{1,11}}|(?:{_WORDS}){{1,3}}[@._-]?[0-9]{{0,8}}[!@#.]?"
    rf"|[0-9]{{1,8}}[@._-]?(?:{_WORDS}){{1,3}}[!@#.]?"
)
"""What Chinese lists of stolen passwords are full of and the common list has few of: dates, numbers of
telephones and of QQ, and a pet word or a family name with a number. Our own name is among the words."""


def require_good_password(password: str, *, known: Iterable[str] = ()) -> None:
    """Refuse a password that is short, on the list of common ones, or what everybody knows of the person."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(N_("Use at least {limit} characters."), field="password", limit=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        raise Invalid(N_("Use at most {limit} characters."), field="password", limit=MAX_PASSWORD)
    folded = _text(password).decode().casefold()
    if folded in _common() or len(set(folded)) < 3 or _HABITS.fullmatch(folded):
        raise Invalid(N_("Very many people use this password. Choose another."), field="password")
    if any(word and folded == word.casefold() for word in known):
        raise Invalid(N_("This is your own name, number or address. Choose another."), field="password")


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # large: read when the first password is chosen

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_PASSWORD)


def hash_password(password: str) -> bytes:
    """Return what may be stored of a password; slow on purpose: use a thread."""
    return _hasher.hash(_text(password)).encode()


def fits(password: str, stored: bytes) -> bool:
    """Tell whether a password is the one that was stored; as slow as `hash_password`."""
    if not stored.startswith(b"$argon2"):
        return hmac.compare_digest(_scrypt(password, stored[:_SALT]), stored[_SALT:])
    try:
        return _hasher.verify(stored.decode(), _text(password))
    except VerificationError:
        return False


def is_outdated(stored: bytes) -> bool:
    """Tell whether a stored password should be hashed anew at the next sign-in."""
    return not stored.startswith(b"$argon2") or _hasher.check_needs_rehash(stored.decode())


def _text(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password[:MAX_PASSWORD]).encode()


def _scrypt(password: str, salt: bytes) -> bytes:
    """The hash of the first accounts; replaced as they sign in."""
    return hashlib.scrypt(_text(password), salt=salt, n=2**15, r=8, p=1, maxmem=64 * 1024 * 1024, dklen=_KEY)


NOBODY = b"$argon2id$v=19$m=19456,t=2,p=1$DqqY5Cv94j2Z33Mk68wgkw$ne4Jvj+iZYS7Ey5dCwvGiT6PEDXNTWL7A7g9VR+hB2A"
"""What is compared when there is no such account, so that both answers take the same time."""
