"""The books as text for programs that are not ours: beancount, hledger, and a spreadsheet.

Each fund of an entry becomes a transaction of its own, so that the other program proves that every fund
balances; every account and commodity is declared; and the last day asserts every balance as our balance table
has it, without tolerance. All comes from one snapshot.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cishan.plumbing.db import atomic, connection, in_transaction

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2200, 1, 1)
"""Before and after every day that the books allow (CHECK on entry.effective_date)."""

_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "net_asset": "Equity",
    "revenue": "Income",
    "expense": "Expenses",
}
_ACCOUNTS = """
    SELECT a.id, a.gl_code AS gl, g.kind, g.name_zh AS gl_name, a.fund_id, f.code AS fund, a.counterparty,
           a.unit, u.scale, u.kind = 'goods' AS is_goods, b.debits - b.credits AS balance
      FROM books.account AS a
      JOIN books.gl AS g ON g.code = a.gl_code JOIN books.fund AS f ON f.id = a.fund_id
      JOIN books.unit AS u ON u.code = a.unit JOIN books.balance AS b ON b.account_id = a.id ORDER BY a.id"""
_LINES = """
    SELECT e.id, l.fund_id, s.voucher_no, e.effective_date AS day, e.kind, e.source, e.source_key, e.memo,
           l.account_id, l.amount
      FROM books.entry AS e JOIN books.line AS l ON l.entry_id = e.id
      LEFT JOIN books.seal AS s ON s.entry_id = e.id
     ORDER BY e.effective_date, e.id, l.fund_id, l.line_no"""


@dataclass(frozen=True, slots=True)
class Account:
    """An account under the name that the other program will know."""

    name: str
    commodity: str
    gl: str
    gl_name: str
    fund: str
    counterparty: str
    unit: str
    scale: int
    balance: int

    def amount(self, minor_units: int) -> str:
        """Return an amount of minor units with its decimal point: 1234 with scale 2 is 12.34."""
        sign, digits = "-" if minor_units < 0 else "", str(abs(minor_units)).rjust(self.scale + 1, "0")
        return f"{sign}{digits[: -self.scale]}.{digits[-self.scale :]}" if self.scale else sign + digits


class Row(NamedTuple):
    """A line of the books with the head of its entry."""

    entry_id: int
    fund_id: int
    voucher_no: int | None
    day: date
    kind: str
    source: str
    source_key: str
    memo: str
    account: Account
    amount: int


class Format(NamedTuple):
    """How a program wants to read the books."""

    head: Callable[[list[Account]], Iterator[str]]
    transaction: Callable[[list[Row]], Iterator[str]]
    foot: Callable[[list[Account]], Iterator[str]]


async def books_as(name: str) -> AsyncIterator[str]:
    """Yield the whole books in one of `FORMATS`, piece by piece."""
    form, outermost = FORMATS[name], not in_transaction()
    async with atomic():
        if outermost:
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection().execute("SET LOCAL statement_timeout = 0")
        accounts = await _accounts()
        for text in form.head(list(accounts.values())):
            yield text
        pending: list[Row] = []
        async for record in connection().cursor(_LINES, prefetch=2000):
            *head, account_id, amount = record.values()
            row = Row._make((*head, accounts[account_id], amount))
            if pending and (pending[0].entry_id, pending[0].fund_id) != (row.entry_id, row.fund_id):
                yield "".join(form.transaction(pending))
                pending = []
            pending.append(row)
        if pending:
            yield "".join(form.transaction(pending))
        for text in form.foot(list(accounts.values())):
            yield text


async def _accounts() -> dict[int, Account]:
    rows = await connection().fetch(_ACCOUNTS)
    goods = sorted({row["unit"] for row in rows if row["is_goods"]})
    return {
        row["id"]: Account(
            name=f"{_ROOTS[row['kind']]}:{row['gl']}:F{row['fund_id']:04}:A{row['id']}",
            commodity=f"GOODS{_letters(goods.index(row['unit']))}" if row["is_goods"] else row["unit"],
            gl=row["gl"],
            gl_name=row["gl_name"],
            fund=row["fund"],
            counterparty=row["counterparty"],
            unit=row["unit"],
            scale=row["scale"],
            balance=row["balance"],
        )
        for row in rows
    }


def _letters(number: int) -> str:
    """Return A, B, … Z, AA, AB, …: neither program takes digits and colons in the name of a commodity."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _quoted(text: str) -> str:
    escaped = re.sub(r"\s+", " ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(text: str) -> str:
    return re.sub(r"[\s;|()*!=]+", " ", text).strip()


def _commodities(accounts: list[Account]) -> dict[str, Account]:
    return {account.commodity: account for account in sorted(accounts, key=lambda a: a.commodity)}


def _beancount_head(accounts: list[Account]) -> Iterator[str]:
    yield 'option "title" "慈善筹"\noption "operating_currency" "CNY"\n'
    for name, account in _commodities(accounts).items():
        yield f"{FIRST_DAY} commodity {name}\n  unit: {_quoted(account.unit)}\n"
    for account in accounts:
        yield (
            f"{FIRST_DAY} open {account.name} {account.commodity}\n  heading: {_quoted(account.gl_name)}\n"
            f"  fund: {_quoted(account.fund)}\n  counterparty: {_quoted(account.counterparty)}\n"
        )


def _beancount_transaction(rows: list[Row]) -> Iterator[str]:
    head = rows[0]
    memo = f"{head.source} {head.source_key} {head.memo}".strip()
    yield f"\n{head.day} * {_quoted(head.kind)} {_quoted(memo)}\n  entry: {head.entry_id}\n"
    for row in rows:
        yield f"  {row.account.name}  {row.account.amount(row.amount)} {row.account.commodity}\n"


def _beancount_foot(accounts: list[Account]) -> Iterator[str]:
    yield "\n"
    for account in accounts:
        balance = account.amount(account.balance)
        yield f"{LAST_DAY} balance {account.name}  {balance} ~ 0 {account.commodity}\n"


def _hledger_head(accounts: list[Account]) -> Iterator[str]:
    for name, account in _commodities(accounts).items():
        yield f"commodity 1000.{'0' * account.scale} {name}\n"
    yield "commodity 1000. CNY\n" if not accounts else ""
    for account in accounts:
        yield f"account {account.name}  ; {_plain(account.gl_name)} {_plain(account.fund)}\n"


def _hledger_transaction(rows: list[Row]) -> Iterator[str]:
    head = rows[0]
    words = _plain(f"{head.source} {head.source_key} {head.memo}")
    yield f"\n{head.day} * ({head.entry_id}) {head.kind} | {words}\n"
    for row in rows:
        yield f"    {row.account.name}  {row.account.amount(row.amount)} {row.account.commodity}\n"


def _hledger_foot(accounts: list[Account]) -> Iterator[str]:
    for account in accounts:
        zero, balance, unit = account.amount(0), account.amount(account.balance), account.commodity
        yield f"\n{LAST_DAY} balance\n    {account.name}  {zero} {unit} = {balance} {unit}\n"


def _csv_row(*cells: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _harmless(text: str) -> str:
    """Return text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _csv_head(accounts: list[Account]) -> Iterator[str]:
    yield "\ufeff" + _csv_row(
        "entry",
        "voucher",
        "date",
        "kind",
        "source",
        "key",
        "fund",
        "heading",
        "name",
        "counterparty",
        "unit",
        "amount",
        "memo",
    )


def _csv_transaction(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        account = row.account
        yield _csv_row(
            row.entry_id,
            row.voucher_no or "",
            row.day,
            row.kind,
            _harmless(row.source),
            _harmless(row.source_key),
            account.fund,
            account.gl,
            account.gl_name,
            _harmless(account.counterparty),
            account.unit,
            account.amount(row.amount),
            _harmless(row.memo),
        )


def _nothing(accounts: list[Account]) -> Iterator[str]:
    yield from ()


FORMATS = {
    "beancount": Format(_beancount_head, _beancount_transaction, _beancount_foot),
    "hledger": Format(_hledger_head, _hledger_transaction, _hledger_foot),
    "csv": Format(_csv_head, _csv_transaction, _nothing),
}
