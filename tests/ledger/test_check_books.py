# ruff: noqa: E501 - the planted errors are a table
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest

from cishan.ledger import actions, rules
from cishan.ledger.queries import proofs
from cishan.plumbing.db import atomic, fetch, fetch_value
from tests.conftest import as_owner
from tests.ledger.books import DAY, FUND, a_fund, a_gift, a_grant, post
from tests.ledger.test_post import WRONG

LOT: dict[str, Any] = {"effective_date": DAY, "fund": "F-NDXD", "stock_code": "coat", "lot": "L1"}


async def a_year_of_the_books() -> None:
    """Every kind of thing that can stand in the books, sealed and partly closed."""
    for fund in (FUND, "C-1", "F-NDXD"):
        await a_fund(fund)
    cause: dict[str, Any] = {"source": "stripe", "effective_date": DAY}
    async with atomic():
        await actions.open_unit("SKU:coat")
        await actions.post(
            [
                a_gift("txn_1", gross=10_000, fee=60, day=date(2026, 10, 5)),
                a_gift("txn_2", fund="C-1", gross=4_000, fee=0),
                a_gift("txn_3", fund="GEN", gross=500, fee=0),
                rules.refund(**cause, source_key="txn_4", fund="C-1", amount_fen=100),
                rules.goods_received(source="goods", source_key="1", quantity=2, value_fen=400, **LOT),
                rules.goods_issued(source="goods", source_key="2", quantity=1, value_fen=200, **LOT),
                rules.agency_in(
                    source="agency",
                    source_key="1",
                    effective_date=DAY,
                    fund="A-AGENT",
                    amount_fen=7,
                    document="D1",
                ),
            ]
        )
        await actions.approve(a_grant(amount=3_000), subject="grant:1", maker="甲", checker="乙")
        wrong, *_ = await actions.post([a_gift("txn_5")])
        await actions.reverse(wrong.id, reason="wrong fund", effective_date=DAY)
        await actions.seal()
        await actions.post([a_gift("txn_6")])
        await actions.seal()
        await actions.close_period(date(2026, 10, 1), date(2026, 10, 31), actor="会计")


