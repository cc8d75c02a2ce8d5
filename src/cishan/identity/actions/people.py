"""Registering, and answering for one's children."""

from datetime import date
from uuid import UUID

from cishan.identity.actions.accounts import account_of
from cishan.identity.actions.codes import use_proof
from cishan.identity.actions.sessions import hashed, open_session
from cishan.identity.queries.accounts import EMAIL, MOBILE, NAME, contact_index
from cishan.identity.rules import passwords
from cishan.identity.rules.accounts import Method, is_minor
from cishan.identity.tables.accounts import Account
from cishan.identity.tables.people import Guardianship, Person
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch

MAX_MINORS = 20


async def register(token: str, *, name: str, password: str, device: str = "") -> str:
    """Make a person and an account for the contact that this browser proved; return a session's secret.

    Without a password the account is entered by codes alone.
    """
    if password:
        passwords.require_good_password(password, known=(name,))
    stored = await hashed(password) if password else None
    async with atomic():
        contact = await use_proof(token)
        if password:
            passwords.require_good_password(password, known=(contact.value,))
        if await account_of(contact) is not None:
            raise Conflict(N_("There is an account by now. Please sign in."))
        account_id = await new_account(contact, await new_person(name, None), stored)
        return await open_session(account_id, method=Method.CODE, device=device)


async def new_person(name: str, born_on: date | None) -> UUID:
    """Make a person and return their id."""
    person_id = ids.new_id()
    sealed = crypto.seal(name, place=NAME, row=person_id)
    await Person.insert(Person(id=person_id, name_enc=sealed, born_on=born_on, created_at=clock.now()))
    return person_id


async def new_account(contact: Contact, person_id: UUID, stored: bytes | None) -> UUID:
    """Make a person's account that is reached by a contact; `stored` is the hash of its password, if any."""
    account_id, index = ids.new_id(), contact_index(contact)
    by_email = contact.channel is Channel.EMAIL
    sealed = crypto.seal(contact.value, place=EMAIL if by_email else MOBILE, row=account_id)
    await Account.insert(
        Account(
            id=account_id,
            person=person_id,
            email_enc=sealed if by_email else None,
            email_index=index if by_email else None,
            mobile_enc=None if by_email else sealed,
            mobile_index=None if by_email else index,
            password_hash=stored,
            created_at=clock.now(),
        )
    )
    return account_id


async def create_account(*, username: str, name: str, password: str, is_demo: bool) -> UUID:
    """Return the id of the person with this account name, made now or unchanged from before."""
    found = await Account.select(Account.id, Account.person).where(Account.username == username).first()
    if found is not None and found["person"] is not None:
        known: UUID = found["person"]
        return known
    stored = await hashed(password)
    async with atomic():
        person_id = await new_person(name, None)
        if found is not None:  # of an office, from before accounts were people's
            await Account.update({Account.person: person_id, Account.active: True}).where(
                Account.id == found["id"]
            )
            return person_id
        await Account.insert(
            Account(
                id=ids.new_id(),
                person=person_id,
                username=username,
                password_hash=stored,
                is_demo=is_demo,
                created_at=clock.now(),
            )
        )
    return person_id


async def add_minor(guardian_id: UUID, *, name: str, born_on: date) -> UUID:
    """Make a child known with the guardian's consent (PIPL art. 31); return the guardianship's id."""
    today = clock.today()
    if born_on > today or born_on.year < 1900:
        raise Invalid(N_("Enter a date of birth that has been."), field="born_on")
    if not is_minor(born_on, today):
        raise Invalid(N_("Whoever is eighteen or older registers on their own."), field="born_on")
    async with atomic():
        await fetch("SELECT id FROM person WHERE id = {} FOR UPDATE", guardian_id)
        mine = (Guardianship.guardian == guardian_id) & (Guardianship.withdrawn_at.is_null())
        if await Guardianship.count().where(mine) >= MAX_MINORS:
            raise Conflict(N_("Please call us about more children."))
        guardianship = Guardianship(
            id=ids.new_id(),
            minor=await new_person(name, born_on),
            guardian=guardian_id,
            consented_at=clock.now(),
        )
        await Guardianship.insert(guardianship)
    made: UUID = guardianship.id
    return made


async def withdraw_consent(guardian_id: UUID, guardianship_id: UUID) -> None:
    """End a guardian's consent and forget the child's name and birthday; that there was consent is kept."""
    async with atomic():
        rows = await fetch(
            """UPDATE guardianship SET withdrawn_at = {}
                WHERE id = {} AND guardian = {} AND withdrawn_at IS NULL RETURNING minor""",
            clock.now(),
            guardianship_id,
            guardian_id,
        )
        if not rows:
            raise NotFound(N_("There is no such child."))
        minor_id = rows[0]["minor"]
        forgotten = crypto.seal("", place=NAME, row=minor_id)
        await Person.update({Person.name_enc: forgotten, Person.born_on: None}).where(Person.id == minor_id)
