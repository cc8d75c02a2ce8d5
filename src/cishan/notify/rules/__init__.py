"""The letters that exist, what each of them must be told, and how patiently one is delivered.

Every letter is a frozen value; its fields are what the template `notify/<template>.html` may use, so a
caller that forgets one is told by the type checker. URLs are absolute, amounts are 分.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_
from cishan.notify.rules.goods import GoodsLocked as GoodsLocked
from cishan.notify.rules.goods import LockedLot as LockedLot
from cishan.notify.rules.goods import ReservationLost as ReservationLost

MAX_TRIES = 20
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
LEASE = timedelta(minutes=5)
"""How long one worker may have a letter in hand before it counts as lost and is tried again."""
KEPT_FOR = timedelta(days=30)
"""How long the content of a delivered letter is kept."""
INBOX_KEPT_FOR = timedelta(days=731)
"""How long a message stays in an inbox."""


class LetterState(StrEnum):
    """Where a letter stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"
    """Stays on the outbox page, because no mail server is configured."""


def pause_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many failed tries; None: give up, after about two days."""
    if tries >= MAX_TRIES:
        return None
    return min(FIRST_PAUSE * (1 << tries - 1), LONGEST_PAUSE)


def require_given_up(*, state: str, template: str, is_forgotten: bool) -> None:
    """Refuse to deliver a letter anew unless it was given up and what it says still holds."""
    if state != LetterState.FAILED:
        raise Conflict(N_("This letter was not given up, or is being tried again already."))
    if template in PERISHABLE:
        raise Conflict(N_("What this letter says holds for minutes only. Whoever waits for it asks anew."))
    if is_forgotten:
        raise Conflict(N_("What this letter said is forgotten: it was given up more than a month ago."))


PERISHABLE = frozenset({"sign_in_code"})
"""Templates of letters that nobody needs any more once they were given up."""
About = Literal["account", "gift", "work"]
"""What the foot of a letter says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftThanks:
    """A gift has arrived. The receipt, if one is wanted, is attached."""

    template: ClassVar[str] = "gift_thanks"
    about: ClassVar[About] = "gift"
    gift_number: str
    amount_fen: int
    given_on: date
    purposes: tuple[str, ...]
    """Titles of the projects or funds, in the order of the gift's lines."""
    gift_url: str
    monthly: bool
    receipt_number: str
    """Empty: no receipt is attached; the letter says how to ask for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReady:
    """A receipt that was asked for later; attached."""

    template: ClassVar[str] = "receipt_ready"
    about: ClassVar[About] = "gift"
    gift_number: str
    receipt_number: str
    amount_fen: int
    gift_url: str
    verify_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDone:
    """Money of a gift has gone back. The red receipt, if there was a receipt, is attached."""

    template: ClassVar[str] = "refund_done"
    about: ClassVar[About] = "gift"
    gift_number: str
    refunded_fen: int
    """What went back this time."""
    kept_fen: int
    """What remains of the gift."""
    gift_url: str
    red_receipt_number: str
    """Empty: the gift had no receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyStarted:
    """A monthly gift was set up."""

    template: ClassVar[str] = "monthly_started"
    about: ClassVar[About] = "gift"
    amount_fen: int
    purpose: str
    next_on: date
    by_card: bool
    """True: debited by itself; False: we remind, the giver taps once."""
    plan_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyChanged:
    """A monthly gift was changed by its giver."""

    template: ClassVar[str] = "monthly_changed"
    about: ClassVar[About] = "gift"
    change: Literal["amount", "day", "paused", "resumed", "cancelled"]
    amount_fen: int
    purpose: str
    next_on: date | None
    """None: nothing more is planned (paused or cancelled)."""
    plan_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReminder:
    """This month's gift waits for the giver's tap."""

    template: ClassVar[str] = "monthly_reminder"
    about: ClassVar[About] = "gift"
    amount_fen: int
    purpose: str
    due_on: date
    pay_url: str
    plan_url: str
    is_last: bool
    """True: the last reminder before silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyNotice:
    """A card will be debited soon."""

    template: ClassVar[str] = "monthly_notice"
    about: ClassVar[About] = "gift"
    amount_fen: int
    purpose: str
    debit_on: date
    plan_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSkipped:
    """One month is left out at the giver's wish."""

    template: ClassVar[str] = "month_skipped"
    about: ClassVar[About] = "gift"
    purpose: str
    skipped_on: date
    next_on: date
    plan_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRepair:
    """A monthly debit failed: the card has expired or was declined."""

    template: ClassVar[str] = "card_repair"
    about: ClassVar[About] = "gift"
    amount_fen: int
    purpose: str
    repair_url: str
    plan_url: str
    next_try_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    """Six digits with which somebody signs in or registers."""

    template: ClassVar[str] = "sign_in_code"
    about: ClassVar[About] = "account"
    code: str
    minutes: int
    sign_in_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInvitation:
    """A post is offered to somebody, by a link that works once."""

    template: ClassVar[str] = "staff_invitation"
    about: ClassVar[About] = "account"
    name: str
    role: str
    """A msgid."""
    organisation: str
    region: str
    accept_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftLink:
    """One gift in the list of a giver's gifts."""

    number: str
    given_on: date
    amount_fen: int
    purpose: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLink:
    """One monthly gift in the list of a giver's gifts."""

    amount_fen: int
    purpose: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLink:
    """All receipts of one year."""

    year: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyGifts:
    """The links to the gifts that were made with this address."""

    template: ClassVar[str] = "my_gifts"
    about: ClassVar[About] = "gift"
    gifts: tuple[GiftLink, ...]
    plans: tuple[PlanLink, ...]
    years: tuple[YearLink, ...]


