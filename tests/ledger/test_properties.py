"""The books against a model of them in forty lines: whatever happens in whatever order, both say the same."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.kernel.errors import DomainError
from cishan.ledger import actions, queries, rules
from cishan.ledger.queries import proofs
from cishan.plumbing.db import atomic, connection, fetch
from tests.ledger.books import a_fund, balances, post, unbalanced

FUNDS = ("GEN", "F-A", "C-1")
OURS = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

amounts = st.integers(1, 10**9)
fees = st.sampled_from((0, 0, 1, 60))
keys = st.sampled_from([f"txn_{n}" for n in range(8)])
days = st.dates(date(2026, 11, 1), date(2026, 12, 31))


def movement(*, key: str, day: date, fund: str, amount: int, fee: int, what: int) -> rules.Entry:
    head: dict[str, Any] = {"source": "stripe", "source_key": key, "memo": "测试"}
    match what % 7:
        case 0 | 1 | 2:
            return rules.gift_settled(**head, effective_date=day, fund=fund, gross_fen=amount, fee_fen=fee)
        case 3:
            return rules.refund(**head, effective_date=day, fund=fund, amount_fen=amount)
        case 4:
            return rules.dispute_withdrawn(**head, effective_date=day, amount_fen=amount, fee_fen=fee)
        case 5:
            return rules.payout(**head, effective_date=day, parts={fund: amount, "F-B": -fee})
        case _:
            return rules.unidentified(**head, effective_date=day, amount_fen=-amount, fee_fen=fee)


facts = st.builds(
    movement,
    key=keys,
    day=days,
    fund=st.sampled_from(FUNDS),
    amount=amounts,
    fee=fees,
    what=st.integers(0, 6),
)
grants = st.tuples(st.sampled_from(FUNDS[1:]), amounts, st.sampled_from(["甲", "乙"]), st.integers(0, 3))
steps = st.lists(
    st.one_of(
        st.lists(facts, min_size=1, max_size=5).map(lambda x: ("post", x)),
        grants.map(lambda x: ("approve", x)),
        st.integers(0, 12).map(lambda x: ("reverse", x)),
        st.just(("seal", None)),
        days.map(lambda x: ("close", x)),
    ),
    min_size=1,
    max_size=12,
)


@dataclass
class Model:
    """What the books must say."""

    entries: dict[tuple[str, str], rules.Entry] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    bodies: dict[int, rules.Entry] = field(default_factory=dict)
    reversed_: set[int] = field(default_factory=set)
    mirrors: set[int] = field(default_factory=set)
    closed: set[date] = field(default_factory=set)
    balance: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def refuses(self, batch: list[rules.Entry]) -> bool:
        seen = dict(self.entries)
        for entry in batch:
            if seen.setdefault(entry.key, entry).body_hash != entry.body_hash:
                return True
        return any(entry.effective_date in self.closed for entry in batch if entry.key not in self.entries)

    def book(self, entry: rules.Entry, entry_id: int, sign: int = 1) -> None:
        self.ids.append(entry_id)
        self.bodies[entry_id] = entry
        for account, amount in entry.lines:
            self.balance[account.gl, account.fund] += sign * amount

    def available(self, fund: str) -> int:
        return sum(self.balance[gl, fund] for gl in ("1002", "1009", "1010", "2202"))


@asynccontextmanager
async def books_for_a_while() -> AsyncIterator[None]:
    trial = connection().transaction()
    await trial.start()
    try:
        for fund in ("F-A", "F-B"):
            await a_fund(fund)
        await a_fund("C-1", parent="F-A")
        yield
    finally:
        await trial.rollback()


async def take(model: Model, verb: str, what: object) -> None:
    match verb, what:
        case "post", list(batch):
            refused = model.refuses(batch)
            try:
                async with atomic():
                    posted = await actions.post(batch)
            except DomainError:
                assert refused
                return
            assert not refused
            for entry, result in zip(batch, posted, strict=True):
                assert result.is_new is (entry.key not in model.entries)
                if result.is_new:
                    model.entries[entry.key] = entry
                    model.book(entry, result.id)
        case "approve", (str(fund), int(amount), str(maker), int(number)):
            entry = rules.disbursement_approved(
                source="grant",
                source_key=f"{number}",
                effective_date=date(2026, 12, 31),
                fund=fund,
                amount_fen=amount,
                payee="某人",
            )
            known = model.entries.get(entry.key)
            may = maker == "甲" and (
                known.body_hash == entry.body_hash
                if known
                else model.available(fund) >= amount and entry.effective_date not in model.closed
            )
            try:
                async with atomic():
                    result = await actions.approve(
                        entry, subject=f"grant:{number}", maker=maker, checker="乙"
                    )
            except DomainError:
                assert not may
                return
            assert may
            assert result.is_new is (known is None)
            if result.is_new:
                model.entries[entry.key] = entry
                model.book(entry, result.id)
        case "reverse", int(index) if model.ids:
            target = model.ids[index % len(model.ids)]
            may = target not in model.reversed_ | model.mirrors and date(2026, 12, 31) not in model.closed
            try:
                async with atomic():
                    result = await actions.reverse(target, reason="试", effective_date=date(2026, 12, 31))
            except DomainError:
                assert not may
                return
            assert may
            model.reversed_.add(target)
            model.mirrors.add(result.id)
            model.book(model.bodies[target], result.id, -1)
        case "seal", _:
            async with atomic():
                await actions.seal()
        case "close", date() as day:
            try:
                async with atomic():
                    await actions.close_period(day, day, actor="会计")
            except DomainError:
                assert day in model.closed
            model.closed.add(day)


@given(steps=steps)
@OURS
async def test_the_books_do_what_the_model_does(db: None, steps: list[tuple[str, object]]) -> None:
    model = Model()
    async with books_for_a_while():
        for verb, what in steps:
            await take(model, verb, what)
            assert await balances() == {key: amount for key, amount in model.balance.items() if amount}
            assert await unbalanced() == 0
        for fund in FUNDS:
            assert await queries.available(fund) == model.available(fund)
        async with atomic():
            await actions.seal()
        assert (await proofs.prove()).findings == ()
        numbers = await fetch("SELECT voucher_no FROM books.seal ORDER BY 1")
        assert [row["voucher_no"] for row in numbers] == list(range(1, len(model.ids) + 1))


@given(
    events=st.lists(facts, min_size=1, max_size=8, unique_by=lambda entry: entry.key),
    data=st.data(),
)
@OURS
async def test_any_order_and_repetition_of_the_same_movements_ends_in_the_same_books(
    db: None, events: list[rules.Entry], data: st.DataObject
) -> None:
    async with books_for_a_while():
        async with atomic():
            await actions.post(events)
        ideal = await balances(), await said()
    deliveries = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=8))))
    cuts = data.draw(st.lists(st.integers(1, 4), min_size=len(deliveries), max_size=len(deliveries)))
    async with books_for_a_while():
        while deliveries:
            size = cuts.pop()
            async with atomic():
                await actions.post(deliveries[:size])
            deliveries = deliveries[size:]
        assert (await balances(), await said()) == ideal


async def said() -> list[tuple[str, bytes]]:
    rows = await fetch("SELECT source_key, request_hash FROM books.entry ORDER BY source_key")
    return [(row["source_key"], row["request_hash"]) for row in rows]


@pytest.mark.parametrize("scale", [0, 2, 3])
async def test_amounts_of_every_scale_come_back_as_they_went_in(db: None, scale: int) -> None:
    unit = {0: "JPY", 2: "USD", 3: "KWD"}[scale]
    async with atomic():
        await actions.open_unit(unit, kind="currency", scale=scale)
    lines = (
        rules.Line(rules.AccountRef("1002", "GEN", unit), 12_345),
        rules.Line(rules.AccountRef("4901", "GEN", unit), -12_345),
    )
    await post(
        rules.manual(source="test", source_key="1", effective_date=date(2026, 11, 1), lines=lines, memo="")
    )
    rows = await queries.trial_balance()
    assert [(row.unit, row.balance) for row in rows] == [(unit, 12_345), (unit, -12_345)]
