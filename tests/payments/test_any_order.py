"""However the messages come, the books and the gifts end as if they had come one by one and in order.

Hypothesis draws what givers, staff and banks do, and apart from that how the messages about it travel:
doubled, shuffled, late, or not at all. The payment service draws the same ids from the same seed, so the two
worlds can be held against each other entry by entry.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cishan.donations.actions import settling
from cishan.donations.tables.gifts import Donation
from cishan.gateways import stripe
from cishan.payments import actions
from cishan.plumbing import db as database
from cishan.settings import Settings
from paysandbox import commands
from paysandbox.app import create_app
from paysandbox.config import Config
from paysandbox.errors import Refusal
from tests.payments.conftest import (
    FUND,
    NOON,
    Message,
    Sandbox,
    balances,
    gift_row,
    keep,
    now_as_in,
    open_fund,
    store_gift,
)

SECOND = "F0002"
LINES = [
    ((FUND, 5_000),),
    (("GEN", 1_001),),
    ((FUND, 3_333), (SECOND, 1_667), ("GEN", 1_001)),
]
NAMESPACE = UUID(int=1)
Act = tuple[str, int, int]


@dataclass(frozen=True)
class End:
    """What is left when everything has been said."""

    balances: dict[tuple[str, str], int]
    entries: dict[str, Any]
    gifts: list[dict[str, Any]]


METHODS = ["card", "card", "wechat_pay", "alipay"]
FIRST = ["pay", "pay", "pay", "pay", "decline", "expire"]
THEN = [
    *(
        "pay",
        "refund",
        "part",
        "part",
        "part",
        "fail_refund",
        "fail_refund",
        "dispute",
        "dispute",
        "won",
        "lost",
    ),
    *("wait", "payout", "payout", "fail_payout", "fee", "strange"),
]
gifts = st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(METHODS)), min_size=2, max_size=3)
whose, share_of = st.integers(0, 2), st.integers(1, 99)
acts = st.tuples(
    st.tuples(*(st.tuples(st.sampled_from(FIRST), st.just(who), share_of) for who in range(3))),
    st.lists(st.tuples(st.sampled_from(THEN), whose, share_of), min_size=6, max_size=14),
).map(lambda parts: [*parts[0], *parts[1]])


class Undone(Exception):
    """Leaves a block so that it never was."""


@asynccontextmanager
async def never_was() -> AsyncIterator[None]:
    try:
        async with database.atomic():
            yield
            raise Undone
    except Undone:
        pass


class Story:
    """One world with its gifts; what happens in it is the same for the same acts."""

    def __init__(self, drawn: list[tuple[tuple[tuple[str, int], ...], str]]) -> None:
        self.app = create_app(Config(seed="story", frozen_at=int(NOON.timestamp())))
        self.sandbox = Sandbox(self.app.state.world)
        self.drawn = drawn
        self.sessions: list[str] = []
        self.refunds: list[list[str]] = [[] for _ in drawn]
        self.disputes: list[list[str]] = [[] for _ in drawn]
        self.intents: list[str] = ["" for _ in drawn]
        self.payouts: list[str] = []

    async def begin(self) -> None:
        await open_fund()
        await open_fund(SECOND)
        stripe.speak_through(httpx.ASGITransport(app=self.app))
        for number, (lines, _) in enumerate(self.drawn):
            gift_id = uuid5(NAMESPACE, str(number))
            await store_gift(lines, id=gift_id)
            link = await stripe.create_checkout(
                stripe.CheckoutOrder(
                    key=str(gift_id),
                    title="暖冬行动",
                    amount_fen=sum(amount for _, amount in lines),
                    success_url="https://example.org/thanks",
                    cancel_url="https://example.org/back",
                    metadata={"donation_id": str(gift_id)},
                )
            )
            await Donation.update({Donation.stripe_session_id: link.session_id}).where(Donation.id == gift_id)
            self.sessions.append(link.session_id)

    def act(self, act: Act) -> None:
        """Let something happen; what the service does not allow does not happen."""
        what, who, share = act
        index = who % len(self.drawn)
        with suppress(Refusal):
            self._do(what, index, share)

    def _do(self, what: str, i: int, share: int) -> None:  # noqa: PLR0912 - one line for each happening
        tell, intent = self.sandbox.tell, self.intents[i]
        amount = sum(part for _, part in self.drawn[i][0])
        match what:
            case "pay":
                self.intents[i] = self.sandbox.pay(self.sessions[i], method=self.drawn[i][1])
            case "decline":
                self.intents[i] = self.sandbox.pay(self.sessions[i], method="card", outcome="card_declined")
            case "expire":
                self.sandbox.pay(self.sessions[i], outcome="expired")
            case "refund" if intent:
                self.refunds[i].append(tell(commands.refund, {"payment_intent": intent})["id"])
            case "part" if intent:
                part = {"payment_intent": intent, "amount": max(1, amount * share // 100)}
                self.refunds[i].append(tell(commands.refund, part)["id"])
            case "fail_refund" if self.refunds[i]:
                tell(commands.fail_refund, id=self.refunds[i][share % len(self.refunds[i])])
            case "dispute" if intent:
                self.disputes[i].append(tell(commands.dispute, {"payment_intent": intent})["id"])
            case "won" | "lost" if self.disputes[i]:
                tell(commands.close_dispute, {"outcome": what}, id=self.disputes[i][-1])
            case "wait":
                self.sandbox.advance(seconds=60 * (share % 10))
            case "payout":
                found = tell(commands.pay_out, {"all": True})["payout"]
                if found is not None:
                    self.payouts.append(found["id"])
            case "fail_payout" if self.payouts:
                tell(commands.fail_payout, id=self.payouts[-1])
            case "fee":
                tell(commands.movement, {"amount": -share})
            case "strange":
                tell(commands.movement, {"amount": share, "reporting_category": "reserved_funds"})
            case _:
                pass

    async def finish(self) -> End:
        """Let the hour pass in which payouts become listable; let the poller and the night work."""
        self.sandbox.advance(seconds=4_000)
        with now_as_in(self.sandbox):
            await actions.poll()
            await actions.drain()
            for session_id in self.sessions:  # the sweep asks about gifts of which nothing was heard
                await settling.refetch_payment(session_id=session_id)
            found = await actions.reconcile()
        strange = [d for d in found if d.kind.value not in {"suspense"}]
        assert strange == [], strange
        assert self.sandbox.tell(commands.check) == {"ok": True, "faults": []}
        rows = await database.fetch(
            """SELECT e.source_key, e.kind, e.effective_date, a.gl_code, f.code AS fund,
                      sum(l.amount) AS amount
                 FROM books.entry e JOIN books.line l ON l.entry_id = e.id
                 JOIN books.account a ON a.id = l.account_id JOIN books.fund f ON f.id = l.fund_id
                GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 4, 5"""
        )
        entries: dict[str, Any] = {}
        for row in rows:
            line = (row["kind"], row["effective_date"], row["gl_code"], row["fund"], row["amount"])
            entries.setdefault(row["source_key"], []).append(line)
        ids = [uuid5(NAMESPACE, str(number)) for number in range(len(self.drawn))]
        return End(await balances(), entries, [await gift_row(gift_id) for gift_id in ids])


async def in_order(story: Story, what_happens: list[Act]) -> End:
    await story.begin()
    for act in what_happens:
        story.act(act)
        with now_as_in(story.sandbox):
            await keep(story.sandbox.messages())
            await actions.drain()
    return await story.finish()


async def in_chaos(story: Story, what_happens: list[Act], dice: random.Random) -> End:
    await story.begin()
    on_the_way: list[Message] = []
    for act in what_happens:
        story.act(act)
        for message in story.sandbox.messages():
            copies = dice.choice([0, 1, 1, 2, 3])  # none: it is lost, and nobody will send it again
            on_the_way += [message] * copies
        dice.shuffle(on_the_way)
        arriving = dice.randrange(len(on_the_way) + 1)
        with now_as_in(story.sandbox):
            await keep(on_the_way[:arriving])
            if dice.random() < 0.5:
                await actions.drain_once(limit=dice.choice([1, 3, 500]))
            if dice.random() < 0.1:
                await actions.poll()
        del on_the_way[:arriving]
    with now_as_in(story.sandbox):
        await keep(on_the_way)
        await actions.drain()
    return await story.finish()


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes; a failing story is short enough
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=gifts, what_happens=acts, seed=st.integers(0, 2**32))
async def test_any_order_ends_in_the_same_books(
    db: None, config: Settings, drawn: Any, what_happens: list[Act], seed: int
) -> None:
    try:
        async with never_was():
            expected = await in_order(Story(drawn), what_happens)
        async with never_was():
            found = await in_chaos(Story(drawn), what_happens, random.Random(seed))
    finally:
        stripe.speak_through(None)
    assert found.gifts == expected.gifts
    assert found.entries == expected.entries
    assert found.balances == expected.balances
