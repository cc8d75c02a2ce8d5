"""What a campaign is, which steps it may take, and whether it takes gifts today."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_


class Theme(StrEnum):
    """What kind of need a campaign answers."""

    HARDSHIP = "hardship"
    PUBLIC_GOOD = "public_good"
    EDUCATION = "education"
    MEDICAL_CARE = "medical_care"
    WARM_WINTER = "warm_winter"
    WISHES = "wishes"
    EMERGENCY = "emergency"
    PAIRING = "pairing"


THEME_LABELS: dict[str, str] = {
    Theme.HARDSHIP: N_("Help in hardship"),
    Theme.PUBLIC_GOOD: N_("Practical help for the community"),
    Theme.EDUCATION: N_("Help to study"),
    Theme.MEDICAL_CARE: N_("Medical and elder care"),
    Theme.WARM_WINTER: N_("Warm Winter"),
    Theme.WISHES: N_("Micro-wishes"),
    Theme.EMERGENCY: N_("Emergency aid first"),
    Theme.PAIRING: N_("Pairing support"),
}


class State(StrEnum):
    """Where a campaign stands between draft and archive."""

    DRAFT = "draft"
    INTERNAL_REVIEW = "internal_review"
    COUNCIL_APPROVED = "council_approved"
    FILING_SUBMITTED = "filing_submitted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    FILED = "filed"
    LIVE = "live"
    LIVE_UNFILED = "live_unfiled"
    AMENDMENT_PENDING = "amendment_pending"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    ENDED = "ended"
    SETTLING = "settling"
    SETTLED = "settled"
    DISCLOSED = "disclosed"
    ARCHIVED = "archived"


UNPLANNED = frozenset({State.DRAFT, State.RETURNED, State.WITHDRAWN})
"""States in which a plan may have gaps."""

UNFILED = UNPLANNED | {State.INTERNAL_REVIEW, State.COUNCIL_APPROVED, State.FILING_SUBMITTED}
"""States that nobody outside sees."""

STATE_LABELS: dict[str, str] = {
    State.DRAFT: N_("Draft"),
    State.INTERNAL_REVIEW: N_("In internal review"),
    State.COUNCIL_APPROVED: N_("Approved by the council"),
    State.FILING_SUBMITTED: N_("Handed in for filing"),
    State.RETURNED: N_("Returned to be completed"),
    State.WITHDRAWN: N_("Withdrawn"),
    State.FILED: N_("Filed, not yet started"),
    State.LIVE: N_("Raising"),
    State.LIVE_UNFILED: N_("Raising in an emergency, filing to follow"),
    State.AMENDMENT_PENDING: N_("Plan being amended"),
    State.SUSPENDED: N_("Suspended"),
    State.TERMINATED: N_("Terminated"),
    State.ENDED: N_("Ended"),
    State.SETTLING: N_("Being settled"),
    State.SETTLED: N_("Settled"),
    State.DISCLOSED: N_("Final report published"),
    State.ARCHIVED: N_("Archived"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step that a campaign may take, and whose step it is."""

    origin: State
    event: str
    to: State
    who: str
    needs_reason: bool = False


