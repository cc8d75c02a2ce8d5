"""History: what is written stays, is found again, and belongs to the transaction of its step."""

from datetime import UTC, datetime

import asyncpg
import pytest

from cishan.audit import actions, queries
from cishan.audit.rules import Read, Transition
from cishan.kernel import clock
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, connection, fetch_value
from tests.conftest import as_owner

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def a_step(subject: str = "w-1", *, to: str = "published", reason: str = "") -> Transition:
    return Transition(
        subject_kind="wish",
        subject_id=subject,
        event="publish",
        from_state="verified",
        to_state=to,
        actor="p-7",
        acting_role="project officer",
        reason=reason,
        evidence=("f-1", "f-2"),
    )


async def test_a_step_is_written_with_all_that_is_known_of_it(db: None) -> None:
    with clock.fixed(NOON):
        await actions.record(a_step(reason="材料“齐全”"))
    (step,) = await queries.history_of("wish", "w-1")
    assert (step.event, step.from_state, step.to_state) == ("publish", "verified", "published")
    assert (step.actor, step.acting_role, step.reason) == ("p-7", "project officer", "材料“齐全”")
    assert (step.evidence, step.at) == (("f-1", "f-2"), NOON)
    assert step.recorded_at > NOON  # the database's own clock
    assert await queries.history_of("wish", "w-2") == []


async def test_the_newest_step_comes_first(db: None) -> None:
    await actions.record(*(a_step(to=state) for state in ("published", "claimed", "delivered")))
    assert [s.to_state for s in await queries.history_of("wish", "w-1", limit=2)] == ["delivered", "claimed"]


async def test_a_step_that_is_not_taken_leaves_no_history(db: None) -> None:
    with pytest.raises(RuntimeError, match="not taken"):
        async with atomic():
            await actions.record(a_step())
            raise RuntimeError("not taken")
    assert await queries.history_of("wish", "w-1") == []


async def test_the_person_concerned_can_see_who_looked_and_why(db: None) -> None:
    look = Read(
        subject_kind="person",
        subject_id="p-9",
        fields=("id_number", "phone"),
        reader="p-7",
        purpose="入户核查前核对身份",
        acting_role="grid worker",
    )
    with clock.fixed(NOON):
        await actions.record_read(look)
    (seen,) = await queries.reads_of("person", "p-9")
    assert (seen.reader, seen.acting_role, seen.purpose) == ("p-7", "grid worker", "入户核查前核对身份")
    assert (seen.fields, seen.at) == (("id_number", "phone"), NOON)


async def test_a_look_without_a_purpose_is_refused(db: None) -> None:
    look = Read(subject_kind="person", subject_id="p-9", fields=("phone",), reader="p-7", purpose="")
    with pytest.raises(asyncpg.CheckViolationError):
        async with atomic():
            await actions.record_read(look)
    assert await queries.reads_of("person", "p-9") == []


FORBIDDEN = (
    "INSERT INTO audit.block VALUES (1, 1, 1, '', '', 0, now())",
    "INSERT INTO audit.seal VALUES (1, 'transition', 1, 1, '')",
    "INSERT INTO audit.transition (at, subject_kind, subject_id, event, from_state, to_state, actor,"
    " acting_role, reason, evidence, request_id)"
    " VALUES (now(), 'wish', 'w-1', 'x', '', 'y', 'z', '', '', '[]', '')",
    "UPDATE audit.transition SET reason = 'other'",
    "DELETE FROM audit.transition",
    "TRUNCATE audit.transition",
    "UPDATE audit.sensitive_read SET purpose = 'other'",
    "DELETE FROM audit.sensitive_read",
    "DELETE FROM audit.seal",
    "UPDATE audit.block SET hash = ''",
    "ALTER TABLE audit.transition DISABLE TRIGGER ALL",
)


@pytest.mark.parametrize("sql", FORBIDDEN)
async def test_the_application_may_only_add_through_the_functions(db: None, sql: str) -> None:
    await actions.record(a_step())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with atomic():
            await connection().execute(sql)
    assert [s.reason for s in await queries.history_of("wish", "w-1")] == [""]


@pytest.mark.parametrize("sql", [sql for sql in FORBIDDEN if sql.startswith(("UPDATE", "DELETE"))])
async def test_not_even_the_owner_may_change_what_is_written(db: None, sql: str) -> None:
    await actions.record(a_step())
    await actions.seal()
    with pytest.raises(asyncpg.PostgresError, match="history is append-only") as refused:
        async with as_owner(), atomic():
            await connection().execute(sql)
    assert refused.value.sqlstate == "AU000"


async def test_nobody_says_for_themselves_when_they_wrote(db: None) -> None:
    async with as_owner() as owner:
        await owner.execute(
            "INSERT INTO audit.transition (at, subject_kind, subject_id, event, from_state, to_state, actor,"
            " acting_role, reason, evidence, request_id, recorded_at, txid, digest)"
            " VALUES ('2020-01-01', 'wish', 'w-1', 'x', '', 'y', 'z', '', '', '[]', '',"
            " '2020-01-01', 3, sha256(''))"
        )
    (step,) = await queries.history_of("wish", "w-1")
    assert step.recorded_at.year >= 2026
    assert await fetch_value("SELECT txid > 3 AND digest <> sha256('') FROM audit.transition")


async def test_the_job_seals_what_was_written_once(db: None) -> None:
    await actions.record(a_step(), a_step("w-2"))
    await jobs.enqueue("audit.seal")
    await jobs.enqueue("audit.seal")
    await jobs.work_off()
    last = await queries.last_block()
    assert last is not None
    assert (last.no, last.count) == (1, 2)
    assert await fetch_value("SELECT count(*) FROM audit.seal") == 2
