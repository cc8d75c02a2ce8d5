"""What the public may know of the funds: sums, and spendings without the names of those who received."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cishan.plumbing.db import fetch


@dataclass(frozen=True, slots=True)
class FundFigures:
    """A fund in public, in 分: gifts after refunds, aid promised or paid, and what is there now."""

    code: str
    name: str
    parent_code: str | None
    received_fen: int
    spent_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Spending:
    """One approved spending of a fund; `memo` says for what, never for whom."""

    on: date
    amount_fen: int
    memo: str


async def fund_figures(codes: Sequence[str] | None = None) -> list[FundFigures]:
    """Return the figures of the given funds, or of all, by code, in one query; unknown codes are left out."""
    rows = await fetch(
        """SELECT f.code, f.name, f.parent_code,
                  coalesce(sum(b.credits - b.debits) FILTER (WHERE a.gl_code LIKE '4101%'), 0)::bigint
                      AS received_fen,
                  coalesce(sum(b.debits - b.credits) FILTER (WHERE a.gl_code LIKE '5101%'), 0)::bigint
                      AS spent_fen,
                  coalesce(sum(b.debits - b.credits)
                           FILTER (WHERE a.kind IN ('asset', 'liability')), 0)::bigint
                      AS balance_fen
             FROM books.fund AS f
             LEFT JOIN books.account AS a ON a.fund_id = f.id AND a.unit = 'CNY'
             LEFT JOIN books.balance AS b ON b.account_id = a.id
            WHERE {}::text[] IS NULL OR f.code = ANY({}::text[])
            GROUP BY f.id ORDER BY f.code LIMIT 100000""",
        None if codes is None else list(codes),
        None if codes is None else list(codes),
    )
    return [FundFigures(**row) for row in rows]


async def spendings(fund: str, *, limit: int = 50) -> list[Spending]:
    """Return the newest approved spendings of a fund that were not reversed, newest first."""
    rows = await fetch(
        """SELECT e.effective_date AS on, sum(l.amount)::bigint AS amount_fen, e.memo
             FROM books.entry AS e
             JOIN books.line AS l ON l.entry_id = e.id
             JOIN books.account AS a ON a.id = l.account_id
             JOIN books.fund AS f ON f.id = a.fund_id
            WHERE f.code = {} AND a.gl_code LIKE '5101%' AND a.unit = 'CNY' AND e.reverses IS NULL
              AND NOT EXISTS (SELECT FROM books.entry AS r WHERE r.reverses = e.id)
            GROUP BY e.id HAVING sum(l.amount) > 0
            ORDER BY e.effective_date DESC, e.id DESC LIMIT {}""",
        fund,
        limit,
    )
    return [Spending(**row) for row in rows]