STEPS: tuple[Step, ...] = (
    Step(State.DRAFT, "submit", State.INTERNAL_REVIEW, "project officer"),
    Step(State.INTERNAL_REVIEW, "send_back", State.DRAFT, "finance and legal", needs_reason=True),
    Step(State.INTERNAL_REVIEW, "pass", State.COUNCIL_APPROVED, "finance and legal"),
    Step(State.COUNCIL_APPROVED, "file", State.FILING_SUBMITTED, "secretariat"),
    Step(State.FILING_SUBMITTED, "return", State.RETURNED, "civil affairs", needs_reason=True),
    Step(State.RETURNED, "file", State.FILING_SUBMITTED, "secretariat"),
    Step(State.RETURNED, "withdraw", State.WITHDRAWN, "secretariat", needs_reason=True),
    Step(State.FILING_SUBMITTED, "accept", State.FILED, "civil affairs"),
    Step(State.FILED, "publish", State.LIVE, "secretariat"),
    Step(State.COUNCIL_APPROVED, "publish_emergency", State.LIVE_UNFILED, "secretariat", needs_reason=True),
    Step(State.LIVE_UNFILED, "accept", State.LIVE, "civil affairs"),
    Step(State.LIVE_UNFILED, "suspend", State.SUSPENDED, "the clock, or the secretariat", needs_reason=True),
    Step(State.LIVE, "amend", State.AMENDMENT_PENDING, "secretariat", needs_reason=True),
    Step(State.AMENDMENT_PENDING, "resume", State.LIVE, "civil affairs"),
    Step(State.AMENDMENT_PENDING, "suspend", State.SUSPENDED, "secretariat", needs_reason=True),
    Step(State.LIVE, "suspend", State.SUSPENDED, "secretariat", needs_reason=True),
    Step(State.SUSPENDED, "resume", State.LIVE, "secretariat"),
    Step(State.SUSPENDED, "accept", State.LIVE, "civil affairs"),
    Step(State.SUSPENDED, "terminate", State.TERMINATED, "council", needs_reason=True),
    Step(State.LIVE, "end", State.ENDED, "the clock, or the secretariat"),
    Step(State.TERMINATED, "settle", State.SETTLING, "finance"),
    Step(State.ENDED, "settle", State.SETTLING, "finance"),
    Step(State.SETTLING, "close_books", State.SETTLED, "finance"),
    Step(State.SETTLED, "disclose", State.DISCLOSED, "secretariat"),
    Step(State.DISCLOSED, "archive", State.ARCHIVED, "secretariat"),
)


def step(state: str, event: str, reason: str = "") -> Step:
    """Return the step that an event means in a state; raise Conflict if there is none."""
    for candidate in STEPS:
        if candidate.origin == state and candidate.event == event:
            if candidate.needs_reason and not reason.strip():
                raise Invalid(N_("Say why; the reason is published with the step."), field="reason")
            return candidate
    raise Conflict(N_("The campaign is no longer in a state in which this can be done."))


class NewsKind(StrEnum):
    """What news of a campaign are: news, or a report that the law asks for."""

    NEWS = "news"
    INTERIM_REPORT = "interim_report"
    EMERGENCY_RECEIPTS = "emergency_receipts"


NEWS_LABELS: dict[NewsKind, str] = {
    NewsKind.NEWS: N_("News"),
    NewsKind.INTERIM_REPORT: N_("Interim report"),
    NewsKind.EMERGENCY_RECEIPTS: N_("Receipts and spending of an emergency campaign"),
}
REPORT_CLOCKS: dict[NewsKind, str] = {
    NewsKind.INTERIM_REPORT: "campaign.interim_report",
    NewsKind.EMERGENCY_RECEIPTS: "campaign.emergency_receipts",
}
"""The deadline that a report keeps."""


FILING_NO = r"^[0-9A-HJ-NPQRTUWXY]{18}A[0-9]{2}[0-9]{3}$"
"""备案编号: the organisation's USCC, A, two digits of the year, three of the serial."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Tell whether a text can be the address of a campaign."""
    return len(text) <= 80 and _SLUG.fullmatch(text) is not None


MAX_PERIOD_DAYS = 3 * 366
"""Order 74 art. 10: a campaign runs for three years at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """What one part of the goal is for."""

    item: str
    basis: str
    """How the amount comes about, for example 300 households × 600."""
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The fundraising plan (募捐方案) of 慈善法 art. 24 and Order 74 art. 10, as it is handed in."""

    slug: str
    title: str
    summary: str
    story: str
    theme: str
    county: str
    fund_code: str
    purpose: str
    starts_on: date
    ends_on: date
    region: str
    office: str
    """The office whose full-time staff answers for the campaign, with the title of the person in charge."""
    office_address: str
    contact: str
    receiving_methods: str
    bank_name: str
    bank_account_masked: str
    goal_fen: int
    beneficiary_scope: str
    beneficiary_count: int
    beneficiary_unit: str
    """people, households or places"""
    beneficiary_selection: str
    use_of_funds: str
    cost_note: str
    surplus_rule: str
    over_target: str
    """continue or stop"""
    over_target_rule: str
    budget: tuple[BudgetLine, ...]


PLAN_TEXTS = (
    "title",
    "summary",
    "story",
    "purpose",
    "region",
    "office",
    "office_address",
    "contact",
    "receiving_methods",
    "bank_name",
    "bank_account_masked",
    "beneficiary_scope",
    "beneficiary_selection",
    "use_of_funds",
    "cost_note",
    "surplus_rule",
    "over_target_rule",
    "fund_code",
)
"""Texts without which no plan leaves the desk."""


