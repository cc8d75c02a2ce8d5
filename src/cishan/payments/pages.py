"""The address at which the payment service leaves its messages."""

from typing import Any

from litestar import Request, Response, Router, post
from litestar.exceptions import ClientException
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import ControllerRouterHandler

from cishan.gateways import stripe
from cishan.identity.guards import SIGNED
from cishan.kernel.errors import DomainError
from cishan.payments import actions

WEBHOOK = "/webhooks/stripe"
BODY_LIMIT = 512_000
"""Bytes; Stripe's own messages stay far below."""


@post(WEBHOOK, status_code=HTTP_200_OK, request_max_body_size=BODY_LIMIT)
async def receive(request: Request[Any, Any, Any]) -> Response[str | None]:
    """Take a signed message in; refuse every other in one line, and change nothing."""
    try:
        body = await request.body()
        event = stripe.read_event(body, request.headers.get("stripe-signature", ""))
    except DomainError as refusal:
        return _say(str(refusal), refusal.status)
    except ClientException as refusal:
        return _say(refusal.detail, refusal.status_code)
    await actions.receive(event)
    return Response(None, status_code=HTTP_204_NO_CONTENT)


def _say(words: str, status: int) -> Response[str | None]:
    return Response(words + "\n", status_code=status, media_type="text/plain; charset=utf-8")


routes: list[ControllerRouterHandler] = [Router("/", route_handlers=[receive], opt=SIGNED)]
