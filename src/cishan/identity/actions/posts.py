"""Giving posts to people, and ending them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from cishan.identity.actions import history
from cishan.identity.rules.roles import Role
from cishan.identity.tables.posts import RoleGrant
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch_value


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What somebody is given: a role within an organisation and region, from a day until a day."""

    role: Role
    organisation_id: UUID
    region: str
    starts_on: date
    ends_on: date | None = None
    reason: str


_REFUSALS = {
    "role_grant_once_at_a_time": N_("This person holds this post in these days already."),
    "role_grant_excludes_another": N_(
        "This person holds another post that does not go with this one: a cashier keeps no books, and an"
        " auditor holds no other post."
    ),
    "role_grant_lies_in_organisation": N_("This region does not lie in that of the organisation."),
    "role_grant_by_administrator": N_("Only an administrator of the region gives posts in it."),
    "nobody_grants_to_themselves": N_("Nobody gives a post to themselves."),
    "role_grant_ends_after_it_starts": N_("The last day is before the first."),
}
_FIELDS = {"role_grant_lies_in_organisation": "region", "role_grant_ends_after_it_starts": "ends_on"}


async def grant(person_id: UUID, post: NewPost, *, by: UUID | None) -> UUID:
    """Give a post and return its id; `by` is the administrator, None the installation's command line.

    What the database refuses (twice, to oneself, out of reach, posts that exclude each other) is Invalid.
    """
    granted = RoleGrant(
        id=ids.new_id(),
        person=person_id,
        role=post.role,
        organisation=post.organisation_id,
        region=post.region,
        starts_on=post.starts_on,
        ends_on=post.ends_on,
        reason=post.reason,
        granted_by=by,
        granted_at=clock.now(),
    )
    try:
        async with atomic():
            await RoleGrant.insert(granted)
            await history.tell(person_id, "post_given")
    except asyncpg.CheckViolationError as error:
        name = str(error.constraint_name)
        if name not in _REFUSALS:
            raise
        raise Invalid(_REFUSALS[name], field=_FIELDS.get(name, "")) from error
    made: UUID = granted.id
    return made


async def holds(person_id: UUID, post: NewPost) -> bool:
    """Tell whether a person was given this post and still has it or will have it."""
    return bool(
        await fetch_value(
            """SELECT EXISTS (SELECT FROM role_grant WHERE person = {} AND role = {} AND organisation = {}
                 AND region = {} AND revoked_at IS NULL AND (ends_on IS NULL OR ends_on >= {}))""",
            person_id,
            post.role,
            post.organisation_id,
            post.region,
            clock.today(),
        )
    )


async def revoke(grant_id: UUID, *, because: str, by: UUID | None) -> None:
    """Take a post away at once."""
    async with atomic():
        person_id = await fetch_value(
            """UPDATE role_grant SET revoked_at = {}, revoked_by = {}, revoked_because = {}
                WHERE id = {} AND revoked_at IS NULL RETURNING person""",
            clock.now(),
            by,
            because,
            grant_id,
        )
        if person_id is None:
            raise Conflict(N_("This post has ended already."))
        await history.tell(person_id, "post_ended")
