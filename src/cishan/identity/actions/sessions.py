"""Opening and ending sessions; patience with those who guess."""

import asyncio
from uuid import UUID

from cishan.identity.rules import accounts as rules
from cishan.identity.rules import passwords
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


async def open_session(account_id: UUID, *, method: Method, device: str) -> str:
    """Return the secret of a new session; forget what is over. That of staff ends sooner (`visitor_of`)."""
    token, now = ids.new_token(), clock.now()
    async with atomic():
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
                expires_at=now + rules.LIFE,
            )
        )
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
    await AccountSession.delete().where(AccountSession.token_hash == ids.token_hash(token))


async def end_session(account_id: UUID, session_id: UUID) -> None:
    """End one session of an account; another's is left alone."""
    await AccountSession.delete().where(
        (AccountSession.id == session_id) & (AccountSession.account == account_id)
    )


async def end_other_sessions(account_id: UUID, *, but: UUID) -> None:
    """End every session of an account except one."""
    await AccountSession.delete().where((AccountSession.account == account_id) & (AccountSession.id != but))


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


async def give_back(tries: list[UUID]) -> None:
    """Forget tries that were no failures."""
    await SignInAttempt.delete().where(SignInAttempt.id.is_in(tries))


async def wait_for_turn(*subjects: bytes) -> None:
    """Let one transaction at a time act for each subject, until it ends."""
    for subject in sorted(subjects):
        number = int.from_bytes(subject[:8], signed=True)
        await fetch("SELECT pg_advisory_xact_lock({}::bigint)", number)
