"""People of the staff, as tests need them."""

from datetime import date
from uuid import UUID

import httpx

from cishan.identity.actions import people, posts, regions
from cishan.identity.actions.posts import NewPost
from cishan.identity.actions.sessions import open_session
from cishan.identity.rules.accounts import Method
from cishan.identity.rules.regions import Level, OrganisationKind, Region
from cishan.identity.rules.roles import Role
from cishan.identity.tables.accounts import Account, AccountSession
from cishan.kernel import clock, ids

PASSWORD = "correct horse battery"
CITY, COUNTY, TOWN, OTHER = "371400", "371423", "371423100", "371402"
REGIONS = (
    Region(CITY, None, Level.CITY, "德州市", "Dezhou City"),
    Region(COUNTY, CITY, Level.COUNTY, "庆云县", "Qingyun County"),
    Region(TOWN, COUNTY, Level.TOWN, "庆云镇", ""),
    Region(OTHER, CITY, Level.COUNTY, "德城区", "Decheng District"),
)
BEGAN = date(2026, 1, 1)


async def a_federation(region: str = CITY) -> UUID:
    """Make the tree of regions known and return the federation of one of them."""
    await regions.set_regions(REGIONS)
    return await regions.set_organisation(
        code=f"federation-{region}",
        name=f"{region}慈善总会",
        kind=OrganisationKind.FEDERATION,
        region=region,
    )


async def a_member(
    username: str = "ada",
    *roles: Role,
    name: str = "项目部",
    password: str = PASSWORD,
    region: str = CITY,
    is_demo: bool = True,
) -> UUID:
    """Make a person with an account and posts (a project officer's, if none is named); return their id."""
    organisation = await a_federation(region)
    person_id = await people.create_account(username=username, name=name, password=password, is_demo=is_demo)
    for role in roles or (Role.PROJECT_OFFICER,):
        await a_post(person_id, role, organisation=organisation, region=region)
    return person_id


async def a_post(
    person_id: UUID,
    role: Role,
    *,
    organisation: UUID,
    region: str = CITY,
    starts_on: date = BEGAN,
    ends_on: date | None = None,
    by: UUID | None = None,
) -> UUID:
    """Give a post and return its id."""
    post = NewPost(
        role=role,
        organisation_id=organisation,
        region=region,
        starts_on=starts_on,
        ends_on=ends_on,
        reason="测试任命",
    )
    return await posts.grant(person_id, post, by=by)


async def sign_in(client: httpx.AsyncClient, username: str = "ada", password: str = PASSWORD) -> None:
    """Let a browser sign in as staff."""
    answer = await client.post("/staff/sign-in", data={"username": username, "password": password})
    assert answer.status_code == 303, answer.text


async def a_session(username: str = "ada", *, factor: bool = True) -> str:
    """Open a session without the cost of a password and return its secret; with a second factor shown now."""
    (account,) = await Account.select(Account.id).where(Account.username == username)
    token = await open_session(account["id"], method=Method.PASSWORD, device="")
    if factor:
        await AccountSession.update({AccountSession.second_factor_at: clock.now()}).where(
            AccountSession.token_hash == ids.token_hash(token)
        )
    return token
