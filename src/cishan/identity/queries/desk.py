"""A person as staff see them: masked, until somebody says what they must know for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.identity.queries.accounts import contacts_of
from cishan.kernel import masking
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch

NAME = "person.name_enc"


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What is kept of a person; name, contacts and birthday are masked unless they were asked for."""

    id: UUID
    name: str
    born_on: date | None
    """None: unknown, or masked."""
    has_birthday: bool
    contacts: tuple[str, ...]
    email: str
    """In the clear, for looking up what else it belongs to; never shown."""
    since: datetime
    has_account: bool
    minors: int


SEALED_FIELDS = ("name", "born_on", "contacts")


async def person_card(person_id: UUID, *, open_seals: bool = False) -> PersonCard:
    """Return a person; raise NotFound. In the clear only for somebody whose look was written down."""
    rows = await fetch(
        """SELECT person.id AS person_id, person.name_enc, person.born_on, person.created_at,
                  account.id, account.email_enc, account.mobile_enc,
                  (SELECT count(*) FROM guardianship WHERE guardianship.guardian = person.id
                      AND guardianship.withdrawn_at IS NULL) AS minors
             FROM person LEFT JOIN account ON account.person = person.id
            WHERE person.id = {} ORDER BY account.created_at NULLS LAST""",
        person_id,
    )
    if not rows:
        raise NotFound(N_("There is no such person."))
    return _card(rows, open_seals=open_seals)


def _card(rows: list[Mapping[str, Any]] | list[dict[str, Any]], *, open_seals: bool) -> PersonCard:
    first = rows[0]
    name = crypto.unseal(first["name_enc"], place=NAME, row=first["person_id"])
    found = [c for row in rows if row["id"] is not None for c in contacts_of(dict(row))]
    return PersonCard(
        id=first["person_id"],
        name=name if open_seals else masking.name(name),
        born_on=first["born_on"] if open_seals else None,
        has_birthday=first["born_on"] is not None,
        contacts=tuple(c.value if open_seals else c.masked for c in found),
        email=next((c.value for c in found if c.channel is Channel.EMAIL), ""),
        since=first["created_at"],
        has_account=first["id"] is not None,
        minors=first["minors"],
    )


async def persons_reached_by(contact: Contact) -> list[UUID]:
    """Return who has an account with this address or number."""
    column = "email_index" if contact.channel is Channel.EMAIL else "mobile_index"
    rows = await fetch(
        f"SELECT person FROM account WHERE {column} = ANY ({{}}::bytea[]) AND person IS NOT NULL"  # noqa: S608
        " ORDER BY created_at LIMIT 20",
        crypto.blind_indexes(contact.value, purpose=f"account {contact.channel}"),
    )
    return [row["person"] for row in rows]
