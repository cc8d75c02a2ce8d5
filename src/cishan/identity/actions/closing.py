"""Closing the accounts of staff, and opening them again."""

from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.identity.rules.roles import Role
from cishan.identity.tables.accounts import AccountSession
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch


async def close(person_id: UUID, *, because: str, by: UUID | None) -> None:
    """Close the accounts of a person and end all their sessions at once; posts stay as they are."""
    await _switch(person_id, active=False, because=because, by=by)


async def reopen(person_id: UUID, *, because: str, by: UUID | None) -> None:
    """Let a person sign in again; nobody is signed in by it."""
    await _switch(person_id, active=True, because=because, by=by)


async def _switch(person_id: UUID, *, active: bool, because: str, by: UUID | None) -> None:
    if person_id == by:
        raise Invalid(N_("Another administrator does this for you."))
    async with atomic():
        rows = await fetch(
            "UPDATE account SET active = {} WHERE person = {} AND active <> {} RETURNING id",
            active,
            person_id,
            active,
        )
        if not rows:
            raise Conflict(
                N_("This account is open already.") if active else N_("This account is closed already.")
            )
        accounts = [row["id"] for row in rows]
        if not active:
            await AccountSession.delete().where(AccountSession.account.is_in(accounts))
        await audit.record(
            *(
                Transition(
                    subject_kind="account",
                    subject_id=str(account),
                    event="reopen" if active else "close",
                    from_state="closed" if active else "open",
                    to_state="open" if active else "closed",
                    actor=str(by) if by else SYSTEM,
                    acting_role=Role.ADMINISTRATOR if by else "",
                    reason=because,
                )
                for account in accounts
            )
        )
