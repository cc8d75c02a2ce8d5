"""Reading history, and proving that it is whole."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.audit.rules import Anchor, Report, Sealed
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection, fetch, fetch_value, in_transaction
from cishan.plumbing.lists import Choice, Column, Days, Kind, List, Text

LIMIT = 200
_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a thing's history."""

    id: int
    at: datetime
    event: str
    from_state: str
    to_state: str
    actor: str
    acting_role: str
    reason: str
    evidence: tuple[str, ...]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """A line of who looked at a record."""

    id: int
    at: datetime
    reader: str
    acting_role: str
    fields: tuple[str, ...]
    purpose: str


async def history_of(subject_kind: str, subject_id: UUID | str, *, limit: int = LIMIT) -> list[Step]:
    """Return the history of a thing, the newest step first."""
    rows = await fetch(
        """SELECT id, at, event, from_state, to_state, actor, acting_role, reason, evidence, recorded_at
             FROM audit.transition WHERE subject_kind = {} AND subject_id = {} ORDER BY id DESC LIMIT {}""",
        subject_kind,
        str(subject_id),
        limit,
    )
    return [Step(**{**row, "evidence": tuple(json.loads(row["evidence"]))}) for row in rows]


async def histories_of(
    subject_kind: str, subject_ids: Sequence[UUID | str], *, limit: int = LIMIT
) -> list[tuple[str, Step]]:
    """Return the steps of several things of a kind with the id of each one's thing, the newest first."""
    rows = await fetch(
        """SELECT subject_id, id, at, event, from_state, to_state, actor, acting_role, reason, evidence,
                  recorded_at
             FROM audit.transition WHERE subject_kind = {} AND subject_id = ANY ({}::varchar[])
            ORDER BY id DESC LIMIT {}""",
        subject_kind,
        [str(one) for one in subject_ids],
        limit,
    )
    return [
        (row.pop("subject_id"), Step(**{**row, "evidence": tuple(json.loads(row["evidence"]))}))
        for row in rows
    ]


async def reads_of(subject_kind: str, subject_id: UUID | str, *, limit: int = LIMIT) -> list[Look]:
    """Return who looked at a record and why, the newest first; the person concerned may see it."""
    rows = await fetch(
        """SELECT id, at, reader, acting_role, fields, purpose
             FROM audit.sensitive_read WHERE subject_kind = {} AND subject_id = {}
            ORDER BY id DESC LIMIT {}""",
        subject_kind,
        str(subject_id),
        limit,
    )
    return [Look(**{**row, "fields": tuple(json.loads(row["fields"]))}) for row in rows]


HISTORY = List(
    code="history",
    title=N_("History"),
    source="audit.transition AS step",
    key="step.id",
    order="-at",
    personal=True,
    columns=(
        Column(code="at", title=N_("When"), kind=Kind.MOMENT, sql="step.at", sorts=True),
        Column(code="thing", title=N_("Thing"), link="/staff/history?kind={kind}&subject={subject}"),
        Column(code="what", title=N_("What happened")),
        Column(code="change", title=N_("State")),
        Column(code="who", title=N_("Who")),
        Column(code="role", title=N_("Acting as")),
        Column(code="reason", title=N_("Reason"), sql="step.reason"),
        Column(code="kind", title=N_("Kind"), sql="step.subject_kind", on_screen=False),
        Column(code="subject", title=N_("Id"), sql="step.subject_id", on_screen=False),
        Column(code="event", title=N_("Event"), sql="step.event", on_screen=False),
        Column(code="from_state", title=N_("State before"), sql="step.from_state", on_screen=False),
        Column(code="to_state", title=N_("State after"), sql="step.to_state", on_screen=False),
        Column(code="actor", title=N_("Actor"), sql="step.actor", on_screen=False),
        Column(code="acting_role", title=N_("Role"), sql="step.acting_role", on_screen=False),
        Column(code="request_id", title=N_("Request"), sql="step.request_id", on_screen=False),
        Column(
            code="recorded_at",
            title=N_("Written down"),
            kind=Kind.MOMENT,
            sql="step.recorded_at",
            on_screen=False,
        ),
        Column(code="number", title=N_("Number"), kind=Kind.NUMBER, sql="step.id", on_screen=False),
    ),
    filters=(
        Choice(code="kind", title=N_("Kind"), sql="step.subject_kind = {}"),
        Text(
            code="subject", title=N_("Id of the thing"), sql="step.subject_id = rtrim({}, '%')", begins=True
        ),
        Text(code="actor", title=N_("Id of the person"), sql="step.actor = rtrim({}, '%')", begins=True),
        Days(code="at", title=N_("Day"), sql="step.at", moments=True),
        Text(
            code="request_id",
            title=N_("Request"),
            sql="step.request_id = rtrim({}, '%')",
            hint=N_("As it stands on an error page and in the log."),
            begins=True,
        ),
    ),
)
"""Every step; who shows it fills in the columns without SQL."""


