"""Every list of the staff: who reads it, and which of its rows are theirs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cishan import gateways
from cishan.approvals import queries as approvals
from cishan.approvals.queries import lists as approval_lists
from cishan.approvals.queries.bands import BANDS
from cishan.approvals.rules import kinds_for
from cishan.campaigns import queries as campaigns
from cishan.campaigns.queries.lists import CAMPAIGNS, in_regions
from cishan.console import rules
from cishan.console.queries.failed_jobs import JOBS
from cishan.deadlines import queries as deadlines
from cishan.deadlines.queries.rules import RULES
from cishan.donations.queries.limit_lists import LIMITS
from cishan.donations.queries.lists import GIFTS, PLANS, RECEIPTS, gifts_within, plans_within
from cishan.donations.queries.lists_decided import MESSAGES, REFUNDS, SUSPENSE
from cishan.identity.queries.lists import ORGANISATIONS, REGIONS
from cishan.identity.queries.people import GRANTS
from cishan.identity.queries.people import in_regions as posts_in
from cishan.identity.rules.permissions import Action, Reach, reading_roles, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.text import N_
from cishan.ledger.queries.lists import POSTINGS, VOUCHERS
from cishan.notify.queries.lists import LETTERS
from cishan.payments.queries import DIFFERENCES, EVENTS
from cishan.plumbing.lists import Condition, List
from cishan.warehouse.queries import lists_counts, lists_out
from cishan.warehouse.queries import lists_kits as kit_lists
from cishan.warehouse.queries import lists_places as warehouse
from cishan.warehouse.queries.lists_counts import NEAR_EXPIRY, RECALLS, STOCKTAKES
from cishan.warehouse.queries.lists_goods import ITEMS
from cishan.warehouse.queries.lists_moves import MOVES
from cishan.warehouse.queries.lists_offers import OFFERS, offers_within

Scope = Callable[[Staff, Action], Awaitable[tuple[Condition, ...]]]
NOTHING: Condition = ("false", ())


@dataclass(frozen=True, slots=True)
class Shown:
    """A list, who may read it, and how its rows are narrowed to theirs."""

    of: List
    action: Action
    scope: Scope
    doors: tuple[rules.Door, ...] = ()
    export: Action = Action.EXPORT

    @property
    def path(self) -> str:
        """Return where the list is."""
        return f"/staff/{self.of.code}"


async def _gifts(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (gifts_within(await campaigns.within(reach.regions)),)


async def _receipts(staff: Staff, action: Action) -> tuple[Condition, ...]:
    """Receipts of goods belong to no project: they are for posts of the whole charity."""
    scope = await _gifts(staff, action)
    return (*scope, ("receipt.goods IS NULL", ())) if scope else ()


async def _plans(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (plans_within(await campaigns.within(reach.regions)),)


async def _campaigns(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (in_regions(reach.regions),)


async def _to_decide(staff: Staff, _: Action) -> tuple[Condition, ...]:
    return (approvals.waiting_on(staff.person_id, staff.posts),)


async def _proposed(staff: Staff, _: Action) -> tuple[Condition, ...]:
    return (approval_lists.proposed_by(staff.person_id),)


async def _approvals(staff: Staff, action: Action) -> tuple[Condition, ...]:
    within = approval_lists.within(scope_of(staff, action).regions)
    kinds = kinds_for(reading_roles(staff, action))
    return (within,) if kinds is None else (within, approval_lists.of_kinds(kinds))


async def _posts(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (posts_in(scope_of(staff, action).regions),)


async def _orders(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (lists_out.at_sites_in(reach.regions, staff.person_id),)


async def _scraps(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (lists_out.written_off_in(reach.regions),)


async def _offers(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (offers_within(scope_of(staff, action).regions),)


async def _places(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (warehouse.at_sites(scope_of(staff, action).regions),)


async def _moves(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (warehouse.at_sites(reach.regions),)


async def _lots(staff: Staff, action: Action) -> tuple[Condition, ...]:
    reach = scope_of(staff, action)
    return () if reach.whole else (warehouse.lots_at_sites(reach.regions),)


async def _recalls(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (lists_counts.recalled_in(scope_of(staff, action).regions),)


async def _transfers(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (warehouse.transfers_at_sites(scope_of(staff, action).regions),)


async def _whole(staff: Staff, action: Action) -> tuple[Condition, ...]:
    """What belongs to the charity as a whole is for posts of the whole city."""
    return () if scope_of(staff, action).whole else (NOTHING,)


async def _everything(_: Staff, __: Action) -> tuple[Condition, ...]:
    return ()


async def _sites(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (lists_counts.at_sites(scope_of(staff, action).regions),)


async def _near(staff: Staff, action: Action) -> tuple[Condition, ...]:
    days = gateways.settings().near_expiry_days
    return lists_counts.within_days(days), *await _sites(staff, action)


async def _clocks(staff: Staff, _: Action) -> tuple[Condition, ...]:
    return (concerning(rules.readable(staff)),)


def concerning(reached: list[tuple[str, Reach]]) -> Condition:
    """Return the condition that keeps the clocks of what somebody reaches."""
    parts = [deadlines.concerning(kind, reach.regions, whole=reach.whole) for kind, reach in reached]
    if not parts:
        return NOTHING
    return " OR ".join(f"({sql})" for sql, _ in parts), tuple(v for _, values in parts for v in values)


_COUNT = rules.Door(N_("Count bins"), "/staff/warehouse/counts", Action.STOCK_WORK)
_RECALL = rules.Door(N_("Call goods back"), "/staff/warehouse/recalls/new", Action.STOCK_RECALL)
_INVITE = rules.Door(N_("Invite somebody"), "/staff/people/invite", Action.PEOPLE_GRANT)

_REQUEST = (
    rules.Door(N_("Request goods"), "/staff/warehouse/orders/new", Action.STOCK_REQUEST),
    rules.Door(N_("Allocation list"), "/staff/warehouse/orders/allocate", Action.STOCK_REQUEST),
)


async def _at_sites(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (kit_lists.sites_in(scope_of(staff, action).regions),)


async def _drives(staff: Staff, action: Action) -> tuple[Condition, ...]:
    return (kit_lists.drives_in(scope_of(staff, action).regions),)


_NEW_KIT = rules.Door(N_("Write a kit down"), "/staff/kits/new", Action.STOCK_SET_UP)
_MADE = rules.Door(N_("What was put together"), "/staff/assemblies", Action.STOCK_READ)
_NEW_DRIVE = rules.Door(N_("Plan a drive"), "/staff/drives/new", Action.STOCK_SET_UP)
_TURNS = rules.Door(N_("Lists of receivers"), "/staff/entitlements", Action.STOCK_READ)
_ITEM_DOORS = (
    rules.Door(N_("New item"), "/staff/warehouse/items/new", Action.STOCK_SET_UP),
    rules.Door(N_("Catalogue from a sheet"), "/staff/warehouse/items/import", Action.STOCK_SET_UP),
)
_OPEN_SITE = rules.Door(N_("Open a site"), "/staff/warehouse/sites/new", Action.STOCK_SET_UP)
_PUT_AWAY = rules.Door(N_("Put goods away"), "/staff/warehouse/move", Action.STOCK_WORK)
_SEND = rules.Door(N_("New transfer"), "/staff/warehouse/transfers/new", Action.STOCK_WORK)

LISTS: tuple[Shown, ...] = (
    Shown(approval_lists.WAITING, Action.APPROVALS_READ, _to_decide),
    Shown(approval_lists.MINE, Action.APPROVALS_READ, _proposed),
    Shown(approval_lists.ALL, Action.APPROVALS_READ, _approvals),
    Shown(GIFTS, Action.GIFTS_READ, _gifts),
    Shown(PLANS, Action.GIFTS_READ, _plans),
    Shown(REFUNDS, Action.GIFTS_READ, _gifts),
    Shown(RECEIPTS, Action.GIFTS_READ, _receipts),
    Shown(MESSAGES, Action.MESSAGES_READ, _gifts),
    Shown(SUSPENSE, Action.GIFTS_READ, _whole),
    Shown(CAMPAIGNS, Action.CAMPAIGNS_READ, _campaigns),
    Shown(OFFERS, Action.STOCK_READ, _offers),
    Shown(VOUCHERS, Action.BOOKS_READ, _whole),
    Shown(POSTINGS, Action.BOOKS_READ, _whole),
    Shown(STOCKTAKES, Action.STOCK_READ, _sites, (_COUNT,), export=Action.STOCK_EXPORT),
    Shown(RECALLS, Action.STOCK_READ, _recalls, (_RECALL,)),
    Shown(NEAR_EXPIRY, Action.STOCK_READ, _near, export=Action.STOCK_EXPORT),
    Shown(lists_out.ORDERS, Action.STOCK_READ, _orders, _REQUEST),
    Shown(lists_out.SCRAPS, Action.STOCK_READ, _scraps, export=Action.STOCK_EXPORT),
    Shown(kit_lists.KITS, Action.STOCK_READ, _everything, (_NEW_KIT, _MADE)),
    Shown(kit_lists.ASSEMBLIES, Action.STOCK_READ, _at_sites, export=Action.STOCK_EXPORT),
    Shown(kit_lists.DRIVES, Action.STOCK_READ, _drives, (_NEW_DRIVE, _TURNS)),
    Shown(kit_lists.ENTITLEMENTS, Action.STOCK_READ, _at_sites),
    Shown(deadlines.CLOCKS, Action.DESK, _clocks),
    Shown(GRANTS, Action.PEOPLE_READ, _posts, (_INVITE,)),
    Shown(ORGANISATIONS, Action.PLACES_READ, _everything),
    Shown(REGIONS, Action.PLACES_READ, _everything),
    Shown(ITEMS, Action.STOCK_READ, _everything, _ITEM_DOORS, export=Action.STOCK_EXPORT),
    Shown(warehouse.SITES, Action.STOCK_READ, _places, (_OPEN_SITE,), export=Action.STOCK_EXPORT),
    Shown(warehouse.BINS, Action.STOCK_READ, _places, export=Action.STOCK_EXPORT),
    Shown(warehouse.LOTS, Action.STOCK_READ, _lots, export=Action.STOCK_EXPORT),
    Shown(warehouse.STOCK, Action.STOCK_READ, _places, (_PUT_AWAY,), export=Action.STOCK_EXPORT),
    Shown(MOVES, Action.STOCK_READ, _moves, export=Action.STOCK_EXPORT),
    Shown(warehouse.TRANSFERS, Action.STOCK_READ, _transfers, (_SEND,), export=Action.STOCK_EXPORT),
    Shown(LETTERS, Action.OPERATIONS_READ, _whole),
    Shown(EVENTS, Action.OPERATIONS_READ, _whole),
    Shown(DIFFERENCES, Action.OPERATIONS_READ, _whole),
    Shown(JOBS, Action.OPERATIONS_READ, _whole),
    Shown(RULES, Action.DESK, _everything),
    Shown(BANDS, Action.DESK, _everything),
    Shown(LIMITS, Action.GIFTS_READ, _whole),
)
