"""One approval: what is proposed, its history, and what this person may do now or why not."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.approvals import actions, queries, rules
from cishan.approvals.forms import DecisionForm, PanelForm, WithdrawForm
from cishan.approvals.queries.lists import role_names
from cishan.approvals.rules import KINDS, SUBJECT, Acting, ApprovalView, Decision, Stage, State
from cishan.console.pages.moves import said_turns, turns_of
from cishan.console.queries.around import around
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.queries.names import holders_of, names_of
from cishan.identity.rules.permissions import Action, reading_roles
from cishan.identity.rules.roles import Staff
from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms, i18n
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext
from cishan.plumbing.uploads import uploads


@get("/staff/approvals/{approval_id:uuid}", opt=rule(Action.APPROVALS_READ))
async def approval(request: Request[Any, Any, Any], approval_id: FromPath[UUID]) -> Template:
    """Show an approval, its history, and what this person may do now or why not."""
    staff, found = await _opened(request, approval_id, Action.APPROVALS_READ)
    return await _page(staff, found, forms.empty(), HTTP_200_OK)


async def _opened(
    request: Request[Any, Any, Any], approval_id: UUID, action: Action
) -> tuple[Staff, ApprovalView]:
    found = await queries.approval(approval_id)
    staff = await allowed(
        request,
        Action.APPROVALS_READ,
        organisation=found.organisation_id,
        region=found.region_code,
        secret=True,
    )
    kinds = rules.kinds_for(reading_roles(staff, Action.APPROVALS_READ))
    if kinds is not None and found.kind not in kinds:
        raise NotFound(N_("There is no such page."))
    return staff if action is Action.APPROVALS_READ else await allowed(request, action), found


async def _page(staff: Staff, found: ApprovalView, form: Form[Any], status: int) -> Template:
    council: list[UUID] = []
    if found.state is State.PANEL:
        held = await holders_of(found.band.panel_role, organisation=found.organisation_id)
        council = [person for person in held if person not in found.actors]
    kind = KINDS.get(found.kind)
    context = {
        "staff": staff,
        "approval": found,
        "kind_title": gettext(kind.title) if kind else found.kind,
        "subject_href": kind.href(found.subject_id) if kind and kind.href else "",
        "facts": [(gettext(label), gettext(value) if value else "—") for label, value in found.facts],
        "form": form,
        "turns": await said_turns(staff, found),
        "asks": _asks(found),
        "labels": rules,
        "roles": role_names,
        "names": await names_of({*found.actors, *council}),
        "council": council,
        "status": (gettext(rules.STATE_LABELS[found.state]), rules.STATE_TONES[found.state]),
        "reference": str(found.id)[-8:].upper(),
        "around": await around(SUBJECT, found.id),
        "decisions": [(d.value, gettext(rules.DECISION_CHOICES[d])) for d in Decision],
    }
    return Template("console/approval.html", context=context, status_code=status, headers=NO_STORE)


def _asks(found: ApprovalView) -> list[tuple[str, str, str, str]]:
    """Return what the band asks for, one line a step: label, link, state, kind of tag."""
    passed = [s for s in found.steps if s.decision is Decision.PASS]
    checks = [s.role for s in passed if s.stage is Stage.CHECK]
    asked = [(gettext(N_("Proposal")), True)]
    for role in found.band.check_roles:
        asked.append((gettext(N_("Check: {role}")).format(role=role_names([role])), role in checks))
        if role in checks:
            checks.remove(role)
    stages = {s.stage for s in passed}
    if found.band.panel_present:
        words = gettext(N_("Council panel: at least {n} present, with minutes"))
        asked.append((words.format(n=found.band.panel_present), Stage.PANEL in stages))
    if found.band.release_role:
        words = gettext(N_("Release: {role}")).format(role=role_names([found.band.release_role]))
        asked.append((words, Stage.RELEASE in stages))
    done, still = gettext(N_("Step done")), gettext(N_("Step open"))
    return [
        (label, "", done if is_done else still, "good" if is_done else "plain") for label, is_done in asked
    ]


async def _acting(staff: Staff, found: ApprovalView, stage: Stage) -> Acting:
    """Return by which post somebody tries a step: a fitting one, else any, and the database says why not."""
    for turn in await turns_of(staff, found):
        if turn.stage is stage and turn.post is not None:
            return Acting(staff.person_id, turn.post.grant_id, turn.post.role)
    asked = found.band.propose_roles if stage is Stage.WITHDRAW else found.waits_for
    post = next((p for p in staff.posts if p.role in asked), staff.posts[0])
    return Acting(staff.person_id, post.grant_id, post.role)


async def _refused(staff: Staff, approval_id: UUID, form: Form[Any], error: DomainError) -> Template:
    beside = error if isinstance(error, Invalid) else Invalid(i18n.say(error), field="decision")
    return await _page(staff, await queries.approval(approval_id), form.refused(beside), error.status)


def _done(approval_id: UUID) -> Redirect:
    return lead_to(f"/staff/approvals/{approval_id}")


_REFUSALS = (Forbidden, Conflict, Invalid)


@post(
    "/staff/approvals/{approval_id:uuid}/check",
    opt=rule(Action.APPROVALS_CHECK),
    status_code=HTTP_303_SEE_OTHER,
)
async def check(request: Request[Any, Any, Any], approval_id: FromPath[UUID]) -> Redirect | Template:
    """Agree, return or reject."""
    staff, found = await _opened(request, approval_id, Action.APPROVALS_CHECK)
    form = forms.read(DecisionForm, await request.form())
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    by = await _acting(staff, found, Stage.CHECK)
    try:
        await actions.check(approval_id, by, form.value.decision, form.value.reason)
    except _REFUSALS as error:
        return await _refused(staff, approval_id, form, error)
    return _done(approval_id)


@post(
    "/staff/approvals/{approval_id:uuid}/release",
    opt=rule(Action.APPROVALS_RELEASE),
    status_code=HTTP_303_SEE_OTHER,
)
async def release(request: Request[Any, Any, Any], approval_id: FromPath[UUID]) -> Redirect | Template:
    """Let it go, or return or reject it at the last door."""
    staff, found = await _opened(request, approval_id, Action.APPROVALS_RELEASE)
    form = forms.read(DecisionForm, await request.form())
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    by = await _acting(staff, found, Stage.RELEASE)
    try:
        await actions.release(approval_id, by, form.value.decision, form.value.reason)
    except _REFUSALS as error:
        return await _refused(staff, approval_id, form, error)
    return _done(approval_id)


@post(
    "/staff/approvals/{approval_id:uuid}/panel",
    opt=rule(Action.APPROVALS_CHECK),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=actions.MINUTES.body_limit,
)
async def panel(request: Request[Any, Any, Any], approval_id: FromPath[UUID]) -> Redirect | Template:
    """Write down what a panel decided, who was there, and keep its minutes."""
    staff, found = await _opened(request, approval_id, Action.APPROVALS_CHECK)
    submitted = await request.form()
    form = forms.read(PanelForm, submitted)
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    by = await _acting(staff, found, Stage.PANEL)
    try:
        await actions.record_panel(
            approval_id,
            by,
            form.value.decision,
            participants=form.value.participants,
            uploads=await uploads(submitted, "minutes"),
            reason=form.value.reason,
        )
    except _REFUSALS as error:
        return await _refused(staff, approval_id, form, error)
    return _done(approval_id)


@post(
    "/staff/approvals/{approval_id:uuid}/withdraw",
    opt=rule(Action.APPROVALS_PROPOSE),
    status_code=HTTP_303_SEE_OTHER,
)
async def withdraw(request: Request[Any, Any, Any], approval_id: FromPath[UUID]) -> Redirect | Template:
    """Take one's own proposal back."""
    staff, found = await _opened(request, approval_id, Action.APPROVALS_PROPOSE)
    form = forms.read(WithdrawForm, await request.form())
    if form.value is None:
        return await _page(staff, found, form, HTTP_422_UNPROCESSABLE_ENTITY)
    by = await _acting(staff, found, Stage.WITHDRAW)
    try:
        await actions.withdraw(approval_id, by, form.value.reason)
    except _REFUSALS as error:
        return await _refused(staff, approval_id, form, error)
    return _done(approval_id)


routes: list[ControllerRouterHandler] = [approval, check, release, panel, withdraw]
