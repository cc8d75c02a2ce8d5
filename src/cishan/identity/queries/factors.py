"""Which second factors an account has, and which browser still owes one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan import gateways
from cishan.identity.queries.accounts import visitor_of
from cishan.identity.rules.factors import Kind
from cishan.kernel import clock, ids
from cishan.plumbing.db import fetch, fetch_value

SECRET = "factor.secret_enc"  # noqa: S105 - a place


@dataclass(frozen=True, slots=True)
class FactorView:
    """A second factor as its owner sees it."""

    id: UUID
    kind: Kind
    label: str
    created_at: datetime
    used_at: datetime | None


async def factors_of(account_id: UUID) -> list[FactorView]:
    """Return the second factors of an account, the oldest first."""
    rows = await fetch(
        "SELECT id, kind, label, created_at, used_at FROM factor WHERE account = {} ORDER BY id LIMIT 100",
        account_id,
    )
    return [FactorView(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def recovery_codes_left(account_id: UUID) -> int:
    """Return how many recovery codes can still be used."""
    sql = "SELECT count(*) FROM recovery_code WHERE account = {} AND used_at IS NULL"
    left: int = await fetch_value(sql, account_id)
    return left


async def has_factor(account_id: UUID) -> bool:
    """Tell whether an account has a second factor."""
    return bool(await fetch_value("SELECT EXISTS (SELECT FROM factor WHERE account = {})", account_id))


@dataclass(frozen=True, slots=True)
class Standing:
    """A browser at the second factor: signed in already, or with the right password alone."""

    session_id: UUID
    account_id: UUID
    person_id: UUID | None
    due: bool
    """True: until the factor is shown, this session opens nothing."""


async def standing_of(token: str) -> Standing | None:
    """Return at which account a browser may show a second factor."""
    visitor = await visitor_of(token)
    if visitor is not None:
        return Standing(visitor.session_id, visitor.account_id, visitor.person_id, due=False)
    rows = await fetch(
        """SELECT session.id AS session_id, account.id AS account_id, account.person AS person_id
             FROM account_session AS session JOIN account ON account.id = session.account
            WHERE session.token_hash = {} AND session.expires_at > {} AND session.second_factor_due
              AND account.active AND (NOT account.is_demo OR {}::boolean)""",
        ids.token_hash(token),
        clock.now(),
        gateways.settings().demo,
    )
    return Standing(**rows[0], due=True) if rows else None


async def passkey_ids(account_id: UUID) -> list[bytes]:
    """Return the credential ids of an account's passkeys."""
    rows = await fetch(
        "SELECT credential_id FROM factor WHERE account = {} AND kind = 'passkey' ORDER BY id LIMIT 100",
        account_id,
    )
    return [bytes(row["credential_id"]) for row in rows]