async def looks_of(reader: str, *, since: datetime) -> int:
    """Count at how many records somebody looked since a moment; lists that were taken away do not count."""
    number: int = await fetch_value(
        "SELECT count(*) FROM audit.sensitive_read WHERE reader = {} AND at >= {} AND subject_kind <> 'list'",
        reader,
        since,
    )
    return number


async def last_block() -> Sealed | None:
    """Return the last block of the chain."""
    rows = await fetch(
        "SELECT no, first_seq + n - 1 AS count, hash FROM audit.block ORDER BY no DESC LIMIT 1"
    )
    return Sealed(**rows[0]) if rows else None


# Every sealed row must be there, say what it said, and stand where it stood.
_CHAIN = """
    WITH row_now AS NOT MATERIALIZED (
      SELECT 'transition' AS kind, t.id, audit.digest(t) AS content, t.digest, t.recorded_at, t.txid
        FROM audit.transition AS t
      UNION ALL
      SELECT 'sensitive_read', t.id, audit.digest(t), t.digest, t.recorded_at, t.txid
        FROM audit.sensitive_read AS t),
    chain AS (
      SELECT s.seq, s.kind, s.row_id, s.block_no, s.hash,
             coalesce(lag(s.hash) OVER w, '') AS hash_before,
             coalesce(lag(s.seq) OVER w, greatest($2::bigint - 2, 0)) AS seq_before
        FROM audit.seal AS s WHERE s.seq BETWEEN $2::bigint - 1 AND $3::bigint
      WINDOW w AS (ORDER BY s.seq)),
    found AS (
      SELECT c.seq, r.id, CASE
          WHEN r.id IS NULL THEN format('%s %s was removed', c.kind, c.row_id)
          WHEN r.content <> r.digest THEN format('%s %s was changed', c.kind, c.row_id)
          WHEN c.seq <> c.seq_before + 1
            THEN format('%s to %s of the chain were removed', c.seq_before + 1, c.seq - 1)
          WHEN c.hash <> sha256(c.hash_before || r.digest)
            THEN format('%s %s was changed, moved or put in: it does not fit place %s of the chain',
                        c.kind, c.row_id, c.seq)
          WHEN r.recorded_at < before.sealed_at - interval '1 hour'
            THEN format('%s %s was put in afterwards: it says it is from %s', c.kind, c.row_id,
                        to_char(r.recorded_at, 'YYYY-MM-DD HH24:MI'))
          END AS finding
        FROM chain AS c LEFT JOIN row_now AS r ON r.kind = c.kind AND r.id = c.row_id
        LEFT JOIN audit.block AS before ON before.no = c.block_no - 1
       WHERE c.seq >= $2::bigint),
    loose AS (
      SELECT r.kind, r.id, CASE
          WHEN r.content <> r.digest THEN format('%s %s was changed', r.kind, r.id)
          WHEN r.txid < last.horizon AND last.horizon <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            THEN format('%s %s was put in behind the back', r.kind, r.id)
          END AS finding
        FROM row_now AS r
        LEFT JOIN (SELECT b.horizon FROM audit.block AS b ORDER BY b.no DESC LIMIT 1) AS last ON true
       WHERE $2::bigint = 1
         AND NOT EXISTS (SELECT FROM audit.seal AS s WHERE s.kind = r.kind AND s.row_id = r.id))
    SELECT finding FROM (
      SELECT 1 AS part, seq AS place, finding FROM found WHERE finding IS NOT NULL
      UNION ALL SELECT 2, id, finding FROM loose WHERE finding IS NOT NULL) AS f
     ORDER BY part, place LIMIT $1"""
