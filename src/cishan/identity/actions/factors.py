"""Second factors: adding one, showing one, using a recovery code, removing one."""

import secrets
from typing import Any
from uuid import UUID

from cishan.identity.actions import history
from cishan.identity.actions.sessions import (
    end_other_sessions,
    give_back,
    hashed_codes,
    note_if_locked,
    spend_try,
)
from cishan.identity.queries.factors import SECRET, Standing, has_factor
from cishan.identity.rules import accounts as account_rules
from cishan.identity.rules import factors as rules
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.factors import Kind
from cishan.identity.tables.accounts import AccountSession
from cishan.identity.tables.factors import Factor, RecoveryCode
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound, SignInNeeded
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch

_OFFER = "factor.offer"
_OVER = N_("This page was open for too long. Scan the new square code.")
WRONG = N_("This code is not right, or it was used already. Wait for the next one.")


def subject_of(account_id: UUID) -> bytes:
    """Return against what tries of an account's second factor are counted."""
    return crypto.blind_index(str(account_id), purpose="second factor")


async def spend(account_id: UUID) -> list[UUID]:
    """Count a try of an account's second factor; TooMany after five failures in a quarter of an hour."""
    return await spend_try({subject_of(account_id): account_rules.FAILURES_PER_NAME})


async def failed(account_id: UUID) -> None:
    """Write it down if that was the last try."""
    limit = account_rules.FAILURES_PER_NAME
    await note_if_locked(subject_of(account_id), limit, kind=history.ACCOUNT, id=str(account_id))


def offer(visitor: Visitor) -> tuple[str, str]:
    """Return a new secret for an authenticator app, and the same sealed for the form that brings it back."""
    secret = rules.new_secret()
    told = f"{secret} {int(clock.now().timestamp())}"
    return secret, crypto.seal(told, place=_OFFER, row=visitor.session_id).hex()


def offered(visitor: Visitor, sealed: str) -> str:
    """Return the secret that `offer` sealed for this session half an hour ago or less; raise Invalid."""
    try:
        told = crypto.unseal(bytes.fromhex(sealed), place=_OFFER, row=visitor.session_id)
    except (crypto.Unreadable, ValueError) as error:
        raise Invalid(_OVER) from error
    secret, _, at = told.partition(" ")
    if clock.now().timestamp() - int(at) > rules.ENROL_WITHIN.total_seconds():
        raise Invalid(_OVER)
    return secret


async def add_app(visitor: Visitor, *, secret: str, code: str, label: str) -> list[str]:
    """Take an authenticator app that shows the right code; return recovery codes if it is the first factor.

    All other sessions end, this one has shown its second factor, and the owner is told.
    """
    tries = await spend(visitor.account_id)
    step = rules.matching_step(secret, code, now=clock.now(), after=None)
    if step is None:
        await failed(visitor.account_id)
        raise Invalid(N_("This code is not right. Does the clock of your telephone go right?"), field="code")
    await give_back(tries)
    factor_id = ids.new_id()
    app = Factor(
        id=factor_id,
        account=visitor.account_id,
        kind=Kind.APP,
        label=label,
        created_at=clock.now(),
        secret_enc=crypto.seal(secret, place=SECRET, row=factor_id),
        last_step=step,
    )
    return await keep(visitor, app, change="second_factor_added")


async def keep(visitor: Visitor, factor: Factor, *, change: str) -> list[str]:
    """Write a factor that was proved; return recovery codes if it is the account's first one."""
    first = not await has_factor(visitor.account_id)
    codes, hashes, salt = await _made() if first else ([], [], b"")
    async with atomic():
        await _lock(visitor.account_id)
        if await Factor.count().where(Factor.account == visitor.account_id) >= rules.MAX_FACTORS:
            raise Conflict(N_("Remove a second factor that you no longer use, then add this one."))
        await Factor.insert(factor)
        if first:
            await _replace_codes(visitor.account_id, hashes, salt)
        await AccountSession.update({AccountSession.second_factor_at: clock.now()}).where(
            AccountSession.id == visitor.session_id
        )
        await _changed(visitor, "add_factor", to=factor.kind, reason=factor.label, change=change)
    return codes


async def remove(visitor: Visitor, factor_id: UUID) -> None:
    """Forget a factor of one's own; with the last one the recovery codes go too."""
    async with atomic():
        await _lock(visitor.account_id)
        gone = await fetch(
            "DELETE FROM factor WHERE id = {} AND account = {} RETURNING kind, label",
            factor_id,
            visitor.account_id,
        )
        if not gone:
            raise NotFound(N_("There is no such thing in your account."))
        if not await has_factor(visitor.account_id):
            await RecoveryCode.delete().where(RecoveryCode.account == visitor.account_id)
            await AccountSession.update({AccountSession.second_factor_at: None}).where(
                AccountSession.id == visitor.session_id
            )
        kind, label = gone[0]["kind"], gone[0]["label"]
        change = "passkey_removed" if kind == Kind.PASSKEY else "second_factor_removed"
        await _changed(visitor, "remove_factor", before=kind, to="removed", reason=label, change=change)


