"""The limits and word rules in force, and what a device or contact has begun already."""

from datetime import datetime, timedelta

from cishan.donations.rules.giving import AttemptKind, LimitKind, WordRuleKind
from cishan.donations.rules.limits import Limit, Limits, Spent
from cishan.donations.rules.wording import WordRule
from cishan.kernel import clock
from cishan.plumbing.db import fetch, fetch_value


async def limits_in_force() -> Limits:
    """Return the newest limit of each kind that holds today."""
    rows = await fetch(
        "SELECT DISTINCT ON (kind) kind, amount_fen, times, window_minutes FROM gift_limit"
        " WHERE effective_from <= {} ORDER BY kind, effective_from DESC",
        clock.today(),
    )
    found = {
        LimitKind(r["kind"]): Limit(LimitKind(r["kind"]), r["amount_fen"], r["times"], r["window_minutes"])
        for r in rows
    }
    assert set(found) == set(LimitKind), "the migration writes a first limit of every kind"
    return found


async def word_rules() -> list[WordRule]:
    """Return the rules that hold a message back."""
    rows = await fetch("SELECT kind, value FROM message_rule ORDER BY kind, value LIMIT 2000")
    return [WordRule(WordRuleKind(r["kind"]), r["value"]) for r in rows]


async def begun_by_client(client_hash: bytes, kind: AttemptKind, window_minutes: int) -> Spent:
    """Return what a device has begun today and within the window."""
    return await _begun("client_hash", client_hash, kind, window_minutes)


async def begun_by_contact(contact_index: bytes, kind: AttemptKind, window_minutes: int) -> Spent:
    """Return what a contact has begun today and within the window."""
    return await _begun("contact_index", contact_index, kind, window_minutes)


async def _begun(column: str, key: bytes, kind: AttemptKind, window_minutes: int) -> Spent:
    now = clock.now()
    midnight = datetime.combine(clock.china_day(now), datetime.min.time(), clock.CHINA)
    where = f"FROM gift_attempt WHERE {column} = {{}} AND kind = {{}} AND at >= {{}}"
    today = await fetch_value(f"SELECT COALESCE(sum(amount_fen), 0) {where}", key, kind, midnight)
    since = now - timedelta(minutes=window_minutes)
    times = await fetch_value(f"SELECT count(*) {where}", key, kind, since)
    return Spent(today_fen=int(today), times=int(times))
