"""业务活动表: income and costs in the columns 非限定, 限定 and 合计."""

from collections.abc import Iterable
from dataclasses import dataclass

from cishan.ledger.rules.entries import Restriction


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """What one heading of one fund earned (+) or cost (−) in the period, in 分."""

    fund: str
    gl: str
    name_zh: str
    name_en: str
    kind: str
    restriction: Restriction
    amount: int


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A row of the statement, in 分; costs are positive numbers here."""

    gl: str
    name_zh: str
    name_en: str
    unrestricted: int
    restricted: int

    @property
    def total(self) -> int:
        """合计."""
        return self.unrestricted + self.restricted


@dataclass(frozen=True, slots=True)
class Activities:
    """The statement of activities of one period."""

    income: tuple[ActivityRow, ...]
    costs: tuple[ActivityRow, ...]
    released: int
    """限定性净资产转为非限定性净资产: what restricted funds spent on their purpose."""
    earlier_years_unrestricted: int
    earlier_years_restricted: int

    @property
    def unrestricted_change(self) -> int:
        """净资产变动额, 非限定性."""
        earned = sum(r.unrestricted for r in self.income) - sum(r.unrestricted for r in self.costs)
        return earned + self.released + self.earlier_years_unrestricted

    @property
    def restricted_change(self) -> int:
        """净资产变动额, 限定性."""
        return sum(r.restricted for r in self.income) - self.released + self.earlier_years_restricted

    @property
    def change(self) -> int:
        """净资产变动额, 合计."""
        return self.unrestricted_change + self.restricted_change


def activities_of(lines: Iterable[ActivityLine]) -> Activities:
    """Arrange what was earned and spent.

    Income stands in the column of its fund. Costs always stand under 非限定: what a restricted fund spends is
    released from its restriction by being spent, whether or not the year's release voucher is posted already.
    """
    income: dict[str, ActivityRow] = {}
    costs: dict[str, ActivityRow] = {}
    released, earlier = 0, {True: 0, False: 0}
    for line in lines:
        bound = line.restriction == Restriction.RESTRICTED
        if line.kind == "revenue":
            _add(income, line, line.amount, restricted=bound)
        elif line.kind == "expense":
            _add(costs, line, -line.amount, restricted=False)
            released += -line.amount if bound else 0
        else:
            earlier[bound] += line.amount
    return Activities(
        income=tuple(income[gl] for gl in sorted(income)),
        costs=tuple(costs[gl] for gl in sorted(costs)),
        released=released,
        earlier_years_unrestricted=earlier[False],
        earlier_years_restricted=earlier[True],
    )


def _add(rows: dict[str, ActivityRow], line: ActivityLine, amount: int, *, restricted: bool) -> None:
    row = rows.get(line.gl, ActivityRow(line.gl, line.name_zh, line.name_en, 0, 0))
    rows[line.gl] = ActivityRow(
        line.gl,
        line.name_zh,
        line.name_en,
        row.unrestricted + (0 if restricted else amount),
        row.restricted + (amount if restricted else 0),
    )
