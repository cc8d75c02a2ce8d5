"""The small human page of the control API."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from paysandbox import commands, deliveries
from paysandbox.errors import Refusal
from paysandbox.faults import KINDS
from paysandbox.pages import render
from paysandbox.world import World

SHOWN = ("checkout.session", "charge", "refund", "dispute", "subscription", "invoice", "payout")


def page(request: Request) -> HTMLResponse:
    """Show the clock, the balance, what happened lately, and the buttons."""
    return _page(request, None, 200)


def refused(request: Request, refusal: Refusal) -> Response:
    """Show the page again with the refusal at its top."""
    return _page(request, str(refusal), refusal.status)


def _page(request: Request, notice: str | None, status: int) -> HTMLResponse:
    world: World = request.app.state.world
    rows = {kind: world.store.page(kind, limit=8)[0] for kind in SHOWN}
    lately = world.store.rows(
        "SELECT seq, event, type, state, attempts, note FROM delivery ORDER BY seq DESC LIMIT 20"
    )
    return render(
        request,
        "desk.html",
        status,
        notice=notice,
        state=commands.state(world, {}),
        books=commands.check(world, {}),
        now=datetime.fromtimestamp(world.now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        rows=rows,
        lately=lately,
        fault_kinds=KINDS,
        urls=deliveries.urls(world),
    )
