"""What changes the books. Every verb runs inside `atomic` and is done wholly or not at all."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import asyncpg

from cishan.kernel import clock
from cishan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.ledger.rules import AccountRef, Entry, Restriction
from cishan.plumbing.db import connection, in_transaction

POST = """SELECT ids, fresh FROM books.post_batch(
    $1::text[], $2::date[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::smallint[],
    $8::text[], $9::text[], $10::text[], $11::text[],
    $12::int[], $13::smallint[], $14::int[], $15::bigint[])"""

_APPROVE = """SELECT id, is_new FROM books.approve(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[])"""

SEAL_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """An entry of the books and whether this call put it there."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A run of voucher numbers and the hash that chains it to all before; to be kept outside the database."""

    no: int
    first_voucher: int
    entries: int
    hash: bytes


async def post(entries: Sequence[Entry]) -> list[PostedEntry]:
    """Put entries into the books, in one go; an entry whose key is there already gives that entry back.

    Raise Conflict if a key stands for another body, in the books or in this batch. After any refusal the
    transaction is lost: who wants to go on nests this call in an `atomic` of its own.
    """
    _require_transaction()
    if not entries:
        return []
    distinct: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        known = distinct.setdefault(entry.key, entry)
        if known is not entry and known.body_hash != entry.body_hash:
            raise _OTHER_BODY.error()
    batch = list(distinct.values())
    with _told():
        row = await connection().fetchrow(POST, *arrays(batch))
    assert row is not None
    position = {entry.key: index for index, entry in enumerate(batch)}
    seen: set[tuple[str, str]] = set()
    posted = []
    for entry in entries:
        index = position[entry.key]
        posted.append(PostedEntry(row["ids"][index], row["fresh"][index] and entry.key not in seen))
        seen.add(entry.key)
    return posted


async def approve(entry: Entry, *, subject: str, maker: str, checker: str) -> PostedEntry:
    """Post a decision of ours if every fund that it burdens has that much available.

    `subject` names what is approved and is used up by it; approving the same again gives the same entry.
    """
    _require_transaction()
    accounts, amounts = [line.account for line in entry.lines], [line.amount for line in entry.lines]
    with _told():
        row = await connection().fetchrow(
            _APPROVE,
            subject,
            maker,
            checker,
            entry.kind,
            entry.effective_date,
            entry.source,
            entry.source_key,
            entry.body_hash,
            entry.memo,
            *_columns(accounts),
            amounts,
        )
    assert row is not None
    return PostedEntry(row["id"], row["is_new"])


async def reverse(entry_id: int, *, reason: str, effective_date: date | None = None) -> PostedEntry:
    """Cancel an entry by its mirror image on the given day (today); once, and never a reversal itself."""
    _require_transaction()
    if not reason.strip():
        raise Invalid(N_("Say why the entry is reversed."), field="reason")
    day = effective_date or clock.today()
    digest = hashlib.sha256(f"reversal\n{entry_id}\n{day.isoformat()}".encode()).digest()
    with _told():
        posted = await connection().fetchval(
            "SELECT books.reverse($1, $2, $3, $4)", entry_id, day, reason, digest
        )
    return PostedEntry(posted, is_new=True)


async def open_fund(
    code: str,
    *,
    name: str,
    restriction: Restriction = Restriction.RESTRICTED,
    opened_on: date | None = None,
    parent_code: str | None = None,
) -> None:
    """Open a fund; opening it again on the same terms is the same as once."""
    _require_transaction()
    with _told():
        await connection().fetchval(
            "SELECT books.open_fund($1, $2, $3, $4, $5)",
            code,
            name,
            restriction,
            opened_on or clock.today(),
            parent_code,
        )


async def close_fund(code: str, *, closed_on: date | None = None) -> None:
    """Let nothing more be approved from the fund from the given day on; facts are still booked."""
    _require_transaction()
    with _told():
        await connection().execute("SELECT books.close_fund($1, $2)", code, closed_on or clock.today())


async def open_unit(code: str, *, kind: str = "goods", scale: int = 0) -> None:
    """Make known what else is counted: a kind of goods in pieces, or a currency in its minor units."""
    _require_transaction()
    with _told():
        await connection().execute("SELECT books.open_unit($1, $2, $3)", code, kind, scale)


async def close_period(first: date, last: date, *, actor: str) -> bytes:
    """Close the days from first to last and return the hash of their trial balance.

    Waits for postings in flight; those that come later into these days are refused.
    """
    _require_transaction()
    with _told():
        digest: bytes = await connection().fetchval(
            "SELECT books.close_period($1, $2, $3)", first, last, actor
        )
    return digest


async def reopen_period(first: date, last: date, *, actor: str, reason: str) -> None:
    """Open a closed period again; who and why is kept."""
    _require_transaction()
    with _told():
        await connection().execute("SELECT books.reopen_period($1, $2, $3, $4)", first, last, actor, reason)


async def seal(*, limit: int = SEAL_LIMIT) -> SealedBlock | None:
    """Number and chain what is committed and not sealed yet, in one block; None if there is nothing."""
    _require_transaction()
    with _told():
        row = await connection().fetchrow(
            "SELECT no, first_voucher, n, hash FROM books.seal_block($1)", limit
        )
    if row is None or row["no"] is None:
        return None
    return SealedBlock(no=row["no"], first_voucher=row["first_voucher"], entries=row["n"], hash=row["hash"])


def arrays(batch: Sequence[Entry]) -> tuple[list[object], ...]:
    """Return the arguments of `books.post_batch`: entries, accounts and lines as parallel arrays."""
    places: dict[AccountRef, int] = {}
    line_entries: list[object] = []
    line_numbers: list[object] = []
    line_accounts: list[object] = []
    line_amounts: list[object] = []
    for index, entry in enumerate(batch, start=1):
        for number, (account, amount) in enumerate(entry.lines, start=1):
            line_entries.append(index)
            line_numbers.append(number)
            line_accounts.append(places.setdefault(account, len(places) + 1))
            line_amounts.append(amount)
    return (
        [entry.kind for entry in batch],
        [entry.effective_date for entry in batch],
        [entry.source for entry in batch],
        [entry.source_key for entry in batch],
        [entry.body_hash for entry in batch],
        [entry.memo for entry in batch],
        [len(entry.lines) for entry in batch],
        *_columns(list(places)),
        line_entries,
        line_numbers,
        line_accounts,
        line_amounts,
    )


def _columns(accounts: Sequence[AccountRef]) -> tuple[list[object], ...]:
    return (
        [account.gl for account in accounts],
        [account.fund for account in accounts],
        [account.unit for account in accounts],
        [account.counterparty for account in accounts],
    )


def _require_transaction() -> None:
    if not in_transaction():
        raise RuntimeError("the books are written inside atomic() only")


@dataclass(frozen=True, slots=True)
class _Refusal:
    kind: type[DomainError]
    message: str

    def error(self) -> DomainError:
        return self.kind(self.message)


_OTHER_BODY = _Refusal(Conflict, N_("The books already hold something else under this key."))
_REFUSALS = {
    "BK001": _Refusal(NotFound, N_("There is no such fund.")),
    "BK002": _Refusal(NotFound, N_("There is no such heading or unit in the chart of accounts.")),
    "BK003": _OTHER_BODY,
    "BK004": _Refusal(Conflict, N_("The accounting period of that day is closed.")),
    "BK005": _Refusal(Conflict, N_("The fund has not that much available.")),
    "BK006": _Refusal(Conflict, N_("This entry cannot be reversed.")),
    "BK007": _Refusal(Forbidden, N_("Nobody approves what they asked for themselves.")),
    "23P01": _Refusal(Conflict, N_("Part of these days is closed already.")),
}
_OVERDRAWN = _Refusal(Conflict, N_("This would take out more than there is."))
_BROKEN = _Refusal(Invalid, N_("The books refuse this entry."))


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal of the database into one that a person may read."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate in _REFUSALS:
            raise _REFUSALS[error.sqlstate].error() from error
        if isinstance(error, asyncpg.CheckViolationError):
            overdrawn = getattr(error, "constraint_name", None) == "no_overdraft"
            raise (_OVERDRAWN if overdrawn else _BROKEN).error() from error
        raise
