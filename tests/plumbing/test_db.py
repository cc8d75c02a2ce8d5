"""Transactions hold: nested blocks are savepoints and deferred constraints fail inside the block."""

import asyncpg
import pytest

from cishan.plumbing import db as database


async def test_an_inner_failure_undoes_only_the_inner_block(db: None) -> None:
    async with database.atomic():
        await database.fetch("CREATE TEMP TABLE note (n int) ON COMMIT DROP")
        await database.fetch("INSERT INTO note VALUES (1)")
        with pytest.raises(ZeroDivisionError):
            async with database.atomic():
                await database.fetch("INSERT INTO note VALUES (2)")
                raise ZeroDivisionError
        assert await database.fetch("SELECT n FROM note") == [{"n": 1}]


async def test_a_deferred_constraint_fails_at_the_end_of_the_block_and_the_pool_survives(racing: str) -> None:
    for _ in range(12):  # more often than the pool has connections
        with pytest.raises(asyncpg.UniqueViolationError):
            async with database.atomic():
                await database.fetch("CREATE TEMP TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
                await database.fetch("INSERT INTO once VALUES (1), (1)")
    assert await database.fetch_value("SELECT 1 AS one") == 1


LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when the process dies while it is being spoken to
)


async def test_a_server_process_that_dies_costs_no_connection_of_the_pool(racing: str) -> None:
    outside = await asyncpg.connect(racing)
    for _ in range(12):  # more often than the pool has connections
        with pytest.raises(LOST):
            async with database.atomic():
                process = await database.fetch_value("SELECT pg_backend_pid()")
                await outside.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
                await database.fetch_value("SELECT 1 AS one")
        assert not database.in_transaction()
    await outside.close()
    assert await database.fetch_value("SELECT 1 AS one") == 1


async def test_the_application_owns_nothing(db: None) -> None:
    assert await database.fetch_value("SELECT current_user") == "cishan_app"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.atomic():
            await database.fetch("DROP TABLE procrastinate_jobs")