async def renew_codes(visitor: Visitor) -> list[str]:
    """Return ten new recovery codes; the old ones are no longer good."""
    codes, hashes, salt = await _made()
    async with atomic():
        await _lock(visitor.account_id)
        if not await has_factor(visitor.account_id):
            raise Conflict(N_("Recovery codes stand in for a second factor. Add one first."))
        await _replace_codes(visitor.account_id, hashes, salt)
        await _changed(visitor, "renew_recovery_codes", to="renewed", change="recovery_codes_made")
    return codes


async def _made() -> tuple[list[str], list[bytes], bytes]:
    codes, salt = rules.new_recovery_codes(), secrets.token_bytes(rules.SALT_BYTES)
    return codes, await hashed_codes(codes, salt), salt


async def _replace_codes(account_id: UUID, hashes: list[bytes], salt: bytes) -> None:
    now = clock.now()
    await RecoveryCode.delete().where(RecoveryCode.account == account_id)
    await RecoveryCode.insert(
        *(
            RecoveryCode(id=ids.new_id(), account=account_id, salt=salt, code_hash=code_hash, created_at=now)
            for code_hash in hashes
        )
    )


async def _lock(account_id: UUID) -> None:
    await fetch("SELECT id FROM account WHERE id = {} FOR NO KEY UPDATE", account_id)


async def _changed(
    visitor: Visitor, event: str, *, to: str, change: str, before: str = "", reason: str = ""
) -> None:
    await end_other_sessions(visitor.account_id, but=visitor.session_id)
    await history.note(visitor.account_id, event, before=before, to=to, reason=reason)
    await history.tell(visitor.person_id, change)


async def show_code(standing: Standing, code: str) -> str:
    """Take the code of an authenticator app, once; return the session's new secret."""
    tries = await spend(standing.account_id)
    async with atomic():
        if await _take_code(standing.account_id, code):
            await give_back(tries)
            return await passed(standing, by=Kind.APP)
    await failed(standing.account_id)
    raise Invalid(WRONG, field="code")


async def _take_code(account_id: UUID, code: str) -> bool:
    now = clock.now()
    for row in await _apps(account_id):
        secret = crypto.unseal(row["secret_enc"], place=SECRET, row=row["id"])
        step = rules.matching_step(secret, code, now=now, after=row["last_step"])
        if step is not None:
            await Factor.update({Factor.last_step: step, Factor.used_at: now}).where(Factor.id == row["id"])
            return True
    return False


async def _apps(account_id: UUID) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, secret_enc, last_step FROM factor"
        " WHERE account = {} AND kind = 'totp' ORDER BY id FOR UPDATE",
        account_id,
    )


async def use_recovery_code(standing: Standing, code: str, *, device: str = "") -> str:
    """Take a recovery code, once and for ever; return the session's new secret. The owner is told."""
    tries = await spend(standing.account_id)
    salts = await fetch("SELECT DISTINCT salt FROM recovery_code WHERE account = {}", standing.account_id)
    hashes = [(await hashed_codes([code], bytes(row["salt"])))[0] for row in salts]
    async with atomic():
        used = await fetch(
            """UPDATE recovery_code SET used_at = {}
                WHERE account = {} AND code_hash = ANY({}::bytea[]) AND used_at IS NULL RETURNING id""",
            clock.now(),
            standing.account_id,
            hashes,
        )
        if used:
            await give_back(tries)
            await history.tell(standing.person_id, "recovery_code_used", device=device)
            return await passed(standing, by="recovery code")
    await failed(standing.account_id)
    raise Invalid(N_("This recovery code is not right, or it was used already."), field="recovery")


async def passed(standing: Standing, *, by: str) -> str:
    """Write that a browser showed a second factor; return its session's new secret."""
    token, now = ids.new_token(), clock.now()
    kept = await fetch(
        """UPDATE account_session
              SET token_hash = {}, second_factor_at = {}, second_factor_due = false, seen_at = {},
                  expires_at = CASE WHEN second_factor_due THEN {}::timestamptz ELSE expires_at END
            WHERE id = {} AND expires_at > {} RETURNING method""",
        ids.token_hash(token),
        now,
        now,
        now + account_rules.LIFE,
        standing.session_id,
        now,
    )
    if not kept:
        raise SignInNeeded(N_("Please sign in to see this page."))
    reason = f"{kept[0]['method']} + {by}" if standing.due else by
    event = "sign_in" if standing.due else "show_factor"
    await history.note(
        standing.account_id, event, to="open", before="" if standing.due else "open", reason=reason
    )
    return token
