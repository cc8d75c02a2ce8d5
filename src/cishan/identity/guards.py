"""Who stands at the door of every page: a page says whose it is, and nothing but this opens it.

A route states its rule as `opt=rule(Action.…)`, or as `opt=` one of `PUBLIC`, `OWN`, `SECRET_LINK`, `SIGNED`,
`BY_OWNER` and `DEMO`; `enforce` reads it before anything of the route runs, and a route that states none is
closed. What a rule says of regions and organisations concerns one thing: its handler asks `allowed` with the
region or organisation of the thing, or `reach`; a handler of one thing that answers without having asked is
stopped (`require_asked`), unless its route says that such things lie nowhere: `opt=rule(…, anywhere=True)`.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from jinja2 import pass_context
from jinja2.runtime import Context
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from cishan.identity.actions.sessions import touch
from cishan.identity.queries import posts
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.queries.factors import has_factor
from cishan.identity.rules import factors, permissions
from cishan.identity.rules.accounts import FRESH, Visitor
from cishan.identity.rules.permissions import (
    PERMISSIONS,
    Action,
    Decision,
    Reach,
    Refused,
    Scope,
    scope_of,
)
from cishan.identity.rules.roles import ROLE_NAMES, Staff
from cishan.kernel import clock
from cishan.kernel.errors import Forbidden, NotFound, SecondFactorNeeded, SignInNeeded
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.web import safe_path

STAFF_SIGN_IN = "/staff/sign-in"
SIGN_IN = "/sign-in"
CHECK = "/account/second-factor/check"
NO_STORE = {"cache-control": "no-store"}
"""Such pages are for one person and one moment."""


def lead_to(path: str) -> Redirect:
    """Lead on after a form was carried out, past everybody's cache."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)


class Access(StrEnum):
    """Whose a page is, if not that of staff who may do something."""

    PUBLIC = "public"
    OWN = "own"
    """Of whoever is signed in: their own things."""
    SECRET_LINK = "secret link"  # noqa: S105
    """Of whoever knows the address."""
    SIGNED = "signed message"
    """Of another machine that signs what it sends; the handler checks the signature."""
    BY_OWNER = "by its owner"
    """Of whoever may see what the thing belongs to, which answers for each: files."""
    DEMO = "demo"
    """Everybody's on a demonstration; elsewhere there is no such page."""


OPT = "access"
PUBLIC: dict[str, Access] = {OPT: Access.PUBLIC}
OWN: dict[str, Access] = {OPT: Access.OWN}
SECRET_LINK: dict[str, Access] = {OPT: Access.SECRET_LINK}
SIGNED: dict[str, Access] = {OPT: Access.SIGNED}
BY_OWNER: dict[str, Access] = {OPT: Access.BY_OWNER}
DEMO: dict[str, Access] = {OPT: Access.DEMO}

AnyRequest = ASGIConnection[Any, Any, Any, Any]
Answer = TypeVar("Answer")


ANYWHERE = "anywhere"


def rule(action: Action, *, anywhere: bool = False) -> dict[str, Any]:
    """Return the `opt` of a route that is for staff who may do this somewhere.

    `anywhere`: the things of its path belong to no region and no organisation, as the kinds of goods do.
    """
    return {OPT: action, ANYWHERE: True} if anywhere else {OPT: action}


@dataclass(slots=True)
class _Question:
    """Whether a handler of one thing has asked where the thing lies."""

    asked: bool = False


_question: ContextVar[_Question | None] = ContextVar("question", default=None)


def concerns_a_place(path: str, opt: Mapping[str, Any]) -> bool:
    """Tell whether a route's path names one thing and its rule depends on where the thing lies."""
    access = opt.get(OPT)
    named = "{" in path and not opt.get(ANYWHERE)
    return named and isinstance(access, Action) and PERMISSIONS[access].scope is not Scope.ALL


async def require_asked(answer: Answer) -> Answer:
    """Stop an answer about one thing whose handler did not ask where the thing lies: a bug of ours."""
    question = _question.get()
    if question is not None and not question.asked:
        raise AssertionError(
            "a page of one thing asked neither allowed(…, region=…) nor reach(…), nor says anywhere=True"
        )
    return answer


def _ask() -> None:
    question = _question.get()
    if question is not None:
        question.asked = True


def reach(staff: Staff, action: Action) -> Reach:
    """Return to what somebody may do something, for a handler that looks itself where its thing lies."""
    _ask()
    return scope_of(staff, action)


async def enforce(request: AnyRequest, handler: BaseRouteHandler) -> None:
    """Let a request through to its route or refuse it: the guard of the whole application."""
    access = handler.opt.get(OPT)
    place = concerns_a_place(request.scope["path_template"], handler.opt)
    _question.set(_Question() if place else None)
    match access:
        case Access.PUBLIC | Access.SECRET_LINK | Access.SIGNED | Access.BY_OWNER:
            return
        case Access.DEMO:
            if not request.app.state.settings.demo:
                raise NotFound(N_("There is no such page."))
        case Access.OWN:
            await signed_in(request)
        case Action():
            await allowed(request, access)
        case _:
            raise AssertionError(f"{handler} states no rule")


