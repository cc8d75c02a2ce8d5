"""The database: one engine, transactions that hold, and plain SQL for reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import asyncpg
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString


def engine() -> PostgresEngine:
    """Return the engine that `piccolo_conf` built."""
    found = engine_finder()
    assert isinstance(found, PostgresEngine), "piccolo_conf.py defines the engine"
    return found


@asynccontextmanager
async def atomic() -> AsyncIterator[None]:
    """Run a block wholly or not at all; a block inside another is a savepoint.

    Deferred constraints are checked at the end of the block, an inner one's too.
    """
    db = engine()
    if db.transaction_exists():
        async with _savepoint(db):
            yield
        return
    async with _outermost(db):
        yield


@asynccontextmanager
async def _outermost(db: PostgresEngine) -> AsyncIterator[None]:
    """Piccolo's own transaction, but one that gives its connection back whatever happens.

    Piccolo's forgets to when BEGIN, ROLLBACK or COMMIT fails, as they do on a connection whose server process
    has died: after as many restarts of the database as the pool is large, every query would wait for ever.
    """
    transaction = db.transaction()
    transaction.connection = await transaction.get_connection()  # type: ignore[no-untyped-call]
    try:
        transaction.transaction = transaction.connection.transaction()
        await transaction.begin()  # type: ignore[no-untyped-call]
        token = db.current_transaction.set(transaction)
        try:
            yield
        except BaseException:
            with suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError
            ):
                await transaction.rollback()  # type: ignore[no-untyped-call]
            raise
        else:
            await transaction.commit()  # type: ignore[no-untyped-call]
        finally:
            db.current_transaction.reset(token)
    finally:
        if db.pool is not None:
            await db.pool.release(transaction.connection)
        else:
            await transaction.connection.close()


@asynccontextmanager
async def _savepoint(db: PostgresEngine) -> AsyncIterator[None]:
    outer = db.current_transaction.get()
    assert outer is not None
    savepoint = await outer.savepoint()
    try:
        yield
        await db.run_ddl("SET CONSTRAINTS ALL IMMEDIATE")
    except BaseException:
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
        raise
    await db.run_ddl("SET CONSTRAINTS ALL DEFERRED")
    await savepoint.release()  # type: ignore[no-untyped-call]


def in_transaction() -> bool:
    """Tell whether the running task is inside `atomic`."""
    return bool(engine().transaction_exists())


def connection() -> "asyncpg.Connection[asyncpg.Record]":
    """Return the asyncpg connection of the running transaction; an error outside `atomic`."""
    transaction = engine().current_transaction.get()
    assert transaction is not None, "connection() is for the inside of atomic()"
    return cast("asyncpg.Connection[asyncpg.Record]", transaction.connection)


async def alone(key: str) -> None:
    """Be the only one with a key until the transaction ends: the second of two equal forms waits here."""
    await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)


async def fetch(sql: str, *values: object) -> list[dict[str, Any]]:
    """Run a query whose `{}` stand for the values, in the running transaction if there is one."""
    return [dict(row) for row in await engine().run_querystring(QueryString(sql, *values))]


async def fetch_value(sql: str, *values: object) -> Any:
    """Return the first column of the first row, or None."""
    rows = await fetch(sql, *values)
    return next(iter(rows[0].values())) if rows else None


@asynccontextmanager
async def pool(*, max_size: int = 8) -> AsyncIterator[None]:
    """Keep a pool of connections open for the block (a web or worker process)."""
    db = engine()
    await db.start_connection_pool(min_size=1, max_size=max_size, reset=_nothing)
    try:
        yield
    finally:
        await db.close_connection_pool()


async def _nothing(_: object) -> None:
    """Leave a returned connection as it is: an open transaction is rolled back anyway, and nobody here sets
    what outlives one (SET LOCAL, advisory locks of a transaction). Half of all round trips were resets.
    """