_BLOCKS = """
    SELECT format('block %s does not fit the chain', b.no)
      FROM (SELECT x.*, lag(x.no) OVER w AS no_before, lag(x.hash) OVER w AS hash_before,
                   lag(x.first_seq + x.n) OVER w AS seq_before
              FROM audit.block AS x WINDOW w AS (ORDER BY x.no)) AS b
     WHERE b.no <> coalesce(b.no_before, 0) + 1 OR b.prev <> coalesce(b.hash_before, '')
        OR b.first_seq <> coalesce(b.seq_before, 1)
        OR b.hash IS DISTINCT FROM (SELECT s.hash FROM audit.seal AS s WHERE s.seq = b.first_seq + b.n - 1)
        OR b.n <> (SELECT count(*) FROM audit.seal AS s WHERE s.block_no = b.no)
     ORDER BY b.no LIMIT $1"""
_GUARDS = """
    SELECT format('the guard %s of audit.%s is gone or off', wanted.name, wanted.relation)
      FROM (VALUES ('transition', 'stamp'), ('sensitive_read', 'stamp'), ('transition', 'append_only'),
                   ('sensitive_read', 'append_only'), ('block', 'append_only'), ('seal', 'append_only'))
           AS wanted (relation, name)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                        WHERE t.tgrelid = to_regclass('audit.' || wanted.relation) AND t.tgname = wanted.name
                          AND t.tgenabled = 'A')
    UNION ALL
    SELECT format('%s may %s audit.%s', g.grantee, g.privilege_type, g.table_name)
      FROM information_schema.table_privileges AS g
     WHERE g.table_schema = 'audit' AND g.grantee <> 'audit_owner' AND g.privilege_type <> 'SELECT'
    UNION ALL
    SELECT format('the guard %s is gone or off', f.proname) FROM pg_catalog.pg_proc AS f
     WHERE f.proname ~ '_keeps_history$'
       AND (SELECT count(*) FROM pg_catalog.pg_trigger AS t
             WHERE t.tgfoid = f.oid AND t.tgenabled IN ('O', 'A')) <> 2
     ORDER BY 1"""


_WHOLE = (1, 2**62)


async def verify(anchors: Sequence[Anchor] = (), *, places: tuple[int, int] = _WHOLE) -> Report:
    """Prove the history against its chain, and the chain against anchors kept outside, in one snapshot.

    `places` of the chain, from 1, bound the rows that are read; the blocks and anchors are all compared. Rows
    that wait for their seal are read if the first place is 1.

    Whoever owns the database could rewrite rows and every hash after them: only an anchor shows that.
    """
    outermost = not in_transaction()
    async with atomic():
        if outermost:
            await connection().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection().execute("SET LOCAL statement_timeout = 0")
        findings = [row[0] for row in await connection().fetch(_CHAIN, _FINDINGS, *places)]
        findings += [row[0] for row in await connection().fetch(_BLOCKS, _FINDINGS)]
        findings += [row[0] for row in await connection().fetch(_GUARDS)]
        findings += await _against(anchors)
        sealed = await connection().fetchval("SELECT count(*) FROM audit.seal")
        read = await connection().fetchval(
            "SELECT count(*) FROM audit.seal WHERE seq BETWEEN $1 AND $2", *places
        )
        rows = await connection().fetchval(
            "SELECT (SELECT count(*) FROM audit.transition) + (SELECT count(*) FROM audit.sensitive_read)"
        )
    return Report(sealed, max(rows - sealed, 0), len(anchors), tuple(findings[:_FINDINGS]), read)


async def _against(anchors: Sequence[Anchor]) -> list[str]:
    rows = await connection().fetch(
        "SELECT no, first_seq + n - 1 AS count, hash FROM audit.block WHERE no = ANY($1::bigint[])",
        [anchor.block for anchor in anchors],
    )
    blocks = {row["no"]: (row["count"], row["hash"].hex()) for row in rows}
    findings = []
    for anchor in anchors:
        if anchor.block not in blocks:
            findings.append(
                f"block {anchor.block}, anchored on {anchor.date}, was removed;"
                f" the chain had {anchor.count} rows then"
            )
        elif blocks[anchor.block] != (anchor.count, anchor.hash):
            findings.append(f"block {anchor.block} was rewritten after it was anchored on {anchor.date}")
    return findings
