"""Signing in and out."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.identity.actions import accounts as actions
from cishan.identity.forms import SignIn
from cishan.identity.guards import NO_STORE, SIGN_IN, cookie_name
from cishan.kernel.errors import Invalid
from cishan.plumbing import forms
from cishan.plumbing.web import safe_path

AFTER = "/staff"


@get("/staff/sign-in")
async def sign_in_page(request: Request[Any, Any, Any], next: FromQuery[str] = "") -> Template:
    """Ask for name and password."""
    return _page(forms.empty(next=safe_path(next, AFTER)), HTTP_200_OK)


def _page(form: forms.Form[Any], status: int) -> Template:
    return Template(
        template_name="identity/sign_in.html", context={"form": form}, status_code=status, headers=NO_STORE
    )


@post("/staff/sign-in", status_code=HTTP_303_SEE_OTHER)
async def sign_in(request: Request[Any, Any, Any]) -> Redirect | Template:
    """Open a session, and go where the person wanted to go."""
    form = forms.read(SignIn, await request.form())
    if form.value is None:
        return _page(form, HTTP_422_UNPROCESSABLE_ENTITY)
    address = request.client.host if request.client else ""
    try:
        token = await actions.sign_in(
            username=form.value.username, password=form.value.password, address=address
        )
    except Invalid as error:
        return _page(form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    response = Redirect(safe_path(form.value.next, AFTER), status_code=HTTP_303_SEE_OTHER, headers=NO_STORE)
    secure = request.app.state.settings.secure_cookies
    response.set_cookie(cookie_name(request), token, path="/", httponly=True, samesite="lax", secure=secure)
    return response


@post("/staff/sign-out", status_code=HTTP_303_SEE_OTHER)
async def sign_out(request: Request[Any, Any, Any]) -> Redirect:
    """End the session."""
    name = cookie_name(request)
    await actions.sign_out(request.cookies.get(name, ""))
    headers = {**NO_STORE, "clear-site-data": '"cache"'}
    response = Redirect(SIGN_IN, status_code=HTTP_303_SEE_OTHER, headers=headers)
    response.delete_cookie(name, path="/")
    return response


routes: list[ControllerRouterHandler] = [sign_in_page, sign_in, sign_out]
