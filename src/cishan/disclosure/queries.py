"""The books as the public reads them: no giver, no payee, no memo, no number of a payment."""

from dataclasses import dataclass
from datetime import date

from cishan.ledger import queries as ledger
from cishan.ledger.rules import CNY, KIND_LABELS, Activities

HELP = "5101"
"""The heading of what reaches the people whom a fund is for (业务活动成本)."""
JOURNAL_PAGE = 50


@dataclass(frozen=True, slots=True)
class FundYear:
    """One fund with the campaigns in it, in 分; `left_fen` is as of now."""

    code: str
    name: str
    received_fen: int
    helped_fen: int
    other_costs_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class CostLine:
    """One kind of cost of the whole charity."""

    name_zh: str
    name_en: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class YearView:
    """A calendar year of the charity, in 分."""

    year: int
    received_fen: int
    helped_fen: int
    other_costs_fen: int
    costs: tuple[CostLine, ...]
    funds: tuple[FundYear, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """One entry as the public sees it.

    Every fund of an entry balances by itself: the amount is the largest that moved within one fund, so a gift
    shows what was given, and not the channel's fee, which the general fund bears in the same entry.
    """

    id: int
    voucher_no: int | None
    on: date
    label: str
    funds: tuple[str, ...]
    amount_fen: int
    reverses: bool
    reversed: bool


async def year_view(year: int) -> YearView:
    """Return income, costs and what is left, for all and for each fund that moved in the year."""
    statement = await ledger.statement_of_activities(year)
    left = await _left_by_root()
    funds = tuple(
        FundYear(fund.code, fund.name, *_sums(activities), left.get(fund.code, 0))
        for fund, activities in statement.by_fund
    )
    received, helped, other = _sums(statement.total)
    costs = tuple(CostLine(row.name_zh, row.name_en, row.total) for row in statement.total.costs if row.total)
    return YearView(year, received, helped, other, costs, funds)


async def journal(*, before_id: int | None = None, limit: int = JOURNAL_PAGE) -> list[Booking]:
    """Return the newest bookings, newest first, at most `limit`."""
    return [_booking(entry) for entry in await ledger.latest_entries(limit=limit, before_id=before_id)]


def _sums(activities: Activities) -> tuple[int, int, int]:
    received = sum(row.total for row in activities.income)
    helped = sum(row.total for row in activities.costs if row.gl.startswith(HELP))
    return received, helped, sum(row.total for row in activities.costs) - helped


async def _left_by_root() -> dict[str, int]:
    """Assets less liabilities in money, by the fund that stands at the top."""
    parents = {fund.code: fund.parent_code for fund in await ledger.funds()}
    left: dict[str, int] = {}
    for row in await ledger.trial_balance():
        if row.unit == CNY and row.gl[0] in "12":
            root = _root(parents, row.fund)
            left[root] = left.get(root, 0) + row.balance
    return left


def _root(parents: dict[str, str | None], code: str) -> str:
    while (parent := parents.get(code)) is not None:
        code = parent
    return code


def _booking(entry: ledger.EntryView) -> Booking:
    moved: dict[str, int] = {line.fund_name: 0 for line in entry.lines}
    for line in entry.lines:
        if line.unit == CNY and line.amount > 0:
            moved[line.fund_name] += line.amount
    amount = max(moved.values())
    return Booking(
        id=entry.id,
        voucher_no=entry.voucher_no,
        on=entry.effective_date,
        label=KIND_LABELS[entry.kind],
        funds=tuple(name for name, fen in moved.items() if fen == amount),
        amount_fen=amount,
        reverses=entry.reverses is not None,
        reversed=entry.reversed_by is not None,
    )
