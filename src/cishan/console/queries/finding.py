"""One field that takes whatever number or address somebody has in hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.approvals import queries as approvals
from cishan.campaigns.queries import desk as campaigns
from cishan.donations.queries import contacts
from cishan.donations.queries import desk as donations
from cishan.identity.queries import desk as persons
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import contacts as kernel_contacts
from cishan.kernel import numbers
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Invalid, NotFound
from cishan.kernel.text import N_, fold
from cishan.ledger import queries as ledger
from cishan.plumbing import crypto
from cishan.warehouse.queries import scanning
from cishan.warehouse.rules import codes

_REFERENCE = re.compile(r"[0-9A-F]{8}")
_ID_NUMBER = re.compile(r"\d{17}[\dXx]")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: where it is, and enough to choose by."""

    path: str
    kind: str
    """A msgid."""
    label: str
    at: datetime | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed, understood. A personal one is looked for only when it was said what for."""

    text: str
    contact: Contact | None = None
    is_id_number: bool = False
    uscc: str = ""

    @property
    def is_personal(self) -> bool:
        """Tell whether it says who somebody is."""
        return self.contact is not None or self.is_id_number

    @property
    def field(self) -> str:
        """Return what of a person was looked for."""
        return self.contact.channel.value if self.contact is not None else "id_number"

    @property
    def trace(self) -> str:
        """Return what the log of reads keeps of it: equal searches share it, and nobody reads it back."""
        value = self.contact.value if self.contact is not None else fold(self.text)
        return crypto.blind_index(value, purpose="search").hex()


def understand(typed: str) -> Wanted:
    """Say what a text is: a contact, an ID number, an organisation's code, or some number of ours."""
    text = "".join(typed.split())
    if _ID_NUMBER.fullmatch(fold(text)):
        return Wanted(text.upper(), is_id_number=True)
    try:
        return Wanted(text, contact=_contact(text))
    except Invalid:
        pass
    try:
        return Wanted(text.upper(), uscc=numbers.organisation_code(text))
    except Invalid:
        return Wanted(" ".join(typed.split()))


def _contact(text: str) -> Contact:
    """Read a contact; also a number of a landline or from abroad, if it is written as one: 0534…, +44…."""
    if text.startswith(("0", "+")):
        return Contact(Channel.MOBILE, kernel_contacts.phone(text))
    return kernel_contacts.contact(text)


async def find(wanted: Wanted, staff: Staff) -> list[Hit]:
    """Return what somebody may see of what was wanted, the newest first."""
    if wanted.contact is not None:
        return await _of_contact(wanted.contact, staff)
    if wanted.is_id_number:
        return []
    if wanted.uscc:
        whole = scope_of(staff, Action.GIFTS_READ).whole
        return _hits(await donations.by_company(wanted.uscc)) if whole else []
    return await _numbered(wanted.text, staff)


async def _of_contact(contact: Contact, staff: Staff) -> list[Hit]:
    found: list[Hit] = []
    if scope_of(staff, Action.PERSONS_READ).whole:
        for person_id in await persons.persons_reached_by(contact):
            label = str(person_id)[-8:].upper()
            found.append(Hit(f"/staff/persons/{person_id}", N_("Person"), label))
    if regions := scope_of(staff, Action.APPROVALS_READ).regions:
        found += _approvals(await approvals.by_payee(contact.value, regions))
    if not scope_of(staff, Action.GIFTS_READ).whole:
        return found
    if contact.channel is Channel.EMAIL:
        found += _hits(await donations.by_email(contacts.email_indexes(contact.value)))
    else:
        found += _hits(await donations.by_phone(contacts.phone_indexes(contact.value)))
    return found


async def _of_warehouse(text: str, staff: Staff) -> list[Hit]:
    """Return the page of goods, a place or a paper of the warehouse."""
    if not scope_of(staff, Action.STOCK_READ).regions:
        return []
    path = await scanning.path_of(codes.read(text), staff)
    return [Hit(path, N_("Warehouse"), text)] if path else []


async def _numbered(text: str, staff: Staff) -> list[Hit]:
    found = await _of_warehouse(text, staff)
    if scope_of(staff, Action.GIFTS_READ).regions:
        found += _hits(await donations.by_number(text if text.startswith("pi_") else text.upper()))
    if regions := scope_of(staff, Action.APPROVALS_READ).regions:
        found += _approvals(
            await approvals.by_number(text if text.startswith("txn_") else text.upper(), regions)
        )
    if _REFERENCE.fullmatch(text.upper()) and scope_of(staff, Action.GIFTS_READ).whole:
        found += _hits(await donations.by_reference(text.upper()))
    if scope_of(staff, Action.CAMPAIGNS_READ).regions:
        by_filing = await campaigns.by_filing_no(text.upper(), text)
        found += [Hit(f"/staff/campaigns/{slug}", N_("Project"), title) for slug, title in by_filing]
    if scope_of(staff, Action.BOOKS_READ).whole and text.isascii() and text.isdigit() and len(text) < 18:
        try:
            entry = await ledger.voucher(int(text))
        except NotFound:
            return found
        found.append(Hit(f"/staff/vouchers/{entry.id}", N_("Voucher"), text, entry.posted_at))
    return found


def _approvals(found: Sequence[approvals.Hit]) -> list[Hit]:
    return [
        Hit(f"/staff/approvals/{h.id}", N_("Approval"), h.title, h.created_at, h.amount_fen) for h in found
    ]


def _hits(found: Sequence[donations.Hit]) -> list[Hit]:
    return [Hit(h.path, h.kind, h.number, h.at, h.amount_fen) for h in found]
