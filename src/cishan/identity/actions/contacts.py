"""A second contact of an account, or another one in place of the first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cishan.identity.actions import history
from cishan.identity.actions.accounts import account_of
from cishan.identity.actions.codes import use_proof
from cishan.identity.actions.sessions import end_other_sessions
from cishan.identity.queries.accounts import EMAIL, MOBILE, REPLACED, contact_index, contacts_of
from cishan.identity.rules.accounts import Visitor
from cishan.identity.tables.factors import ReplacedContact
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Conflict
from cishan.kernel.text import N_
from cishan.plumbing import crypto, jobs
from cishan.plumbing.db import atomic, fetch


async def change_contact(visitor: Visitor, token: str, *, language: str) -> Contact:
    """Give the account the contact that this browser proved, in place of the one of its kind if there is one.

    All other sessions end, and both the owner and the old contact are told.
    """
    async with atomic():
        contact = await use_proof(token)
        holder = await account_of(contact)
        if holder is not None:
            mine = holder["id"] == visitor.account_id
            raise Conflict(
                N_("This is your contact already.")
                if mine
                else N_("Another account has this contact. Sign in to that one, or call us.")
            )
        (row,) = await fetch("SELECT * FROM account WHERE id = {} FOR NO KEY UPDATE", visitor.account_id)
        old = next((known for known in contacts_of(row) if known.channel is contact.channel), None)
        await _write(visitor.account_id, contact)
        if old is not None:
            await _tell_old(visitor.account_id, old, language)
        await end_other_sessions(visitor.account_id, but=visitor.session_id)
        before = old.channel if old is not None else ""
        await history.note(visitor.account_id, "change_contact", before=before, to=contact.channel)
        await history.tell(visitor.person_id, "contact_changed")
    return contact


async def _write(account_id: UUID, contact: Contact) -> None:
    by_email = contact.channel is Channel.EMAIL
    column, place = ("email", EMAIL) if by_email else ("mobile", MOBILE)
    await fetch(
        f"UPDATE account SET {column}_enc = {{}}, {column}_index = {{}} WHERE id = {{}}",  # noqa: S608
        crypto.seal(contact.value, place=place, row=account_id),
        contact_index(contact),
        account_id,
    )


async def _tell_old(account_id: UUID, old: Contact, language: str) -> None:
    replaced_id = ids.new_id()
    await ReplacedContact.insert(
        ReplacedContact(
            id=replaced_id,
            account=account_id,
            channel=old.channel,
            contact_enc=crypto.seal(old.value, place=REPLACED, row=replaced_id),
            language=language,
            at=clock.now(),
        )
    )
    await jobs.enqueue("notify.contact_replaced", replaced_id=str(replaced_id))


@dataclass(frozen=True, slots=True)
class Replaced:
    """A contact that an account no longer has, and when that was."""

    contact: Contact
    language: str
    at: datetime


async def take_replaced(replaced_id: UUID) -> Replaced | None:
    """Return a contact that was replaced, and forget it; None: it was told before."""
    rows = await fetch(
        "DELETE FROM replaced_contact WHERE id = {} RETURNING id, channel, contact_enc, language, at",
        replaced_id,
    )
    if not rows:
        return None
    row = rows[0]
    value = crypto.unseal(row["contact_enc"], place=REPLACED, row=row["id"])
    return Replaced(Contact(Channel(row["channel"]), value), row["language"], row["at"])
