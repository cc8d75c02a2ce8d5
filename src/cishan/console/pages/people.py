"""The administrator's pages: staff and posts, invitations, accounts."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.console.queries.around import of_member
from cishan.identity.actions import closing, invitations, posts
from cishan.identity.actions.posts import NewPost
from cishan.identity.forms import Because, EndPost, Invite, PostForm
from cishan.identity.guards import NO_STORE, allowed, lead_to, reach, rule
from cishan.identity.queries import invitations as invited
from cishan.identity.queries import people as queries
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import ROLE_NAMES, Role, Staff
from cishan.kernel import clock
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import forms, i18n

HOME = "/staff/people"
PATIENT = HTTP_422_UNPROCESSABLE_ENTITY


def _page(name: str, staff: Staff, status: int = HTTP_200_OK, **context: Any) -> Template:
    return Template(
        template_name=f"identity/{name}.html",
        context={"staff": staff, "roles": ROLE_NAMES, **context},
        status_code=status,
        headers=NO_STORE,
    )


async def _member(staff: Staff, person_id: UUID, action: Action = Action.PEOPLE_READ) -> queries.Member:
    return await queries.member(person_id, reach(staff, action).regions)


async def _person_page(
    staff: Staff, member: queries.Member, status: int = HTTP_200_OK, **more: Any
) -> Template:
    past = await of_member(member)
    names = {"close_form": forms.empty(), **more}
    return _page("person", staff, status, member=member, around=past, states=queries.STATES, **names)


@get("/{person_id:uuid}", opt=rule(Action.PEOPLE_READ))
async def person(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Template:
    """Show the posts and accounts of somebody, of now and of before."""
    staff = await allowed(request, Action.PEOPLE_READ)
    return await _person_page(staff, await _member(staff, person_id))


async def _form_page(
    name: str, staff: Staff, form: forms.Form[Any], status: int = HTTP_200_OK, **more: Any
) -> Template:
    organisations, regions = await queries.choices(scope_of(staff, Action.PEOPLE_GRANT).regions)
    roles = [(str(role), i18n.gettext(title)) for role, title in ROLE_NAMES.items()]
    choices = {"organisations": organisations, "regions": regions, "role_choices": roles}
    return _page(name, staff, status, form=form, **choices, **more)


def _new_post(form: PostForm) -> NewPost:
    return NewPost(
        role=form.role,
        organisation_id=form.organisation,
        region=form.region,
        starts_on=form.starts_on,
        ends_on=form.ends_on,
        reason=form.reason,
    )


@get("/invite", opt=rule(Action.PEOPLE_GRANT))
async def invite_page(request: Request[Any, Any, Any]) -> Template:
    """Ask who is invited to which post."""
    staff = await allowed(request, Action.PEOPLE_GRANT)
    return await _form_page("invite", staff, forms.empty(starts_on=clock.today().isoformat()))


@post("/invite", opt=rule(Action.PEOPLE_GRANT))
async def invite(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Send the invitation."""
    staff = await allowed(request, Action.PEOPLE_GRANT)
    form = forms.read(Invite, await request.form())
    try:
        if form.value is not None:
            await allowed(request, Action.PEOPLE_GRANT, region=form.value.region)
            await invitations.invite(
                _new_post(form.value),
                name=form.value.name,
                to=form.value.contact,
                language=i18n.language(),
                by=staff.person_id,
            )
            return lead_to(f"{HOME}#invitations")
    except Invalid as error:
        form = form.refused(error)
    return await _form_page("invite", staff, form, PATIENT)


async def _reached(
    request: Request[Any, Any, Any], invitation_id: UUID
) -> tuple[Staff, invited.InvitationView]:
    found = await invited.invitation(invitation_id)
    return await allowed(request, Action.PEOPLE_GRANT, region=found.region, secret=True), found


@post("/invitations/{invitation_id:uuid}/resend", opt=rule(Action.PEOPLE_GRANT))
async def resend(request: Request[Any, Any, Any], invitation_id: FromPath[UUID]) -> Redirect:
    """Send a new link in place of the one before."""
    staff, _ = await _reached(request, invitation_id)
    await invitations.resend(invitation_id, by=staff.person_id)
    return lead_to(f"{HOME}#invitations")


@get("/invitations/{invitation_id:uuid}", opt=rule(Action.PEOPLE_GRANT))
async def invitation_page(request: Request[Any, Any, Any], invitation_id: FromPath[UUID]) -> Template:
    """Show an invitation, with the ways to send it anew and to take it back."""
    staff, found = await _reached(request, invitation_id)
    return _page("invitation_sent", staff, invitation=found, form=forms.empty())


@post("/invitations/{invitation_id:uuid}/withdraw", opt=rule(Action.PEOPLE_GRANT))
async def withdraw(request: Request[Any, Any, Any], invitation_id: FromPath[UUID]) -> Redirect | Template:
    """Take an invitation back."""
    staff, found = await _reached(request, invitation_id)
    form = forms.read(Because, await request.form())
    if form.value is None:
        return _page("invitation_sent", staff, PATIENT, invitation=found, form=form)
    await invitations.withdraw(invitation_id, because=form.value.reason, by=staff.person_id)
    return lead_to(f"{HOME}#invitations")


