"""The rows of a list, a page of them or all."""

from collections.abc import AsyncIterator, Sequence

from piccolo.querystring import QueryString

from cishan.kernel import clock
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import connection, fetch
from cishan.plumbing.lists import Condition, List, Page, Row, Wish

SIZE = 50
"""Rows of a page."""
EXPORT_ROWS = 200_000
"""Rows of a spreadsheet; a longer list is refused, never cut."""
_BATCH = 500


async def page_of(of: List, wish: Wish, *scope: Condition) -> Page:
    """Return one page of the rows within the scope; a page too far is the last. Three queries and `more`."""
    where, values = _where(of, wish, scope)
    sums = "".join(f", coalesce(sum({c.sql}), 0)::bigint AS {c.code}" for c in of.columns if c.sums)
    sql = f"SELECT count(*) AS found{sums} FROM {of.source} WHERE {where}"
    counted = (await fetch(_at_this_moment(sql), *values))[0]
    found = int(counted.pop("found"))
    pages = max(1, -(-found // SIZE))
    page = min(wish.page, pages)
    rows = await fetch(f"{_select(of, wish, where)} LIMIT {{}} OFFSET {{}}", *values, SIZE, (page - 1) * SIZE)
    if rows:
        await of.more(rows)
    return Page(of, wish, rows, found, counted, page, pages)


async def all_of(of: List, wish: Wish, *scope: Condition) -> AsyncIterator[list[Row]]:
    """Yield all rows within the scope, some hundred at a time, inside a transaction; refuse too many."""
    where, values = _where(of, wish, scope)
    counting = _at_this_moment(f"SELECT count(*) AS found FROM {of.source} WHERE {where}")
    found = (await fetch(counting, *values))[0]["found"]
    if found > EXPORT_ROWS:
        raise Invalid(
            N_("These are {found} rows; a file holds at most {limit}. Set narrower filters."),
            found=found,
            limit=EXPORT_ROWS,
        )
    sql, arguments = QueryString(_select(of, wish, where), *values).compile_string()
    cursor = await connection().cursor(sql, *arguments)
    while records := await cursor.fetch(_BATCH):
        rows = [dict(record) for record in records]
        await of.more(rows)
        yield rows


def _where(of: List, wish: Wish, scope: Sequence[Condition]) -> tuple[str, list[object]]:
    conditions = [(of.base, ()), *wish.conditions, *scope]
    return (
        " AND ".join(f"({sql})" for sql, _ in conditions),
        [value for _, values in conditions for value in values],
    )


def _select(of: List, wish: Wish, where: str) -> str:
    shown = ", ".join(f"{c.sql} AS {c.code}" for c in of.columns if c.sql)
    column = of.column(wish.sort)
    assert column is not None and column.sql, f"{of.code} is sorted by a column of its own tables"
    way = "DESC" if wish.descending else "ASC"
    last = " NULLS LAST" if column.nulls else ""
    return _at_this_moment(
        f"SELECT {shown} FROM {of.source} WHERE {where} ORDER BY {column.sql} {way}{last}, {of.key} {way}"
    )


def _at_this_moment(sql: str) -> str:
    """Put the present moment of the house, which tests may fix, in the place of $NOW."""
    return sql.replace("$NOW", f"'{clock.now().isoformat()}'::timestamptz")
