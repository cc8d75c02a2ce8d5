"""What the books say. Nothing here changes them; amounts are 分 (or pieces), + debit and − credit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger.rules import Activities, ActivityLine, Kind, Restriction, activities_of
from cishan.plumbing.db import fetch, fetch_value

LIST_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Fund:
    """A pot of money with its purpose."""

    code: str
    name: str
    restriction: Restriction
    parent_code: str | None
    opened_on: date
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry, with the names of its heading and fund."""

    gl: str
    gl_name_zh: str
    gl_name_en: str
    fund: str
    fund_name: str
    unit: str
    counterparty: str
    amount: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as it stands; `voucher_no` is None until it is sealed."""

    id: int
    voucher_no: int | None
    kind: Kind
    effective_date: date
    posted_at: datetime
    source: str
    source_key: str
    memo: str
    reverses: int | None
    reversed_by: int | None
    lines: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """The turnover of one heading of one fund in one unit."""

    gl: str
    gl_name_zh: str
    gl_name_en: str
    fund: str
    unit: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """Debit − credit."""
        return self.debits - self.credits


@dataclass(frozen=True, slots=True)
class StatementOfActivities:
    """业务活动表 of a calendar year: the whole charity, and each fund with its campaigns in it."""

    year: int
    total: Activities
    by_fund: tuple[tuple[Fund, Activities], ...]


async def funds() -> list[Fund]:
    """List all funds by code."""
    rows = await fetch(
        """SELECT code, name, restriction, parent_code, opened_on, closed_on FROM books.fund
            ORDER BY code LIMIT 100000"""
    )
    return [Fund(**{**row, "restriction": Restriction(row["restriction"])}) for row in rows]


async def fund_balance(code: str) -> int:
    """Return what the fund owns less what it owes, in 分."""
    return await _sum(code, "a.kind IN ('asset', 'liability')")


async def spent(code: str) -> int:
    """Return what was promised or paid to beneficiaries from the fund so far, in 分 (heading 5101)."""
    return await _sum(code, "a.gl_code LIKE '5101%'")


async def available(code: str) -> int:
    """Return the 分 of the fund that are not promised to anyone yet: cash, bank and channel less payables."""
    amount: int = await fetch_value("SELECT books.available({})", await _fund_id(code))
    return amount


async def channel_balance(channel: str = "stripe") -> int:
    """Return what the payment channel should hold for us, in 分: Σ 1009 over all funds."""
    amount: int = await fetch_value(
        """SELECT coalesce(sum(b.debits - b.credits), 0)::bigint
             FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
            WHERE a.gl_code = '1009' AND a.unit = 'CNY' AND a.counterparty = {}""",
        channel,
    )
    return amount


@dataclass(frozen=True, slots=True)
class ChannelMovement:
    """What one movement of a payment channel changed of a fund's balance there, in 分."""

    source_key: str
    fund: str
    amount_fen: int


async def channel_movements(
    source: str, *, keys: Sequence[str] | None = None, since: date | None = None, channel: str = "stripe"
) -> list[ChannelMovement]:
    """Return the net change of 1009 by movement and fund: of the given movements, or from a day on."""
    rows = await fetch(
        """SELECT e.source_key, f.code AS fund, sum(l.amount)::bigint AS amount_fen
             FROM books.entry AS e
             JOIN books.line AS l ON l.entry_id = e.id
             JOIN books.account AS a ON a.id = l.account_id
             JOIN books.fund AS f ON f.id = l.fund_id
            WHERE e.source = {} AND a.gl_code = '1009' AND a.unit = 'CNY' AND a.counterparty = {}
              AND ({}::text[] IS NULL OR e.source_key = ANY ({}::text[]))
              AND ({}::date IS NULL OR e.effective_date >= {}::date)
            GROUP BY 1, 2 ORDER BY 1, 2""",
        source,
        channel,
        keys,
        keys,
        since,
        since,
    )
    return [ChannelMovement(**row) for row in rows]


async def trial_balance(until: date | None = None) -> list[TrialBalanceRow]:
    """Return every heading of every fund that ever moved; with a day, as it stood at the end of that day."""
    moves = (
        "SELECT account_id, debits, credits FROM books.balance WHERE n > 0"
        if until is None
        else """SELECT l.account_id, coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debits,
                       coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credits
                  FROM books.line AS l JOIN books.entry AS e ON e.id = l.entry_id
                 WHERE e.effective_date <= {} GROUP BY l.account_id"""
    )
    rows = await fetch(
        f"""SELECT g.code AS gl, g.name_zh AS gl_name_zh, g.name_en AS gl_name_en, f.code AS fund, a.unit,
                   sum(m.debits)::bigint AS debits, sum(m.credits)::bigint AS credits
              FROM ({moves}) AS m
              JOIN books.account AS a ON a.id = m.account_id
              JOIN books.gl AS g ON g.code = a.gl_code
              JOIN books.fund AS f ON f.id = a.fund_id
             GROUP BY g.code, g.name_zh, g.name_en, f.code, a.unit ORDER BY g.code, f.code, a.unit""",  # noqa: S608
        *([] if until is None else [until]),
    )
    return [TrialBalanceRow(**row) for row in rows]


