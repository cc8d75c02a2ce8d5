"""Closing accounts and opening them again; taking away second factors that are lost."""

from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.identity.actions import history
from cishan.identity.rules.roles import Role
from cishan.identity.tables.accounts import AccountSession
from cishan.identity.tables.factors import RecoveryCode
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch


async def close(person_id: UUID, *, because: str, by: UUID | None) -> None:
    """Close the accounts of a person and end all their sessions at once; posts stay as they are."""
    await _switch(person_id, active=False, because=because, by=by)


async def reopen(person_id: UUID, *, because: str, by: UUID | None) -> None:
    """Let a person sign in again; nobody is signed in by it."""
    await _switch(person_id, active=True, because=because, by=by)


async def forget_factors(person_id: UUID, *, because: str, by: UUID | None) -> None:
    """Take away all second factors and recovery codes of a person who lost them; all their sessions end.

    Whoever does it has seen who it is. The person is told, and adds a new factor after signing in.
    """
    if person_id == by:
        raise Invalid(N_("Another administrator does this for you."))
    async with atomic():
        gone = await fetch(
            """DELETE FROM factor USING account WHERE factor.account = account.id AND account.person = {}
               RETURNING factor.account""",
            person_id,
        )
        if not gone:
            raise Conflict(N_("There is no second factor to take away."))
        accounts = list(dict.fromkeys(row["account"] for row in gone))
        await RecoveryCode.delete().where(RecoveryCode.account.is_in(accounts))
        await AccountSession.delete().where(AccountSession.account.is_in(accounts))
        await audit.record(
            *(
                _step(account, "forget_factors", "two factors", "one factor", because=because, by=by)
                for account in accounts
            )
        )
        await history.tell(person_id, "second_factor_removed")


def _step(account: UUID, event: str, before: str, after: str, *, because: str, by: UUID | None) -> Transition:
    return Transition(
        subject_kind=history.ACCOUNT,
        subject_id=str(account),
        event=event,
        from_state=before,
        to_state=after,
        actor=str(by) if by else SYSTEM,
        acting_role=Role.ADMINISTRATOR if by else "",
        reason=because,
    )


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
                _step(account, "reopen", "closed", "open", because=because, by=by)
                if active
                else _step(account, "close", "open", "closed", because=because, by=by)
                for account in accounts
            )
        )
