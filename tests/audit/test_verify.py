"""What somebody did to the history behind the application's back is found, and the row is named."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.audit import actions, queries
from cishan.audit.rules import Anchor, Read, read_anchors
from cishan.kernel import clock
from cishan.kernel.errors import Invalid
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.audit.test_history import a_step
from tests.conftest import as_owner

GUARDED = ("transition", "sensitive_read", "seal", "block")
A_LOOK = Read(subject_kind="person", subject_id="p-9", fields=("phone",), reader="p-7", purpose="回访")


@asynccontextmanager
async def guards_down() -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Be the owner of the database, with every trigger of the history put aside and back again."""
    async with as_owner() as owner:
        for table in GUARDED:
            await owner.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        yield owner
        for table in GUARDED:
            await owner.execute(f"ALTER TABLE audit.{table} ENABLE TRIGGER ALL")
            await owner.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
        for table in GUARDED[:2]:
            await owner.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER stamp")


async def a_history() -> list[int]:
    """Write and seal two blocks: three steps and a look, then two steps; return the ids of the steps."""
    await actions.record(a_step("w-1"), a_step("w-2"), a_step("w-3"))
    await actions.record_read(A_LOOK)
    await actions.seal()
    await actions.record(a_step("w-4"), a_step("w-5"))
    await actions.seal()
    assert (await queries.verify()).findings == ()
    return [row["id"] for row in await fetch("SELECT id FROM audit.transition ORDER BY id")]


async def found(anchors: list[Anchor] | None = None) -> list[str]:
    return list((await queries.verify(anchors or [])).findings)


async def the_anchor() -> Anchor:
    last = await queries.last_block()
    assert last is not None
    return Anchor(last.no, last.count, last.hash.hex(), clock.today())


async def test_an_untouched_history_is_whole(db: None) -> None:
    await a_history()
    await actions.record(a_step("w-6"))
    report = await queries.verify([await the_anchor()])
    assert (report.sealed, report.waiting, report.anchors, report.findings) == (6, 1, 1, ())


async def test_a_changed_row_is_named(db: None) -> None:
    ids = await a_history()
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.transition SET actor = 'p-8' WHERE id = $1", ids[1])
    assert await found() == [f"transition {ids[1]} was changed"]


async def test_a_changed_row_whose_digest_was_mended_too_is_named(db: None) -> None:
    ids = await a_history()
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.transition SET reason = 'other' WHERE id = $1", ids[1])
        await owner.execute("UPDATE audit.transition AS t SET digest = audit.digest(t) WHERE id = $1", ids[1])
    assert await found() == [
        f"transition {ids[1]} was changed, moved or put in: it does not fit place 2 of the chain"
    ]


async def test_a_changed_row_that_waits_to_be_sealed_is_named(db: None) -> None:
    await a_history()
    await actions.record(a_step("w-6"))
    number = await fetch_value("SELECT max(id) FROM audit.transition")
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.transition SET actor = 'p-8' WHERE id = $1", number)
    assert await found() == [f"transition {number} was changed"]


async def test_a_removed_row_is_named(db: None) -> None:
    ids = await a_history()
    async with guards_down() as owner:
        await owner.execute("DELETE FROM audit.transition WHERE id = $1", ids[2])
        look = await owner.fetchval("DELETE FROM audit.sensitive_read RETURNING id")
    assert await found() == [f"transition {ids[2]} was removed", f"sensitive_read {look} was removed"]


async def test_a_row_removed_with_its_seal_leaves_a_gap_that_is_named(db: None) -> None:
    ids = await a_history()
    async with guards_down() as owner:
        await owner.execute("DELETE FROM audit.seal WHERE seq = 2")
        await owner.execute("DELETE FROM audit.transition WHERE id = $1", ids[1])
    assert await found() == ["2 to 2 of the chain were removed", "block 1 does not fit the chain"]


async def test_two_rows_that_changed_places_are_named(db: None) -> None:
    ids = await a_history()
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.seal SET row_id = 0 WHERE seq = 1")
        await owner.execute("UPDATE audit.seal SET row_id = $1 WHERE seq = 3", ids[0])
        await owner.execute("UPDATE audit.seal SET row_id = $1 WHERE seq = 1", ids[2])
    words = "was changed, moved or put in: it does not fit place"
    assert await found() == [
        f"transition {ids[2]} {words} 1 of the chain",
        f"transition {ids[0]} {words} 3 of the chain",
    ]


