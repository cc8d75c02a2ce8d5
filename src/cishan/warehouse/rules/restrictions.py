"""For whom goods are meant: what a giver or the goods themselves restrict, and what a receiver fulfils.

A restriction is a word; goods may go to a receiver who has all of their words. Kits of several goods have the
words of all of them.
"""

import re
from collections.abc import Collection, Iterable
from datetime import date

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

CHILDREN, ELDERS, WOMEN, MEN = "children", "elders", "women", "men"
DISABLED, STUDENTS = "disabled", "students"
REGION = "region:"

LABELS: dict[str, str] = {
    CHILDREN: N_("Children only"),
    ELDERS: N_("Elders only"),
    WOMEN: N_("Women only"),
    MEN: N_("Men only"),
    DISABLED: N_("People with a disability only"),
    STUDENTS: N_("Pupils and students only"),
}
GROUPS: dict[str, str] = {
    DISABLED: N_("has a disability"),
    STUDENTS: N_("goes to school or university"),
}
"""What is said of a receiver beside age and sex."""
CHILD_UNTIL = 17
"""Years; 未成年人保护法 art. 2: a minor is under 18."""
ELDER_FROM = 60
"""Years; 老年人权益保障法 art. 2."""
_REGION = re.compile(r"region:[0-9]{4,12}")


def known(word: str) -> bool:
    """Tell whether a word is one of ours."""
    return word in LABELS or _REGION.fullmatch(word) is not None


def require_known(words: Iterable[str]) -> tuple[str, ...]:
    """Return restrictions in order and once each; raise Invalid for a word that nobody could fulfil."""
    found = sorted(set(words))
    for word in found:
        if not known(word):
            raise Invalid(N_("There is no restriction “{word}”."), field="restrictions", word=word)
    return tuple(found)


def of_region(code: str) -> str:
    """Return the restriction to people of a region. A city's code ends in 00; what lies in it does not."""
    return REGION + (code[:4] if re.fullmatch(r"[0-9]{4}00", code) else code)


def tokens_of(
    *, age: int | None = None, sex: str = "", groups: Collection[str] = (), region: str = ""
) -> tuple[str, ...]:
    """Return the words that a receiver fulfils. What is not known of them they do not fulfil.

    `sex` is "f", "m" or empty; `groups` are keys of `GROUPS`; `region` is a division code.
    """
    words = {group for group in groups if group in GROUPS}
    if age is not None and age <= CHILD_UNTIL:
        words.add(CHILDREN)
    if age is not None and age >= ELDER_FROM:
        words.add(ELDERS)
    if sex:
        words.add(WOMEN if sex == "f" else MEN)
    words.update(REGION + region[:length] for length in (4, 6, 9, 12) if len(region) >= length)
    return tuple(sorted(words))


def of_limits(*, min_age: int | None, max_age: int | None, sex: str) -> tuple[str, ...]:
    """Return the restrictions that lie in a kind of goods itself: it is for women, elders or children alone.

    Ages within these (from three years on, say) are told on the page of the item and restrict nobody.
    """
    words = set()
    if max_age is not None and max_age <= CHILD_UNTIL:
        words.add(CHILDREN)
    if min_age is not None and min_age >= ELDER_FROM:
        words.add(ELDERS)
    if sex:
        words.add(WOMEN if sex == "f" else MEN)
    return tuple(sorted(words))


def allows(restrictions: Collection[str], tokens: Collection[str]) -> bool:
    """Tell whether goods with these restrictions may go to a receiver with these tokens."""
    return set(restrictions) <= set(tokens)


def missing(restrictions: Collection[str], tokens: Collection[str]) -> tuple[str, ...]:
    """Return what the receiver does not fulfil."""
    return tuple(sorted(set(restrictions) - set(tokens)))


def union(several: Iterable[Collection[str]]) -> tuple[str, ...]:
    """Return the restrictions of what is put together of several goods."""
    return tuple(sorted({word for words in several for word in words}))


def age_on(born: date, day: date) -> int:
    """Return the age in full years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
