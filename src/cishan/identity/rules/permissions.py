"""Who may do what on what: the one table that guards, buttons and queries read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cishan.identity.rules.factors import FRESH, SESSION, stands
from cishan.identity.rules.regions import covers, is_city, pattern
from cishan.identity.rules.roles import Post, Role, Staff
from cishan.kernel.text import N_


class Scope(StrEnum):
    """How far a post reaches."""

    ALL = "all"
    """Anything of the charity."""
    REGION = "region"
    """What lies in the region of the post."""
    ORGANISATION = "organisation"
    """What belongs to the organisation of the post, within its region."""


class Action(StrEnum):
    """What staff do. The page of each names it, and nothing else opens the page."""

    DESK = "desk"
    DECLARE = "declare"
    NEWS_WRITE = "news.write"
    MESSAGES_READ = "messages.read"
    MESSAGES_JUDGE = "messages.judge"
    PEOPLE_READ = "people.read"
    PEOPLE_GRANT = "people.grant"
    APPROVALS_READ = "approvals.read"
    APPROVALS_PROPOSE = "approvals.propose"
    APPROVALS_CHECK = "approvals.check"
    APPROVALS_RELEASE = "approvals.release"
    HISTORY_READ = "history.read"
    EXPORT = "export"
    STOCK_EXPORT = "stock_export"
    SEARCH = "search"
    GIFTS_READ = "gifts.read"
    PERSONS_READ = "persons.read"
    PERSONAL_READ = "personal.read"
    RECEIVER_READ = "receiver.read"
    CAMPAIGNS_READ = "campaigns.read"
    BOOKS_READ = "books.read"
    PLACES_READ = "places.read"
    CALENDAR_WRITE = "calendar.write"
    OPERATIONS_READ = "operations.read"
    OPERATIONS_RETRY = "operations.retry"
    STOCK_READ = "stock.read"
    STOCK_WORK = "stock.work"
    STOCK_SET_UP = "stock.set_up"
    STOCK_REQUEST = "stock.request"
    STOCK_RECALL = "stock.recall"
    GOODS_JUDGE = "goods.judge"
    GOODS_VALUE = "goods.value"
    GOODS_BOOK = "goods.book"
    GOODS_REVERSE = "goods.reverse"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one thing."""

    name: str
    """A msgid: what is done, as in a sentence."""
    roles: frozenset[Role]
    scope: Scope = Scope.REGION
    writes: bool = False
    second_factor: timedelta | None = None
    """How old it may be at most; None: none is needed."""


def _rule(name: str, *roles: Role, scope: Scope = Scope.REGION) -> Rule:
    """Return the rule of reading: the auditor reads everything."""
    return Rule(name, frozenset({*roles, Role.AUDITOR}), scope)


def _writes(
    name: str, *roles: Role, scope: Scope = Scope.REGION, second_factor: timedelta | None = None
) -> Rule:
    return Rule(name, frozenset(roles), scope, writes=True, second_factor=second_factor)


def _private(name: str, *roles: Role) -> Rule:
    """Return the rule of looking behind a mask: the session has shown a second factor."""
    return Rule(name, frozenset(roles), second_factor=SESSION)


_MONEY = (Role.FINANCE_MAKER, Role.FINANCE_CHECKER, Role.CASHIER, Role.COUNCIL)

