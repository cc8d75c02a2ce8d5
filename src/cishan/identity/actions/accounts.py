"""Accounts, signing in and out."""

import asyncio
from uuid import UUID

from cishan import gateways
from cishan.identity.rules import accounts as rules
from cishan.identity.tables.accounts import SignInAttempt, StaffAccount, StaffSession
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, TooMany
from cishan.kernel.text import N_, fold
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic

_hashing = asyncio.Semaphore(2)
"""Hashing is heavy by design; more than two at once would let strangers stop the site."""


async def create_account(*, username: str, display_name: str, password: str, is_demo: bool) -> UUID:
    """Make a staff account, or give back the one of that name unchanged; return its id."""
    found = await StaffAccount.objects().where(StaffAccount.username == username).first()
    if found is not None:
        known: UUID = found.id
        return known
    account = StaffAccount(
        id=ids.new_id(),
        username=username,
        display_name=display_name,
        password_hash=await asyncio.to_thread(rules.hash_password, password),
        is_demo=is_demo,
        created_at=clock.now(),
    )
    await StaffAccount.insert(account)
    made: UUID = account.id
    return made


async def sign_in(*, username: str, password: str, address: str) -> str:
    """Return the secret of a new session. A wrong name and a wrong password are refused in the same words.

    After five failures of a name, or thirty of an address, within a quarter of an hour: TooMany.
    """
    name = fold(username)
    subjects = {
        crypto.blind_index(name, purpose="sign-in name"): rules.FAILURES_PER_NAME,
        crypto.blind_index(address, purpose="sign-in address"): rules.FAILURES_PER_ADDRESS,
    }
    await _require_patience(subjects)
    account = await StaffAccount.objects().where(StaffAccount.username == name).first()
    if account is not None and (not account.active or (account.is_demo and not gateways.settings().demo)):
        account = None
    stored = bytes(account.password_hash) if account is not None else rules.NOBODY
    async with _hashing:
        right = await asyncio.to_thread(rules.fits, password, stored)
    if account is None or not right:
        await SignInAttempt.insert(
            *[SignInAttempt(id=ids.new_id(), subject=subject, at=clock.now()) for subject in subjects]
        )
        raise Invalid(N_("This name and password do not belong together."), field="password")
    token = ids.new_token()
    async with atomic():
        await StaffSession.delete().where(StaffSession.expires_at <= clock.now())
        await SignInAttempt.delete().where(SignInAttempt.at <= clock.now() - rules.WINDOW)
        await StaffSession.insert(
            StaffSession(
                id=ids.new_id(),
                token_hash=ids.token_hash(token),
                staff=account.id,
                created_at=clock.now(),
                expires_at=clock.now() + rules.SESSION_LIFE,
            )
        )
    return token


async def _require_patience(subjects: dict[bytes, int]) -> None:
    since = clock.now() - rules.WINDOW
    for subject, limit in subjects.items():
        recent = (SignInAttempt.subject == subject) & (SignInAttempt.at > since)
        if await SignInAttempt.count().where(recent) >= limit:
            raise TooMany(N_("Too many failed attempts. Wait a quarter of an hour, then try again."))


async def sign_out(token: str) -> None:
    """End a session; ending it twice is the same as once."""
    await StaffSession.delete().where(StaffSession.token_hash == ids.token_hash(token))
