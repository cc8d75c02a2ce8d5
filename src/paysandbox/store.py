"""The sandbox's memory: one SQLite file, one connection, one transaction per request.

Objects are stored as JSON; what is not Stripe's (which card behaviour was chosen, …) lies under the
key `_` and never leaves. WAL with `synchronous=NORMAL` survives kill -9 of the process.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import cast

from paysandbox.config import Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created INTEGER NOT NULL,
  body TEXT NOT NULL, previous TEXT);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE INDEX IF NOT EXISTS object_created ON object (kind, created);
CREATE TABLE IF NOT EXISTS money (
  id TEXT PRIMARY KEY, currency TEXT NOT NULL, net INTEGER NOT NULL, available_on INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending','available')), payout TEXT,
  swept INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS money_pending ON money (available_on) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS money_unswept ON money (currency) WHERE swept = 0;
CREATE INDEX IF NOT EXISTS money_payout ON money (payout);
CREATE TABLE IF NOT EXISTS balance (
  currency TEXT PRIMARY KEY, pending INTEGER NOT NULL, available INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS due (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, job TEXT NOT NULL, args TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS due_at ON due (at, seq);
CREATE TABLE IF NOT EXISTS answer (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
  request_id TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  seq INTEGER PRIMARY KEY, event TEXT NOT NULL, type TEXT NOT NULL, url TEXT, at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, payload TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
CREATE INDEX IF NOT EXISTS delivery_state ON delivery (state, at, seq);
CREATE TABLE IF NOT EXISTS fault (
  seq INTEGER PRIMARY KEY, place TEXT NOT NULL, rule TEXT NOT NULL, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

LOOKUPS = {
    "balance_transaction": ("source", "type", "currency"),
    "charge": ("payment_intent", "customer"),
    "checkout.session": ("payment_intent", "subscription", "customer", "status"),
    "dispute": ("charge", "payment_intent"),
    "event": ("type",),
    "invoice": ("parent.subscription_details.subscription", "customer", "status"),
    "invoice_payment": ("invoice", "payment.payment_intent", "status"),
    "payment_intent": ("customer",),
    "payment_method": ("customer",),
    "payout": ("status",),
    "price": ("product",),
    "product": (),
    "refund": ("charge", "payment_intent"),
    "setup_intent": ("customer",),
    "subscription": ("customer", "status"),
    "customer": ("email",),
}
"""The kinds and the fields by which each may be listed; every field has a partial index."""

TABLES = ("object", "money", "balance", "due", "answer", "delivery", "fault")

Condition = tuple[str, str, object]
"""Column or JSON path, comparison, value."""


class Store:
    """One open state file. Only its owner, `World`, may use it; calls are not thread-safe."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        # One process per file: ids are drawn and money is counted in memory too.
        self.database.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.executescript(_SCHEMA)
        for kind, fields in LOOKUPS.items():
            for name in fields:
                index = f"{kind}_{name}".replace(".", "_")
                self.database.execute(
                    f"CREATE INDEX IF NOT EXISTS {index} ON object (json_extract(body, '$.{name}'), seq)"
                    f" WHERE kind = '{kind}'"
                )

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def run(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Run one statement."""
        return self.database.execute(sql, values)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        return self.database.execute(sql, values).fetchall()

    def number(self, sql: str, *values: object) -> int:
        """Return the single integer that a query yields, 0 for none."""
        row = self.database.execute(sql, values).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def get(self, id: str) -> Json | None:
        """Return an object with its hidden part."""
        row = self.database.execute("SELECT body FROM object WHERE id = ?", (id,)).fetchone()
        return None if row is None else cast(Json, json.loads(row[0]))

    def previous(self, id: str) -> Json | None:
        """Return an object as it was before its last change."""
        row = self.database.execute("SELECT previous FROM object WHERE id = ?", (id,)).fetchone()
        return None if row is None or row[0] is None else cast(Json, json.loads(row[0]))

    def insert(self, thing: Json) -> None:
        """Store a new object."""
        self.database.execute(
            "INSERT INTO object (id, kind, created, body) VALUES (?, ?, ?, ?)",
            (thing["id"], thing["object"], thing["created"], json.dumps(thing, ensure_ascii=False)),
        )

    def save(self, thing: Json) -> None:
        """Store an object's new state and remember the one before."""
        self.database.execute(
            "UPDATE object SET previous = body, body = ? WHERE id = ?",
            (json.dumps(thing, ensure_ascii=False), thing["id"]),
        )

    def page(
        self,
        kind: str,
        where: Sequence[Condition] = (),
        *,
        limit: int = 10,
        after: str | None = None,
        before: str | None = None,
        extra: str = "",
    ) -> tuple[list[Json], bool]:
        """Return one page of a kind, newest first, and whether there is more in the direction asked."""
        sql = f"SELECT body FROM object WHERE kind = '{kind}'"
        values: list[object] = []
        for name, sign, value in where:
            column = name if name in ("id", "created", "seq") else f"json_extract(body, '$.{name}')"
            sql += f" AND {column} {sign} ?"
            values.append(value)
        if after is not None:
            sql += " AND seq < (SELECT seq FROM object WHERE id = ?)"
            values.append(after)
        if before is not None:
            sql += " AND seq > (SELECT seq FROM object WHERE id = ?)"
            values.append(before)
        order = "ASC" if before is not None else "DESC"
        sql += f"{extra} ORDER BY seq {order} LIMIT ?"
        found = [json.loads(row[0]) for row in self.database.execute(sql, [*values, limit + 1])]
        page = found[:limit]
        if before is not None:
            page.reverse()
        return page, len(found) > limit

    def all(self, kind: str, *where: Condition, limit: int = 100_000) -> list[Json]:
        """Return every object of a kind that fits, oldest first."""
        found, _ = self.page(kind, where, limit=limit)
        found.reverse()
        return found

    def setting(self, name: str) -> str | None:
        """Return a stored setting."""
        row = self.database.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """Store a setting."""
        self.database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