Safety = Literal[
    "password_changed",
    "second_factor_added",
    "second_factor_removed",
    "recovery_codes_made",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "contact_changed",
    "post_given",
    "post_ended",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSafety:
    """Something about a way into somebody's account has changed."""

    template: ClassVar[str] = "account_safety"
    about: ClassVar[About] = "account"
    change: Safety
    at: datetime
    device: str
    """Kind of browser in two words; empty: unknown."""
    account_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWanted:
    """A proposal of somebody waits for the reader's check or release."""

    template: ClassVar[str] = "check_wanted"
    about: ClassVar[About] = "work"
    step: Literal["check", "release"]
    title: str
    amount_fen: int | None
    """None: it is not about money."""
    proposed_by: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDecided:
    """What the reader proposed was approved, refused or released."""

    template: ClassVar[str] = "proposal_decided"
    about: ClassVar[About] = "work"
    decision: Literal["approved", "refused", "released"]
    title: str
    amount_fen: int | None
    reason: str
    """Empty: none was given."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """A clock in the reader's region has run out."""

    template: ClassVar[str] = "deadline_passed"
    about: ClassVar[About] = "work"
    title: str
    """Of the deadline."""
    title_en: str
    place: str
    place_en: str
    due_on: date
    source: str
    """The article that sets the limit."""
    url: str


GoodsStep = Literal["offer", "accept", "decline", "appoint", "withdraw", "grade", "close", "book"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """One kind of goods in a letter about an offer."""

    name: str
    quantity: str
    """With its unit."""
    declined: str
    """Why it was declined; empty: it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsNews:
    """An offer of goods was taken a step further."""

    template: ClassVar[str] = "goods_news"
    about: ClassVar[About] = "gift"
    step: GoodsStep
    number: str
    lines: tuple[GoodsLine, ...]
    appointed_on: date | None
    appointed_from: str
    appointed_until: str
    site: str
    address: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsPaper:
    """The receipt of goods or its reversal, attached; or thanks without an amount for goods not valued."""

    template: ClassVar[str] = "goods_paper"
    about: ClassVar[About] = "gift"
    kind: Literal["receipt", "red", "thanks"]
    number: str
    """Of the offer."""
    receipt_number: str
    """Empty with thanks alone."""
    amount_fen: int
    lines: tuple[GoodsLine, ...]
    url: str


Letter = (
    GiftThanks
    | ReceiptReady
    | RefundDone
    | MonthlyStarted
    | MonthlyChanged
    | MonthlyReminder
    | MonthlyNotice
    | MonthSkipped
    | CardRepair
    | MyGifts
    | SignInCode
    | StaffInvitation
    | AccountSafety
    | CheckWanted
    | ProposalDecided
    | DeadlinePassed
    | GoodsNews
    | GoodsPaper
    | ReservationLost
    | GoodsLocked
)