def cookie_name(request: AnyRequest, kind: str = "session") -> str:
    """Return a cookie's name; over TLS its prefix keeps other hosts from setting it."""
    return f"__Host-{kind}" if request.app.state.settings.secure_cookies else kind


async def signed_in(request: AnyRequest) -> Visitor:
    """Return who is signed in, or raise SignInNeeded."""
    known: Visitor | None = request.state.get("visitor")
    if known is not None:
        return known
    visitor = await visitor_of(request.cookies.get(cookie_name(request), ""))
    if visitor is None:
        raise SignInNeeded(N_("Please sign in to see this page."))
    await touch(visitor)
    request.state.visitor = visitor
    return visitor


async def signed_in_staff(request: AnyRequest) -> Staff:
    """Return which member of the staff is signed in; raise SignInNeeded, or Forbidden without a post."""
    known: Staff | None = request.state.get("staff")
    if known is not None:
        return known
    staff = await posts.staff(await signed_in(request))
    if staff is None:
        raise Forbidden(
            N_("This page is for staff, and you hold no post today. An administrator gives posts.")
        )
    request.state.staff = staff
    return staff


async def allowed(
    request: AnyRequest,
    action: Action,
    *,
    organisation: UUID | None = None,
    region: str | None = None,
    secret: bool = False,
) -> Staff:
    """Return the member of the staff, with the post by which they act, or raise Forbidden with the reason.

    Whoever lacks the second factor alone is asked for it: SecondFactorNeeded.
    A `secret` thing out of reach answers like one that does not exist: NotFound.
    """
    if organisation is not None or region is not None:
        _ask()
    staff = await signed_in_staff(request)
    decision = permissions.decide(staff, action, now=clock.now(), organisation=organisation, region=region)
    if isinstance(decision, Refused):
        if decision.needs_second_factor:
            raise SecondFactorNeeded(N_("Please confirm with your second factor."))
        if secret:
            raise NotFound(N_("There is no such page."))
        raise refusal(decision)
    return replace(staff, acting=decision.post)


def refusal(refused: Refused) -> Forbidden:
    """Return a refusal in the language of the request."""
    return Forbidden(refused.why, **_words(refused))


def _words(refused: Refused) -> dict[str, str]:
    names = [i18n.gettext(ROLE_NAMES[role]) for role in refused.roles]
    return {
        "action": i18n.gettext(PERMISSIONS[refused.action].name),
        "roles": ("、" if i18n.language() == i18n.CHINESE else ", ").join(names),
    }


class May:
    """What a template's `may(…)` answers: true if it may be done, else `why` says why not."""

    def __init__(self, decision: Decision) -> None:
        self.needs_second_factor = isinstance(decision, Refused) and decision.needs_second_factor
        self.allowed = decision.allowed or self.needs_second_factor
        """What lacks the second factor alone is offered: the door asks for it."""
        self.why = "" if not isinstance(decision, Refused) else i18n.say(refusal(decision))

    def __bool__(self) -> bool:
        return self.allowed


@pass_context
def may(
    context: Context, action: Action, *, organisation: UUID | None = None, region: str | None = None
) -> May:
    """Answer a template whether the one who looks at the page may do something."""
    request: AnyRequest | None = context.get("request")
    staff: Staff | None = request.state.get("staff") if request is not None else None
    return May(permissions.decide(staff, action, now=clock.now(), organisation=organisation, region=region))


def step_up(visitor: Visitor, *, within: timedelta = factors.FRESH) -> None:
    """Raise SecondFactorNeeded unless this session showed a second factor within that time."""
    if not factors.stands(visitor.second_factor_at, clock.now(), within):
        raise SecondFactorNeeded(N_("Please confirm with your second factor."))


async def changing_factors(request: Request[Any, Any, Any]) -> Visitor:
    """Return who may change how their account is entered: with a fresh second factor, or just signed in."""
    visitor = await signed_in(request)
    if await has_factor(visitor.account_id):
        step_up(visitor)
    elif clock.now() - visitor.signed_in_at > FRESH:
        raise SignInNeeded(N_("Please sign in again to change how you sign in."))
    return visitor


def to_sign_in(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Lead to the sign-in page or to the second factor, and back afterwards: handler of guarded routes."""
    path = request.url.path
    if isinstance(error, SecondFactorNeeded):
        door = CHECK
    else:
        door = STAFF_SIGN_IN if path == "/staff" or path.startswith("/staff/") else SIGN_IN
    wanted = path if request.method == "GET" else ""
    if not wanted and door == CHECK:
        wanted = safe_path(urlsplit(request.headers.get("referer", "")).path, "")
    target = f"{door}?{urlencode({'next': wanted})}" if wanted else door
    if request.headers.get("HX-Request") == "true":
        return Response("", headers={**NO_STORE, "HX-Redirect": target})
    return lead_to(target)
