"""kill -9 of worker or database at any moment: nothing acknowledged is lost, nothing is booked twice.

Real processes: site, worker, payment sandbox, and a PostgreSQL cluster of their own.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from cishan.plumbing import embedded
from cishan.settings import ROOT

HERE = Path(__file__).parent
MOST_BATCHES, BATCH = 25, 10
WORKERS_TO_KILL = int(os.environ.get("CISHAN_KILL_WORKERS", "3"))
DATABASES_TO_KILL = int(os.environ.get("CISHAN_KILL_DATABASES", "2"))
"""Gifts keep coming until so many have died. Nightly runs ask for more."""
FAILPOINTS = ["after_fetch:1", "before_commit:1", "after_commit:1", "before_commit:2", "after_commit:2"]
GIFT = "00000000-0000-7000-8000-0000{batch:04}000{n}"
# What a cut connection looks like from asyncpg; the outcome of the statement is unknown then.
CUT = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Town:
    """The processes and what was told to whom."""

    server: embedded.Server
    environ: dict[str, str]
    sandbox: str
    site: str
    log: Path
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    deaths: dict[str, int] = field(default_factory=dict)
    given: list[UUID] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.environ["DATABASE_URL"]

    def run(self, *words: str, **extra: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            environ = {**self.environ, **extra}
            return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environ, stdout=log, stderr=log)

    @property
    def enough_died(self) -> bool:
        databases = self.deaths.get("database", 0)
        workers = sum(self.deaths.values()) - databases
        return databases >= DATABASES_TO_KILL and workers >= WORKERS_TO_KILL

    def note(self, what: str) -> None:
        self.deaths[what] = self.deaths.get(what, 0) + 1


async def answers(url: str, within: float = 30) -> None:
    end = time.monotonic() + within
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await client.get(url)
                return
            assert time.monotonic() < end, f"{url} does not answer"
            await asyncio.sleep(0.05)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    # Durable: with synchronous_commit off a killed server may forget what it has acknowledged.
    server = embedded.start(tmp_path / "pg", durable=True)
    url = embedded.url(server, "postgres")
    sandbox_port, site_port = free_port(), free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": url,
        "CISHAN_DATA": str(tmp_path / "data"),
        "STRIPE_API_BASE": f"http://127.0.0.1:{sandbox_port}",
        "PORT": str(site_port),
    }
    migrate = [sys.executable, "-m", "cishan.cli", "migrate"]
    await asyncio.to_thread(subprocess.run, migrate, cwd=ROOT, env=environ, check=True, capture_output=True)
    made = Town(
        server,
        environ,
        f"http://127.0.0.1:{sandbox_port}",
        f"http://127.0.0.1:{site_port}",
        tmp_path / "log",
    )
    own = [made.run(str(HERE / "a_sandbox.py"), str(sandbox_port)), made.run("-m", "cishan.cli", "web")]
    try:
        await answers(made.sandbox + "/_sandbox/state")
        await answers(made.site + "/health/live")
        yield made
    finally:
        for process in own:
            process.kill()
            process.wait()
        embedded.stop(server)


def all_gifts() -> list[UUID]:
    return [UUID(GIFT.format(batch=batch, n=n)) for batch in range(MOST_BATCHES) for n in range(BATCH)]


async def store_gifts(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT books.open_fund('F0001', '暖冬行动（演示）', 'restricted', current_date, NULL)"
    )
    await connection.execute(
        """INSERT INTO donation (id, number, token_hash, created_at, amount_fen, currency, status, anonymity,
                                 message_state, tribute_kind, donor_kind, language)
           SELECT id, right(id::text, 12), sha256(id::text::bytea), now(), 5000, 'CNY', 'awaiting_payment',
                  'hidden', 'none', 'none', 'person', 'zh-CN' FROM unnest($1::uuid[]) AS g (id)""",
        all_gifts(),
    )
    await connection.execute(
        """INSERT INTO donation_line (id, donation, line_no, fund_code, amount_fen)
           SELECT gen_random_uuid(), id, 1, 'F0001', 5000 FROM unnest($1::uuid[]) AS g (id)""",
        all_gifts(),
    )
    await connection.close()


async def deliver(town: Town, client: httpx.AsyncClient, message: dict[str, Any]) -> None:
    """Bring one webhook to its end as Stripe does: again until it is thanked for, and sometimes twice."""
    url = town.site + "/webhooks/stripe"
    for _ in range(400):
        try:
            answer = await client.post(url, content=message["body"].encode(), headers=message["headers"])
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code == 204:
            town.acknowledged.add(message["event"])
            return
        town.refused += 1
        await asyncio.sleep(0.1)
    raise AssertionError(f"{message['event']} was never taken in")


async def give(town: Town) -> None:
    """Let gifts be paid batch after batch while others die, and deliver what the service tells of them."""
    dice = random.Random(7)
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for batch in range(MOST_BATCHES):
            if town.enough_died:
                return
            metadata = {"donation_id": GIFT.format(batch=batch, n="{n}")}
            order = {"count": BATCH, "amount": 5000, "metadata": metadata}
            (await client.post(f"{town.sandbox}/_sandbox/gifts", json=order)).raise_for_status()
            taken = (await client.post(f"{town.sandbox}/_sandbox/deliveries/take")).json()["deliveries"]
            messages = [*taken, *dice.sample(taken, len(taken) // 5)]
            dice.shuffle(messages)
            await asyncio.gather(*(deliver(town, client, message) for message in messages))
            town.given += [UUID(GIFT.format(batch=batch, n=n)) for n in range(BATCH)]
            await asyncio.sleep(0.3)  # the pace of the givers


async def a_worker(town: Town, failpoint: str = "") -> "subprocess.Popen[bytes]":
    """Start a worker and wait until its programme is loaded."""
    ready = town.log.with_name(f"ready-{time.monotonic_ns()}")
    worker = town.run(str(HERE / "a_worker.py"), CISHAN_FAILPOINTS=failpoint, READY=str(ready))
    while not ready.exists():
        assert worker.poll() is None, town.log.read_text()[-2_000:]
        await asyncio.sleep(0.02)
    return worker


async def keep_killing_workers(town: Town, done: asyncio.Event) -> None:
    """Let one worker after the other run for a moment, and die at a failpoint or from outside."""
    dice = random.Random(11)
    while not done.is_set():
        place = dice.choice([*FAILPOINTS, "", ""])
        worker = await a_worker(town, place)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(worker.wait), dice.uniform(0.4, 1.6))
        if worker.poll() == 137:
            town.note(place.partition(":")[0])
            continue
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        town.note("worker")


async def keep_killing_the_database(town: Town, done: asyncio.Event, times: int) -> None:
    dice = random.Random(13)
    for _ in range(times):
        await asyncio.sleep(dice.uniform(1.0, 2.5))
        if done.is_set():
            return
        master = int((town.server.folder / "postmaster.pid").read_text().splitlines()[0])
        os.kill(master, signal.SIGKILL)  # its children see it die and leave at once
        town.note("database")
        await asyncio.to_thread(revive, town.server, master)


def revive(server: embedded.Server, master: int) -> None:
    """Start the database again. Its dead master may lie unburied where process 1 does not reap; PostgreSQL
    takes that for life, so the note of it is taken away."""
    for _ in range(100):
        state = Path(f"/proc/{master}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    (server.folder / "postmaster.pid").unlink(missing_ok=True)
    for _ in range(100):
        with contextlib.suppress(embedded.EmbeddedFailed):  # the dead server's children may still be leaving
            embedded.revive(server)
            return
        time.sleep(0.1)
    raise AssertionError("the database did not come back")


async def rows(town: Town, sql: str, *values: object) -> Sequence[Any]:
    for _ in range(100):
        try:
            connection = await asyncpg.connect(town.url)
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await connection.close()
        except CUT:
            await asyncio.sleep(0.1)
    raise AssertionError("the database does not answer")


async def empty_the_inbox(town: Town) -> None:
    """Let a worker that nobody kills finish the work."""
    worker = await a_worker(town)
    try:
        for _ in range(600):
            left = await rows(
                town,
                "SELECT (SELECT count(*) FROM intake.stripe_event WHERE state <> 'done')"
                " + (SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'donations.%') AS n",
            )
            if left[0]["n"] == 0:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{left[0]['n']} things were never worked off")
    finally:
        worker.terminate()
        worker.wait()


@pytest.mark.slow
async def test_no_kill_loses_an_acknowledged_message_or_books_one_twice(town: Town) -> None:
    await store_gifts(town.url)
    done = asyncio.Event()
    killers = [
        asyncio.create_task(keep_killing_workers(town, done)),
        asyncio.create_task(keep_killing_the_database(town, done, times=DATABASES_TO_KILL)),
    ]
    await give(town)
    done.set()
    await asyncio.gather(*killers)
    await empty_the_inbox(town)

    kept = {row["id"] for row in await rows(town, "SELECT id FROM intake.stripe_event WHERE state = 'done'")}
    assert town.acknowledged
    assert town.acknowledged <= kept
    gifts = await rows(town, "SELECT id, status FROM donation")
    assert {row["id"] for row in gifts if row["status"] == "paid"} == set(town.given)
    movements = await rows(town, "SELECT donation, count(*) AS n FROM donation_movement GROUP BY donation")
    assert {(row["donation"], row["n"]) for row in movements} == {(gift, 1) for gift in town.given}
    books = await rows(
        town,
        """SELECT a.gl_code, f.code, sum(l.amount)::bigint AS amount, count(DISTINCT l.entry_id) AS entries
             FROM books.line l JOIN books.account a ON a.id = l.account_id
             JOIN books.fund f ON f.id = l.fund_id
            GROUP BY 1, 2 ORDER BY 1, 2""",
    )
    number = len(town.given)
    assert [tuple(row) for row in books] == [
        ("1009", "F0001", 5_000 * number, number),
        ("1009", "GEN", -30 * number, number),
        ("410102", "F0001", -5_000 * number, number),
        ("5401", "GEN", 30 * number, number),
    ]
    balance = await rows(
        town,
        """SELECT a.gl_code, f.code, b.debits - b.credits AS amount
             FROM books.balance b JOIN books.account a ON a.id = b.account_id
             JOIN books.fund f ON f.id = a.fund_id ORDER BY 1, 2""",
    )
    assert [tuple(row) for row in balance] == [tuple(row)[:3] for row in books]
    agree = town.run("-m", "cishan.cli", "reconcile")
    assert await asyncio.to_thread(agree.wait, 60) == 0, town.log.read_text()[-2_000:]
    again = town.run("-m", "cishan.cli", "payments", "replay", min(kept))
    assert await asyncio.to_thread(again.wait, 60) == 0
    assert "0 movements booked" in town.log.read_text()
    # A busy machine may be through with all gifts before everybody has died who should.
    assert town.deaths.get("database", 0) >= 1, town.deaths
    assert sum(town.deaths.values()) >= 2, town.deaths
