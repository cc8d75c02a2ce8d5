"""One person for every role of a demonstration; their accounts open nothing when CISHAN_DEMO=0."""

from cishan.identity.actions import people, posts
from cishan.identity.actions.posts import NewPost
from cishan.identity.queries import regions
from cishan.identity.rules.accounts import DEMO_PASSWORD
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
