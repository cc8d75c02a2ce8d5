"""What checks of the history found."""

from piccolo.columns import JSONB, UUID, BigInt, Integer, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table


class HistoryCheck(Table, tablename="history_check"):
    """One check that somebody asked for at the desk, and its result as soon as it is there."""

    id = UUID(primary_key=True, default=None)
    asked_at = Timestamptz(default=None)
    asked_by = UUID(default=None)
    first_place = BigInt(default=None)
    last_place = BigInt(default=None)
    finished_at = Timestamptz(default=None, null=True)
    rows_read = BigInt(default=0)
    anchors_held = Integer(default=0)
    findings = JSONB(default="[]")

    history_check_span = Check("first_place >= 1 AND last_place >= first_place")