async def statement_of_activities(year: int) -> StatementOfActivities:
    """Return income and costs of the year in three columns (非限定, 限定, 合计), for all and fund by fund."""
    rows = await fetch(
        """SELECT f.code AS fund, a.gl_code AS gl, g.name_zh, g.name_en, g.kind, a.restriction,
                  (-sum(l.amount))::bigint AS amount
             FROM books.entry AS e
             JOIN books.line AS l ON l.entry_id = e.id
             JOIN books.account AS a ON a.id = l.account_id
             JOIN books.gl AS g ON g.code = a.gl_code
             JOIN books.fund AS f ON f.id = a.fund_id
            WHERE e.effective_date >= {} AND e.effective_date < {} AND e.kind <> 'close_year'
              AND a.unit = 'CNY' AND (g.kind IN ('revenue', 'expense') OR g.code = '3201')
            GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(l.amount) <> 0 ORDER BY 2, 1""",
        date(year, 1, 1),
        date(year + 1, 1, 1),
    )
    known = {fund.code: fund for fund in await funds()}
    by_root: dict[str, list[ActivityLine]] = {}
    for row in rows:
        line = ActivityLine(**{**row, "restriction": Restriction(row["restriction"])})
        by_root.setdefault(_root(known, line.fund), []).append(line)
    return StatementOfActivities(
        year=year,
        total=activities_of([line for lines in by_root.values() for line in lines]),
        by_fund=tuple((known[code], activities_of(lines)) for code, lines in sorted(by_root.items())),
    )


async def postings_for(source: str, source_keys: Sequence[str]) -> list[EntryView]:
    """Return the entries of these money movements and the reversals of them, oldest first."""
    return await _entries(
        """e.source = {} AND e.source_key = ANY ({})
           OR e.reverses IN (SELECT o.id FROM books.entry AS o
                              WHERE o.source = {} AND o.source_key = ANY ({}))""",
        source,
        list(source_keys),
        source,
        list(source_keys),
    )


async def entries_of(source: str, key_prefix: str, *, limit: int = LIST_LIMIT) -> list[EntryView]:
    """Return the entries of a source whose key begins so, oldest first."""
    return await _entries("e.source = {} AND starts_with(e.source_key, {})", source, key_prefix, limit=limit)


async def latest_entries(*, limit: int = 50, before_id: int | None = None) -> list[EntryView]:
    """Return the newest entries, newest first; the journal page by page."""
    newest = await fetch(
        "SELECT id FROM books.entry WHERE ({}::bigint IS NULL OR id < {}) ORDER BY id DESC LIMIT {}",
        before_id,
        before_id,
        limit,
    )
    return (await _entries("e.id = ANY ({})", [row["id"] for row in newest], limit=limit))[::-1]


async def voucher(number: int) -> EntryView:
    """Return the entry with this voucher number (凭证号)."""
    found = await _entries("e.id = (SELECT entry_id FROM books.seal WHERE voucher_no = {})", number)
    if not found:
        raise NotFound(N_("There is no such voucher."))
    return found[0]


async def entry(entry_id: int) -> EntryView:
    """Return one entry."""
    found = await _entries("e.id = {}", entry_id)
    if not found:
        raise NotFound(N_("There is no such voucher."))
    return found[0]


async def unsealed() -> int:
    """Count the entries that have no voucher number yet."""
    number: int = await fetch_value(
        """SELECT count(*) FROM books.entry AS e
            WHERE NOT EXISTS (SELECT FROM books.seal AS s WHERE s.entry_id = e.id)"""
    )
    return number


async def _entries(condition: str, *values: object, limit: int = LIST_LIMIT) -> list[EntryView]:
    heads = await fetch(
        f"""SELECT e.id, s.voucher_no, e.kind, e.effective_date, e.posted_at, e.source, e.source_key, e.memo,
                   e.reverses, r.id AS reversed_by
              FROM books.entry AS e
              LEFT JOIN books.seal AS s ON s.entry_id = e.id
              LEFT JOIN books.entry AS r ON r.reverses = e.id
             WHERE {condition} ORDER BY e.id LIMIT {limit}""",  # noqa: S608 - conditions are our own
        *values,
    )
    rows = await fetch(
        """SELECT l.entry_id, a.gl_code AS gl, g.name_zh AS gl_name_zh, g.name_en AS gl_name_en,
                  f.code AS fund, f.name AS fund_name, l.unit, a.counterparty, l.amount
             FROM books.line AS l
             JOIN books.account AS a ON a.id = l.account_id
             JOIN books.gl AS g ON g.code = a.gl_code
             JOIN books.fund AS f ON f.id = l.fund_id
            WHERE l.entry_id = ANY ({}) ORDER BY l.entry_id, l.line_no""",
        [head["id"] for head in heads],
    )
    lines: dict[int, list[Posting]] = {}
    for row in rows:
        lines.setdefault(row.pop("entry_id"), []).append(Posting(**row))
    return [
        EntryView(**{**head, "kind": Kind(head["kind"])}, lines=tuple(lines[head["id"]])) for head in heads
    ]


async def _fund_id(code: str) -> int:
    found = await fetch_value("SELECT id FROM books.fund WHERE code = {}", code)
    if found is None:
        raise NotFound(N_("There is no such fund."))
    return int(found)


async def _sum(fund: str, condition: str) -> int:
    total: Any = await fetch_value(
        f"""SELECT coalesce(sum(b.debits - b.credits), 0)::bigint
              FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
             WHERE a.fund_id = {{}} AND a.unit = 'CNY' AND {condition}""",  # noqa: S608 - conditions are our own
        await _fund_id(fund),
    )
    return int(total)


def _root(known: dict[str, Fund], code: str) -> str:
    """Return the fund into which a campaign is rolled up; parents are older than their children."""
    for _ in range(len(known)):
        parent = known[code].parent_code
        if parent is None:
            break
        code = parent
    return code
