"""Monthly gifts: their dates, what may be done with them, and when we fall silent."""

from dataclasses import dataclass
from datetime import date, timedelta

from cishan.donations.rules.giving import PlanMethod, PlanStatus
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.money import yuan
from cishan.kernel.text import N_

SHOWN_DATES = 3
MAX_DAY = 28
EARLY = timedelta(days=10)
REMINDER_WEEKS = (0, 4, 26)
"""After the due day: at once, then at four and at twenty-six weeks; then silence, nobody is chased."""
LIVING = frozenset({PlanStatus.ACTIVE, PlanStatus.PAUSED, PlanStatus.PAYMENT_PROBLEM})

# (what the giver does, from which states, to which state)
EDGES: dict[str, tuple[frozenset[PlanStatus], PlanStatus]] = {
    "activate": (frozenset({PlanStatus.PENDING}), PlanStatus.ACTIVE),
    "pause": (frozenset({PlanStatus.ACTIVE, PlanStatus.PAYMENT_PROBLEM}), PlanStatus.PAUSED),
    "resume": (frozenset({PlanStatus.PAUSED}), PlanStatus.ACTIVE),
    "problem": (frozenset({PlanStatus.ACTIVE}), PlanStatus.PAYMENT_PROBLEM),
    "repair": (frozenset({PlanStatus.PAYMENT_PROBLEM}), PlanStatus.ACTIVE),
    "cancel": (LIVING | {PlanStatus.PENDING}, PlanStatus.CANCELLED),
}


def require_edge(event: str, status: PlanStatus) -> PlanStatus:
    """Return the state that the event leads to; refuse an event that the present state does not know."""
    sources, target = EDGES[event]
    if status not in sources:
        raise Conflict(N_("The monthly gift has changed meanwhile. See how it stands now."))
    return target


def can(event: str, status: PlanStatus) -> bool:
    """Tell whether a button for the event belongs on the page."""
    return status in EDGES[event][0]


def require_day(day: int) -> None:
    """Refuse a day that not every month has."""
    if not 1 <= day <= MAX_DAY:
        raise Invalid(N_("Choose a day from 1 to 28."), field="day")


def change_in_words(*, amounts_fen: tuple[int, int], days: tuple[int, int]) -> str:
    """Return what changed of a plan, for its history: ¥30.00 → ¥50.00, 5 → 8 (the day of the month)."""
    changes = [tuple(f"¥{yuan(fen):,.2f}" for fen in amounts_fen), tuple(str(day) for day in days)]
    return ", ".join(f"{before} → {after}" for before, after in changes if before != after)


def next_date(after: date, day: int) -> date:
    """Return the first such day of a month that lies after the given date."""
    if after.day < day:
        return after.replace(day=day)
    first_of_next = (after.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first_of_next.replace(day=day)


def next_dates(first: date, day: int, count: int = SHOWN_DATES) -> list[date]:
    """Return the given next date and those that follow on the plan's day."""
    dates = [first]
    while len(dates) < count:
        dates.append(next_date(dates[-1], day))
    return dates


def date_after_payment(paid_on: date, *, due: date | None, plan_day: int) -> date:
    """Return the next date once a month was paid; never earlier than what was planned already.

    A payment up to ten days before its due date is that month's gift.
    """
    settled = due if due is not None and paid_on < due <= paid_on + EARLY else paid_on
    following = next_date(settled, plan_day)
    return max(following, due) if due is not None else following


@dataclass(frozen=True, slots=True)
class Reminding:
    """What the reminder knows of a plan."""

    method: PlanMethod
    status: PlanStatus
    due_on: date
    sent: int
    """Reminders since the last gift."""


def reminder_due(plan: Reminding, today: date) -> int | None:
    """Return which reminder (1, 2 or 3) is due today, or None."""
    if plan.method != PlanMethod.REMIND or plan.status != PlanStatus.ACTIVE:
        return None
    if plan.sent >= len(REMINDER_WEEKS):
        return None
    due = plan.due_on + timedelta(weeks=REMINDER_WEEKS[plan.sent])
    return plan.sent + 1 if today >= due else None
