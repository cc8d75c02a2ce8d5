"""Whatever happens in whatever order, the sandbox's books add up, through the API as well as inside."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paysandbox.config import Config

from .conftest import NOON, Sandbox, new_sandbox

METHODS = st.sampled_from(["card", "alipay", "wechat_pay"])
STEP = st.one_of(
    st.tuples(st.just("gift"), st.integers(100, 200_000), METHODS),
    st.tuples(st.just("late"), st.integers(100, 200_000), METHODS),
    st.tuples(st.just("declined"), st.integers(100, 200_000), METHODS),
    st.tuples(st.just("monthly"), st.integers(100, 200_000)),
    st.tuples(st.just("refund"), st.integers(0, 9), st.integers(1, 250_000)),
    st.tuples(st.just("fail_refund"), st.integers(0, 9)),
    st.tuples(st.just("dispute"), st.integers(0, 9)),
    st.tuples(st.just("close"), st.integers(0, 9), st.sampled_from(["won", "lost"])),
    st.tuples(st.just("fail_payout"), st.integers(0, 9)),
    st.tuples(st.just("expire_card"), st.integers(0, 9)),
    st.tuples(st.just("movement"), st.integers(-50_000, 50_000)),
    st.tuples(st.just("clock"), st.integers(0, 40 * 86_400)),
)


async def _one_of(sandbox: Sandbox, kind: str, index: int) -> str | None:
    found = sandbox.world.store.all(kind)
    return found[index % len(found)]["id"] if found else None


async def _step(sandbox: Sandbox, step: tuple[Any, ...]) -> None:
    """Do one step; a refusal of something impossible is a good answer and changes nothing."""
    name, *rest = step
    post = sandbox.browser.post
    if name in ("gift", "late", "declined"):
        session = await sandbox.open_session(rest[0])
        outcome = {"gift": "paid", "late": "late", "declined": "card_declined"}[name]
        await sandbox.choose(session.id, outcome, rest[1])
    elif name == "monthly":
        await sandbox.choose((await sandbox.open_monthly(rest[0])).id, "paid")
    elif name == "refund":
        charge = await _one_of(sandbox, "charge", rest[0])
        await post("/_sandbox/refunds", json={"charge": charge or "ch_none", "amount": rest[1]})
    elif name == "dispute":
        charge = await _one_of(sandbox, "charge", rest[0])
        await post("/_sandbox/disputes", json={"charge": charge or "ch_none"})
    elif name == "close":
        dispute = await _one_of(sandbox, "dispute", rest[0])
        await post(f"/_sandbox/disputes/{dispute}/close", json={"outcome": rest[1]})
    elif name == "fail_refund":
        await post(f"/_sandbox/refunds/{await _one_of(sandbox, 'refund', rest[0])}/fail", json={})
    elif name == "fail_payout":
        await post(f"/_sandbox/payouts/{await _one_of(sandbox, 'payout', rest[0])}/fail", json={})
    elif name == "expire_card":
        card = await _one_of(sandbox, "payment_method", rest[0])
        await post(f"/_sandbox/cards/{card}", json={"change": "expire"})
    elif name == "movement":
        await sandbox.command("movements", amount=rest[0])
    else:
        await sandbox.command("clock", seconds=rest[0])


async def _sum_through_the_api(sandbox: Sandbox) -> int:
    total, after = 0, None
    while True:
        given: Any = {"limit": 100, **({"starting_after": after} if after else {})}
        page = await sandbox.api.v1.balance_transactions.list_async(given)
        total += sum(txn.net for txn in page.data)
        if not page.has_more:
            return total
        after = page.data[-1].id


async def _live(steps: list[tuple[Any, ...]]) -> None:
    sandbox = new_sandbox(Config(frozen_at=NOON, seed="property"))
    try:
        for step in steps:
            await _step(sandbox, step)
            await sandbox.books_are_right()
        assert await sandbox.balance() == await _sum_through_the_api(sandbox)
    finally:
        sandbox.world.store.close()


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=14))
def test_the_sum_of_all_balance_transactions_is_the_balance(steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(_live(steps))