FORGED = """INSERT INTO audit.transition (at, subject_kind, subject_id, event, from_state, to_state, actor,
              acting_role, reason, evidence, request_id, recorded_at, txid, digest)
            VALUES ('2026-01-05', 'wish', 'w-9', 'publish', '', 'published', 'p-8', '', '', '[]', '',
                    '2026-01-05', $1, sha256('')) RETURNING id"""
MEND = "UPDATE audit.transition AS t SET digest = audit.digest(t) WHERE id = $1"


async def test_a_row_put_in_with_an_old_transaction_number_is_named(db: None) -> None:
    await a_history()
    async with guards_down() as owner:
        number = await owner.fetchval(FORGED, 3)
        await owner.execute(MEND, number)
    assert await found() == [f"transition {number} was put in behind the back"]
    await actions.seal()  # the sealer does not take it in
    assert await found() == [f"transition {number} was put in behind the back"]


async def test_a_row_put_in_with_an_old_date_is_named_even_when_sealed(db: None) -> None:
    await a_history()
    async with guards_down() as owner:
        number = await owner.fetchval(
            FORGED, await owner.fetchval("SELECT pg_current_xact_id()::text::bigint")
        )
        await owner.execute(MEND, number)
    await actions.seal()
    (finding,) = await found()
    assert finding.startswith(f"transition {number} was put in afterwards: it says it is from 2026-01-0")


async def test_a_history_cut_at_its_end_is_found_by_the_anchor(db: None) -> None:
    ids = await a_history()
    anchor = await the_anchor()
    async with guards_down() as owner:
        await owner.execute("DELETE FROM audit.seal WHERE block_no = 2")
        await owner.execute("DELETE FROM audit.block WHERE no = 2")
        await owner.execute("DELETE FROM audit.transition WHERE id >= $1", ids[3])
    assert await found() == []  # nothing inside the database can tell
    assert await found([anchor]) == [
        f"block 2, anchored on {anchor.date}, was removed; the chain had 6 rows then"
    ]


async def test_a_chain_rewritten_from_one_row_on_is_found_by_the_anchor(db: None) -> None:
    ids = await a_history()
    anchor = await the_anchor()
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.transition SET actor = 'p-8' WHERE id = $1", ids[3])
        await owner.execute(MEND, ids[3])
        await owner.execute("DELETE FROM audit.seal WHERE block_no = 2")
        await owner.execute("DELETE FROM audit.block WHERE no = 2")
    await actions.seal()  # a perfect forgery
    assert await found() == []
    assert await found([anchor]) == [f"block 2 was rewritten after it was anchored on {anchor.date}"]


async def test_a_guard_that_was_put_aside_is_named(db: None) -> None:
    await a_history()
    async with as_owner() as owner:
        await owner.execute("ALTER TABLE audit.seal DISABLE TRIGGER append_only")
        await owner.execute("GRANT DELETE ON audit.transition TO cishan_app")
    assert await found() == [
        "cishan_app may DELETE audit.transition",
        "the guard append_only of audit.seal is gone or off",
    ]


TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
COLUMNS = ("event", "from_state", "to_state", "actor", "acting_role", "reason", "subject_id")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reasons=st.lists(TEXTS, min_size=1, max_size=8),
    limit=st.integers(1, 4),
    which=st.integers(0, 7),
    column=st.sampled_from(COLUMNS),
)
async def test_any_change_of_any_column_of_any_row_is_named(
    db: None, reasons: list[str], limit: int, which: int, column: str
) -> None:
    async with atomic():
        before = await fetch_value("SELECT coalesce(max(id), 0) FROM audit.transition")
        await actions.record(*(a_step(f"w-{n}", reason=text) for n, text in enumerate(reasons)))
        while await actions.seal(limit=limit):
            pass
        assert await found() == []
        ids = [
            r["id"] for r in await fetch("SELECT id FROM audit.transition WHERE id > {} ORDER BY id", before)
        ]
        spoilt = ids[which % len(ids)]
        async with guards_down() as owner:
            await owner.execute(
                f"UPDATE audit.transition SET {column} = {column} || 'x' WHERE id = $1", spoilt
            )
        assert await found() == [f"transition {spoilt} was changed"]
        async with guards_down() as owner:
            await owner.execute(
                f"UPDATE audit.transition SET {column} = left({column}, -1) WHERE id = $1", spoilt
            )
        assert await found() == []


WRITERS, ROUNDS = 6, 12


