"""What of the goods that somebody offers we can take: asked before anyone drives."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from cishan.kernel.text import N_

FAR = 36_500
"""Days: nothing that is offered keeps longer."""


class Condition(StrEnum):
    """In what state goods are, as their giver says."""

    NEW = "new"
    GOOD = "good"
    USED = "used"


CONDITIONS: dict[str, str] = {
    Condition.NEW: N_("New, unused"),
    Condition.GOOD: N_("Hardly used"),
    Condition.USED: N_("Used, clean and whole"),
}


class Sort(StrEnum):
    """What goods are as far as it matters to whether we may take them."""

    FOOD = "food"
    MEDICINE = "medicine"
    UNDERWEAR = "underwear"
    OTHER = "other"


SORTS: dict[str, str] = {
    Sort.OTHER: N_("Things for daily life"),
    Sort.FOOD: N_("Food or drink"),
    Sort.UNDERWEAR: N_("Underwear or swimwear"),
    Sort.MEDICINE: N_("Medicine"),
}


class Verdict(StrEnum):
    """What the gate says of a line."""

    WELCOME = "welcome"
    FRESH = "fresh"
    """Taken only against a distribution list of the same week, and never shelved."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The house's numbers for what keeps too short; versions have a day from which they hold."""

    effective_from: date
    source: str
    least_days: int
    """So long goods must keep from the day of the offer."""
    least_days_short: int
    """The same for goods whose whole shelf life is no longer than `short_life_days`."""
    short_life_days: int
    food_percent: int
    """So much of its shelf life food must have left."""
    fresh_days: int
    """A shorter shelf life than this goes the fresh lane."""
    list_days: int
    """Within so many days fresh goods must be with those who eat them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The dates of offered goods. `life_days` is the whole shelf life; both None: they do not expire."""

    made_on: date | None = None
    life_days: int | None = None
    expires_on: date | None = None
    """The last day of use."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says, as a msgid with the values of its places."""

    verdict: Verdict
    why: str
    values: dict[str, object] = field(default_factory=dict)
    left_days: int | None = None
    left_percent: int | None = None


def shelf(
    *, made_on: date | None, life_days: int | None, expires_on: date | None, usual_days: int | None
) -> Shelf:
    """Return the whole dates of goods from what their giver knows and what the catalogue says is usual."""
    if expires_on is None and made_on is not None:
        days = life_days or usual_days
        expires_on = made_on + timedelta(days=days) if days else None
        return Shelf(made_on=made_on, life_days=days, expires_on=expires_on)
    if made_on is not None and expires_on is not None:
        return Shelf(made_on=made_on, life_days=(expires_on - made_on).days, expires_on=expires_on)
    return Shelf(made_on=None, life_days=life_days or usual_days, expires_on=expires_on)


_UNDERWEAR = re.compile(r"内衣|内裤|文胸|胸罩|秋裤|泳衣|泳裤|underwear|swimwear|\bbras?\b", re.IGNORECASE)
_MEDICINE = re.compile(
    r"药(?!箱|盒)|胶囊|针剂|注射液|抗生素|medicine|medication|capsules?|antibiotic", re.IGNORECASE
)


def sort_of(name: str, *, is_food: bool, said: Sort = Sort.OTHER) -> Sort:
    """Return what goods are by their name; what their giver says can only make us more careful."""
    if is_food or said is Sort.FOOD:
        return Sort.FOOD
    if said is Sort.MEDICINE or _MEDICINE.search(name):
        return Sort.MEDICINE
    if said is Sort.UNDERWEAR or _UNDERWEAR.search(name):
        return Sort.UNDERWEAR
    return Sort.OTHER


def judge(
    *,
    sort: Sort,
    condition: Condition,
    opened: bool,
    cold_chain: bool,
    shelf: Shelf,
    policy: Policy,
    today: date,
    site_is_cold: bool | None = None,
) -> Judged:
    """Say whether goods can be taken; `site_is_cold` is None while nobody chose a site."""
    if sort is Sort.MEDICINE:
        return _no(N_("We may not take medicine: only medical institutions may hand it out."))
    if sort is Sort.UNDERWEAR and condition is not Condition.NEW:
        return _no(N_("We take underwear and swimwear only new and in their wrapping."))
    if sort is Sort.FOOD and opened:
        return _no(N_("We do not take food whose packaging was opened."))
    if sort is Sort.FOOD and condition is not Condition.NEW:
        return _no(N_("We take food only unopened and as it was sold."))
    if cold_chain and site_is_cold is False:
        return _no(N_("These goods must be kept cold, and this warehouse has no cold store."))
    if shelf.expires_on is None:
        if sort is Sort.FOOD or shelf.life_days is not None:
            return _no(N_("Tell us when it was made or how long it keeps: without that we cannot take it."))
        return Judged(Verdict.WELCOME, N_("We can take this."))
    return _by_date(sort, shelf, shelf.expires_on, policy, today)


def _by_date(sort: Sort, shelf: Shelf, expires_on: date, policy: Policy, today: date) -> Judged:
    left, life = (expires_on - today).days, shelf.life_days
    percent = left * 100 // life if life else None
    if left < 0:
        return _no(
            N_("It expired on {day}; we may not hand it out."), left, percent, day=expires_on.isoformat()
        )
    if life is not None and life < policy.fresh_days:
        if left == 0:
            return _no(N_("It keeps until today only: too short to reach anybody."), left, percent)
        return Judged(
            Verdict.FRESH,
            N_(
                "Fresh goods, {left} days left: we take them only when people wait for them on a list of the"
                " same week. We call before you drive."
            ),
            {"left": left},
            left,
            percent,
        )
    least = policy.least_days
    if life is not None and life <= policy.short_life_days:
        least = policy.least_days_short
    if left < least:
        return _no(
            N_("It keeps {left} more days; we need at least {least} to hand it out in good time."),
            left,
            percent,
            least=least,
        )
    if sort is Sort.FOOD and life and left * 100 < life * policy.food_percent:
        return _no(
            N_("{percent}% of its shelf life is left; for food we need at least {wanted}%."),
            left,
            percent,
            wanted=policy.food_percent,
        )
    return Judged(Verdict.WELCOME, N_("We can take this: {left} days left."), {"left": left}, left, percent)


def _no(why: str, left: int | None = None, percent: int | None = None, **values: object) -> Judged:
    told = {"left": left, "percent": percent, **values}
    return Judged(Verdict.REFUSED, why, told, left, percent)


def list_ends(today: date, policy: Policy) -> date:
    """Return the last day on which fresh goods that come today may be handed out."""
    return today + timedelta(days=policy.list_days)


def folded(name: str) -> str:
    """Return a name as it is compared: the same letters, however they are spaced."""
    return "".join(name.split()).casefold()
