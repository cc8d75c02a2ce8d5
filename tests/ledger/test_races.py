"""Several at once, with real commits."""

import asyncio
import random
from datetime import date

import asyncpg
import pytest

from cishan.kernel.errors import Conflict
from cishan.ledger import actions, queries
from cishan.ledger.queries import proofs
from cishan.plumbing.db import atomic, connection, fetch, fetch_value
from tests.ledger.books import DAY, FUND, a_fund, a_gift, a_grant, balances, post, size

WRITERS, ROUNDS, FUNDS = 6, 25, ("C-1", "C-2", "C-3", "GEN")


async def a_writer(number: int, accepted: set[str]) -> None:
    """Post batches of gifts to all funds in an order of its own; every fifth gift was sent by others too."""
    chance = random.Random(number)
    for round_ in range(ROUNDS):
        batch = []
        for n in range(chance.randint(1, 6)):
            shared = chance.random() < 0.2
            key = f"shared_{chance.randint(0, 30)}" if shared else f"own_{number}_{round_}_{n}"
            fund = FUNDS[int(key.rsplit("_", 1)[1]) % len(FUNDS)]
            batch.append(a_gift(key, fund=fund, gross=100, fee=3))
        chance.shuffle(batch)
        await post(*batch)
        accepted.update(entry.source_key for entry in batch)


async def a_reader(done: asyncio.Event) -> int:
    """Look at the books again and again; every snapshot must be sound."""
    looks = 0
    while not done.is_set():
        async with atomic():
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            sums = await connection().fetch(
                """SELECT a.fund_id, sum(b.debits - b.credits) FROM books.balance AS b
                     JOIN books.account AS a ON a.id = b.account_id
                    GROUP BY 1 HAVING sum(b.debits - b.credits) <> 0"""
            )
            differ = await connection().fetchval(
                """SELECT count(*) FROM books.balance AS b WHERE b.debits - b.credits
                     <> (SELECT coalesce(sum(amount), 0) FROM books.line AS l
                          WHERE l.account_id = b.account_id)"""
            )
        assert (sums, differ) == ([], 0)
        looks += 1
    return looks


async def a_sealer(done: asyncio.Event) -> None:
    while not done.is_set():
        async with atomic():
            await actions.seal(limit=7)


async def test_many_writers_readers_and_a_sealer_leave_sound_books(racing: str) -> None:
    for fund in FUNDS[:3]:
        await a_fund(fund)
    accepted: set[str] = set()
    done = asyncio.Event()
    readers = [asyncio.create_task(a_reader(done)) for _ in range(2)]
    sealer = asyncio.create_task(a_sealer(done))
    await asyncio.gather(*(a_writer(number, accepted) for number in range(WRITERS)))
    done.set()
    assert min(await asyncio.gather(*readers)) > 0
    await sealer
    while await queries.unsealed():
        async with atomic():
            await actions.seal()
    booked = await fetch("SELECT source_key FROM books.entry")
    assert sorted(row["source_key"] for row in booked) == sorted(accepted)
    assert await queries.channel_balance() == len(accepted) * 97
    assert (await proofs.prove()).findings == ()


async def test_sixteen_deliveries_of_one_movement_are_one_entry(racing: str) -> None:
    await a_fund()
    results = await asyncio.gather(*(post(a_gift("txn_1"), a_gift(f"txn_{n % 3 + 2}")) for n in range(16)))
    assert sum(result[0].is_new for result in results) == 1
    assert len({result[0].id for result in results}) == 1
    assert await size() == (4, 16)
    refused = await asyncio.gather(
        *(post(a_gift("txn_1", gross=n)) for n in range(1, 9)), return_exceptions=True
    )
    assert {type(result) for result in refused} == {Conflict}
    assert await size() == (4, 16)


async def test_approvals_at_once_never_spend_more_than_there_is(racing: str) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=0))

    async def try_one(number: int) -> bool:
        try:
            async with atomic():
                await actions.approve(
                    a_grant(f"{number}", amount=1_000), subject=f"grant:{number}", maker="甲", checker="乙"
                )
        except Conflict:
            return False
        return True

    results = await asyncio.gather(
        *(try_one(n) for n in range(16)), *(post(a_gift(f"txn_g{n}", gross=100, fee=0)) for n in range(5))
    )
    assert sum(result is True for result in results) == 10
    assert await queries.available(FUND) == 500
    assert (await balances())["2202", FUND] == -10_000


