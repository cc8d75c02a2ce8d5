"""Which steps an approval goes through, who may take the next one, and why somebody may not."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from cishan.identity.rules.regions import covers
from cishan.identity.rules.roles import Post, Role, Staff
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

SUBJECT = "approval"
"""Of histories and clocks."""
REASON_LIMIT = 500


class State(StrEnum):
    """Where an approval stands."""

    DRAFT = "draft"
    """Written, and its first step not taken yet: nobody sees it."""
    CHECKING = "checking"
    PANEL = "panel"
    RELEASING = "releasing"
    DONE = "done"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({State.DRAFT, State.CHECKING, State.PANEL, State.RELEASING})
STATE_LABELS: dict[str, str] = {
    State.DRAFT: N_("Being written"),
    State.CHECKING: N_("Waits for a check"),
    State.PANEL: N_("Waits for the council panel"),
    State.RELEASING: N_("Waits for release"),
    State.DONE: N_("Approval given"),
    State.RETURNED: N_("Returned for correction"),
    State.REJECTED: N_("Rejected"),
    State.WITHDRAWN: N_("Withdrawn"),
}
STATE_TONES: dict[str, str] = {
    State.DRAFT: "quiet",
    State.CHECKING: "plain",
    State.PANEL: "plain",
    State.RELEASING: "plain",
    State.DONE: "good",
    State.RETURNED: "warn",
    State.REJECTED: "bad",
    State.WITHDRAWN: "quiet",
}


class Stage(StrEnum):
    """What a step is."""

    PROPOSE = "propose"
    CHECK = "check"
    PANEL = "panel"
    RELEASE = "release"
    WITHDRAW = "withdraw"


STAGE_LABELS: dict[str, str] = {
    Stage.PROPOSE: N_("Proposed"),
    Stage.CHECK: N_("Check by another person"),
    Stage.PANEL: N_("Council panel"),
    Stage.RELEASE: N_("Release"),
    Stage.WITHDRAW: N_("Withdrawn"),
}
STAGE_OF = {State.CHECKING: Stage.CHECK, State.PANEL: Stage.PANEL, State.RELEASING: Stage.RELEASE}
"""Which step an open approval waits for."""
CLOCKS = {
    State.CHECKING: "approval.check",
    State.PANEL: "approval.panel",
    State.RELEASING: "approval.release",
}
"""Which deadline runs while it waits."""


class Decision(StrEnum):
    """What a checker, a panel or a releaser says."""

    PASS = "pass"  # noqa: S105
    RETURN = "return"
    REJECT = "reject"


DECISION_CHOICES: dict[str, str] = {
    Decision.PASS: N_("Agree"),
    Decision.RETURN: N_("Return for correction"),
    Decision.REJECT: N_("Reject"),
}


class Relation(StrEnum):
    """How a member of the staff is bound to somebody whom money may reach."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    RELATIVE = "relative"
    EMPLOYER = "employer"
    OWNER = "owner"
    OTHER = "other"


RELATION_LABELS: dict[str, str] = {
    Relation.SPOUSE: N_("Spouse or partner"),
    Relation.PARENT: N_("Parent or parent-in-law"),
    Relation.CHILD: N_("Child or child-in-law"),
    Relation.SIBLING: N_("Brother or sister"),
    Relation.RELATIVE: N_("Another relative"),
    Relation.EMPLOYER: N_("I work there or did in the last two years"),
    Relation.OWNER: N_("I or my family own it or decide in it"),
    Relation.OTHER: N_("Another interest"),
}


@dataclass(frozen=True, slots=True)
class Acting:
    """A person and the post by which they act."""

    person_id: UUID
    grant_id: UUID
    role: str


