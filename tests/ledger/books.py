"""Entries and funds of made-up charities."""

from datetime import date

from cishan.ledger import actions, rules
from cishan.plumbing.db import atomic, fetch, fetch_value

DAY = date(2026, 11, 22)
FUND = "F-FPZX"


def a_gift(
    key: str = "txn_1", *, fund: str = FUND, gross: int = 10_000, fee: int = 60, day: date = DAY
) -> rules.Entry:
    return rules.gift_settled(
        source="stripe", source_key=key, effective_date=day, fund=fund, gross_fen=gross, fee_fen=fee
    )


def a_grant(key: str = "1", *, fund: str = FUND, amount: int = 5_000, payee: str = "张某") -> rules.Entry:
    return rules.disbursement_approved(
        source="grant", source_key=key, effective_date=DAY, fund=fund, amount_fen=amount, payee=payee
    )


async def a_fund(code: str = FUND, *, parent: str | None = None) -> str:
    async with atomic():
        restriction = rules.restriction_of(code)
        await actions.open_fund(
            code, name=f"基金 {code}", restriction=restriction, opened_on=date(2026, 1, 1), parent_code=parent
        )
    return code


async def post(*entries: rules.Entry) -> list[actions.PostedEntry]:
    async with atomic():
        return await actions.post(entries)


async def balances() -> dict[tuple[str, str], int]:
    """Debit − credit by (heading, fund), without zeros."""
    rows = await fetch(
        """SELECT a.gl_code, f.code, sum(b.debits - b.credits)::bigint AS net FROM books.balance AS b
             JOIN books.account AS a ON a.id = b.account_id JOIN books.fund AS f ON f.id = a.fund_id
            WHERE a.unit = 'CNY' GROUP BY 1, 2 HAVING sum(b.debits - b.credits) <> 0"""
    )
    return {(row["gl_code"], row["code"]): row["net"] for row in rows}


async def size() -> tuple[int, int]:
    """The number of entries and of lines."""
    rows = await fetch(
        "SELECT (SELECT count(*) FROM books.entry) AS e, (SELECT count(*) FROM books.line) AS l"
    )
    return rows[0]["e"], rows[0]["l"]


async def unbalanced() -> int:
    found: int = await fetch_value(
        """SELECT count(*) FROM (SELECT 1 FROM books.line GROUP BY entry_id, fund_id, unit
                                HAVING sum(amount) <> 0) AS x"""
    )
    return found
