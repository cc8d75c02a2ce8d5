"""The web application: every slice's pages under one roof."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from cishan import gateways
from cishan import settings as settings_module
from cishan.approvals import pages as approvals
from cishan.campaigns import pages as campaigns
from cishan.campaigns.pages import staff
from cishan.console import pages as console
from cishan.disclosure import pages as disclosure
from cishan.donations import pages as donations
from cishan.files import pages as files
from cishan.identity import pages as identity
from cishan.identity.guards import enforce, may, require_asked, to_sign_in
from cishan.identity.rules.permissions import Action
from cishan.kernel.errors import SignInNeeded
from cishan.notify import pages as notify
from cishan.notify.pages.unread import count_unread
from cishan.ops import pages as ops
from cishan.payments import pages as payments
from cishan.payments.pages import WEBHOOK
from cishan.plumbing import db, logs, metrics
from cishan.plumbing.pace import Pace
from cishan.plumbing.uploads import PlainRequest
from cishan.plumbing.web import Shell, environment, error_page
from cishan.portal import pages as portal
from cishan.portal.pages import openness
from cishan.search import pages as search
from cishan.settings import Settings
from cishan.supervision import pages as supervision
from cishan.warehouse import pages as warehouse

BODY_LIMIT = 2_000_000
"""Bytes of a request's body; a handler that takes uploads sets its own."""
SEARCHES_PER_MINUTE = 60
"""Of one address in one process."""


def routes() -> Sequence[ControllerRouterHandler]:
    """Return every route of the site."""
    return [
        *disclosure.routes,
        *notify.routes,
        *approvals.routes,
        *donations.routes,
        *payments.routes,
        *portal.routes,
        *openness.routes,
        *campaigns.routes,
        *staff.routes,
        *files.routes,
        *identity.routes,
        *console.routes,
        *search.routes,
        *ops.routes,
        *supervision.routes,
        *warehouse.routes,
    ]


def create_app(settings: Settings, *, with_pool: bool = True) -> Litestar:
    """Return the application. Tests that hold a transaction themselves say `with_pool=False`."""
    gateways.use(settings)
    env = environment(settings)
    env.globals.update(may=may, Action=Action)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with db.pool():
            yield

    app = Litestar(
        route_handlers=list(routes()),
        template_config=TemplateConfig(instance=JinjaTemplateEngine(engine_instance=env)),
        request_class=PlainRequest,
        middleware=[count_unread],
        guards=[enforce],
        after_request=require_asked,
        exception_handlers={Exception: error_page(env), SignInNeeded: to_sign_in},
        lifespan=[lifespan] if with_pool else [],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_LIMIT,
        debug=False,
    )
    app.state.settings = settings
    app.state.env = env
    app.state.search_pace = Pace(times=SEARCHES_PER_MINUTE, seconds=60)
    return app


def create_asgi(settings: Settings, *, with_pool: bool = True) -> ASGIApp:
    """Return the application in its shell: what servers and browsers of the tests talk to."""
    return in_shell(create_app(settings, with_pool=with_pool), settings)


def in_shell(app: Litestar, settings: Settings) -> ASGIApp:
    """Return an application with the shell round it."""
    return Shell(app, settings, open_paths=frozenset({WEBHOOK}))


def serve() -> ASGIApp:
    """Return the application for `uvicorn --factory cishan.main:serve`."""
    settings = settings_module.load(os.environ)
    logs.configure(settings.log_format)
    metrics.serve(settings.metrics_host, settings.metrics_port)
    return metrics.Counted(logs.AccessLog(create_asgi(settings)))