def acting(staff: Staff) -> Acting:
    """Return the post by which the running request was allowed; only a guarded page may ask."""
    assert staff.acting is not None, "a guarded page knows by which post it was opened"
    return Acting(staff.person_id, staff.acting.grant_id, staff.acting.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Whom the money reaches, as far as we know: every mark of theirs is held against declared relations."""

    name: str = ""
    person_id: UUID | None = None
    uscc: str = ""
    contact: str = ""
    """An e-mail address or a mobile number in its one spelling."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """The file with the minutes of a panel."""

    file_id: UUID
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What an amount of a kind asks for, from a day on."""

    kind: str
    from_fen: int
    propose_roles: tuple[str, ...]
    check_roles: tuple[str, ...]
    """One role for each check; the checks may come in any order."""
    panel_role: str = ""
    panel_present: int = 0
    """So many people must have been present; 0: no panel."""
    release_role: str = ""
    effective_from: date
    effective_to: date | None = None
    source: str


@dataclass(frozen=True, slots=True)
class StepView:
    """A step that was taken."""

    position: int
    stage: Stage
    decision: Decision
    person_id: UUID
    role: str
    at: datetime
    reason: str
    participants: tuple[UUID, ...]
    minutes_file: UUID | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """An approval with its band and its steps."""

    id: UUID
    kind: str
    subject_kind: str
    subject_id: str
    title: str
    amount_fen: int
    payee_name: str
    payee_person_id: UUID | None
    payee_uscc: str
    organisation_id: UUID
    organisation_name: str
    region_code: str
    region_name: str
    facts: tuple[tuple[str, str], ...]
    round: int
    previous_id: UUID | None
    created_at: datetime
    state: State
    waits_for: tuple[str, ...]
    """Roles whose step it waits for, one for each step that may come next."""
    band: Band
    steps: tuple[StepView, ...]

    @property
    def is_open(self) -> bool:
        """Tell whether somebody can still act."""
        return self.state in OPEN

    @property
    def maker_id(self) -> UUID:
        """Return who proposed it."""
        return self.steps[0].person_id

    @property
    def actors(self) -> frozenset[UUID]:
        """Return everybody who acted, present members of a panel included."""
        return frozenset(p for step in self.steps for p in (step.person_id, *step.participants))


Follow = Callable[[ApprovalView, Acting], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What other slices let be approved."""

    code: str
    title: str
    on_approved: Follow
    """Runs in the transaction of the last step; its refusal takes the step back."""
    on_rejected: Follow | None = None
    href: Callable[[str], str] | None = None
    """The page of the subject, by its id."""
    about_goods: bool = False
    """Whether keepers of warehouses may read it too; what concerns money alone is not for them."""


_kinds: dict[str, Kind] = {}
KINDS: Mapping[str, Kind] = _kinds


def register(kind: Kind) -> Kind:
    """Make a kind known; the module of the slice that owns it does so when it is imported."""
    assert kind.code not in _kinds, f"two kinds of approval are called {kind.code}"
    _kinds[kind.code] = kind
    return kind


def kinds_for(roles: Collection[str]) -> frozenset[str] | None:
    """Return the kinds of approvals that the holder of these posts may read; None: every kind."""
    if set(roles) - {Role.WAREHOUSE_KEEPER}:
        return None
    return frozenset(code for code, kind in KINDS.items() if kind.about_goods)


ACTED = N_("You have acted in this approval already. Nobody acts twice.")
MAKER = N_("You proposed this yourself. Somebody else must check it.")
RELATED = N_("You declared, or the payee declared, that you are related. Somebody else must act.")
NOT_YOUR_TURN = N_("This step is for somebody with another role: {roles}.")
ELSEWHERE = N_("Your post is of another organisation or region.")
CLOSED = N_("This approval is decided already.")
NOT_ITS_TURN = N_("This step is not due: the checks before it are not done, or it is done already.")
NOT_ACTIVE = N_("Your post does not count on this day: it has ended, begins later or is not yours.")
ONLY_MAKER = N_("Only the person who proposed it can withdraw it.")
WHY = N_("Say why. The maker reads it.")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that somebody might do now: by which post they may, or why not."""

    stage: Stage
    post: Post | None = None
    why_not: str = ""
    values: tuple[str, ...] = ()
    """Roles that the reason names."""


def turns(approval: ApprovalView, *, person_id: UUID, posts: Sequence[Post], related: bool) -> list[Turn]:
    """Return the next step and the withdrawal, each with the post for it or with why not.

    The database refuses exactly what is refused here.
    """
    if not approval.is_open:
        return []
    found = [_next_step(approval, person_id, posts, related)]
    if person_id == approval.maker_id:
        post = _post_for(approval, posts, approval.band.propose_roles)
        found.append(Turn(Stage.WITHDRAW, post, "" if post else NOT_ACTIVE))
    return found


def _next_step(approval: ApprovalView, person_id: UUID, posts: Sequence[Post], related: bool) -> Turn:
    stage = STAGE_OF[approval.state]
    if person_id == approval.maker_id:
        return Turn(stage, None, MAKER)
    if person_id in approval.actors:
        return Turn(stage, None, ACTED)
    if not any(post.role in approval.waits_for for post in posts):
        return Turn(stage, None, NOT_YOUR_TURN, approval.waits_for)
    post = _post_for(approval, posts, approval.waits_for)
    if post is None:
        return Turn(stage, None, ELSEWHERE)
    return Turn(stage, None, RELATED) if related else Turn(stage, post)


def _post_for(approval: ApprovalView, posts: Sequence[Post], roles: Sequence[str]) -> Post | None:
    for post in posts:
        here = post.organisation_id == approval.organisation_id
        if post.role in roles and here and covers(post.region_code, approval.region_code):
            return post
    return None


def require_reason(decision: Decision, reason: str) -> None:
    """Refuse a return or a rejection that does not say why."""
    if decision is not Decision.PASS and not reason.strip():
        raise Invalid(WHY, field="reason")


def roles_in(band: Band) -> tuple[Role, ...]:
    """Return every role that a band names, once."""
    named = (*band.propose_roles, *band.check_roles, band.panel_role, band.release_role)
    return tuple(dict.fromkeys(Role(role) for role in named if role))
