"""A page that no browser test visits fails here."""

from litestar import Litestar
from litestar.plugins.htmx import HTMXRequest
from litestar.routes import HTTPRoute

from cishan.main import routes
from tests.browser import places


def test_every_route_that_can_be_read_is_visited_or_named_as_no_page() -> None:
    site = Litestar(route_handlers=list(routes()), request_class=HTMXRequest, openapi_config=None)
    readable = {r.path for r in site.routes if isinstance(r, HTTPRoute) and "GET" in r.methods}

    named = {*places.FIXED, *places.FOUND, *places.NOT_PAGES, "/static/{file_path:path}"}
    assert sorted(readable) == sorted(named)