@asynccontextmanager
async def behind_its_back() -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A superuser who has switched off every trigger, and switches them on again."""
    async with as_owner() as connection:
        await connection.execute("SET LOCAL books.migrating = on")
        tables = ("entry", "line", "account", "balance", "approval", "seal", "block", "period", "fund")
        switches = await connection.fetch(
            "SELECT tgrelid::regclass::text AS t, tgname AS n FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE relnamespace = 'books'::regnamespace AND NOT tgisinternal"
        )
        for table in tables:
            await connection.execute(f"ALTER TABLE books.{table} DISABLE TRIGGER USER")
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield connection
        await connection.execute("SET LOCAL session_replication_role = origin")
        for switch in switches:
            await connection.execute(f"ALTER TABLE {switch['t']} ENABLE ALWAYS TRIGGER {switch['n']}")
        await connection.execute("SET LOCAL books.migrating = off")


async def with_ids(text: str) -> str:
    """Put the ids of this run into <txn_1> and <account> (the first that txn_1 touches)."""
    rows = await fetch("SELECT source_key, id FROM books.entry WHERE source = 'stripe'")
    account = await fetch_value(
        """SELECT min(account_id) FROM books.line AS l JOIN books.entry AS e ON e.id = l.entry_id
            WHERE source_key = 'txn_1'"""
    )
    for row in rows:
        text = text.replace(f"<{row['source_key']}>", str(row["id"]))
    return text.replace("<account>", str(account))


def no_check(table: str, name: str, sql: str) -> str:
    return f"ALTER TABLE books.{table} DROP CONSTRAINT {name}; {sql}"


PLANTED = {
    "balanced": ("UPDATE books.line SET amount = amount + 1 WHERE entry_id = <txn_1> AND line_no = 1", "entry <txn_1> is off by 1"),
    "whole": ("DELETE FROM books.line WHERE entry_id = <txn_1> AND line_no > 2", "entry <txn_1> has 2 of 4 lines"),
    "of their accounts": ("UPDATE books.line SET fund_id = fund_id + 1 WHERE entry_id = <txn_2>", "line 1 of entry <txn_2>"),
    "balances": ("UPDATE books.balance SET debits = debits + 5, n = n WHERE account_id = <account>", "account <account> keeps"),
    "funds are whole": ("DELETE FROM books.balance WHERE account_id = <account>", "fund .* is off by"),
    "never overdrawn": (
        no_check("balance", "no_overdraft", "UPDATE books.balance SET credits = 900 WHERE guard = 1 AND debits = 400"),
        "stands at -500",
    ),
    "booked once": (
        no_check("entry", "entry_once_per_movement", "UPDATE books.entry SET source_key = 'txn_2' WHERE id = <txn_3>"),
        "stripe txn_2 is booked 2 times",
    ),
    "as it was sent": ("UPDATE books.line SET amount = amount * 2 WHERE entry_id = <txn_3>", "entry <txn_3> no longer says"),
    "reversals mirror": (
        "UPDATE books.line SET account_id = <account> WHERE line_no = 1"
        " AND entry_id = (SELECT id FROM books.entry WHERE reverses > 0)",
        "does not cancel",
    ),
    "approved": (
        no_check("approval", "maker_is_not_checker", "UPDATE books.approval SET checker = maker"),
        "is not what two people approved",
    ),
    "agency money": (
        no_check("account", "agency_money_is_never_income", "UPDATE books.account SET gl_code = '4901', kind = 'revenue'"
                 " WHERE gl_code = '2601'"),
        "holds agency money under 4901",
    ),
    "income of its fund": (
        no_check("account", "free_income_is_unrestricted", "UPDATE books.account SET gl_code = '410101'"
                 " WHERE gl_code = '410102' AND fund_id = (SELECT id FROM books.fund WHERE code = 'C-1')"),
        "books 410101 in the restricted fund C-1",
    ),
    "goods": ("UPDATE books.balance SET credits = debits WHERE guard = 1 AND debits = 400", "lot L1 .*: 1 pieces worth 0"),
    "sane amounts": (
        no_check("line", "amount_is_sane", "UPDATE books.line SET amount = 0 WHERE entry_id = <txn_2>"),
        "line 1 of entry <txn_2> has the amount 0",
    ),
    "released for what was spent": (
        no_check("entry", "kind_is_known", "UPDATE books.entry SET kind = 'release' WHERE id = <txn_1>;"
                 "UPDATE books.account SET gl_code = '3102', kind = 'net_asset' WHERE id ="
                 " (SELECT account_id FROM books.line WHERE entry_id = <txn_1> AND line_no = 1)"),
        "released 10000 and spent 3000",
    ),
    "closed periods": (
        "UPDATE books.entry SET effective_date = '2026-10-06' WHERE id = <txn_2>", r"period \[2026-10-01,2026-11-01\)"
    ),
    "voucher numbers": (
        "UPDATE books.seal SET voucher_no = 99 WHERE voucher_no = 4", "after voucher 3 comes voucher 5"
    ),
    "sealed blocks": ("UPDATE books.entry SET memo = 'nothing to see' WHERE id = <txn_2>", "block 1, vouchers from 1"),
    "no seal without entry": ("UPDATE books.seal SET entry_id = 999 WHERE voucher_no = 2", "voucher 2 belongs to no entry"),
    "no foreign key across the wall": (
        "CREATE TABLE benefits.paid (fund int REFERENCES books.fund (id))", "paid_fund_fkey on benefits.paid"
    ),
    "no view across the wall": (
        "CREATE TABLE benefits.paid (x int); CREATE VIEW public.both_sides AS SELECT x FROM benefits.paid",
        "both_sides reads benefits.paid",
    ),
    "no right across the wall": ("GRANT SELECT ON books.line TO benefits_reader", "benefits_reader may touch books.line"),
    "no role in both families": ("GRANT benefits_reader TO cishan_app", "cishan_app"),
    "no function across the wall": (
        "CREATE FUNCTION benefits.peek() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM books.line'",
        "peek",
    ),
    "nobody who signs in owns the books": ("CREATE TABLE books.hoard (x int)", "owns books.hoard"),
    "guards": ("GRANT INSERT ON books.line TO cishan_app", "not ours: grant INSERT on books.line to cishan_app"),
}  # fmt: skip


async def test_sound_books_are_called_sound(db: None) -> None:
    await a_year_of_the_books()
    report = await proofs.prove()
    assert report.findings == ()
    assert report.entries == 11
    assert report.proofs == len(PLANTED)


def test_every_proof_has_an_error_that_it_must_find() -> None:
    assert {*proofs.PROOFS, "guards"} == set(PLANTED)


@pytest.mark.parametrize("proof", PLANTED)
async def test_a_planted_error_is_named(db: None, proof: str) -> None:
    await a_year_of_the_books()
    sql, words = [await with_ids(text) for text in PLANTED[proof]]
    async with behind_its_back() as connection:
        await connection.execute(sql)
    found = {finding.proof: finding for finding in (await proofs.prove()).findings}
    assert proof in found
    assert re.search(words, found[proof].first), found[proof].first


async def test_ten_errors_planted_at_once_are_all_named(db: None) -> None:
    await a_year_of_the_books()
    ten = ["balanced", "balances", "as it was sent", "approved", "closed periods", "voucher numbers", "sealed blocks",
           "no role in both families", "no right across the wall", "guards"]  # fmt: skip
    async with behind_its_back() as connection:
        for proof in ten:
            await connection.execute(await with_ids(PLANTED[proof][0]))
    found = {finding.proof for finding in (await proofs.prove()).findings}
    assert set(ten) <= found


async def test_the_list_of_guards_is_that_of_the_migrations(db: None) -> None:
    present = "\n".join(await proofs.inventory()) + "\n"
    if os.environ.get("UPDATE_GUARDS"):
        proofs.GUARDS.write_text(present)
    assert present == proofs.GUARDS.read_text(), "run again with UPDATE_GUARDS=1 if the migrations mean it"


async def test_each_missing_guard_is_noticed(db: None) -> None:
    drops = {
        "trigger": "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger"
        " JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'books'::regnamespace AND NOT tgisinternal",
        "constraint": "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)"
        " FROM pg_constraint WHERE connamespace = 'books'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')",
        "privilege": "SELECT format('GRANT INSERT, UPDATE, DELETE ON %s TO cishan_app', oid::regclass) FROM pg_class"
        " WHERE relnamespace = 'books'::regnamespace AND relkind = 'r'",
        "function": "SELECT format('ALTER FUNCTION %s RESET ALL SECURITY INVOKER', oid::regprocedure) FROM pg_proc"
        " WHERE pronamespace = 'books'::regnamespace AND prosecdef",
    }
    noticed = 0
    async with as_owner() as connection:
        await connection.execute("SET LOCAL books.migrating = on")
        for query in drops.values():
            for (drop,) in await connection.fetch(query):
                mutant = connection.transaction()
                await mutant.start()
                await connection.execute(drop)
                assert (await proofs.missing_guards()) is not None, drop
                await mutant.rollback()
                noticed += 1
        assert await proofs.missing_guards() is None
    assert noticed > 80


async def test_without_any_one_trigger_something_wrong_gets_in(db: None) -> None:
    await a_fund()
    await post(a_gift())
    await post(a_gift("txn_2"))
    async with as_owner() as connection:
        await connection.execute("SET LOCAL books.migrating = on")
        triggers = await connection.fetch(
            "SELECT tgname, tgrelid::regclass::text AS t FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE relnamespace = 'books'::regnamespace AND NOT tgisinternal"
            " AND relname IN ('entry', 'line', 'account', 'fund', 'balance') AND tgname NOT LIKE '%opened'"
        )
        assert len(triggers) == 8
        for name, table in triggers:
            mutant = connection.transaction()
            await mutant.start()
            await connection.execute(f"DROP TRIGGER {name} ON {table}")
            let_in = [what for what, sql in WRONG if await _gets_in(connection, sql)]
            assert let_in or table == "books.fund", f"nothing notices that {name} on {table} is gone"
            await mutant.rollback()


async def _gets_in(connection: "asyncpg.Connection[asyncpg.Record]", sql: str) -> bool:
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(sql)
    except asyncpg.PostgresError:
        return False
    else:
        return True
    finally:
        await attempt.rollback()


async def test_ddl_on_the_books_is_refused_outside_a_migration(db: None) -> None:
    async with as_owner() as connection:
        for ddl in (
            "ALTER TABLE books.line DISABLE TRIGGER append_only",
            "DROP TABLE books.seal",
            "CREATE TABLE books.x ()",
        ):
            with pytest.raises(asyncpg.PostgresError, match="refused outside a migration"):
                async with connection.transaction():
                    await connection.execute(ddl)
