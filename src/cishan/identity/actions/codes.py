"""One-time codes: sending one, and proving that it arrived."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cishan.identity.actions.accounts import account_of, may_enter
from cishan.identity.actions.sessions import open_session, wait_for_turn
from cishan.identity.queries.accounts import CODE_CONTACT, code_for, contact_index, contact_indexes
from cishan.identity.rules import accounts as rules
from cishan.identity.rules.accounts import Method
from cishan.identity.tables.accounts import OneTimeCode
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Forbidden, Invalid, TooMany
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch

T = TypeVar("T")
OVER = N_("This code is no longer valid. Ask for a new one.")


async def ask_code(to: Contact, *, address: str, language: str) -> str:
    """Send a code, whether there is an account or not; return the secret of the browser that asked.

    One code a minute and five a day go to one place, twenty an hour out for one address: else TooMany.
    """
    place, origin = contact_index(to), crypto.blind_index(address, purpose="code address")
    places = contact_indexes(to)
    token, now, code_id = ids.new_token(), clock.now(), ids.new_id()
    async with atomic():
        await wait_for_turn(place, origin)
        await _require_patience(places, origin)
        await OneTimeCode.delete().where(OneTimeCode.asked_at <= now - rules.CODES_KEPT)
        await OneTimeCode.insert(
            OneTimeCode(
                id=code_id,
                token_hash=ids.token_hash(token),
                contact_enc=crypto.seal(to.value, place=CODE_CONTACT, row=code_id),
                contact_index=place,
                address_index=origin,
                channel=to.channel,
                language=language,
                asked_at=now,
                expires_at=now + rules.CODE_LIFE,
            )
        )
        await jobs.enqueue("notify.send_code", code_id=str(code_id))
    return token


async def _require_patience(places: list[bytes], origin: bytes) -> None:
    now = clock.now()
    (row,) = await fetch(
        """SELECT count(*) FILTER (WHERE contact_index = ANY({}::bytea[]) AND asked_at > {}) AS in_a_minute,
                  count(*) FILTER (WHERE contact_index = ANY({}::bytea[])) AS in_a_day,
                  count(*) FILTER (WHERE address_index = {} AND asked_at > {}) AS from_here
             FROM one_time_code
            WHERE (contact_index = ANY({}::bytea[]) OR address_index = {}) AND asked_at > {}""",
        places,
        now - rules.CODE_PAUSE,
        places,
        origin,
        now - rules.HOUR,
        places,
        origin,
        now - rules.CODES_KEPT,
    )
    if row["in_a_minute"] > 0:
        raise TooMany(N_("A code was sent a moment ago. Wait a minute before you ask for another."))
    if row["in_a_day"] >= rules.CODES_PER_DAY or row["from_here"] >= rules.CODES_PER_ADDRESS:
        raise TooMany(N_("Too many codes were asked for. Sign in with your password, or try again tomorrow."))


async def prove(token: str, code: str, *, device: str = "") -> str | None:
    """Return the secret of a new session for the right code; None: it is right, but nobody registered yet."""
    return await _judge(token, code, lambda row: _enter(row, device))


async def prove_contact(token: str, code: str) -> None:
    """Take the right code as proof of a contact, for `use_proof`; nobody is signed in by it."""
    await _judge(token, code, _nothing)


async def _nothing(row: dict[str, Any]) -> None:
    return None


async def _judge(token: str, code: str, then: Callable[[dict[str, Any]], Awaitable[T]]) -> T:
    async with atomic():
        row = await _locked(token)
        if row is None or row["proved_at"] is not None or row["expires_at"] <= clock.now():
            raise Invalid(OVER, field="code")
        if row["tries"] >= rules.CODE_TRIES:
            raise TooMany(N_("This code was mistyped too often. Ask for a new one."))
        right = hmac.compare_digest(code.encode(), code_for(row["id"]).encode())
        if right:
            await OneTimeCode.update({OneTimeCode.proved_at: clock.now()}).where(OneTimeCode.id == row["id"])
            return await then(row)
        await OneTimeCode.update({OneTimeCode.tries: OneTimeCode.tries + 1}).where(
            OneTimeCode.id == row["id"]
        )
    raise Invalid(N_("This is not the code that we sent."), field="code")


async def _locked(token: str) -> dict[str, Any] | None:
    rows = await fetch("SELECT * FROM one_time_code WHERE token_hash = {} FOR UPDATE", ids.token_hash(token))
    return rows[0] if rows else None


async def _enter(row: dict[str, Any], device: str) -> str | None:
    account = await account_of(_contact(row))
    if account is None:
        return None
    if not may_enter(account):
        raise Forbidden(N_("This account is closed. Please call us."))
    await OneTimeCode.update({OneTimeCode.used_at: clock.now()}).where(OneTimeCode.id == row["id"])
    return await open_session(account["id"], method=Method.CODE, device=device)


def _contact(row: dict[str, Any]) -> Contact:
    value = crypto.unseal(row["contact_enc"], place=CODE_CONTACT, row=row["id"])
    return Contact(Channel(row["channel"]), value)


async def use_proof(token: str) -> Contact:
    """Return the contact that this browser proved, and spend the proof; raise Invalid if there is none."""
    row = await _locked(token)
    limit = clock.now() - rules.REGISTER_WITHIN
    if row is None or row["used_at"] is not None or row["proved_at"] is None or row["proved_at"] <= limit:
        raise Invalid(OVER)
    await wait_for_turn(row["contact_index"])
    await OneTimeCode.update({OneTimeCode.used_at: clock.now()}).where(OneTimeCode.id == row["id"])
    return _contact(row)
