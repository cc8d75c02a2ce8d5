"""What must always hold of the stock, checked row by row."""

from dataclasses import dataclass
from pathlib import Path

from cishan.ledger.queries.goods import goods_on_books
from cishan.plumbing import proofs
from cishan.plumbing.db import connection, fetch
from cishan.plumbing.proofs import Finding

BOOKS = "books"
PROOFS = proofs.read(Path(__file__).parent / "proofs.sql")


@dataclass(frozen=True, slots=True)
class Report:
    """What `prove` found."""

    lots: int
    proofs: int
    findings: tuple[Finding, ...]


async def prove() -> Report:
    """Check every invariant in one snapshot of the stock and the books."""
    async with proofs.snapshot():
        found = [*await proofs.findings(PROOFS), await _books()]
        lots = await connection().fetchval("SELECT count(*) FROM stock_lot")
    return Report(lots, len(PROOFS) + 1, tuple(one for one in found if one is not None))


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
    return proofs.named(BOOKS, wrong)
