"""Which posts somebody holds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cishan.identity.queries.accounts import visitor_of
from cishan.identity.queries.regions import shown
from cishan.identity.rules.accounts import Visitor
from cishan.identity.rules.regions import covers
from cishan.identity.rules.roles import Post, Role, Staff
from cishan.kernel import clock
from cishan.plumbing.db import fetch


async def posts_of(person_id: UUID) -> tuple[Post, ...]:
    """Return the posts that a person holds today, the oldest first."""
    today = clock.today()
    rows = await fetch(
        """SELECT held.id AS grant_id, held.role, held.organisation AS organisation_id,
                  organisation.name AS organisation_name, held.region AS region_code,
                  region.name AS region_zh, region.name_en AS region_en, held.starts_on, held.ends_on
             FROM role_grant AS held JOIN organisation ON organisation.id = held.organisation
             JOIN region ON region.code = held.region
            WHERE held.person = {} AND held.revoked_at IS NULL AND held.starts_on <= {}
              AND (held.ends_on IS NULL OR held.ends_on >= {})
            ORDER BY held.granted_at, held.id LIMIT 100""",
        person_id,
        today,
        today,
    )
    return tuple(_post(row) for row in rows)


def _post(row: dict[str, Any]) -> Post:
    return Post(
        grant_id=row["grant_id"],
        role=Role(row["role"]),
        organisation_id=row["organisation_id"],
        organisation_name=row["organisation_name"],
        region_code=row["region_code"],
        region_name=shown(row["region_zh"], row["region_en"]),
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
    )


async def holders(roles: Sequence[Role]) -> list[tuple[str, UUID]]:
    """Return the region of the post and the person for everybody who holds one of the roles today."""
    today = clock.today()
    rows = await fetch(
        """SELECT DISTINCT region, person FROM role_grant
            WHERE role = ANY({}::varchar[]) AND revoked_at IS NULL AND starts_on <= {}
              AND (ends_on IS NULL OR ends_on >= {})
            ORDER BY region, person LIMIT 10000""",
        [role.value for role in roles],
        today,
        today,
    )
    return [(row["region"], row["person"]) for row in rows]


async def people_with(role: Role, region: str) -> list[UUID]:
    """Return who holds a role today in a post that reaches a region: one of it, or of one that it lies in."""
    return [person for place, person in await holders([role]) if covers(place, region)]


async def staff(visitor: Visitor) -> Staff | None:
    """Return a visitor with the posts that they hold today; None if they hold none."""
    posts = await posts_of(visitor.person_id) if visitor.is_staff and visitor.person_id else ()
    if not posts or visitor.person_id is None:
        return None
    return Staff(
        account_id=visitor.account_id,
        person_id=visitor.person_id,
        name=visitor.name,
        username=visitor.username,
        session_id=visitor.session_id,
        method=visitor.method,
        signed_in_at=visitor.signed_in_at,
        second_factor_at=visitor.second_factor_at,
        posts=posts,
    )


async def staff_of(token: str) -> Staff | None:
    """Return which member of the staff a cookie names."""
    visitor = await visitor_of(token)
    return await staff(visitor) if visitor is not None else None
