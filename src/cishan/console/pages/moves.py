"""What may be done with a thing now, by this person; and what may not, and why not."""

from dataclasses import dataclass

from cishan.approvals import queries as approvals
from cishan.approvals import rules as approval_rules
from cishan.approvals.queries.lists import role_names
from cishan.approvals.rules import ApprovalView, Stage, Turn
from cishan.donations.pages.decisions import why_not_propose
from cishan.donations.queries.gifts import GiftView
from cishan.donations.queries.refunds import RefundView
from cishan.donations.rules.giving import MessageState, RefundKind, RefundStatus
from cishan.donations.rules.refunds import require_refundable, why_not_from_here
from cishan.identity.guards import May
from cishan.identity.rules.permissions import Action, decide
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext, say


@dataclass(frozen=True, slots=True)
class Move:
    """Something that may be done with the thing; `why` it may not be done now, else empty."""

    label: str
    href: str
    why: str = ""


def move(
    staff: Staff, action: Action, label: str, href: str, *, region: str | None = None, unless: str = ""
) -> Move:
    """Return a move by the permission table, then by the state of the thing (`unless` says why not)."""
    may = May(decide(staff, action, now=clock.now(), region=region))
    return Move(gettext(label), href, may.why if not may.allowed else gettext(unless) if unless else "")


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of an approval in the language of the request."""

    stage: Stage
    is_open: bool
    why_not: str
    role: str


def _say(turn: Turn) -> Said:
    why = gettext(turn.why_not).format(roles=role_names(turn.values)) if turn.why_not else ""
    return Said(turn.stage, turn.post is not None, why, role_names([turn.post.role]) if turn.post else "")


async def turns_of(staff: Staff, found: ApprovalView) -> list[Turn]:
    """Return what somebody might do with an approval now, each with the post for it or with why not."""
    related = await approvals.is_related(found.id, staff.person_id, clock.today())
    return approval_rules.turns(found, person_id=staff.person_id, posts=staff.posts, related=related)


async def said_turns(staff: Staff, found: ApprovalView) -> list[Said]:
    """Return the same in words."""
    return [_say(turn) for turn in await turns_of(staff, found)]


_TURNS = {
    Stage.CHECK: N_("Check the proposal"),
    Stage.PANEL: N_("Write down what the panel decided"),
    Stage.RELEASE: N_("Release the payment"),
    Stage.WITHDRAW: N_("Withdraw the proposal"),
}


async def of_approval(staff: Staff, found: ApprovalView) -> list[Move]:
    """Return what may be done with an open approval, on its own page."""
    href = f"/staff/approvals/{found.id}"
    return [Move(gettext(_TURNS[said.stage]), href, said.why_not) for said in await said_turns(staff, found)]


async def of_refund(staff: Staff, refund: RefundView, standing: ApprovalView | None) -> list[Move]:
    """Return the steps of a refund's approval, or the way to propose it; `standing` is its last round."""
    if standing is not None and standing.is_open:
        return await of_approval(staff, standing)
    why = why_not_propose(staff)
    if refund.kind is not RefundKind.REQUEST:
        why = gettext(N_("Nobody decides about this one: the giver undid the gift, or paid too much."))
    elif refund.status is not RefundStatus.REQUESTED:
        why = gettext(N_("This request is decided already."))
    return [Move(gettext(N_("Propose the refund")), f"/staff/refunds/{refund.id}/propose", why)]


async def of_gift(staff: Staff, gift: GiftView, refunds: list[RefundView]) -> list[Move]:
    """Return what may be done with a gift: judging its message, sending it back."""
    pending = gift.message_state == MessageState.PENDING
    judging = move(
        staff,
        Action.MESSAGES_JUDGE,
        N_("Read and judge the message"),
        f"/staff/messages?number={gift.number}",
        unless="" if pending else N_("No message of this gift waits."),
    )
    asked = next((one for one in refunds if one.status is RefundStatus.REQUESTED), None)
    if asked is not None:
        standing = await approvals.latest_of("refund", "refund", asked.id)
        return [judging, *await of_refund(staff, asked, standing)]
    why = why_not_propose(staff) or _why_not_back(gift)
    href = f"/staff/refunds/start?gift={gift.number}"
    return [judging, Move(gettext(N_("Propose a refund")), href, why)]


def _why_not_back(gift: GiftView) -> str:
    try:
        require_refundable(gift.status)
    except Conflict as error:
        return say(error)
    why = why_not_from_here(channel=gift.channel, payment_intent_id=gift.payment_intent_id)
    return gettext(why) if why else ""