PERMISSIONS: Mapping[Action, Rule] = {
    Action.DESK: _rule(N_("use the staff desk"), *Role, scope=Scope.ALL),
    Action.DECLARE: _writes(
        N_("declare related parties"), *(r for r in Role if r is not Role.AUDITOR), scope=Scope.ALL
    ),
    Action.NEWS_WRITE: _writes(N_("publish news of a project"), Role.PROJECT_OFFICER),
    Action.MESSAGES_READ: _rule(N_("read held messages"), Role.PROJECT_OFFICER),
    Action.MESSAGES_JUDGE: _writes(N_("judge held messages"), Role.PROJECT_OFFICER),
    Action.PEOPLE_READ: _rule(N_("see staff and their posts"), Role.ADMINISTRATOR),
    Action.PEOPLE_GRANT: _writes(N_("give and end posts"), Role.ADMINISTRATOR, second_factor=FRESH),
    Action.APPROVALS_READ: _rule(
        N_("see what waits for approval"), Role.PROJECT_OFFICER, Role.WAREHOUSE_KEEPER, *_MONEY
    ),
    Action.APPROVALS_PROPOSE: _writes(
        N_("propose a payment"), Role.PROJECT_OFFICER, Role.FINANCE_MAKER, Role.WAREHOUSE_KEEPER
    ),
    Action.APPROVALS_CHECK: _writes(
        N_("check a proposal"), Role.FINANCE_CHECKER, Role.COUNCIL, second_factor=FRESH
    ),
    Action.APPROVALS_RELEASE: _writes(N_("release a payment"), Role.CASHIER, second_factor=FRESH),
    Action.HISTORY_READ: _rule(N_("read the history"), Role.PROJECT_OFFICER, Role.SAFEGUARDING_LEAD, *_MONEY),
    Action.EXPORT: _rule(N_("export lists"), Role.PROJECT_OFFICER, Role.ADMINISTRATOR, *_MONEY),
    Action.STOCK_EXPORT: _rule(
        N_("export lists of goods, in which no receiver stands"),
        Role.WAREHOUSE_KEEPER,
        Role.PROJECT_OFFICER,
        *_MONEY,
    ),
    Action.SEARCH: _rule(N_("search for a person or a number"), Role.PROJECT_OFFICER, *_MONEY),
    Action.GIFTS_READ: _rule(N_("see gifts, receipts and refunds"), Role.PROJECT_OFFICER, *_MONEY),
    Action.PERSONS_READ: _rule(N_("see persons, masked"), Role.PROJECT_OFFICER, Role.SAFEGUARDING_LEAD),
    Action.PERSONAL_READ: _private(
        N_("see names, numbers and addresses in full"),
        Role.PROJECT_OFFICER,
        Role.FINANCE_MAKER,
        Role.FINANCE_CHECKER,
        Role.SAFEGUARDING_LEAD,
        Role.AUDITOR,
    ),
    Action.RECEIVER_READ: _private(
        N_("see in full to whom goods go, until they have arrived"),
        Role.WAREHOUSE_KEEPER,
        Role.PROJECT_OFFICER,
        Role.FINANCE_MAKER,
        Role.FINANCE_CHECKER,
        Role.SAFEGUARDING_LEAD,
        Role.AUDITOR,
    ),
    Action.CAMPAIGNS_READ: _rule(
        N_("see projects that are not public"), Role.PROJECT_OFFICER, Role.CIVIL_AFFAIRS_VIEWER, *_MONEY
    ),
    Action.BOOKS_READ: _rule(N_("read the books"), *_MONEY),
    Action.PLACES_READ: _rule(N_("see regions and organisations"), *Role, scope=Scope.ALL),
    Action.CALENDAR_WRITE: _writes(
        N_("write into the calendar of working days"), Role.ADMINISTRATOR, Role.PROJECT_OFFICER
    ),
    Action.OPERATIONS_READ: _rule(
        N_("see what did not get through"), Role.ADMINISTRATOR, Role.FINANCE_MAKER, Role.FINANCE_CHECKER
    ),
    Action.OPERATIONS_RETRY: _writes(N_("have it tried again"), Role.ADMINISTRATOR, Role.FINANCE_MAKER),
    Action.STOCK_READ: _rule(
        N_("see the warehouse"),
        Role.WAREHOUSE_KEEPER,
        Role.PROJECT_OFFICER,
        Role.CHILD_DIRECTOR,
        Role.GRID_WORKER,
        Role.SAFEGUARDING_LEAD,
        *_MONEY,
    ),
    Action.STOCK_WORK: _writes(N_("work in the warehouse"), Role.WAREHOUSE_KEEPER),
    Action.STOCK_SET_UP: _writes(
        N_("set up catalogue, places, kits and drives"), Role.WAREHOUSE_KEEPER, Role.PROJECT_OFFICER
    ),
    Action.STOCK_REQUEST: _writes(
        N_("request goods for somebody"),
        Role.PROJECT_OFFICER,
        Role.WAREHOUSE_KEEPER,
        Role.CHILD_DIRECTOR,
        Role.GRID_WORKER,
    ),
    Action.STOCK_RECALL: _writes(
        N_("recall goods"), Role.PROJECT_OFFICER, Role.WAREHOUSE_KEEPER, Role.SAFEGUARDING_LEAD
    ),
    Action.GOODS_JUDGE: _writes(
        N_("accept and decline offers of goods"), Role.PROJECT_OFFICER, Role.WAREHOUSE_KEEPER
    ),
    Action.GOODS_VALUE: _writes(
        N_("value goods"), Role.PROJECT_OFFICER, Role.FINANCE_MAKER, Role.WAREHOUSE_KEEPER
    ),
    Action.GOODS_BOOK: _writes(
        N_("take valued goods into the books"),
        Role.FINANCE_CHECKER,
        Role.PROJECT_OFFICER,
        Role.WAREHOUSE_KEEPER,
    ),
    Action.GOODS_REVERSE: _writes(
        N_("propose to reverse a booking of goods"),
        Role.FINANCE_MAKER,
        Role.FINANCE_CHECKER,
        Role.PROJECT_OFFICER,
        Role.WAREHOUSE_KEEPER,
    ),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done, and by which post."""

    post: Post
    allowed: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not be done; `why` is a msgid with places for {action} (a msgid too) and {roles}."""

    why: str
    action: Action
    roles: tuple[Role, ...] = ()
    needs_second_factor: bool = False
    allowed: bool = False


Decision = Allowed | Refused

NO_POST = N_("To {action} you need one of these posts: {roles}. An administrator gives posts.")
OUT_OF_REACH = N_(
    "You may {action}, but your post does not reach this one. It needs: {roles}, for its region."
)
NOT_SIGNED_IN = N_("To {action} you sign in as staff.")
SECOND_FACTOR = N_("To {action} confirm first, with your second factor, that it is you.")


def decide(
    staff: Staff | None,
    action: Action,
    *,
    now: datetime,
    organisation: UUID | None = None,
    region: str | None = None,
) -> Decision:
    """Say whether somebody may do something, to a thing of an organisation or region if one is named.

    Without a thing the answer is whether there is anything to which they might.
    """
    rule = PERMISSIONS[action]
    roles = tuple(role for role in Role if role in rule.roles)
    if staff is None:
        return Refused(NOT_SIGNED_IN, action, roles)
    fitting = [post for post in staff.posts if post.role in rule.roles]
    if not fitting:
        return Refused(NO_POST, action, roles)
    reaching = [post for post in fitting if _reaches(rule.scope, post, organisation, region)]
    if not reaching:
        return Refused(OUT_OF_REACH, action, roles)
    if rule.second_factor is not None and not stands(staff.second_factor_at, now, rule.second_factor):
        return Refused(SECOND_FACTOR, action, roles, needs_second_factor=True)
    return Allowed(reaching[0])


def _reaches(scope: Scope, post: Post, organisation: UUID | None, region: str | None) -> bool:
    if scope is Scope.ALL:
        return True
    if scope is Scope.ORGANISATION and organisation is not None and organisation != post.organisation_id:
        return False
    return region is None or covers(post.region_code, region)


@dataclass(frozen=True, slots=True)
class Reach:
    """To what somebody may do something, as SQL reads it; the lists are empty if to nothing.

    For what lies in a region `region LIKE ANY({}::text[])`; for what also belongs to an organisation
    `EXISTS (SELECT FROM unnest({}::text[], {}::uuid[]) AS mine (region, organisation) WHERE
    thing.region LIKE mine.region AND thing.organisation = coalesce(mine.organisation, thing.organisation))`.
    """

    regions: tuple[str, ...]
    """Patterns of region codes for LIKE."""
    organisations: tuple[UUID | None, ...]
    """As long as `regions`, for each of them; None: whichever organisation."""
    whole: bool
    """Whether things of the whole charity are reached too, which lie in no region."""


def scope_of(staff: Staff | None, action: Action) -> Reach:
    """Return to which regions and organisations somebody may do something."""
    rule = PERMISSIONS[action]
    posts = [post for post in staff.posts if post.role in rule.roles] if staff else []
    if rule.scope is Scope.ALL:
        return Reach(("%",), (None,), whole=True) if posts else Reach((), (), whole=False)
    by_organisation = rule.scope is Scope.ORGANISATION
    pairs = dict.fromkeys(
        (pattern(post.region_code), post.organisation_id if by_organisation else None) for post in posts
    )
    return Reach(
        tuple(regions for regions, _ in pairs),
        tuple(organisation for _, organisation in pairs),
        whole=any(is_city(post.region_code) for post in posts),
    )


def reading_roles(staff: Staff, action: Action) -> frozenset[Role]:
    """Return by which roles somebody may do something at all, wherever."""
    return frozenset(post.role for post in staff.posts if post.role in PERMISSIONS[action].roles)
