"""Who people are by the ids that stand in the history."""

from collections.abc import Collection
from uuid import UUID

from cishan.identity.queries.accounts import NAME
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
