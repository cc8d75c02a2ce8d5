"""Pages under a secret link: kept by no cache, found by no search engine, told to no other site."""

from typing import Any

from litestar import Request
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from cishan.donations.actions.giving import client_hash

# `same-origin` and not `no-referrer`: nothing leaves the site either way, but under no-referrer browsers send
# "Origin: null" with our own forms, and those without Sec-Fetch-Site would be taken for strangers.
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow, noarchive",
}


def private(name: str, context: dict[str, Any], *, status: int = HTTP_200_OK) -> Template:
    """Return a page that only the holder of its link shall see."""
    return Template(template_name=name, context=context, status_code=status, headers=HEADERS)


def see_other(path: str) -> Redirect:
    """Send the browser on with GET, remembering nothing."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, headers=HEADERS)


def client_of(request: Request[Any, Any, Any]) -> bytes:
    """Return what the limits know of the visitor's device: a hash of its address."""
    return client_hash(request.client.host if request.client else "unknown")
