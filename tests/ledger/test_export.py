import asyncio
import csv
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data

from cishan.ledger.queries import exports
from cishan.plumbing.db import fetch
from tests.ledger.books import FUND, a_fund, a_gift, post
from tests.ledger.test_check_books import a_year_of_the_books

HLEDGER = shutil.which("hledger")


async def exported(form: str) -> str:
    return "".join([piece async for piece in exports.books_as(form)])


async def our_balances() -> dict[str, Decimal]:
    rows = await fetch(
        """SELECT a.id, b.debits - b.credits AS net, u.scale FROM books.account AS a
             JOIN books.balance AS b ON b.account_id = a.id JOIN books.unit AS u ON u.code = a.unit"""
    )
    return {f"A{row['id']}": Decimal(row["net"]).scaleb(-row["scale"]) for row in rows}


async def test_beancount_accepts_the_books_and_comes_to_our_balances(db: None) -> None:
    await a_year_of_the_books()
    entries, errors, _ = loader.load_string(await exported("beancount"))
    assert errors == []
    theirs: dict[str, Decimal] = {}
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            assert posting.units is not None
            assert posting.units.number is not None
            account = posting.account.rsplit(":", 1)[1]
            theirs[account] = theirs.get(account, Decimal(0)) + posting.units.number
    assert theirs == await our_balances()


async def test_beancount_sees_each_fund_of_an_entry_balance_by_itself(db: None) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=60))
    text = await exported("beancount")
    transactions = re.findall(r"^2026-11-22 \*.*\n(?:  .*\n)+", text, re.MULTILINE)
    assert len(transactions) == 2
    assert all(len(set(re.findall(r":F(\d+):", t))) == 1 for t in transactions)


@pytest.mark.parametrize("what", ["a line", "a balance"])
async def test_beancount_refuses_books_that_are_off_by_one_fen(db: None, what: str) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=0))
    text = await exported("beancount")
    wrong = (
        text.replace("  100.00 CNY", "  100.01 CNY")
        if what == "a line"
        else text.replace("100.00 ~", "99.99 ~")
    )
    assert wrong != text
    _, errors, _ = loader.load_string(wrong)
    assert errors != []


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed (apt-get install hledger)")
async def test_hledger_accepts_the_books_and_comes_to_our_balances(db: None, tmp_path: Path) -> None:
    await a_year_of_the_books()
    journal = tmp_path / "books.journal"
    journal.write_text(await exported("hledger"))
    assert HLEDGER is not None

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            HLEDGER,
            "-f",
            str(journal),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    assert await run("check", "-s") == (0, "")
    _, table = await run("balance", "--flat", "--empty", "-O", "csv")
    theirs = {}
    for account, amount in list(csv.reader(table.splitlines()))[1:-1]:
        theirs[account.rsplit(":", 1)[1]] = Decimal(amount.split()[0])
    assert theirs == await our_balances()
    journal.write_text(journal.read_text().replace("  5.00 CNY", "  5.01 CNY", 1))
    assert (await run("check", "-s"))[0] != 0


async def test_the_spreadsheet_has_every_line_and_no_formula(db: None) -> None:
    await a_fund()
    gift = a_gift("=cmd|1", gross=10_000, fee=0)
    await post(gift)
    rows = list(csv.DictReader((await exported("csv")).removeprefix("\ufeff").splitlines()))
    assert [(r["fund"], r["heading"], r["unit"], r["amount"], r["key"]) for r in rows] == [
        (FUND, "1009", "CNY", "100.00", "'=cmd|1"),
        (FUND, "410102", "CNY", "-100.00", "'=cmd|1"),
    ]


async def test_a_hostile_memo_cannot_write_entries_of_its_own(db: None) -> None:
    await a_fund()
    gift = a_gift(fee=0)
    evil = type(gift)(
        gift.kind, gift.effective_date, "x", 'k"', gift.lines, '"\n2026-01-01 open Assets:Evil\n\\"'
    )
    await post(evil)
    _, errors, _ = loader.load_string(await exported("beancount"))
    assert errors == []
    assert len((await exported("hledger")).splitlines()) == len((await exported("hledger")).split("\n")) - 1
    assert "\n2026-01-01 open" not in await exported("beancount") + await exported("hledger")


async def test_empty_books_are_books(db: None) -> None:
    assert "CNY" in await exported("hledger")
    assert loader.load_string(await exported("beancount"))[1] == []
