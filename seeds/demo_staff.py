"""One person for every role of a demonstration; their accounts open nothing when CISHAN_DEMO=0."""

from cishan.approvals.rules import Acting
from cishan.identity.actions import people, posts
from cishan.identity.actions.posts import NewPost
from cishan.identity.queries import names, regions
from cishan.identity.queries import posts as held
from cishan.identity.rules.accounts import DEMO_PASSWORD
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from seeds import STAFF


async def load() -> None:
    for member in STAFF:
        person_id = await people.create_account(
            username=member.username, name=member.name, password=DEMO_PASSWORD, is_demo=True
        )
        organisation = await regions.organisation_named(member.organisation)
        post = NewPost(
            role=member.role,
            organisation_id=organisation.id,
            region=member.region or organisation.region,
            starts_on=clock.today(),
            reason="演示账号",
        )
        if not await posts.holds(person_id, post):
            await posts.grant(person_id, post, by=None)


async def keepers() -> tuple[Acting, Acting]:
    """Return the two who keep the warehouse of the federation."""
    house = await regions.organisation_named("federation")
    found = []
    for person_id in await names.holders_of(Role.WAREHOUSE_KEEPER, organisation=house.id):
        post = next(p for p in await held.posts_of(person_id) if p.role is Role.WAREHOUSE_KEEPER)
        found.append(Acting(person_id, post.grant_id, post.role))
    return found[0], found[1]
