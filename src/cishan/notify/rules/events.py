"""What people are told of: by which ways if nobody said otherwise, and what may not be switched off.

An event is one line of the page of preferences. The inbox always keeps what somebody was told; mail and text
messages go out by the event's own ways and the person's wishes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cishan.kernel.contacts import Channel
from cishan.kernel.text import N_

MAIL, SMS = Channel.EMAIL, Channel.MOBILE


class Group(StrEnum):
    """The headings of the page of preferences."""

    ACCOUNT = "account"
    GIVING = "giving"
    WORK = "work"
    """For staff alone."""


GROUP_TITLES: Mapping[Group, str] = {
    Group.ACCOUNT: N_("Your account"),
    Group.GIVING: N_("Your gifts"),
    Group.WORK: N_("Your work here"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that people are told of."""

    code: str
    group: Group
    title: str
    """A msgid."""
    ways: frozenset[Channel]
    """By which ways it goes out if the person did not say otherwise."""
    fixed: str = ""
    """A msgid: why the event's own ways may not be switched off. Empty: they may."""
    urgent: bool = False
    """Text messages go out at night too."""


EVENTS: dict[str, Event] = {}


def _event(event: Event) -> Event:
    assert event.code not in EVENTS, f"two events are called {event.code}"
    EVENTS[event.code] = event
    return event


_SAFETY = N_("It protects your account.")
_RECEIPT = N_("It carries your receipt.")
_MONEY = N_("It tells you where your money is.")
_DEBIT = N_("It tells you what will be debited.")

ACCOUNT_SAFETY = _event(
    Event(
        "account_safety",
        Group.ACCOUNT,
        N_("Password, second factor or your posts here changed"),
        frozenset({MAIL, SMS}),
        fixed=_SAFETY,
        urgent=True,
    )
)
GIFT_ARRIVED = _event(
    Event("gift_arrived", Group.GIVING, N_("A gift has arrived"), frozenset({MAIL}), fixed=_RECEIPT)
)
RECEIPT_READY = _event(
    Event("receipt_ready", Group.GIVING, N_("A receipt is ready"), frozenset({MAIL}), fixed=_RECEIPT)
)
REFUND_DONE = _event(
    Event("refund_done", Group.GIVING, N_("Money was sent back"), frozenset({MAIL}), fixed=_MONEY)
)
MONTHLY_CHANGED = _event(
    Event(
        "monthly_changed",
        Group.GIVING,
        N_("A monthly gift was set up or changed"),
        frozenset({MAIL}),
        fixed=_DEBIT,
    )
)
MONTHLY_NOTICE = _event(
    Event(
        "monthly_notice",
        Group.GIVING,
        N_("A monthly gift will be debited, or could not be"),
        frozenset({MAIL}),
        fixed=_DEBIT,
    )
)
GOODS_NEWS = _event(
    Event(
        "goods_news",
        Group.GIVING,
        N_("Goods that you offered were answered, taken in or handed out"),
        frozenset({MAIL}),
        fixed=_RECEIPT,
    )
)
MONTHLY_REMINDER = _event(
    Event("monthly_reminder", Group.GIVING, N_("This month's gift waits for your tap"), frozenset({MAIL}))
)
CHECK_WANTED = _event(
    Event("check_wanted", Group.WORK, N_("Something waits for your check"), frozenset({MAIL}))
)
PROPOSAL_DECIDED = _event(
    Event("proposal_decided", Group.WORK, N_("What you proposed was decided"), frozenset({MAIL}))
)
RESERVATION_LOST = _event(
    Event(
        "reservation_lost",
        Group.WORK,
        N_("Goods set aside for an order are not to be had any more"),
        frozenset({MAIL}),
    )
)
GOODS_LOCKED = _event(
    Event("goods_locked", Group.WORK, N_("Goods have expired or are called back"), frozenset({MAIL}))
)
DEADLINE_PASSED = _event(Event("deadline_passed", Group.WORK, N_("A deadline has passed"), frozenset({MAIL})))

Wishes = Mapping[tuple[str, Channel], bool]
"""What somebody said about an event's way; about the rest they said nothing."""


def may_choose(event: Event, way: Channel) -> bool:
    """Tell whether somebody may switch one way of an event on and off."""
    return not event.fixed or way not in event.ways


def is_wanted(event: Event, way: Channel, wishes: Wishes) -> bool:
    """Tell whether an event goes out by a way."""
    if not may_choose(event, way):
        return True
    return wishes.get((event.code, way), way in event.ways)


def ways_for(event: Event, wishes: Wishes, reachable: Collection[Channel]) -> list[Channel]:
    """Return by which ways somebody is told.

    What must reach them takes another way where they have none of the event's own.
    """
    ways = [way for way in Channel if way in reachable and is_wanted(event, way, wishes)]
    if event.fixed and not event.ways.intersection(reachable):
        return [way for way in Channel if way in reachable]
    return ways
