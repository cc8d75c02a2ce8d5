"""Inviting people to posts: the link, sending it anew, taking it back, and accepting it."""

from typing import Any
from uuid import UUID

from piccolo.columns import Column

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.identity.actions import posts
from cishan.identity.actions.accounts import account_of
from cishan.identity.actions.people import new_account, new_person
from cishan.identity.actions.posts import NewPost
from cishan.identity.actions.sessions import hashed, open_session, wait_for_turn
from cishan.identity.queries.accounts import contact_index
from cishan.identity.queries.invitations import CONTACT, NAME, token_of
from cishan.identity.rules import passwords
from cishan.identity.rules.accounts import Method
from cishan.identity.rules.roles import (
    INVITATION_LIFE,
    InvitationState,
    Role,
    invitation_state,
    require_days,
)
from cishan.identity.tables.posts import Invitation
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch

INVITATION = "invitation"
TIMES = 20
_LEFT = {
    InvitationState.ACCEPTED: N_("This invitation was accepted already. Please sign in."),
    InvitationState.WITHDRAWN: N_("This invitation was withdrawn."),
    InvitationState.EXPIRED: N_("This invitation has expired. Ask for a new one."),
}


async def invite(post: NewPost, *, name: str, to: Contact, language: str, by: UUID | None) -> UUID:
    """Offer a post to somebody by letter or text message; return the invitation's id."""
    require_days(post.starts_on, post.ends_on, clock.today())
    invitation_id, now = ids.new_id(), clock.now()
    async with atomic():
        await _require_reach(post)
        await Invitation.insert(
            Invitation(
                id=invitation_id,
                name_enc=crypto.seal(name, place=NAME, row=invitation_id),
                contact_enc=crypto.seal(to.value, place=CONTACT, row=invitation_id),
                channel=to.channel,
                language=language,
                role=post.role,
                organisation=post.organisation_id,
                region=post.region,
                starts_on=post.starts_on,
                ends_on=post.ends_on,
                reason=post.reason,
                invited_by=by,
                invited_at=now,
                token_hash=ids.token_hash(token_of(invitation_id, 1)),
                sent_at=now,
                expires_at=now + INVITATION_LIFE,
            )
        )
        await _record(invitation_id, "invite", to="open", reason=post.reason, by=by)
        await jobs.enqueue("notify.send_invitation", invitation_id=str(invitation_id), turn=1)
    return invitation_id


async def _require_reach(post: NewPost) -> None:
    rows = await fetch(
        "SELECT region_covers(region, {}) AS good FROM organisation WHERE id = {} AND active",
        post.region,
        post.organisation_id,
    )
    if not rows:
        raise Invalid(N_("There is no such organisation."), field="organisation")
    if not rows[0]["good"]:
        raise Invalid(N_("This region does not lie in that of the organisation."), field="region")


async def _record(
    invitation_id: UUID, event: str, *, to: str, by: UUID | None, reason: str = "", role: str = ""
) -> None:
    step = Transition(
        subject_kind=INVITATION,
        subject_id=str(invitation_id),
        event=event,
        from_state="" if event == "invite" else "open",
        to_state=to,
        actor=str(by) if by else SYSTEM,
        acting_role=role or (Role.ADMINISTRATOR if by else ""),
        reason=reason,
    )
    await audit.record(step)


async def _locked(condition: str, value: object) -> dict[str, Any]:
    """Return an invitation that was neither accepted nor withdrawn, locked."""
    rows = await fetch(f"SELECT * FROM invitation WHERE {condition} = {{}} FOR NO KEY UPDATE", value)  # noqa: S608
    if not rows:
        raise NotFound(N_("This invitation does not exist, or a newer one was sent in its place."))
    return rows[0]


def _state(row: dict[str, Any]) -> InvitationState:
    return invitation_state(
        accepted=row["accepted_at"] is not None,
        withdrawn=row["withdrawn_at"] is not None,
        expires_at=row["expires_at"],
        now=clock.now(),
    )