@get("/{person_id:uuid}/posts", opt=rule(Action.PEOPLE_GRANT))
async def give_page(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Template:
    """Ask for one more post of somebody of the staff."""
    staff = await allowed(request, Action.PEOPLE_GRANT)
    member = await _member(staff, person_id, Action.PEOPLE_GRANT)
    return await _form_page(
        "give_post", staff, forms.empty(starts_on=clock.today().isoformat()), member=member
    )


@post("/{person_id:uuid}/posts", opt=rule(Action.PEOPLE_GRANT))
async def give(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Redirect | Template:
    """Give one more post."""
    staff = await allowed(request, Action.PEOPLE_GRANT)
    member = await _member(staff, person_id, Action.PEOPLE_GRANT)
    form = forms.read(PostForm, await request.form())
    try:
        if form.value is not None:
            await allowed(request, Action.PEOPLE_GRANT, region=form.value.region)
            await posts.give(person_id, _new_post(form.value), by=staff.person_id)
            return lead_to(f"{HOME}/{person_id}")
    except Invalid as error:
        form = form.refused(error)
    return await _form_page("give_post", staff, form, PATIENT, member=member)


async def _held(
    request: Request[Any, Any, Any], grant_id: UUID
) -> tuple[Staff, queries.Member, queries.Held]:
    """Return a post that the administrator looks after, and who holds it."""
    staff = await allowed(request, Action.PEOPLE_GRANT)
    member = await _member(staff, await queries.person_of(grant_id), Action.PEOPLE_GRANT)
    held = next(one for one in member.grants if one.grant_id == grant_id)
    return await allowed(request, Action.PEOPLE_GRANT, region=held.region, secret=True), member, held


async def _post_page(
    staff: Staff, member: queries.Member, held: queries.Held, status: int = HTTP_200_OK, **more: Any
) -> Template:
    before = forms.empty(
        role=str(held.role),
        organisation=str(held.organisation_id),
        region=held.region,
        starts_on=clock.today().isoformat(),
        ends_on=held.ends_on.isoformat() if held.ends_on else "",
    )
    context = {"end_form": forms.empty(), "form": before, **more}
    form = context.pop("form")
    return await _form_page("post", staff, form, status, member=member, held=held, **context)


@get("/posts/{grant_id:uuid}", opt=rule(Action.PEOPLE_GRANT))
async def post_page(request: Request[Any, Any, Any], grant_id: FromPath[UUID]) -> Template:
    """Ask whether a post shall end or change."""
    return await _post_page(*await _held(request, grant_id))


@post("/posts/{grant_id:uuid}/end", opt=rule(Action.PEOPLE_GRANT))
async def end_post(request: Request[Any, Any, Any], grant_id: FromPath[UUID]) -> Redirect | Template:
    """End a post at once or on a day."""
    staff, member, held = await _held(request, grant_id)
    form = forms.read(EndPost, await request.form())
    try:
        if form.value is not None and form.value.on is not None:
            await posts.end(grant_id, on=form.value.on, because=form.value.reason, by=staff.person_id)
            return lead_to(f"{HOME}/{member.person_id}")
        if form.value is not None:
            await posts.revoke(grant_id, because=form.value.reason, by=staff.person_id)
            return lead_to(f"{HOME}/{member.person_id}")
    except Invalid as error:
        form = form.refused(error)
    return await _post_page(staff, member, held, PATIENT, end_form=form)


@post("/posts/{grant_id:uuid}/change", opt=rule(Action.PEOPLE_GRANT))
async def change_post(request: Request[Any, Any, Any], grant_id: FromPath[UUID]) -> Redirect | Template:
    """End a post and give another in its place."""
    staff, member, held = await _held(request, grant_id)
    form = forms.read(PostForm, await request.form())
    try:
        if form.value is not None:
            await allowed(request, Action.PEOPLE_GRANT, region=form.value.region)
            await posts.change(grant_id, _new_post(form.value), by=staff.person_id)
            return lead_to(f"{HOME}/{member.person_id}")
    except Invalid as error:
        form = form.refused(error)
    return await _post_page(staff, member, held, PATIENT, form=form)


Change = Callable[..., Awaitable[None]]


async def _change(request: Request[Any, Any, Any], person_id: UUID, change: Change) -> Redirect | Template:
    staff = await allowed(request, Action.PEOPLE_GRANT)
    member = await _member(staff, person_id, Action.PEOPLE_GRANT)
    mine = [post.region_code for post in staff.posts if post.role is Role.ADMINISTRATOR]
    if not member.within(mine):
        raise NotFound(N_("There is nobody of that kind on the staff."))
    form = forms.read(Because, await request.form())
    try:
        if form.value is not None:
            await change(person_id, because=form.value.reason, by=staff.person_id)
            return lead_to(f"{HOME}/{person_id}")
    except Invalid as error:
        form = form.refused(error)
    return await _person_page(staff, member, PATIENT, close_form=form)


@post("/{person_id:uuid}/close", opt=rule(Action.PEOPLE_GRANT))
async def close(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Redirect | Template:
    """Close somebody's account and end their sessions at once."""
    return await _change(request, person_id, closing.close)


@post("/{person_id:uuid}/reopen", opt=rule(Action.PEOPLE_GRANT))
async def reopen(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Redirect | Template:
    """Let somebody sign in again."""
    return await _change(request, person_id, closing.reopen)


@post("/{person_id:uuid}/forget-factors", opt=rule(Action.PEOPLE_GRANT))
async def forget_factors(request: Request[Any, Any, Any], person_id: FromPath[UUID]) -> Redirect | Template:
    """Take away the second factors that somebody lost."""
    return await _change(request, person_id, closing.forget_factors)


routes: list[ControllerRouterHandler] = [
    Router(
        HOME,
        route_handlers=[
            person,
            invite_page,
            invite,
            invitation_page,
            resend,
            withdraw,
            give_page,
            give,
            post_page,
            end_post,
            change_post,
            close,
            reopen,
            forget_factors,
        ],
    )
]
