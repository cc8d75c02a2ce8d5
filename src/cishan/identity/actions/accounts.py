"""Accounts and their passwords."""

from typing import Any

from cishan import gateways
from cishan.identity.actions import history
from cishan.identity.actions.sessions import (
    end_other_sessions,
    fits,
    give_back,
    hashed,
    note_if_locked,
    open_session,
    spend_try,
)
from cishan.identity.queries.accounts import contact_indexes, contacts_of
from cishan.identity.rules import accounts as rules
from cishan.identity.rules import passwords
from cishan.identity.rules.accounts import Method, Visitor
from cishan.identity.tables.accounts import Account
from cishan.kernel import clock
from cishan.kernel.contacts import Channel, Contact, contact
from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_, fold
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch


async def account_of(reached_by: Contact) -> dict[str, Any] | None:
    """Return the account with this e-mail address or mobile number."""
    column = "email_index" if reached_by.channel is Channel.EMAIL else "mobile_index"
    rows = await fetch(
        f"SELECT * FROM account WHERE {column} = ANY({{}}::bytea[])",  # noqa: S608 - one of two constants
        contact_indexes(reached_by),
    )
    return rows[0] if rows else None


def may_enter(account: dict[str, Any]) -> bool:
    """Tell whether an account opens anything on this site."""
    return bool(account["active"] and (not account["is_demo"] or gateways.settings().demo))


async def named(login: str) -> tuple[str, dict[str, Any] | None]:
    """Return one spelling of what was typed, and the account that it names."""
    try:
        reached_by = contact(login)
    except Invalid:
        name = fold(login)
        rows = await fetch("SELECT * FROM account WHERE username = {}", name)
        return name, rows[0] if rows else None
    return reached_by.value, await account_of(reached_by)


async def sign_in(*, login: str, password: str, address: str, device: str = "") -> str:
    """Return the secret of a new session. A wrong name and a wrong password are refused in the same words.

    After five failures of a name, or thirty of an address, within a quarter of an hour: TooMany.
    """
    spelling, account = await named(login)
    by_name = crypto.blind_index(spelling, purpose="sign-in name")
    by_address = crypto.blind_index(address, purpose="sign-in address")
    tries = await spend_try({by_name: rules.FAILURES_PER_NAME, by_address: rules.FAILURES_PER_ADDRESS})
    if account is not None and (not may_enter(account) or account["password_hash"] is None):
        account = None
    stored = account["password_hash"] if account is not None else passwords.NOBODY
    right = await fits(password, stored)
    if account is None or not right:
        if account is not None:
            limit = rules.FAILURES_PER_NAME
            await note_if_locked(by_name, limit, kind=history.ACCOUNT, id=str(account["id"]))
        limit = rules.FAILURES_PER_ADDRESS
        await note_if_locked(by_address, limit, kind="address", id=by_address.hex())
        raise Invalid(N_("This name and password do not belong together."), field="password")
    fresh = await hashed(password) if passwords.is_outdated(stored) else stored
    async with atomic():
        await give_back(tries)
        if fresh != stored:
            await Account.update({Account.password_hash: fresh}).where(Account.id == account["id"])
        return await open_session(account["id"], method=Method.PASSWORD, device=device)


async def change_password(visitor: Visitor, *, current: str, password: str) -> None:
    """Set a new password and end all other sessions.

    Whoever came in by a code just now need not know the old one; everybody else must.
    """
    (account,) = await fetch("SELECT * FROM account WHERE id = {}", visitor.account_id)
    by_code = visitor.method is Method.CODE and clock.now() - visitor.signed_in_at <= rules.FRESH
    if not by_code:
        subject = crypto.blind_index(str(visitor.account_id), purpose="password change")
        tries = await spend_try({subject: rules.FAILURES_PER_NAME})
        right = await fits(current, account["password_hash"] or passwords.NOBODY)
        if account["password_hash"] is None or not right:
            limit, account_id = rules.FAILURES_PER_NAME, str(visitor.account_id)
            await note_if_locked(subject, limit, kind=history.ACCOUNT, id=account_id)
            raise Invalid(N_("This is not your present password."), field="current")
        await give_back(tries)
    known = [visitor.name, visitor.username, *(c.value for c in contacts_of(account))]
    passwords.require_good_password(password, known=known)
    stored = await hashed(password)
    async with atomic():
        await Account.update({Account.password_hash: stored}).where(Account.id == visitor.account_id)
        await end_other_sessions(visitor.account_id, but=visitor.session_id)
        had = "set" if account["password_hash"] else ""
        await history.note(visitor.account_id, "change_password", before=had, to="set")
        await history.tell(visitor.person_id, "password_changed")