async def waits(pid: int) -> None:
    """Return once the server process stands before a lock; fail if it never does."""
    waiting = "SELECT count(*) FROM pg_locks WHERE pid = {} AND NOT granted"
    async with asyncio.timeout(20):
        while not await fetch_value(waiting, pid):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0)


async def test_closing_waits_for_postings_in_flight_and_lets_none_in_after(racing: str) -> None:
    await a_fund()
    outside = await asyncpg.connect(racing)
    pids: asyncio.Queue[int] = asyncio.Queue()
    go_on = asyncio.Event()

    async def slow_post() -> None:
        async with atomic():
            await actions.post([a_gift("txn_slow")])
            pids.put_nowait(await connection().fetchval("SELECT pg_backend_pid()"))
            await go_on.wait()

    async def close() -> bytes:
        async with atomic():
            pids.put_nowait(await connection().fetchval("SELECT pg_backend_pid()"))
            return await actions.close_period(date(2026, 11, 1), date(2026, 11, 30), actor="会计")

    async def late_post() -> None:
        async with atomic():
            pids.put_nowait(await connection().fetchval("SELECT pg_backend_pid()"))
            await actions.post([a_gift("txn_late")])

    slow = asyncio.create_task(slow_post())
    await pids.get()
    closing = asyncio.create_task(close())
    await waits(await pids.get())
    late = asyncio.create_task(late_post())
    await waits(await pids.get())
    go_on.set()
    await slow
    digest = await closing
    with pytest.raises(Conflict, match="closed"):
        await late
    assert await size() == (1, 4)
    again = await outside.fetchval("SELECT books.trial_balance_hash('[2026-11-01,2026-11-30]')")
    assert again == digest
    await outside.close()
    with pytest.raises(Conflict, match="closed"):
        async with atomic():
            await actions.reverse(1, reason="x", effective_date=DAY)
    async with atomic():
        await actions.reopen_period(date(2026, 11, 1), date(2026, 11, 30), actor="会计", reason="漏记一笔")
    await post(a_gift("txn_late"))
    assert await size() == (2, 8)


async def test_an_entry_that_commits_late_is_sealed_later_and_no_number_is_skipped(racing: str) -> None:
    await a_fund()
    posted, go_on = asyncio.Event(), asyncio.Event()

    async def slow_post() -> int:
        async with atomic():
            [entry] = await actions.post([a_gift("txn_slow", fee=0)])
            posted.set()
            await go_on.wait()
        return entry.id

    slow = asyncio.create_task(slow_post())
    await posted.wait()
    [quick] = await post(a_gift("txn_quick", fund="GEN", fee=0))
    async with atomic():
        first = await actions.seal()
    go_on.set()
    slow_id = await slow
    assert slow_id < quick.id
    async with atomic():
        second = await actions.seal()
        third = await actions.seal()
    assert (first and first.entries, second and second.entries, third) == (1, 1, None)
    assert [(await queries.voucher(n)).id for n in (1, 2)] == [quick.id, slow_id]
    assert (await proofs.prove()).findings == ()


LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""How a killed server process looks from here; whether the entry was booked is then unknown."""


async def test_killed_server_processes_lose_no_acknowledged_entry_and_book_none_twice(racing: str) -> None:
    await a_fund()
    acknowledged: set[str] = set()
    killed, done = 0, asyncio.Event()

    async def stubborn_writer(number: int) -> None:
        for round_ in range(20):
            batch = [a_gift(f"txn_{number}_{round_}_{n}", gross=100, fee=3) for n in range(4)]
            for _ in range(50):
                try:
                    await asyncio.create_task(post(*batch))  # a lost attempt leaves nothing behind
                except LOST:
                    continue
                acknowledged.update(entry.source_key for entry in batch)
                break

    async def killer() -> int:
        outside = await asyncpg.connect(racing)
        count = 0
        while not done.is_set() and count < 25:
            count += await outside.fetchval(
                """SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
                    ORDER BY random() LIMIT 1) AS unlucky"""
            )
        await outside.close()
        return count

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(stubborn_writer(number) for number in range(4)))
    done.set()
    killed = await killing
    assert killed > 0
    booked = await fetch("SELECT source_key FROM books.entry")
    assert len(acknowledged) == 4 * 20 * 4
    assert sorted(row["source_key"] for row in booked) == sorted(acknowledged)
    assert (await balances())["1009", FUND] == 100 * len(acknowledged)
    assert (await proofs.prove()).findings == ()
