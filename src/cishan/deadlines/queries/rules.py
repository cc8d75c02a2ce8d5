"""The list of staff over deadlines: every version, with its source and the days from which it holds."""

from cishan.deadlines.rules import UNIT_LABELS, Direction
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.lists import Choice, Column, Flag, Kind, List, Row, Text

STANDING_LABELS = {"now": N_("Holds now"), "later": N_("Not yet"), "over": N_("Replaced or ended")}
STANDING_TONES = {"now": "good", "later": "calm", "over": "plain"}
_TODAY = "($NOW AT TIME ZONE 'Asia/Shanghai')::date"
_STANDING = f"""CASE WHEN rule.effective_from > {_TODAY} THEN 'later'
                     WHEN rule.effective_to < {_TODAY} OR EXISTS (
                          SELECT FROM deadline_rule AS next WHERE next.code = rule.code
                             AND next.effective_from > rule.effective_from
                             AND next.effective_from <= {_TODAY}) THEN 'over'
                     ELSE 'now' END"""


async def _titles(rows: list[Row]) -> None:
    chinese = i18n.language() == i18n.CHINESE
    for row in rows:
        row["title"] = row["title_zh"] if chinese else row["title_en"]


RULES = List(
    code="rules/deadlines",
    title=N_("Rules of deadlines"),
    source="deadline_rule AS rule",
    key="rule.id",
    order="code",
    more=_titles,
    columns=(
        Column(code="title", title=N_("Deadline"), wide=True),
        Column(code="title_zh", title="", sql="rule.title", on_screen=False, in_file=False),
        Column(code="title_en", title="", sql="rule.title_en", on_screen=False, in_file=False),
        Column(code="code", title=N_("Code of the rule"), sql="rule.code", sorts=True),
        Column(code="count", title=N_("Limit"), kind=Kind.NUMBER, sql="rule.limit_count", sorts=True),
        Column(code="unit", title=N_("Counted in"), kind=Kind.CHOICE, sql="rule.unit", words=UNIT_LABELS),
        Column(
            code="direction",
            title=N_("Lies"),
            kind=Kind.CHOICE,
            sql="rule.direction",
            words={Direction.AFTER: N_("after its event"), Direction.BEFORE: N_("before its event")},
        ),
        Column(code="repeats", title=N_("Comes round again"), kind=Kind.FLAG, sql="rule.repeats"),
        Column(code="source", title=N_("Source"), sql="rule.source", wide=True, sorts=True),
        Column(
            code="effective_from",
            title=N_("In force from"),
            kind=Kind.DATE,
            sql="rule.effective_from",
            sorts=True,
        ),
        Column(
            code="effective_to",
            title=N_("In force until"),
            kind=Kind.DATE,
            sql="rule.effective_to",
            sorts=True,
            nulls=True,
        ),
        Column(
            code="standing",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql=_STANDING,
            words=STANDING_LABELS,
            tones=STANDING_TONES,
        ),
    ),
    filters=(
        Text(code="code", title=N_("Code of the rule"), sql="rule.code LIKE {}", begins=True),
        Text(code="source", title=N_("Source"), sql="rule.source ILIKE {}"),
        Choice(code="standing", title=N_("State"), sql=f"{_STANDING} = {{}}", words=STANDING_LABELS),
        Flag(code="house", title=N_("Set by the house itself"), sql="rule.source = '本会规定'"),
    ),
    empty=N_("No rule fits these filters."),
)
