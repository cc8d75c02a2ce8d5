"""Invitations: the letter on its way, what the invited person sees, what the administrator sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.identity.queries.accounts import contact_index
from cishan.identity.queries.regions import shown
from cishan.identity.rules.roles import InvitationState, Role, invitation_state
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch

NAME, CONTACT = "invitation.name_enc", "invitation.contact_enc"
LIMIT = 200


def token_of(invitation_id: UUID, turn: int) -> str:
    """Return the secret of an invitation's link; another each time that it is sent."""
    return crypto.secret_link(invitation_id, purpose=f"invitation {turn}")


@dataclass(frozen=True, slots=True)
class InvitationView:
    """A post that is offered to somebody."""

    id: UUID
    name: str
    contact: Contact
    role: Role
    organisation_name: str
    region: str
    region_name: str
    starts_on: date
    ends_on: date | None
    reason: str
    invited_at: datetime
    turn: int
    sent_at: datetime
    expires_at: datetime
    language: str
    state: InvitationState


_ONE = """
    SELECT invitation.*, organisation.name AS organisation_name, region.name AS region_zh,
           region.name_en AS region_en
      FROM invitation JOIN organisation ON organisation.id = invitation.organisation
      JOIN region ON region.code = invitation.region"""


def _view(row: dict[str, Any]) -> InvitationView:
    contact = crypto.unseal(row["contact_enc"], place=CONTACT, row=row["id"])
    return InvitationView(
        id=row["id"],
        name=crypto.unseal(row["name_enc"], place=NAME, row=row["id"]),
        contact=Contact(Channel(row["channel"]), contact),
        role=Role(row["role"]),
        organisation_name=row["organisation_name"],
        region=row["region"],
        region_name=shown(row["region_zh"], row["region_en"]),
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        reason=row["reason"],
        invited_at=row["invited_at"],
        turn=row["turn"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        language=row["language"],
        state=invitation_state(
            accepted=row["accepted_at"] is not None,
            withdrawn=row["withdrawn_at"] is not None,
            expires_at=row["expires_at"],
            now=clock.now(),
        ),
    )


async def pending(regions: Sequence[str]) -> list[InvitationView]:
    """Return what was offered in regions (patterns of codes) and not taken up yet, the newest first."""
    rows = await fetch(
        f"{_ONE} WHERE invitation.accepted_at IS NULL AND invitation.withdrawn_at IS NULL"
        " AND invitation.region LIKE ANY ({}::text[]) ORDER BY invitation.id DESC LIMIT {}",
        list(regions),
        LIMIT,
    )
    return [_view(row) for row in rows]


async def invitation(invitation_id: UUID) -> InvitationView:
    """Return an invitation; raise NotFound."""
    rows = await fetch(f"{_ONE} WHERE invitation.id = {{}}", invitation_id)
    if not rows:
        raise NotFound(N_("There is no such invitation."))
    return _view(rows[0])


async def is_known(contact: Contact) -> bool:
    """Tell whether there is an account that is reached by this."""
    column = "email_index" if contact.channel is Channel.EMAIL else "mobile_index"
    rows = await fetch(f"SELECT id FROM account WHERE {column} = {{}}", contact_index(contact))  # noqa: S608
    return bool(rows)


async def by_token(token: str) -> InvitationView:
    """Return the invitation of a link; raise NotFound if it is none, or a newer one was sent."""
    rows = await fetch(f"{_ONE} WHERE invitation.token_hash = {{}}", ids.token_hash(token))
    if not rows:
        raise NotFound(N_("This invitation does not exist, or a newer one was sent in its place."))
    return _view(rows[0])
