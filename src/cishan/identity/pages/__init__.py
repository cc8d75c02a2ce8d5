"""Signing in and out, registering, one's own account."""

from litestar.types import ControllerRouterHandler

from cishan.identity.pages import (
    account,
    contacts,
    invitation,
    second_factor,
    security,
    signing,
    staff,
)

routes: list[ControllerRouterHandler] = [
    *staff.routes,
    *signing.routes,
    *account.routes,
    *security.routes,
    *contacts.routes,
    *second_factor.routes,
    *invitation.routes,
]
