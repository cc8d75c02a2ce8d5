"""What must always hold of the stock, checked row by row."""

import re
from dataclasses import dataclass
from pathlib import Path

from cishan.ledger.queries.goods import goods_on_books
from cishan.plumbing.db import atomic, connection, fetch, in_transaction

_ROWS = 1000
BOOKS = "books"


def _read() -> dict[str, str]:
    text = (Path(__file__).parent / "proofs.sql").read_text()
    parts = re.split(r"^-- proof: (.+)\n", text, flags=re.MULTILINE)
    return {name: sql.split(";\n")[0] for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


PROOFS = _read()


@dataclass(frozen=True, slots=True)
class Finding:
    """A proof that failed: how many rows break it (at most 1000 are counted), and the first in words."""

    proof: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `prove` found."""

    lots: int
    proofs: int
    findings: tuple[Finding, ...]


async def prove() -> Report:
    """Check every invariant in one snapshot of the stock and the books."""
    outermost = not in_transaction()
    async with atomic():
        if outermost:
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection().execute("SET LOCAL statement_timeout = 0")
        results = [await _finding(name, sql) for name, sql in PROOFS.items()]
        results.append(await _books())
        lots = await connection().fetchval("SELECT count(*) FROM stock_lot")
    return Report(lots, len(results), tuple(result for result in results if result is not None))


async def _finding(name: str, sql: str) -> Finding | None:
    rows = await connection().fetch(f"SELECT * FROM ({sql}) AS broken LIMIT {_ROWS}")
    return Finding(name, len(rows), str(rows[0][0])) if rows else None


async def _books() -> Finding | None:
    """Compare what lots are worth with headings 1201 and 1801 of the books, by fund and lot."""
    rows = await fetch("SELECT fund_code, number, value_fen FROM stock_lot WHERE value_fen <> 0")
    stock = {(row["fund_code"], row["number"]): row["value_fen"] for row in rows}
    books = await goods_on_books()
    wrong = [
        f"lot {lot} of fund {fund}: the stock says {stock.get((fund, lot), 0)} 分,"
        f" the books {books.get((fund, lot), 0)}"
        for fund, lot in sorted(set(stock) | set(books))
        if stock.get((fund, lot), 0) != books.get((fund, lot), 0)
    ]
    return Finding(BOOKS, len(wrong), wrong[0]) if wrong else None