async def a_writer(number: int) -> None:
    """Write in transactions that last unevenly long, so that they are committed out of their order."""
    chance = random.Random(number)
    for round_ in range(ROUNDS):
        async with atomic():
            await actions.record(*(a_step(f"w-{number}-{round_}-{n}") for n in range(chance.randint(1, 4))))
            for _ in range(chance.randint(0, 6)):
                await fetch_value("SELECT pg_sleep(0.002)")
            await actions.record_read(A_LOOK)


async def a_sealer(done: asyncio.Event) -> None:
    while not done.is_set():
        async with atomic():
            await actions.seal(limit=5)


async def test_what_is_committed_out_of_order_is_sealed_once_and_completely(racing: str) -> None:
    done = asyncio.Event()
    sealers = [asyncio.create_task(a_sealer(done)) for _ in range(2)]
    await asyncio.gather(*(a_writer(n) for n in range(WRITERS)))
    done.set()
    await asyncio.gather(*sealers)
    async with atomic():
        while await actions.seal(limit=5):
            pass
    report = await queries.verify([await the_anchor()])
    assert (report.findings, report.waiting) == ((), 0)
    written = await fetch_value(
        "SELECT (SELECT count(*) FROM audit.transition) + (SELECT count(*) FROM audit.sensitive_read)"
    )
    assert report.sealed == written >= WRITERS * ROUNDS * 2


async def test_a_transaction_that_outlives_a_block_comes_into_a_later_one(racing: str) -> None:
    slow = await asyncpg.connect(racing)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(
            """SELECT audit.record('[{"at": "2026-11-22T00:00:00Z", "subject_kind": "wish",
                 "subject_id": "slow", "event": "publish", "from_state": "", "to_state": "published",
                 "actor": "p-7",
                 "acting_role": "", "reason": "", "evidence": [], "request_id": ""}]')"""
        )
        for subject in ("w-1", "w-2"):
            async with atomic():
                await actions.record(a_step(subject))
            async with atomic():
                assert await actions.seal() is not None
        await transaction.commit()
    finally:
        await slow.close()
    async with atomic():
        block = await actions.seal()
    assert block is not None
    assert (block.no, block.count) == (3, 3)
    order = await fetch(
        "SELECT t.subject_id FROM audit.seal AS s JOIN audit.transition AS t ON t.id = s.row_id"
        " ORDER BY s.seq"
    )
    assert [row["subject_id"] for row in order] == ["w-1", "w-2", "slow"]
    assert (await queries.verify()).findings == ()


def cishan(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cishan.cli", *arguments],
        env={**os.environ, "PYTHONWARNINGS": "default", "CISHAN_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_an_auditor_anchors_and_verifies_at_the_terminal(racing: str, tmp_path: Path) -> None:
    async with atomic():
        await actions.record(a_step("w-1"), a_step("w-2"))
    assert "Wrote" in cishan(tmp_path, "anchor").stdout
    assert cishan(tmp_path, "anchor").stdout == "There is nothing new to anchor.\n"
    kept = tmp_path / "anchors" / "history.jsonl"
    (anchor,) = read_anchors(kept.read_text().splitlines())
    assert (anchor.block, anchor.count) == (1, 2)
    sound = cishan(tmp_path, "verify-history", "--anchors", str(kept))
    assert (sound.returncode, sound.stdout) == (
        0,
        "The history is whole: 2 rows in the chain, 0 wait to be sealed, 1 anchors hold.\n",
    )
    outside = await asyncpg.connect(racing)
    await outside.execute("ALTER TABLE audit.transition DISABLE TRIGGER append_only")
    await outside.execute("UPDATE audit.transition SET actor = 'p-8' WHERE subject_id = 'w-2'")
    number = await outside.fetchval("SELECT id FROM audit.transition WHERE subject_id = 'w-2'")
    await outside.execute("ALTER TABLE audit.transition ENABLE ALWAYS TRIGGER append_only")
    await outside.close()
    broken = cishan(tmp_path, "verify-history")
    assert (broken.returncode, broken.stdout) == (1, f"BROKEN transition {number} was changed\n")


def test_a_line_that_is_no_anchor_is_named() -> None:
    line = Anchor(3, 40, "ab" * 32, clock.today()).line()
    assert [a.block for a in read_anchors([line, "", line])] == [3, 3]
    for wrong in ("{}", "[]", "three", '{"block": 1, "count": 2, "hash": "a", "date": "today"}'):
        with pytest.raises(Invalid, match="Line 2 of the anchor file"):
            read_anchors([line, wrong])
