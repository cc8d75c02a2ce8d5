"""The control API under /_sandbox: everything that a test or a person may make happen. Loopback only."""

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from paysandbox import commands, desk, params
from paysandbox.config import Json
from paysandbox.errors import Refusal
from paysandbox.world import World

Command = Callable[..., Any]

GET: dict[str, Command] = {
    "state": commands.state,
    "check": commands.check,
    "deliveries": commands.deliveries_list,
    "faults": commands.faults_list,
}
POST: dict[str, Command] = {
    "clock": commands.clock,
    "checkout/{id}": commands.settle_session,
    "gifts": commands.gifts,
    "disputes": commands.dispute,
    "disputes/{id}/close": commands.close_dispute,
    "refunds": commands.refund,
    "refunds/{id}/fail": commands.fail_refund,
    "payouts": commands.pay_out,
    "payouts/{id}/fail": commands.fail_payout,
    "cards/{id}": commands.card,
    "movements": commands.movement,
    "deliveries/hold": commands.hold,
    "deliveries/take": commands.take,
    "deliveries/release": commands.release,
    "deliveries/flush": commands.flush,
    "deliveries/resend": commands.resend,
    "faults": commands.fault,
    "faults/clear": commands.clear_faults,
    "webhooks": commands.webhooks,
    "reset": commands.reset,
}


def routes() -> list[Route]:
    """Return the routes of the control API and its page."""
    made = [Route("/_sandbox/", _page, methods=["GET"]), Route("/_sandbox", _page, methods=["GET"])]
    for method, table in (("GET", GET), ("POST", POST)):
        for path, command in table.items():
            made.append(Route(f"/_sandbox/{path}", _endpoint(command), methods=[method]))
    return made


def _refuse_strangers(request: Request) -> None:
    host = None if request.client is None else request.client.host
    if host is not None and not ip_address(host).is_loopback:
        raise Refusal("The sandbox is controlled from its own machine only.", status=403)
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refusal("The sandbox is not controlled by other web pages.", status=403)


async def _page(request: Request) -> Response:
    try:
        _refuse_strangers(request)
    except Refusal as refusal:
        return JSONResponse(refusal.body(), status_code=refusal.status)
    return desk.page(request)


def _endpoint(command: Command) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        world: World = request.app.state.world
        human = "text/html" in request.headers.get("accept", "")
        try:
            _refuse_strangers(request)
            given = await _given(request)
            with world.transaction():
                result = command(world, given, **request.path_params)
                world.catch_up()
        except Refusal as refusal:
            if human:
                return desk.refused(request, refusal)
            return JSONResponse(refusal.body(), status_code=refusal.status)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": {"message": f"{type(error).__name__}: {error}"}}, status_code=400)
        if human and request.method == "POST":
            return RedirectResponse("/_sandbox/", status_code=303)
        return JSONResponse(result)

    return endpoint


async def _given(request: Request) -> Json:
    if request.method == "GET":
        return params.decode(request.url.query.encode())
    raw = await request.body()
    if not raw:
        return {}
    if request.headers.get("content-type", "").startswith("application/json"):
        given = json.loads(raw)
        if not isinstance(given, dict):
            raise Refusal("Send a JSON object.")
        return given
    return {name: value for name, value in params.decode(raw).items() if value != ""}
