import re
from typing import Any

import asyncpg
import pytest

from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from cishan.ledger import actions, rules
from cishan.ledger.rules import AccountRef, Entry, Kind, Line
from cishan.plumbing.db import atomic, fetch_value
from tests.conftest import as_owner
from tests.ledger.books import DAY, FUND, a_fund, a_gift, a_grant, balances, post, size, unbalanced


async def test_a_settled_gift_stands_in_the_books(db: None) -> None:
    await a_fund()
    [posted] = await post(a_gift(gross=10_000, fee=60))
    assert posted.is_new
    assert await balances() == {
        ("1009", FUND): 10_000,
        ("410102", FUND): -10_000,
        ("5401", "GEN"): 60,
        ("1009", "GEN"): -60,
    }


async def test_the_same_movement_is_booked_once(db: None) -> None:
    await a_fund()
    [first] = await post(a_gift())
    [again] = await post(a_gift())
    assert (again.id, again.is_new) == (first.id, False)
    assert await size() == (1, 4)


async def test_a_batch_may_hold_a_movement_twice_and_some_that_are_booked_already(db: None) -> None:
    await a_fund()
    [first] = await post(a_gift("txn_b"))
    posted = await post(a_gift("txn_c"), a_gift("txn_b"), a_gift("txn_a"), a_gift("txn_c"))
    assert [p.is_new for p in posted] == [True, False, True, False]
    assert posted[1].id == first.id
    assert posted[3].id == posted[0].id
    assert await size() == (3, 12)
    assert (await balances())["1009", FUND] == 30_000
    kept = await fetch_value("SELECT source_key FROM books.entry WHERE id = {}", posted[2].id)
    assert kept == "txn_a"


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000))
    before = await balances()
    with pytest.raises(Conflict, match="already hold something else"):
        await post(a_gift("txn_2"), a_gift(gross=20_000))
    with pytest.raises(Conflict, match="already hold something else"):
        await post(a_gift("txn_3"), a_gift("txn_3", gross=1))
    assert await balances() == before
    assert await size() == (1, 4)


async def test_an_unknown_fund_heading_or_unit_is_named_and_nothing_is_kept(db: None) -> None:
    await a_fund()
    with pytest.raises(NotFound, match="no such fund"):
        await post(a_gift("txn_1"), a_gift("txn_2", fund="C-NONE"))
    for account in (AccountRef("9999", FUND), AccountRef("1009", FUND, "XAU")):
        lines = (Line(account, 5), Line(account._replace(counterparty="x"), -5))
        with pytest.raises(NotFound, match="heading or unit"):
            await post(Entry(Kind.MANUAL, DAY, "test", "1", lines))
    assert await size() == (0, 0)


async def test_books_are_written_inside_a_transaction_only(pool: None) -> None:
    with pytest.raises(RuntimeError, match="atomic"):
        await actions.post([a_gift()])


async def test_posting_nothing_is_nothing(db: None) -> None:
    assert await post() == []


async def test_agency_money_cannot_become_income(db: None) -> None:
    lines = (Line(AccountRef("1009", "A-AGENT"), 5), Line(AccountRef("4901", "A-AGENT"), -5))
    with pytest.raises(Invalid, match="refuse"):
        await post(Entry(Kind.MANUAL, DAY, "test", "1", lines))
    assert await size() == (0, 0)


async def test_free_income_stays_out_of_restricted_funds(db: None) -> None:
    await a_fund()
    lines = (Line(AccountRef("1009", FUND), 5), Line(AccountRef("410101", FUND), -5))
    with pytest.raises(Invalid, match="refuse"):
        await post(Entry(Kind.MANUAL, DAY, "test", "1", lines))


async def test_facts_are_booked_even_if_the_fund_goes_below_zero(db: None) -> None:
    await a_fund()
    cause: dict[str, Any] = {"source": "stripe", "effective_date": DAY}
    await post(
        rules.refund(**cause, source_key="txn_r", fund=FUND, amount_fen=700),
        rules.dispute_withdrawn(**cause, source_key="txn_d", amount_fen=500, fee_fen=15),
        rules.payout(**cause, source_key="txn_p", parts={FUND: 100, "GEN": -30}),
    )
    assert (await balances())["1009", FUND] == -800
    assert (await balances())["1009", "GEN"] == -485


async def test_goods_cannot_be_handed_out_twice(db: None) -> None:
    await a_fund("F-NDXD")
    lot: dict[str, Any] = {"effective_date": DAY, "fund": "F-NDXD", "stock_code": "coat", "lot": "L1"}
    async with atomic():
        await actions.open_unit("SKU:coat")
    await post(rules.goods_received(source="goods", source_key="in", quantity=2, value_fen=400, **lot))
    await post(rules.goods_issued(source="goods", source_key="out1", quantity=2, value_fen=400, **lot))
    with pytest.raises(Conflict, match="more than there is"):
        await post(rules.goods_issued(source="goods", source_key="out2", quantity=1, value_fen=200, **lot))
    assert await size() == (2, 8)


async def test_an_entry_and_its_reversal_cancel_on_every_account(db: None) -> None:
    await a_fund()
    [posted] = await post(a_gift())
    async with atomic():
        mirror = await actions.reverse(posted.id, reason="wrong fund", effective_date=DAY)
    assert await balances() == {}
    assert await fetch_value("SELECT reverses FROM books.entry WHERE id = {}", mirror.id) == posted.id


