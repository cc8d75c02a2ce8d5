"""Having the history proved, and keeping what was found."""

import json
from uuid import UUID

from cishan import gateways
from cishan.audit import actions as audit
from cishan.audit import queries as history
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic
from cishan.supervision.rules import CHECK_ROWS
from cishan.supervision.tables import HistoryCheck


async def ask_check(*, rows: int, by: UUID) -> UUID:
    """Have the newest rows of the chain proved by the worker; the result is kept under the returned id."""
    if rows not in CHECK_ROWS:
        raise Invalid(N_("Choose one of the options."), field="rows")
    async with atomic():
        last = await history.last_block()
        count = last.count if last else 1
        check_id = ids.new_id()
        await HistoryCheck.insert(
            HistoryCheck(
                id=check_id,
                asked_at=clock.now(),
                asked_by=by,
                first_place=max(1, count - rows + 1),
                last_place=count,
            )
        )
        await jobs.enqueue("supervision.check_history", check_id=str(check_id))
    return check_id


async def check(check_id: UUID) -> None:
    """Prove what a check asks for and keep the result; one that is finished stays as it is."""
    open_one = (HistoryCheck.id == check_id) & HistoryCheck.finished_at.is_null()
    found = await HistoryCheck.objects().where(open_one).first()
    if found is None:
        return
    anchors = audit.anchors_in(gateways.settings().data_dir / "anchors")
    report = await history.verify(anchors, places=(found.first_place, found.last_place))
    await HistoryCheck.update(
        {
            HistoryCheck.finished_at: clock.now(),
            HistoryCheck.rows_read: report.read,
            HistoryCheck.anchors_held: report.anchors,
            HistoryCheck.findings: json.dumps(list(report.findings), ensure_ascii=False),
        }
    ).where(open_one)
