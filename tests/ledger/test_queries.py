from datetime import date

import pytest

from cishan.kernel.errors import NotFound
from cishan.ledger import actions, queries, rules
from cishan.plumbing.db import atomic
from tests.ledger.books import DAY, FUND, a_fund, a_gift, a_grant, post

LAST_YEAR = date(2025, 12, 31)


async def test_the_trial_balance_adds_up_to_zero(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=60), a_gift("txn_2", fund="GEN", gross=500, fee=0))
    rows = {(row.gl, row.fund): (row.debits, row.credits) for row in await queries.trial_balance()}
    assert rows == {
        ("1009", FUND): (10_000, 0),
        ("1009", "GEN"): (500, 60),
        ("410101", "GEN"): (0, 500),
        ("410102", FUND): (0, 10_000),
        ("5401", "GEN"): (60, 0),
    }


async def test_the_trial_balance_of_a_day_leaves_out_what_came_later(db: None) -> None:
    await a_fund()
    await post(a_gift(fee=0, day=LAST_YEAR), a_gift("txn_2", fee=0))
    rows = await queries.trial_balance(LAST_YEAR)
    assert [(row.gl, row.balance) for row in rows] == [("1009", 10_000), ("410102", -10_000)]


async def test_a_fund_says_what_it_has_and_what_is_not_promised_yet(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=60))
    async with atomic():
        await actions.approve(a_grant(amount=3_000), subject="grant:1", maker="甲", checker="乙")
    assert await queries.available(FUND) == 7_000
    assert await queries.fund_balance(FUND) == 7_000
    assert await queries.channel_balance() == 9_940
    assert await queries.available("GEN") == -60


async def test_an_unknown_fund_has_no_balance(db: None) -> None:
    with pytest.raises(NotFound):
        await queries.fund_balance("F-NONE")


async def test_the_statement_of_activities_shows_what_was_free_and_what_was_bound(db: None) -> None:
    await a_fund()
    await a_fund("C-1", parent=FUND)
    await post(
        a_gift("txn_0", gross=70, fee=0, day=LAST_YEAR),
        a_gift("txn_1", gross=10_000, fee=60),
        a_gift("txn_2", fund="C-1", gross=4_000, fee=0),
        a_gift("txn_3", fund="GEN", gross=500, fee=0),
    )
    async with atomic():
        await actions.approve(a_grant(fund="C-1", amount=1_500), subject="grant:1", maker="甲", checker="乙")
    statement = await queries.statement_of_activities(2026)
    total = statement.total
    assert [(r.gl, r.unrestricted, r.restricted, r.total) for r in total.income] == [
        ("410101", 500, 0, 500),
        ("410102", 0, 14_000, 14_000),
    ]
    assert [(r.gl, r.unrestricted, r.restricted) for r in total.costs] == [
        ("5101", 1_500, 0),
        ("5401", 60, 0),
    ]
    assert (total.released, total.unrestricted_change, total.restricted_change) == (1_500, 440, 12_500)
    assert total.change == 12_940
    by_fund = {fund.code: activities.change for fund, activities in statement.by_fund}
    assert by_fund == {FUND: 12_500, "GEN": 440}


async def test_closing_the_year_empties_income_and_costs_and_leaves_the_statement_as_it_was(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=0))
    async with atomic():
        await actions.approve(a_grant(amount=4_000), subject="grant:1", maker="甲", checker="乙")
    before = await queries.statement_of_activities(2026)
    end, cause = date(2026, 12, 31), {"source": "year_end"}
    await post(
        rules.release(
            **cause, source_key=f"release:2026:{FUND}", effective_date=end, fund=FUND, amount_fen=4_000
        ),
        rules.close_year(
            **cause,
            source_key=f"close:2026:{FUND}",
            effective_date=end,
            balances={rules.AccountRef("410102", FUND): -10_000, rules.AccountRef("5101", FUND): 4_000},
        ),
    )
    assert await queries.statement_of_activities(2026) == before
    balances = {row.gl: row.balance for row in await queries.trial_balance() if row.balance}
    assert balances == {"1009": 10_000, "2202": -4_000, "3102": -6_000}


async def test_the_trail_of_a_gift_has_its_entry_and_what_undid_it(db: None) -> None:
    await a_fund()
    [gift, other] = await post(a_gift("txn_1"), a_gift("txn_2"))
    async with atomic():
        mirror = await actions.reverse(gift.id, reason="twice by mistake", effective_date=DAY)
    trail = await queries.postings_for("stripe", ["txn_1"])
    assert [(e.id, e.kind, e.reverses, e.reversed_by) for e in trail] == [
        (gift.id, rules.Kind.GIFT, None, mirror.id),
        (mirror.id, rules.Kind.GIFT, gift.id, None),
    ]
    assert [(p.gl, p.gl_name_zh, p.fund, p.amount) for p in trail[0].lines][:2] == [
        ("1009", "其他货币资金", FUND, 10_000),
        ("410102", "捐赠收入—限定性", FUND, -10_000),
    ]
    assert [e.id for e in await queries.entries_of("stripe", "txn_")] == [gift.id, other.id]
    assert await queries.postings_for("stripe", []) == []


async def test_a_voucher_number_finds_its_entry(db: None) -> None:
    await a_fund()
    [gift] = await post(a_gift())
    assert await queries.unsealed() == 1
    async with atomic():
        await actions.seal()
    assert await queries.unsealed() == 0
    found = await queries.voucher(1)
    assert (found.id, found.voucher_no) == (gift.id, 1)
    assert await queries.entry(gift.id) == found
    assert await queries.latest_entries() == [found]
    assert await queries.latest_entries(before_id=gift.id) == []
    with pytest.raises(NotFound):
        await queries.voucher(2)


async def test_funds_are_listed_with_the_two_that_are_always_there(db: None) -> None:
    await a_fund()
    listed = {fund.code: fund.restriction for fund in await queries.funds()}
    assert listed == {"A-AGENT": "agency", FUND: "restricted", "GEN": "unrestricted"}
