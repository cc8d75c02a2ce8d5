"""Writing history, sealing it, and anchoring it outside the database."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from cishan.audit import queries, rules
from cishan.audit.rules import Anchor, Read, Sealed, Transition
from cishan.kernel import clock
from cishan.kernel.errors import TooMany
from cishan.kernel.text import N_
from cishan.plumbing.db import connection, fetch, in_transaction

SEAL_LIMIT = 5_000
ANCHORS = "history.jsonl"
"""The anchor file's name in its folder."""


async def record(*transitions: Transition) -> None:
    """Write steps into the history, in the transaction that takes them; many at once are one statement."""
    assert in_transaction(), "history is written in the transaction of the step"
    if not transitions:
        return
    now, request = clock.now(), _request_id()
    rows = [
        {
            "at": (t.at or now).isoformat(),
            "subject_kind": t.subject_kind,
            "subject_id": t.subject_id,
            "event": t.event,
            "from_state": t.from_state,
            "to_state": t.to_state,
            "actor": t.actor,
            "acting_role": t.acting_role,
            "reason": t.reason,
            "evidence": t.evidence,
            "request_id": request,
        }
        for t in transitions
    ]
    await connection().execute("SELECT audit.record($1::jsonb)", json.dumps(rows, ensure_ascii=False))


async def record_read(*reads: Read) -> None:
    """Note who looks at what and why, in the transaction that reads it: no note, no look."""
    assert in_transaction(), "a read is noted in the transaction that reads"
    if not reads:
        return
    now, request = clock.now().isoformat(), _request_id()
    rows = [
        {
            "at": now,
            "subject_kind": r.subject_kind,
            "subject_id": r.subject_id,
            "fields": r.fields,
            "reader": r.reader,
            "acting_role": r.acting_role,
            "purpose": r.purpose,
            "request_id": request,
        }
        for r in reads
    ]
    await connection().execute("SELECT audit.record_read($1::jsonb)", json.dumps(rows, ensure_ascii=False))


async def look(read: Read) -> None:
    """Note that somebody looks behind a mask and what for; refuse the one look too many of a day."""
    await fetch("SELECT pg_advisory_xact_lock(hashtext({}))", f"look {read.reader}")
    if await queries.looks_of(read.reader, since=clock.now() - rules.LOOK_WINDOW) >= rules.LOOKS_PER_DAY:
        raise TooMany(
            N_("You have looked behind thirty masks today. Ask your administrator if you need more.")
        )
    await record_read(read)


async def seal(*, limit: int = SEAL_LIMIT) -> Sealed | None:
    """Chain what is committed and not sealed yet, in one block; None if there is nothing."""
    assert in_transaction(), "a block is made in a transaction of its own"
    row = await connection().fetchrow("SELECT no, first_seq, n, hash FROM audit.seal_block($1)", limit)
    if row is None or row["no"] is None:
        return None
    return Sealed(row["no"], row["first_seq"] + row["n"] - 1, row["hash"])


async def anchor(folder: Path) -> Anchor | None:
    """Add the chain's last block to the anchor file; None if there is none, or it stands there already."""
    last = await queries.last_block()
    if last is None:
        return None
    told = Anchor(last.no, last.count, last.hash.hex(), clock.today())
    return told if _append(folder, told) else None


def _append(folder: Path, told: Anchor) -> bool:
    if any(known.block == told.block for known in anchors_in(folder)):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ANCHORS).open("a", encoding="utf-8") as file:
        file.write(told.line() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def anchors_in(folder: Path) -> Sequence[Anchor]:
    """Return what the anchor file of a folder holds; nothing if there is none."""
    path = folder / ANCHORS
    return rules.read_anchors(path.read_text().splitlines()) if path.exists() else []


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
