"""Giving posts to people, changing and ending them. Every step is in the history of the grant."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from piccolo.columns import Column

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.identity.actions import history
from cishan.identity.rules.roles import Role, require_days
from cishan.identity.tables.posts import RoleGrant
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, fetch, fetch_value

GRANT = "role_grant"
"""The kind of thing in the history."""


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
_OWN = N_("Another administrator ends your own posts.")


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
    made: UUID = granted.id
    try:
        async with atomic():
            await RoleGrant.insert(granted)
            await _record(made, "grant", to="granted", reason=post.reason, by=by)
            await history.tell(person_id, "post_given")
    except asyncpg.CheckViolationError as error:
        name = str(error.constraint_name)
        if name not in _REFUSALS:
            raise
        raise Invalid(_REFUSALS[name], field=_FIELDS.get(name, "")) from error
    return made


async def give(person_id: UUID, post: NewPost, *, by: UUID) -> UUID:
    """Give a post whose days are to come, and return its id; an administrator's way to `grant`."""
    require_days(post.starts_on, post.ends_on, clock.today())
    return await grant(person_id, post, by=by)


async def _record(grant_id: UUID, event: str, *, to: str, reason: str, by: UUID | None) -> None:
    step = Transition(
        subject_kind=GRANT,
        subject_id=str(grant_id),
        event=event,
        from_state="" if event == "grant" else "granted",
        to_state=to,
        actor=str(by) if by else SYSTEM,
        acting_role=Role.ADMINISTRATOR if by else "",
        reason=reason,
    )
    await audit.record(step)


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


async def _locked(grant_id: UUID, by: UUID | None) -> dict[str, Any]:
    """Return a grant that counts or will count, locked; its holder may not ask for it."""
    rows = await fetch("SELECT * FROM role_grant WHERE id = {} FOR NO KEY UPDATE", grant_id)
    if not rows:
        raise NotFound(N_("There is no such post."))
    row = rows[0]
    if row["revoked_at"] is not None or (row["ends_on"] is not None and row["ends_on"] < clock.today()):
        raise Conflict(N_("This post has ended already."))
    if row["person"] == by:
        raise Invalid(_OWN)
    return row


async def revoke(grant_id: UUID, *, because: str, by: UUID | None) -> None:
    """Take a post away at once."""
    async with atomic():
        row = await _locked(grant_id, by)
        change: dict[Column | str, Any] = {
            RoleGrant.revoked_at: clock.now(),
            RoleGrant.revoked_by: by,
            RoleGrant.revoked_because: because,
        }
        await RoleGrant.update(change).where(RoleGrant.id == grant_id)
        await _record(grant_id, "revoke", to="revoked", reason=because, by=by)
        await history.tell(row["person"], "post_ended")


async def end(grant_id: UUID, *, on: date, because: str, by: UUID | None) -> None:
    """Let a post end on a day to come, sooner than it would."""
    if on < clock.today():
        raise Invalid(N_("This day is over."), field="on")
    async with atomic():
        row = await _locked(grant_id, by)
        if on < row["starts_on"]:
            raise Invalid(N_("The last day is before the first."), field="on")
        if row["ends_on"] is not None and on >= row["ends_on"]:
            raise Invalid(
                N_("The post ends then or sooner already; for a longer time give it anew."), field="on"
            )
        await RoleGrant.update({RoleGrant.ends_on: on}).where(RoleGrant.id == grant_id)
        await _record(grant_id, "end", to=f"ends {on.isoformat()}", reason=because, by=by)


async def change(grant_id: UUID, post: NewPost, *, by: UUID | None) -> UUID:
    """Take a post away and give another in its place at the same moment; return the new one's id."""
    require_days(post.starts_on, post.ends_on, clock.today())
    async with atomic():
        row = await _locked(grant_id, by)
        await revoke(grant_id, because=post.reason, by=by)
        return await grant(row["person"], post, by=by)