async def resend(invitation_id: UUID, *, by: UUID | None) -> None:
    """Send a new link; the one before no longer works."""
    async with atomic():
        row = await _locked("id", invitation_id)
        if _state(row) in {InvitationState.ACCEPTED, InvitationState.WITHDRAWN}:
            raise Conflict(_LEFT[_state(row)])
        turn, now = row["turn"] + 1, clock.now()
        if turn > TIMES:
            raise Conflict(N_("This invitation was sent too often. Withdraw it and write another."))
        change: dict[Column | str, Any] = {
            Invitation.turn: turn,
            Invitation.token_hash: ids.token_hash(token_of(invitation_id, turn)),
            Invitation.sent_at: now,
            Invitation.expires_at: now + INVITATION_LIFE,
        }
        await Invitation.update(change).where(Invitation.id == invitation_id)
        await _record(invitation_id, "resend", to="open", by=by)
        await jobs.enqueue("notify.send_invitation", invitation_id=str(invitation_id), turn=turn)


async def withdraw(invitation_id: UUID, *, because: str, by: UUID | None) -> None:
    """Take an invitation back; its link no longer works."""
    async with atomic():
        row = await _locked("id", invitation_id)
        if _state(row) in {InvitationState.ACCEPTED, InvitationState.WITHDRAWN}:
            raise Conflict(_LEFT[_state(row)])
        change: dict[Column | str, Any] = {
            Invitation.withdrawn_at: clock.now(),
            Invitation.withdrawn_by: by,
            Invitation.withdrawn_because: because,
        }
        await Invitation.update(change).where(Invitation.id == invitation_id)
        await _record(invitation_id, "withdraw", to="withdrawn", reason=because, by=by)


async def accept(token: str, *, password: str, device: str = "") -> str | None:
    """Give the invited person the post, once; return the secret of a session for whoever is new here.

    None: the contact has an account already, whose owner signs in as ever. Without a password a new account
    is entered by codes alone.
    """
    if password:
        passwords.require_good_password(password)
    stored = await hashed(password) if password else None
    async with atomic():
        row = await _locked("token_hash", ids.token_hash(token))
        if _state(row) is not InvitationState.OPEN:
            raise Conflict(_LEFT[_state(row)])
        to = Contact(Channel(row["channel"]), crypto.unseal(row["contact_enc"], place=CONTACT, row=row["id"]))
        await wait_for_turn(contact_index(to))
        account = await account_of(to)
        if account is not None and (not account["active"] or account["person"] is None):
            raise Forbidden(N_("This account is closed. Please call us."))
        if account is not None:
            person_id, session = account["person"], None
        else:
            name = crypto.unseal(row["name_enc"], place=NAME, row=row["id"])
            passwords_known = (name, to.value)
            if password:
                passwords.require_good_password(password, known=passwords_known)
            person_id = await new_person(name, None)
            made = await new_account(to, person_id, stored)
            session = await open_session(made, method=Method.CODE, device=device)
        granted = await _grant(row, person_id)
        change: dict[Column | str, Any] = {Invitation.accepted_at: clock.now(), Invitation.granted: granted}
        await Invitation.update(change).where(Invitation.id == row["id"])
        await _record(row["id"], "accept", to="accepted", by=person_id, role=row["role"])
    return session


async def _grant(row: dict[str, Any], person_id: UUID) -> UUID:
    today = clock.today()
    if row["ends_on"] is not None and row["ends_on"] < today:
        raise Conflict(_LEFT[InvitationState.EXPIRED])
    post = NewPost(
        role=Role(row["role"]),
        organisation_id=row["organisation"],
        region=row["region"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        reason=row["reason"],
    )
    try:
        return await posts.grant(person_id, post, by=row["invited_by"])
    except Invalid as error:
        raise Conflict(error.message, **error.values) from error