async def test_an_entry_is_reversed_once_and_a_reversal_never(db: None) -> None:
    await a_fund()
    [posted] = await post(a_gift())
    async with atomic():
        mirror = await actions.reverse(posted.id, reason="wrong fund")
    for wrong in (posted.id, mirror.id, 99_999):
        with pytest.raises(Conflict, match="cannot be reversed"):
            async with atomic():
                await actions.reverse(wrong, reason="again")
    with pytest.raises(Invalid):
        async with atomic():
            await actions.reverse(posted.id, reason=" ")
    assert await size() == (2, 8)


async def test_aid_is_approved_within_what_the_fund_has(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000))
    async with atomic():
        posted = await actions.approve(a_grant(amount=6_000), subject="grant:1", maker="甲", checker="乙")
    assert posted.is_new
    with pytest.raises(Conflict, match="not that much available"):
        async with atomic():
            await actions.approve(a_grant("2", amount=4_001), subject="grant:2", maker="甲", checker="乙")
    assert (await balances())["2202", FUND] == -6_000
    assert await size() == (2, 6)


async def test_an_approval_needs_two_people_and_is_used_up(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000))
    with pytest.raises(Forbidden):
        async with atomic():
            await actions.approve(a_grant(), subject="grant:1", maker="甲", checker="甲")
    for again in (False, True):
        async with atomic():
            posted = await actions.approve(a_grant(), subject="grant:1", maker="甲", checker="乙")
        assert posted.is_new is not again
    for other in (a_grant("2"), a_grant("1", amount=1)):
        with pytest.raises(Conflict):
            async with atomic():
                await actions.approve(other, subject="grant:1", maker="甲", checker="乙")
    assert await size() == (2, 6)


async def test_our_own_decisions_cannot_be_posted_without_approval(db: None) -> None:
    await a_fund()
    await post(a_gift())
    with pytest.raises(Invalid):
        await post(a_grant())
    assert await size() == (1, 4)


async def test_nothing_is_approved_from_a_closed_fund_but_facts_are_booked(db: None) -> None:
    await a_fund()
    await post(a_gift())
    async with atomic():
        await actions.close_fund(FUND, closed_on=DAY)
    with pytest.raises(Conflict):
        async with atomic():
            await actions.approve(a_grant(), subject="grant:1", maker="甲", checker="乙")
    await post(a_gift("txn_late"))
    assert await size() == (2, 8)


async def test_a_fund_is_opened_once_and_keeps_its_terms(db: None) -> None:
    await a_fund()
    await a_fund()
    with pytest.raises(Conflict):
        async with atomic():
            await actions.open_fund(FUND, name="x", restriction=rules.Restriction.UNRESTRICTED)
    assert await fetch_value("SELECT count(*) FROM books.fund WHERE code = {}", FUND) == 1


async def test_the_database_knows_exactly_the_kinds_of_the_rules() -> None:
    check = await fetch_value(
        "SELECT pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conname = 'kind_is_known'"
    )
    assert set(re.findall(r"'(\w+)'", check)) == set(Kind)
    assert set(rules.KIND_LABELS) == set(Kind)


A_BARE_ENTRY = """INSERT INTO books.entry (n_lines, kind, effective_date, source, source_key, request_hash)
                  VALUES (2, 'manual', '2026-11-22', 'x', 'y', '')"""
LINES = "INSERT INTO books.line SELECT {}, account_id, fund_id, unit, amount FROM books.line"
WRONG = [
    ("an entry without lines", A_BARE_ENTRY),
    ("a line more", LINES.format("entry_id, line_no + 4") + " LIMIT 1"),
    ("two balanced lines more", LINES.format("entry_id, line_no + 4") + " WHERE line_no < 3"),
    ("lines of no entry", LINES.format("99, line_no")),
    ("a changed line", "UPDATE books.line SET amount = amount * 2"),
    ("a changed entry", "UPDATE books.entry SET memo = 'x'"),
    ("a deleted entry", "DELETE FROM books.entry"),
    ("a deleted line", "DELETE FROM books.line"),
    ("no lines at all", "TRUNCATE books.line"),
    ("no balances", "DELETE FROM books.balance"),
    ("a moved account", "UPDATE books.account SET counterparty = 'x'"),
    ("a freed fund", "UPDATE books.fund SET restriction = 'unrestricted' WHERE code = 'F-FPZX'"),
]


@pytest.mark.parametrize("role", ["books_owner", "replica"])
@pytest.mark.parametrize(("what", "sql"), WRONG, ids=[w for w, _ in WRONG])
async def test_not_even_the_owner_can_write_what_is_wrong(db: None, role: str, what: str, sql: str) -> None:
    await a_fund()
    await post(a_gift())
    async with as_owner() as connection:
        await connection.execute(
            "SET LOCAL session_replication_role = replica" if role == "replica" else f"SET LOCAL ROLE {role}"
        )
        with pytest.raises(asyncpg.PostgresError):
            async with connection.transaction():
                await connection.execute(sql)
        await connection.execute(
            "SET LOCAL session_replication_role = origin; SET LOCAL ROLE NONE"
            if role == "replica"
            else "SET LOCAL ROLE NONE"
        )
    assert await size() == (1, 4)
    assert await unbalanced() == 0


@pytest.mark.parametrize(
    "table", ["entry", "line", "balance", "account", "fund", "period", "seal", "approval"]
)
async def test_the_application_may_read_the_books_and_write_no_table_of_them(db: None, table: str) -> None:
    allowed = await fetch_value(
        "SELECT has_table_privilege('cishan_app', {}::regclass, 'INSERT, UPDATE, DELETE, TRUNCATE')",
        f"books.{table}",
    )
    assert allowed is False
    assert await fetch_value("SELECT count(*) >= 0 FROM books." + table) is True


async def test_every_refusal_says_something_that_a_person_can_read() -> None:
    assert all(issubclass(refusal.kind, DomainError) for refusal in actions._REFUSALS.values())
