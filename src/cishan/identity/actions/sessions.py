"""Opening and ending sessions; patience with those who guess."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cishan.identity.actions import history
from cishan.identity.queries.factors import has_factor
from cishan.identity.rules import accounts as rules
from cishan.identity.rules import factors, passwords
from cishan.identity.rules.accounts import Method, Visitor
from cishan.identity.tables.accounts import AccountSession, SignInAttempt
from cishan.kernel import clock, ids
from cishan.kernel.errors import TooMany
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch

_hashing = asyncio.Semaphore(2)
"""Hashing is heavy by design; more than two at once would let strangers stop the site."""


async def hashed(password: str) -> bytes:
    """Return what may be stored of a password."""
    async with _hashing:
        return await asyncio.to_thread(passwords.hash_password, password)


async def fits(password: str, stored: bytes) -> bool:
    """Tell whether a password is the stored one."""
    async with _hashing:
        return await asyncio.to_thread(passwords.fits, password, stored)


async def hashed_codes(codes: Sequence[str], salt: bytes) -> list[bytes]:
    """Return what may be stored of recovery codes."""
    async with _hashing:
        return await asyncio.to_thread(factors.hash_recovery_codes, codes, salt)


async def open_session(
    account_id: UUID, *, method: Method, device: str, shown_at: datetime | None = None
) -> str:
    """Return the secret of a new session; forget what is over.

    If the account has a second factor that was not shown (`shown_at`), the session opens nothing until it is.
    That of staff ends sooner (`visitor_of`).
    """
    token, now = ids.new_token(), clock.now()
    async with atomic():
        due = shown_at is None and await has_factor(account_id)
        await AccountSession.delete().where(AccountSession.expires_at <= now)
        await SignInAttempt.delete().where(SignInAttempt.at <= now - rules.WINDOW)
        await AccountSession.insert(
            AccountSession(
                id=ids.new_id(),
                token_hash=ids.token_hash(token),
                account=account_id,
                method=method,
                device=device,
                created_at=now,
                seen_at=now,
                expires_at=now + (factors.DUE_LIFE if due else rules.LIFE),
                second_factor_at=shown_at,
                second_factor_due=due,
            )
        )
        if not due:
            await history.note(account_id, "sign_in", to="open", reason=method)
    return token


async def touch(visitor: Visitor) -> None:
    """Note that a session is in use, once a minute."""
    now = clock.now()
    if now - visitor.seen_at >= rules.SEEN_EVERY:
        await AccountSession.update({AccountSession.seen_at: now}).where(
            AccountSession.id == visitor.session_id
        )


async def sign_out(token: str) -> None:
    """End a session; ending it twice is the same as once."""
    await _end("token_hash = {}", ids.token_hash(token), event="sign_out")


async def end_session(account_id: UUID, session_id: UUID) -> None:
    """End one session of an account; another's is left alone."""
    await _end("account = {} AND id = {}", account_id, session_id, event="end_session")


async def end_other_sessions(account_id: UUID, *, but: UUID) -> None:
    """End every session of an account except one."""
    await _end("account = {} AND id <> {}", account_id, but, event="end_session")


async def _end(which: str, *values: object, event: str) -> None:
    async with atomic():
        ended = await fetch(
            f"DELETE FROM account_session WHERE {which} RETURNING account, second_factor_due AS due",  # noqa: S608
            *values,
        )
        for session in ended:
            if not session["due"]:
                await history.note(session["account"], event, before="open", to="ended")


async def spend_try(subjects: dict[bytes, int]) -> list[UUID]:
    """Count a try against each subject before it is judged; raise TooMany, counting nothing, at a limit.

    As the count is written first, many tries at the same moment do not get past the limit.
    """
    now = clock.now()
    spent = [SignInAttempt(id=ids.new_id(), subject=subject, at=now) for subject in subjects]
    await SignInAttempt.insert(*spent)
    tries: list[UUID] = [attempt.id for attempt in spent]
    for subject, limit in subjects.items():
        recent = (SignInAttempt.subject == subject) & (SignInAttempt.at > now - rules.WINDOW)
        if await SignInAttempt.count().where(recent) > limit:
            await give_back(tries)
            raise TooMany(N_("Too many failed attempts. Wait a quarter of an hour, then try again."))
    return tries


async def note_if_locked(subject: bytes, limit: int, *, kind: str, id: str) -> None:
    """Write it down if the failure just now was the last one that is allowed in this quarter of an hour."""
    async with atomic():
        recent = (SignInAttempt.subject == subject) & (SignInAttempt.at > clock.now() - rules.WINDOW)
        if await SignInAttempt.count().where(recent) == limit:
            await history.note_lock(kind, id)


async def give_back(tries: list[UUID]) -> None:
    """Forget tries that were no failures."""
    await SignInAttempt.delete().where(SignInAttempt.id.is_in(tries))


async def wait_for_turn(*subjects: bytes) -> None:
    """Let one transaction at a time act for each subject, until it ends."""
    for subject in sorted(subjects):
        number = int.from_bytes(subject[:8], signed=True)
        await fetch("SELECT pg_advisory_xact_lock({}::bigint)", number)
