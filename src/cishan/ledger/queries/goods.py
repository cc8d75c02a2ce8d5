"""What goods stand in the books with."""

from cishan.plumbing.db import fetch


async def goods_on_books() -> dict[tuple[str, str], int]:
    """Return the 分 of every lot by fund: headings 1201, and 1801 for goods that are only passed on."""
    rows = await fetch(
        """SELECT f.code AS fund, a.counterparty AS lot, sum(b.debits - b.credits)::bigint AS value_fen
             FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
             JOIN books.fund AS f ON f.id = a.fund_id
            WHERE a.unit = 'CNY' AND (a.gl_code = '1201'
                  OR (a.gl_code = '1801' AND a.counterparty ~ '^L[0-9]+-[0-9A-Z]+$'))
            GROUP BY f.code, a.counterparty HAVING sum(b.debits - b.credits) <> 0"""
    )
    return {(row["fund"], row["lot"]): row["value_fen"] for row in rows}
