"""People with accounts, as tests of messages need them."""

from uuid import UUID

from cishan.identity.queries.accounts import EMAIL, MOBILE, NAME, contact_index
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.plumbing import crypto
from cishan.plumbing import db as database


async def a_person(*, email: str = "", mobile: str = "") -> UUID:
    """Return a person with an account that is reached by what is given."""
    person_id, account_id = ids.new_id(), ids.new_id()
    name = crypto.seal("测试张某", place=NAME, row=person_id)
    await database.fetch(
        "INSERT INTO person (id, name_enc, created_at) VALUES ({}, {}, {})", person_id, name, clock.now()
    )
    if not email and not mobile:
        return person_id
    by_email, by_mobile = Contact(Channel.EMAIL, email), Contact(Channel.MOBILE, mobile)
    await database.fetch(
        "INSERT INTO account (id, person, email_enc, email_index, mobile_enc, mobile_index, is_demo,"
        " active, created_at) VALUES ({}, {}, {}, {}, {}, {}, false, true, {})",
        account_id,
        person_id,
        crypto.seal(email, place=EMAIL, row=account_id) if email else None,
        contact_index(by_email) if email else None,
        crypto.seal(mobile, place=MOBILE, row=account_id) if mobile else None,
        contact_index(by_mobile) if mobile else None,
        clock.now(),
    )
    return person_id
