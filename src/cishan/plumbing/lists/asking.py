"""What a query string asks of a list."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from cishan.kernel import clock, money
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, clean
from cishan.plumbing.forms import Form
from cishan.plumbing.i18n import gettext, say
from cishan.plumbing.lists import (
    Amounts,
    Choice,
    Condition,
    Days,
    Field,
    Filter,
    Flag,
    List,
    Option,
    Text,
    Wish,
)

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
_LONGEST = 200


async def read(of: List, query: Mapping[str, Sequence[str]], *, regions: Sequence[str] = ("%",)) -> Wish:
    """Read what a query string asks of a list; whatever cannot be read is told beside its field.

    `regions` are patterns of what the reader reaches: a filter by place offers nothing beyond.
    """
    raw = {name: [clean(text)[:_LONGEST] for text in texts] for name, texts in query.items()}
    errors: dict[str, str] = {}
    conditions: list[Condition] = []
    fields: list[Field] = []
    for one in of.filters:
        options = await _options(one, regions)
        fields.append(_field(one, options))
        conditions += _conditions(one, raw, options, errors)
    names = [name for f in fields for name in f.names]
    typed = tuple((name, _last(raw, name)) for name in names if _last(raw, name) and name not in errors)
    sort, descending = _order(of, _last(raw, "sort"))
    text = _last(raw, "page")
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    kept = {name: raw[name] for name in names if _last(raw, name)}
    form: Form[Any] = Form(None, errors, kept)
    said = tuple(_said(f, name, value) for f in fields for name, value in typed if name in f.names)
    return Wish(form, tuple(fields), tuple(conditions), sort, descending, max(page, 1), typed, said)


def _said(shown: Field, name: str, value: str) -> tuple[str, str, str]:
    if name.endswith(("_from", "_min")):
        value = gettext(N_("from {value}")).format(value=value)
    elif name.endswith(("_to", "_max")):
        value = gettext(N_("up to {value}")).format(value=value)
    elif shown.kind == "choice":
        value = dict(shown.options)[value]
    elif shown.kind == "flag":
        value = ""
    return name, shown.title, value


def _last(raw: Mapping[str, list[str]], name: str) -> str:
    return (raw.get(name) or [""])[-1]


def _order(of: List, text: str) -> tuple[str, bool]:
    wanted = of.column(text.removeprefix("-"))
    chosen = text if wanted is not None and wanted.sorts else of.order
    return chosen.removeprefix("-"), chosen.startswith("-")


async def _options(one: Filter, regions: Sequence[str]) -> Sequence[Option]:
    if not isinstance(one, Choice):
        return ()
    known = [Option(value, gettext(word), value) for value, word in one.words.items()]
    found = await one.options() if one.options else ()
    return [*known, *found, *(await one.near(regions) if one.near else ())]


def _field(one: Filter, options: Sequence[Option]) -> Field:
    title = gettext(one.title)
    match one:
        case Text():
            return Field("text", one.code, title, gettext(one.hint) if one.hint else "")
        case Choice():
            return Field("choice", one.code, title, options=tuple((o.value, o.label) for o in options))
        case Days():
            return Field("days", one.code, title)
        case Amounts():
            return Field("amounts", one.code, title)
        case Flag():
            return Field("flag", one.code, title)


def _conditions(
    one: Filter, raw: Mapping[str, list[str]], options: Sequence[Option], errors: dict[str, str]
) -> list[Condition]:
    match one:
        case Text():
            text = _last(raw, one.code)
            return [(one.sql, (_pattern(text, begins=one.begins),) * one.sql.count("{}"))] if text else []
        case Flag():
            return [(one.sql, ())] if _last(raw, one.code) else []
        case Choice():
            return _chosen(one, _last(raw, one.code), options, errors)
        case Days():
            return _days(one, raw, errors)
        case Amounts():
            return _amounts(one, raw, errors)


def _pattern(text: str, *, begins: bool) -> str:
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{plain}%" if begins else f"%{plain}%"


def _chosen(one: Choice, text: str, options: Sequence[Option], errors: dict[str, str]) -> list[Condition]:
    if not text:
        return []
    chosen = next((o for o in options if o.value == text), None)
    if chosen is None:
        errors[one.code] = gettext(N_("Choose one of the options."))
        return []
    if text in one.conditions:
        return [(one.conditions[text], ())]
    return [(one.sql, (chosen.parameter,))]


def _days(one: Days, raw: Mapping[str, list[str]], errors: dict[str, str]) -> list[Condition]:
    first = _read(raw, f"{one.code}_from", _day, errors)
    last = _read(raw, f"{one.code}_to", _day, errors)
    if first and last and last < first:
        errors[f"{one.code}_to"] = gettext(N_("The end lies before the beginning."))
        return []
    found: list[Condition] = []
    if first:
        found.append((f"{one.sql} >= {{}}", (_begin(first) if one.moments else first,)))
    if last:
        after = last + timedelta(days=1)
        found.append((f"{one.sql} < {{}}", (_begin(after) if one.moments else after,)))
    return found


def _amounts(one: Amounts, raw: Mapping[str, list[str]], errors: dict[str, str]) -> list[Condition]:
    least = _read(raw, f"{one.code}_min", money.parse_yuan, errors)
    most = _read(raw, f"{one.code}_max", money.parse_yuan, errors)
    if least is not None and most is not None and most < least:
        errors[f"{one.code}_max"] = gettext(N_("The greatest amount is smaller than the least."))
        return []
    found: list[Condition] = []
    if least is not None:
        found.append((f"{one.sql} >= {{}}", (least,)))
    if most is not None:
        found.append((f"{one.sql} <= {{}}", (most,)))
    return found


def _read(
    raw: Mapping[str, list[str]], name: str, parse: Callable[[str], Any], errors: dict[str, str]
) -> Any:
    text = _last(raw, name)
    if not text:
        return None
    try:
        return parse(text)
    except Invalid as error:
        errors[name] = say(error)
        return None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Enter a date such as 2026-11-22.")) from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise Invalid(N_("Enter a date such as 2026-11-22."))
    return day


def _begin(day: date) -> datetime:
    return datetime.combine(day, time_of_day.min, clock.CHINA)
