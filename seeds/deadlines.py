"""The deadlines of the law and of the house, and who is told of what is overdue."""

from pathlib import Path

from cishan.deadlines import actions
from cishan.deadlines.commands import rules_in
from cishan.deadlines.rules import Level, Rule, Rung

DATA = Path(__file__).parent / "data" / "deadline_rules.json"
# 提醒函 at once, 督办函 after three working days, 整改函 after three more (电子监察).
RUNGS = (Rung(1, Level.TOWN, 0), Rung(2, Level.COUNTY, 3), Rung(3, Level.CITY, 6))


def rules() -> list[Rule]:
    """Return the rules of the data file."""
    return rules_in(DATA.read_text())


async def load() -> None:
    await actions.set_rules(rules())
    await actions.set_rungs(RUNGS)
