"""The public's view of the books: the figures of the ledger, and nobody's name."""

from datetime import UTC, datetime

import httpx
import pytest

from cishan.disclosure import queries
from cishan.kernel import clock
from cishan.ledger import actions
from cishan.plumbing.db import atomic
from tests.ledger.books import a_fund, a_gift, a_grant, post

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
async def some_books(db: None) -> None:
    await a_fund("F-FPZX")
    await a_fund("F-CSC")
    await a_fund("F-CSC-01", parent="F-CSC")
    await post(
        a_gift("txn_secret_1", fund="F-FPZX", gross=100_000, fee=600),
        a_gift("txn_secret_2", fund="F-CSC-01", gross=50_000, fee=300),
    )
    async with atomic():
        grant = a_grant("g1", fund="F-FPZX", amount=30_000, payee="张某某某")
        await actions.approve(grant, subject="grant:1", maker="甲", checker="乙")


async def test_the_year_is_told_fund_by_fund_with_campaigns_in_their_fund(some_books: None) -> None:
    view = await queries.year_view(2026)
    assert (view.received_fen, view.helped_fen, view.other_costs_fen) == (150_000, 30_000, 900)
    assert [(f.code, f.received_fen, f.helped_fen, f.other_costs_fen, f.left_fen) for f in view.funds] == [
        ("F-CSC", 50_000, 0, 0, 50_000),
        ("F-FPZX", 100_000, 30_000, 0, 70_000),
        ("GEN", 0, 0, 900, -900),  # the general fund bears the channel's fees
    ]
    assert sum(cost.amount_fen for cost in view.costs) == 30_900


async def test_a_booking_shows_its_gross_amount(some_books: None) -> None:
    bookings = await queries.journal()
    assert [(b.label, b.amount_fen) for b in bookings] == [
        ("Aid approved", 30_000),
        ("Gift received", 50_000),
        ("Gift received", 100_000),
    ]


async def test_the_journal_goes_on_where_the_page_before_ended(some_books: None) -> None:
    newest, middle, oldest = await queries.journal()
    assert await queries.journal(limit=1) == [newest]
    assert await queries.journal(before_id=newest.id) == [middle, oldest]
    assert await queries.journal(before_id=oldest.id) == []


@pytest.mark.parametrize("path", ["/disclosure", "/disclosure/journal"])
async def test_nobody_is_named_in_public(client: httpx.AsyncClient, some_books: None, path: str) -> None:
    with clock.fixed(NOW):
        text = (await client.get(path)).text
    assert "¥1,000.00" in text
    for hidden in ("张某某某", "txn_secret", "stripe"):
        assert hidden not in text


async def test_a_year_without_books_says_so(client: httpx.AsyncClient, some_books: None) -> None:
    with clock.fixed(NOW):
        answer = await client.get("/disclosure?year=2025")
        assert answer.status_code == 200
        assert "这一年没有账目" in answer.text
        assert (await client.get("/disclosure?year=1999")).status_code == 404
        assert (await client.get("/disclosure?year=abc")).status_code == 400


async def test_the_pages_work_before_the_first_booking(client: httpx.AsyncClient) -> None:
    with clock.fixed(NOW):
        assert "账上还没有记录" in (await client.get("/disclosure")).text
    assert (await client.get("/disclosure/journal")).status_code == 200
