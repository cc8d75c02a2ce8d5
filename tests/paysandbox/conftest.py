"""A sandbox in this process with a standing clock, the real SDK, and a browser without JavaScript."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import stripe

from paysandbox.app import create_app
from paysandbox.config import Config
from paysandbox.world import World

NOON = 1_790_000_000
SECRETS = ("whsec_new", "whsec_old")
Json = dict[str, Any]


class Transport(stripe.HTTPXClient):
    """The SDK's own asynchronous client, on a transport that ends in this process."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__()
        self._client_async = httpx.AsyncClient(transport=transport)

    def _get_request_args_kwargs(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> list[Any]:
        # The SDK hands a body to httpx's `data`, which httpx deprecates for text.
        body = post_data.encode() if isinstance(post_data, str) else post_data
        return [(method, url), {"headers": headers, "content": body or b""}]


@dataclass
class Sandbox:
    """One sandbox and the ways to speak to it."""

    world: World
    api: stripe.StripeClient
    browser: httpx.AsyncClient

    async def open_session(self, amount: int = 10_000, **changes: Any) -> stripe.checkout.Session:
        """Open a session that pays for one gift."""
        price = {"currency": "cny", "unit_amount": amount, "product_data": {"name": "暖冬行动"}}
        given: Any = {
            "mode": "payment",
            "success_url": "https://example.com/thanks?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://example.com/back",
            "line_items": [{"quantity": 1, "price_data": price}],
            "metadata": {"gift": "g1"},
            "payment_intent_data": {"metadata": {"gift": "g1"}},
            **changes,
        }
        return await self.api.v1.checkout.sessions.create_async(given)

    async def open_monthly(self, amount: int = 5_000) -> stripe.checkout.Session:
        """Open a session that begins a monthly gift."""
        price = {
            "currency": "cny",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
            "product_data": {"name": "月捐"},
        }
        given: Any = {
            "mode": "subscription",
            "success_url": "https://example.com/thanks",
            "line_items": [{"quantity": 1, "price_data": price}],
            "subscription_data": {"metadata": {"plan": "p1"}},
        }
        return await self.api.v1.checkout.sessions.create_async(given)

    async def choose(self, session: str, outcome: str, method: str = "card", **more: str) -> httpx.Response:
        """Choose an outcome on the hosted page."""
        form = {"outcome": outcome, "method": method, **more}
        return await self.browser.post(f"/c/pay/{session}", data=form)

    async def gift(self, amount: int = 10_000, method: str = "card") -> stripe.PaymentIntent:
        """Pay one gift and return its intent with charge and balance transaction."""
        session = await self.open_session(amount)
        answer = await self.choose(session.id, "paid", method)
        assert answer.status_code == 303, answer.text
        found = await self.api.v1.checkout.sessions.retrieve_async(
            session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
        )
        assert isinstance(found.payment_intent, stripe.PaymentIntent)
        return found.payment_intent

    async def monthly(self, amount: int = 5_000) -> stripe.Subscription:
        """Begin a monthly gift and return its subscription."""
        session = await self.open_monthly(amount)
        answer = await self.choose(session.id, "paid")
        assert answer.status_code == 303, answer.text
        found = await self.api.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["subscription"]})
        assert isinstance(found.subscription, stripe.Subscription)
        return found.subscription

    async def command(self, path: str, /, **given: Any) -> Json:
        """Send a command to the control API."""
        answer = await self.browser.post(f"/_sandbox/{path}", json=given)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    async def webhooks(self) -> list[Json]:
        """Take the webhooks that have arisen since the last call."""
        taken: list[Json] = (await self.command("deliveries/take"))["deliveries"]
        return taken

    async def event_types(self) -> list[str]:
        """Take the webhooks and return their types in order."""
        return [str(one["type"]) for one in await self.webhooks()]

    async def books_are_right(self) -> None:
        """Assert that the sandbox's books break none of their own rules."""
        answer = await self.browser.get("/_sandbox/check")
        assert answer.json() == {"ok": True, "faults": []}

    async def balance(self) -> int:
        """Return available and pending together."""
        found = await self.api.v1.balance.retrieve_async()
        return found.available[0].amount + found.pending[0].amount


def new_sandbox(config: Config) -> Sandbox:
    """Return a sandbox that lives in this process."""
    app = create_app(config)
    transport = httpx.ASGITransport(app=app)
    return Sandbox(
        app.state.world,
        stripe.StripeClient(
            "sk_test_1", base_addresses={"api": "http://sandbox"}, http_client=Transport(transport)
        ),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox"),
    )


@pytest.fixture
def config() -> Config:
    """The settings of the sandbox; a test module may give others."""
    return Config(frozen_at=NOON, seed="test", webhook_secrets=SECRETS)


@pytest.fixture
async def sandbox(config: Config) -> AsyncIterator[Sandbox]:
    """A fresh sandbox."""
    made = new_sandbox(config)
    yield made
    made.world.store.close()


@pytest.fixture(autouse=True)
def no_retries() -> Iterator[None]:
    """Let the SDK show every failure at once."""
    before = stripe.max_network_retries
    stripe.max_network_retries = 0
    yield
    stripe.max_network_retries = before
