"""Who people are by the ids that stand in the history, and who holds a role."""

from collections.abc import Collection
from uuid import UUID

from cishan.identity.queries.accounts import NAME
from cishan.kernel import clock
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch


async def names_of(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of people by their own id or that of their account; unknown ids are left out."""
    if not ids:
        return {}
    rows = await fetch(
        """SELECT known.id, person.id AS person, person.name_enc
             FROM unnest({}::uuid[]) AS known (id) LEFT JOIN account ON account.id = known.id
             JOIN person ON person.id = coalesce(account.person, known.id)""",
        list(ids),
    )
    return {
        row["id"]: crypto.unseal(row["name_enc"], place=NAME, row=row["person"])
        for row in rows
        if row["name_enc"] is not None
    }


async def holders_of(role: str, *, organisation: UUID) -> list[UUID]:
    """Return who holds a role in an organisation today, the longest first."""
    today = clock.today()
    rows = await fetch(
        """SELECT held.person, min(held.granted_at) AS since FROM role_grant AS held
            WHERE held.role = {} AND held.organisation = {} AND held.revoked_at IS NULL
              AND held.starts_on <= {} AND (held.ends_on IS NULL OR held.ends_on >= {})
            GROUP BY held.person ORDER BY since, held.person LIMIT 100""",
        role,
        organisation,
        today,
        today,
    )
    return [row["person"] for row in rows]
