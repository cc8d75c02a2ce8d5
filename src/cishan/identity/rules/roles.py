"""The posts that people hold: which role, within which organisation and region, from when until when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cishan.identity.rules.accounts import Method
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_


class Role(StrEnum):
    """What somebody may be to the charity's procedures."""

    PROJECT_OFFICER = "project_officer"
    FINANCE_MAKER = "finance_maker"
    FINANCE_CHECKER = "finance_checker"
    CASHIER = "cashier"
    COUNCIL = "council"
    WAREHOUSE_KEEPER = "warehouse_keeper"
    VOLUNTEER_LEAD = "volunteer_lead"
    CHILD_DIRECTOR = "child_director"
    """儿童主任: a village's or a street's person for children."""
    GRID_WORKER = "grid_worker"
    """网格员: knows the households of a few streets."""
    CIVIL_AFFAIRS_VIEWER = "civil_affairs_viewer"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    AUDITOR = "auditor"
    """Reads and exports all, writes nothing."""
    ADMINISTRATOR = "administrator"
    """Manages accounts and posts, sees no case data."""


ROLE_NAMES: dict[Role, str] = {
    Role.PROJECT_OFFICER: N_("Project officer"),
    Role.FINANCE_MAKER: N_("Finance maker"),
    Role.FINANCE_CHECKER: N_("Finance checker"),
    Role.CASHIER: N_("Cashier"),
    Role.COUNCIL: N_("Council member"),
    Role.WAREHOUSE_KEEPER: N_("Warehouse keeper"),
    Role.VOLUNTEER_LEAD: N_("Volunteer lead"),
    Role.CHILD_DIRECTOR: N_("Child director"),
    Role.GRID_WORKER: N_("Grid worker"),
    Role.CIVIL_AFFAIRS_VIEWER: N_("Civil affairs viewer"),
    Role.SAFEGUARDING_LEAD: N_("Safeguarding lead"),
    Role.AUDITOR: N_("Auditor"),
    Role.ADMINISTRATOR: N_("System administrator"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """A grant that is active today: a role within an organisation, for a region and all that lies in it."""

    grant_id: UUID
    role: Role
    organisation_id: UUID
    organisation_name: str
    region_code: str
    region_name: str
    starts_on: date
    ends_on: date | None
    """The last day; None: until it is ended."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in and holds at least one post today."""

    account_id: UUID
    person_id: UUID
    name: str
    username: str
    session_id: UUID
    method: Method
    signed_in_at: datetime
    second_factor_at: datetime | None
    """When this session last showed a second factor."""
    posts: tuple[Post, ...]
    acting: Post | None = None
    """The post by which the running request was allowed; `guards.allowed` says so."""

    def holds(self, *roles: Role) -> bool:
        """Tell whether one of the posts is of one of the roles."""
        return any(post.role in roles for post in self.posts)


def is_active(*, starts_on: date, ends_on: date | None, revoked: bool, on: date) -> bool:
    """Tell whether a grant counts on a day; the database says the same by `role_grant_is_active`."""
    return not revoked and starts_on <= on and (ends_on is None or on <= ends_on)


INVITATION_LIFE = timedelta(days=7)


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


def invitation_state(
    *, accepted: bool, withdrawn: bool, expires_at: datetime, now: datetime
) -> InvitationState:
    """Return what became of an invitation by now."""
    if accepted:
        return InvitationState.ACCEPTED
    if withdrawn:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if now < expires_at else InvitationState.EXPIRED


def require_days(starts_on: date, ends_on: date | None, today: date) -> None:
    """Refuse days of a post that are over already, or the wrong way round."""
    if ends_on is not None and ends_on < starts_on:
        raise Invalid(N_("The last day is before the first."), field="ends_on")
    if ends_on is not None and ends_on < today:
        raise Invalid(N_("This day is over."), field="ends_on")
