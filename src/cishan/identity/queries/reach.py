"""By what a person can be reached, and who is reached by something."""

from uuid import UUID

from cishan.identity.queries.accounts import contact_indexes, contacts_of
from cishan.identity.rules.accounts import is_minor
from cishan.kernel import clock
from cishan.kernel.contacts import Channel, Contact
from cishan.plumbing.db import fetch


async def contacts_of_person(person_id: UUID) -> dict[Channel, str]:
    """Return where a person proved to be reached, by the ways of their open accounts; the oldest counts."""
    rows = await fetch(
        "SELECT id, email_enc, mobile_enc FROM account WHERE person = {} AND active"
        " ORDER BY id DESC LIMIT 20",
        person_id,
    )
    return {contact.channel: contact.value for row in rows for contact in contacts_of(row)}


async def guardians_of(person_id: UUID) -> list[UUID]:
    """Return who answers, with a consent that stands, for somebody who is under age today; else nobody."""
    rows = await fetch(
        """SELECT guardianship.guardian, person.born_on
             FROM guardianship JOIN person ON person.id = guardianship.minor
            WHERE guardianship.minor = {} AND guardianship.withdrawn_at IS NULL ORDER BY guardianship.id""",
        person_id,
    )
    today = clock.today()
    return list(dict.fromkeys(row["guardian"] for row in rows if is_minor(row["born_on"], today)))


async def person_reached_by(contact: Contact) -> UUID | None:
    """Return whose open account has this address or number; None: nobody's, or an office's."""
    column = "email_index" if contact.channel is Channel.EMAIL else "mobile_index"
    rows = await fetch(
        f"SELECT person FROM account WHERE {column} = ANY({{}}::bytea[]) AND active",  # noqa: S608 - one of two constants
        contact_indexes(contact),
    )
    found: UUID | None = rows[0]["person"] if rows else None
    return found