def require_filing_no(filing_no: str, uscc: str) -> None:
    """Refuse a filing number that is not of the form USCC + A + year + serial of this organisation."""
    if not re.fullmatch(FILING_NO, filing_no) or not filing_no.startswith(uscc):
        raise Invalid(
            N_("The filing number is the organisation's code, A, two digits of the year and three more."),
            field="filing_no",
        )


UNFILED_TOO_LONG = N_("Not filed within ten days of its start; suspended until the filing number is there.")


class Phase(StrEnum):
    """What a visitor calls the state of a campaign."""

    OPEN = "open"
    UPCOMING = "upcoming"
    FUNDED = "funded"
    PAUSED = "paused"
    ENDED = "ended"


PHASE_LABELS: dict[str, str] = {
    Phase.OPEN: N_("Raising"),
    Phase.UPCOMING: N_("Starts soon"),
    Phase.FUNDED: N_("Goal reached"),
    Phase.PAUSED: N_("Paused"),
    Phase.ENDED: N_("Finished"),
}

_RAISING = frozenset({State.LIVE, State.LIVE_UNFILED})
_PAUSED = frozenset({State.SUSPENDED, State.AMENDMENT_PENDING})

CLOSED_NOT_PUBLIC = N_("This campaign is not published.")
CLOSED_NOT_STARTED = N_("The fundraising period has not begun yet.")
CLOSED_SUSPENDED = N_("Giving is suspended. What was given so far stays reserved for its purpose.")
CLOSED_AMENDING = N_("The plan is being amended and filed anew. Giving resumes when that is done.")
CLOSED_TERMINATED = N_("The campaign was terminated before its end.")
CLOSED_FULL = N_("The goal is reached, and the filed plan takes no more than the goal.")
CLOSED_ENDED = N_("The fundraising period has ended.")


def closed_reason(
    *,
    state: str,
    starts_on: date,
    ends_on: date,
    today: date,
    raised_fen: int,
    goal_fen: int,
    over_target: str,
) -> str:
    """Return the msgid of why no gift is taken today, or the empty string if gifts are welcome."""
    fixed = {
        State.SUSPENDED: CLOSED_SUSPENDED,
        State.AMENDMENT_PENDING: CLOSED_AMENDING,
        State.TERMINATED: CLOSED_TERMINATED,
    }
    if state in UNFILED:
        return CLOSED_NOT_PUBLIC
    if state in fixed:
        return fixed[State(state)]
    if state == State.FILED or (state in _RAISING and today < starts_on):
        return CLOSED_NOT_STARTED
    if state not in _RAISING or today > ends_on:
        return CLOSED_ENDED
    if over_target == "stop" and raised_fen >= goal_fen:
        return CLOSED_FULL
    return ""


def phase(
    *, state: str, starts_on: date, ends_on: date, today: date, raised_fen: int, goal_fen: int
) -> Phase:
    """Return what a visitor calls the state of a published campaign today."""
    if state in _PAUSED:
        return Phase.PAUSED
    if state == State.FILED or (state in _RAISING and today < starts_on):
        return Phase.UPCOMING
    if state not in _RAISING or today > ends_on:
        return Phase.ENDED
    return Phase.FUNDED if raised_fen >= goal_fen else Phase.OPEN


def days_left(ends_on: date, today: date) -> int:
    """Return the days on which gifts are still taken, today among them: 1 on the last day."""
    return max(0, (ends_on - today).days + 1)


def percent(raised_fen: int, goal_fen: int) -> int:
    """Return the whole percent reached, rounded down, so that 100 means reached."""
    return raised_fen * 100 // goal_fen if goal_fen > 0 else 0


class Sort(StrEnum):
    """How a list of campaigns may be ordered."""

    NEWEST = "newest"
    ENDING = "ending"
    RAISED = "raised"
    NEAREST = "nearest"


SORT_LABELS: dict[str, str] = {
    Sort.NEWEST: N_("Newest first"),
    Sort.ENDING: N_("Ending soon"),
    Sort.RAISED: N_("Most raised"),
    Sort.NEAREST: N_("Nearest to the goal"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a visitor asks a list of campaigns for; empty means all."""

    theme: str = ""
    county: str = ""
    phase: str = ""
    sort: str = Sort.NEWEST
    only: tuple[str, ...] | None = None
    """Ids in the order of their relevance, when words were searched for."""
