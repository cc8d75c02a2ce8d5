"""Telling people what waits for them, and what became of what they proposed."""

from typing import Literal

from cishan import gateways
from cishan.approvals import queries, rules
from cishan.approvals.rules import ApprovalView, State
from cishan.identity.queries.names import holders_of, names_of
from cishan.notify import actions as notify
from cishan.notify.rules import CheckWanted, ProposalDecided
from cishan.notify.rules.events import CHECK_WANTED, PROPOSAL_DECIDED
from cishan.plumbing import i18n


async def tell(approval: ApprovalView) -> None:
    """Write into the inboxes of those who may take the next step, or of the maker if there is none."""
    if approval.state in rules.OPEN:
        await _ask(approval)
    elif approval.state in {State.DONE, State.RETURNED, State.REJECTED}:
        await _report(approval)


async def _ask(approval: ApprovalView) -> None:
    names = await names_of({approval.maker_id})
    letter = CheckWanted(
        step="release" if approval.state is State.RELEASING else "check",
        title=_title(approval),
        amount_fen=approval.amount_fen,
        proposed_by=names.get(approval.maker_id, ""),
        url=_url(approval),
    )
    people = {
        person
        for role in approval.waits_for
        for person in await holders_of(role, organisation=approval.organisation_id)
    }
    for person_id in sorted(people - approval.actors):
        if not await queries.is_related(approval.id, person_id, approval.steps[-1].at.date()):
            await notify.tell(key=_key(approval), person_id=person_id, event=CHECK_WANTED, letter=letter)


async def _report(approval: ApprovalView) -> None:
    decision: Literal["approved", "refused", "released"] = "refused"
    if approval.state is State.DONE:
        decision = "released" if approval.band.release_role else "approved"
    letter = ProposalDecided(
        decision=decision,
        title=_title(approval),
        amount_fen=approval.amount_fen,
        reason=approval.steps[-1].reason,
        url=_url(approval),
    )
    await notify.tell(key=_key(approval), person_id=approval.maker_id, event=PROPOSAL_DECIDED, letter=letter)


def _key(approval: ApprovalView) -> str:
    return f"approval:{approval.id}:{len(approval.steps)}"


def _title(approval: ApprovalView) -> str:
    """Return what it is about in the house's language: a number, a project, are not translated either."""
    kind = rules.KINDS.get(approval.kind)
    with i18n.speaking(i18n.CHINESE):
        return f"{i18n.gettext(kind.title)} {approval.title}" if kind else approval.title


def _url(approval: ApprovalView) -> str:
    return f"{gateways.settings().public_url}/staff/approvals/{approval.id}"
