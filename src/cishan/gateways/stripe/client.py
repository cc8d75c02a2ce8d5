"""The one connection to Stripe (or the payment sandbox), and what its refusals become."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import httpx
import msgspec
import stripe
import structlog

from cishan import gateways
from cishan.kernel.errors import DomainError, NotFound, Unavailable
from cishan.kernel.text import N_
from cishan.settings import Settings

CURRENCY = "cny"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
RETRIES = 2
"""Of the SDK, on network errors, 409, 429 and 5xx; the idempotency key makes them harmless."""

T = TypeVar("T")

log = structlog.get_logger("cishan.stripe")


class Declined(DomainError):
    """The payment service will not do this, and asking again will not help; `code` is its word for why."""

    status = 409

    def __init__(self, message: str, /, *, code: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.code = code


class _Transport(stripe.HTTPXClient):
    """The SDK's asynchronous transport; sends the body as httpx wants it and may speak ASGI in tests."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None) -> None:
        super().__init__(timeout=TIMEOUT)
        if transport is not None:
            self._client_async = httpx.AsyncClient(transport=transport)

    def _get_request_args_kwargs(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> list[Any]:
        body = post_data.encode() if isinstance(post_data, str) else post_data
        return [(method, url), {"headers": headers, "content": body or b"", "timeout": TIMEOUT}]


_Loop = asyncio.AbstractEventLoop
_clients: WeakKeyDictionary[_Loop, tuple[Settings, stripe.StripeClient]] = WeakKeyDictionary()
_transport: httpx.AsyncBaseTransport | None = None


def speak_through(transport: httpx.AsyncBaseTransport | None) -> None:
    """Send requests through the given transport (a payment sandbox in this process); None: the network."""
    global _transport  # noqa: PLW0603 - the one door of the process
    _transport = transport
    _clients.clear()


def client() -> stripe.StripeClient:
    """Return the client of the running event loop."""
    loop, settings = asyncio.get_running_loop(), gateways.settings()
    known = _clients.get(loop)
    if known is not None and known[0] == settings:
        return known[1]
    if settings.stripe_api_base:
        made = stripe.StripeClient(
            settings.stripe_secret_key,
            base_addresses={"api": settings.stripe_api_base, "files": settings.stripe_api_base},
            max_network_retries=RETRIES,
            http_client=_Transport(_transport),
        )
    else:
        made = stripe.StripeClient(
            settings.stripe_secret_key, max_network_retries=RETRIES, http_client=_Transport(_transport)
        )
    _clients[loop] = (settings, made)
    return made


async def read(path: str, params: Mapping[str, Any], shape: type[T]) -> T:
    """Ask the SDK for what lies under a path, and return of the answer what the shape names (`shapes.py`).

    `params` are of the SDK's own parameter type of the question. Raises inside `refusals` like every call.
    """
    answer = await client().raw_request_async("get", path, **params)
    return msgspec.convert(answer.data, shape)


@asynccontextmanager
async def refusals(noun: str) -> AsyncIterator[None]:
    """Turn the SDK's errors of the block into ours: NotFound, Declined or Unavailable. Keeps no secrets."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        log.warning("payment service does not answer", noun=noun, kind=type(error).__name__)
        raise Unavailable(N_("The payment service does not answer. Please try again in a moment.")) from error
    except stripe.CardError as error:
        raise Declined(N_("The bank declined the payment."), code=error.code or "card_declined") from error
    except stripe.InvalidRequestError as error:
        log.warning("payment service refused", noun=noun, code=error.code, param=error.param)
        if error.code == "resource_missing":
            raise NotFound(N_("The payment service does not know this payment.")) from error
        raise Declined(N_("The payment service refused this."), code=error.code or "") from error
    except msgspec.ValidationError as error:
        log.error("payment service speaks otherwise than we know it", noun=noun, error=str(error))
        raise Unavailable(N_("The payment service does not answer. Please try again in a moment.")) from error
    except stripe.StripeError as error:
        # A wrong key, a key of another request, a right that is missing: ours to repair, not the giver's.
        log.error("payment service refused us", noun=noun, kind=type(error).__name__, code=error.code)
        raise Unavailable(N_("The payment service does not answer. Please try again in a moment.")) from error
