"""What things there are at the desk, who reads them, and who is to act when one of their clocks runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from cishan.identity.rules.permissions import Action, Reach, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.text import N_


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing that has a history or clocks."""

    name: str
    """A msgid."""
    reads: Action
    handles: tuple[Action, ...] = ()
    """Whoever may do one of these is to act when a clock of such a thing runs."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way on from a list, as to the form that adds to it."""

    label: str
    """A msgid."""
    path: str
    action: Action


THINGS: dict[str, Thing] = {
    "campaign": Thing(N_("Project"), Action.CAMPAIGNS_READ, (Action.NEWS_WRITE,)),
    "donation": Thing(N_("Gift"), Action.GIFTS_READ, (Action.APPROVALS_PROPOSE,)),
    "refund": Thing(N_("Refund"), Action.GIFTS_READ, (Action.APPROVALS_PROPOSE, Action.APPROVALS_CHECK)),
    "receipt": Thing(N_("Receipt"), Action.GIFTS_READ, (Action.APPROVALS_PROPOSE,)),
    "monthly_plan": Thing(N_("Monthly gift"), Action.GIFTS_READ),
    "approval": Thing(
        N_("Approval"), Action.APPROVALS_READ, (Action.APPROVALS_CHECK, Action.APPROVALS_RELEASE)
    ),
    "goods_offer": Thing(
        N_("Offer of goods"),
        Action.STOCK_READ,
        (Action.GOODS_JUDGE, Action.GOODS_VALUE, Action.GOODS_BOOK, Action.GOODS_REVERSE),
    ),
    "lot": Thing(N_("Lot"), Action.STOCK_READ),
    "recall": Thing(N_("Recall"), Action.STOCK_READ, (Action.STOCK_RECALL,)),
    "stocktake": Thing(N_("Stocktake"), Action.STOCK_READ, (Action.STOCK_WORK,)),
    "goods_order": Thing(N_("Order of goods"), Action.STOCK_READ, (Action.STOCK_WORK,)),
    "goods_list": Thing(N_("Allocation list"), Action.STOCK_READ, (Action.STOCK_WORK,)),
    "goods_scrap": Thing(N_("Write-off of goods"), Action.STOCK_READ, (Action.STOCK_WORK,)),
    "kit": Thing(N_("Kit"), Action.STOCK_READ),
    "drive": Thing(N_("Goods drive"), Action.STOCK_READ, (Action.STOCK_SET_UP,)),
    "entitlement": Thing(N_("Slip"), Action.STOCK_READ),
    "transfer": Thing(N_("Transfer"), Action.STOCK_READ, (Action.STOCK_WORK,)),
    "goods_item": Thing(N_("Goods item"), Action.STOCK_READ),
    "stock_site": Thing(N_("Warehouse site"), Action.STOCK_READ),
    "stock_bin": Thing(N_("Bin"), Action.STOCK_READ),
    "person": Thing(N_("Person"), Action.PERSONS_READ),
}


def readable(staff: Staff) -> list[tuple[str, Reach]]:
    """Return the kinds of things that somebody may read, and within what."""
    return _reached(staff, ((kind, (thing.reads,)) for kind, thing in THINGS.items()))


def handled(staff: Staff) -> list[tuple[str, Reach]]:
    """Return the kinds of things that somebody is to act on, and within what; what they may read at all."""
    mine = ((kind, thing) for kind, thing in THINGS.items() if scope_of(staff, thing.reads).regions)
    return _reached(staff, ((kind, thing.handles) for kind, thing in mine))


def _reached(staff: Staff, wanted: Iterable[tuple[str, tuple[Action, ...]]]) -> list[tuple[str, Reach]]:
    found = []
    for kind, actions in wanted:
        reaches = [scope_of(staff, action) for action in actions]
        regions = tuple(dict.fromkeys(code for reach in reaches for code in reach.regions))
        if regions:
            whole = any(reach.whole for reach in reaches)
            found.append((kind, Reach(regions, (None,) * len(regions), whole)))
    return found
