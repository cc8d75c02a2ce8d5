"""A real payment sandbox in this process, spoken to by the real SDK; gifts that wait for their money."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from cishan.donations.rules.giving import GiftStatus
from cishan.donations.tables.gifts import Donation, DonationLine
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.ledger import actions as ledger
from cishan.ledger import queries as books
from cishan.payments import actions
from cishan.plumbing import db as database
from cishan.settings import Settings
from paysandbox import commands, deliveries
from paysandbox.app import create_app
from paysandbox.config import Config
from paysandbox.world import World

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
FUND = "F0001"
Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A webhook as it leaves the sandbox: its event, and body and headers signed now."""

    event: str
    type: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Sandbox:
    """The payment service and what people and banks do there."""

    world: World
    taken: list[Message] = field(default_factory=list)

    def tell(self, command: Any, given: Json | None = None, **ids: str) -> Json:
        """Give the sandbox a command, and let everything happen that is due."""
        with self.world.transaction():
            result: Json = command(self.world, given or {}, **ids)
            self.world.catch_up()
        return result

    def pay(self, session_id: str, *, method: str = "wechat_pay", outcome: str = "paid") -> str:
        """Let the giver pay; return the payment intent."""
        told = self.tell(commands.settle_session, {"method": method, "outcome": outcome}, id=session_id)
        return str(told["session"]["payment_intent"] or "")

    def messages(self) -> list[Message]:
        """Return the webhooks that have arisen since the last call."""
        with self.world.transaction():
            rows = deliveries.take_held(self.world)
        return [Message(r["event"], r["type"], str(r["body"]).encode(), r["headers"]) for r in rows]

    def advance(self, **given: int) -> None:
        """Move the sandbox's clock."""
        self.tell(commands.clock, dict(given))


@pytest.fixture
async def sandbox(config: Settings) -> AsyncIterator[Sandbox]:
    """A sandbox whose clock and ours stand at noon of one day."""
    made = create_app(Config(seed="test", frozen_at=int(NOON.timestamp())))
    stripe.speak_through(httpx.ASGITransport(app=made))
    with clock.fixed(NOON):
        yield Sandbox(made.state.world)
    stripe.speak_through(None)
    made.state.world.store.close()


@dataclass(frozen=True)
class Waiting:
    """A gift whose giver stands before the checkout."""

    id: UUID
    session_id: str


async def open_fund(code: str = FUND) -> None:
    async with database.atomic():
        await ledger.open_fund(code, name="暖冬行动（演示）", opened_on=clock.today())


async def store_gift(lines: Sequence[tuple[str, int]], *, id: UUID | None = None, **changes: Any) -> UUID:
    """Write a gift as the giving form does, before any money moves."""
    gift_id = id or ids.new_id()
    values: Json = {
        "number": f"G20261122-{gift_id.hex[-8:]}",
        "token_hash": ids.token_hash(gift_id.hex),
        "created_at": clock.now(),
        "amount_fen": sum(amount for _, amount in lines),
        "currency": "CNY",
        "status": GiftStatus.AWAITING_PAYMENT.value,
        "anonymity": "hidden",
        "message_state": "none",
        "tribute_kind": "none",
        "donor_kind": "person",
        "language": "zh-CN",
    }
    await Donation.insert(Donation(id=gift_id, **{**values, **changes}))
    for number, (fund, amount) in enumerate(lines, start=1):
        line = DonationLine(
            id=ids.new_id(), donation=gift_id, line_no=number, fund_code=fund, amount_fen=amount
        )
        await DonationLine.insert(line)
    return gift_id


async def a_gift(*lines: tuple[str, int], order: Json | None = None) -> Waiting:
    """Return a stored gift with an open checkout."""
    lines = lines or ((FUND, 5_000),)
    gift_id = await store_gift(lines)
    link = await stripe.create_checkout(
        stripe.CheckoutOrder(
            **{
                "key": str(gift_id),
                "title": "暖冬行动",
                "amount_fen": sum(amount for _, amount in lines),
                "success_url": "https://example.org/thanks",
                "cancel_url": "https://example.org/back",
                "metadata": {"donation_id": str(gift_id)},
                **(order or {}),
            }
        )
    )
    await Donation.update({Donation.stripe_session_id: link.session_id}).where(Donation.id == gift_id)
    return Waiting(gift_id, link.session_id)


async def keep(messages: Sequence[Message]) -> None:
    """Take messages in as the webhook's page does."""
    for message in messages:
        event = stripe.read_event(message.body, message.headers["Stripe-Signature"])
        await actions.receive(event)


async def gift_row(gift_id: UUID) -> Json:
    """Return what may change of a gift by settling."""
    rows = await database.fetch(
        "SELECT status, channel, paid_at, fee_fen, refunded_fen, failure_code, stripe_payment_intent_id"
        " FROM donation WHERE id = {}",
        gift_id,
    )
    return rows[0]


async def balances() -> dict[tuple[str, str], int]:
    """Return the balance of every heading and fund that is not zero."""
    return {(row.gl, row.fund): row.balance for row in await books.trial_balance() if row.balance}


async def asked_for() -> list[tuple[str, str]]:
    """Return the jobs that wait, by name and arguments."""
    rows = await database.fetch(
        "SELECT task_name, args::text AS args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
    )
    return [(row["task_name"], row["args"]) for row in rows]


@contextmanager
def now_as_in(sandbox: Sandbox) -> Iterator[None]:
    """Let our clock stand where the sandbox's stands."""
    with clock.fixed(datetime.fromtimestamp(sandbox.world.now, UTC)):
        yield
