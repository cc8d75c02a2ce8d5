"""Who is signed in, from where else, and by what one can be reached."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan import gateways
from cishan.identity.rules.accounts import IDLE, STAFF_IDLE, STAFF_LIFE, Method, Visitor, code_of
from cishan.identity.rules.passwords import MAX_PASSWORD
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch

NAME, EMAIL, MOBILE, CODE_CONTACT, REPLACED = (
    "person.name_enc",
    "account.email_enc",
    "account.mobile_enc",
    "one_time_code.contact_enc",
    "replaced_contact.contact_enc",
)
CODE = "one-time code"
HOLDS_POST = """EXISTS (SELECT FROM role_grant AS held WHERE held.person = account.person
       AND held.revoked_at IS NULL AND held.starts_on <= {}
       AND (held.ends_on IS NULL OR held.ends_on >= {}))"""
"""Whether an account is of the staff on a day, which fills both places."""


async def visitor_of(token: str) -> Visitor | None:
    """Return whose session a cookie names; nobody if it is over, or if a demo account meets a real site."""
    if not token or len(token) > MAX_PASSWORD:
        return None
    now, today = clock.now(), clock.today()
    rows = await fetch(
        f"""SELECT account.id AS account_id, account.person AS person_id, account.username,
                   {HOLDS_POST} AS is_staff, person.name_enc, session.id AS session_id,
                   session.method, session.created_at AS signed_in_at, session.seen_at,
                   session.second_factor_at
              FROM account_session AS session JOIN account ON account.id = session.account
              JOIN person ON person.id = account.person
             WHERE session.token_hash = {{}} AND session.expires_at > {{}} AND session.seen_at > {{}}
               AND NOT session.second_factor_due AND account.active
               AND (NOT account.is_demo OR {{}}::boolean)""",  # noqa: S608 - a constant
        today,
        today,
        ids.token_hash(token),
        now,
        now - IDLE,
        gateways.settings().demo,
    )
    if not rows or (rows[0]["is_staff"] and _is_over_for_staff(rows[0], now)):
        return None
    row = rows[0]
    return Visitor(
        account_id=row["account_id"],
        person_id=row["person_id"],
        name=name_of(row["name_enc"], row["person_id"]),
        username=row["username"] or "",
        is_staff=row["is_staff"],
        session_id=row["session_id"],
        method=Method(row["method"]),
        signed_in_at=row["signed_in_at"],
        seen_at=row["seen_at"],
        second_factor_at=row["second_factor_at"],
    )


def _is_over_for_staff(session: dict[str, Any], now: datetime) -> bool:
    return bool(session["seen_at"] <= now - STAFF_IDLE or session["signed_in_at"] <= now - STAFF_LIFE)


def name_of(name_enc: bytes, person_id: UUID) -> str:
    """Return a person's name."""
    return crypto.unseal(name_enc, place=NAME, row=person_id)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One of the browsers in which somebody is signed in."""

    id: UUID
    device: str
    created_at: datetime
    seen_at: datetime


async def sessions(account_id: UUID) -> list[SessionView]:
    """Return the running sessions of an account, the last used first."""
    now, today = clock.now(), clock.today()
    rows = await fetch(
        f"""SELECT session.id, session.device, session.created_at, session.seen_at
              FROM account_session AS session JOIN account ON account.id = session.account
             WHERE account.id = {{}} AND session.expires_at > {{}} AND NOT session.second_factor_due
               AND session.seen_at > CASE WHEN {HOLDS_POST} THEN {{}}::timestamptz ELSE {{}}::timestamptz END
             ORDER BY session.seen_at DESC, session.id LIMIT 100""",  # noqa: S608 - a constant
        account_id,
        now,
        today,
        today,
        now - STAFF_IDLE,
        now - IDLE,
    )
    return [SessionView(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class AccountCard:
    """What somebody sees of their own account."""

    contacts: tuple[str, ...]
    """Masked."""
    has_password: bool
    created_at: datetime


async def account_card(account_id: UUID) -> AccountCard:
    """Return the card of an account that exists."""
    (row,) = await fetch(
        "SELECT id, email_enc, mobile_enc, password_hash IS NOT NULL AS has_password, created_at"
        " FROM account WHERE id = {}",
        account_id,
    )
    contacts = tuple(c.masked for c in contacts_of(row))
    return AccountCard(contacts, row["has_password"], row["created_at"])


def contacts_of(row: dict[str, Any]) -> list[Contact]:
    """Return by what an account (its id, email_enc and mobile_enc) can be reached."""
    places = ((Channel.MOBILE, MOBILE, "mobile_enc"), (Channel.EMAIL, EMAIL, "email_enc"))
    return [
        Contact(channel, crypto.unseal(row[column], place=place, row=row["id"]))
        for channel, place, column in places
        if row[column] is not None
    ]


def contact_index(contact: Contact) -> bytes:
    """Return what equal contacts share: what is written. To look for one, take `contact_indexes`."""
    return crypto.blind_index(contact.value, purpose=f"account {contact.channel}")


def contact_indexes(contact: Contact) -> list[bytes]:
    """Return what a contact may have been written as: its index under every key that we have."""
    return crypto.blind_indexes(contact.value, purpose=f"account {contact.channel}")


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """A code on its way to somebody."""

    code: str
    contact: Contact
    language: str


def code_for(code_id: UUID) -> str:
    """Return the six digits of a code."""
    return code_of(crypto.secret_link(code_id, purpose=CODE))


def _code_contact(row: dict[str, Any]) -> Contact:
    value = crypto.unseal(row["contact_enc"], place=CODE_CONTACT, row=row["id"])
    return Contact(Channel(row["channel"]), value)


async def code_to_send(code_id: UUID) -> CodeToSend | None:
    """Return a code that can still be used, and where it goes."""
    rows = await fetch(
        """SELECT id, contact_enc, channel, language FROM one_time_code
            WHERE id = {} AND expires_at > {} AND proved_at IS NULL""",
        code_id,
        clock.now(),
    )
    if not rows:
        return None
    return CodeToSend(code_for(code_id), _code_contact(rows[0]), rows[0]["language"])


async def code_contact(token: str, *, proved: bool) -> Contact | None:
    """Return where the code went that this browser asked for, before or after it was entered."""
    rows = await fetch(
        """SELECT id, contact_enc, channel FROM one_time_code
            WHERE token_hash = {} AND used_at IS NULL AND (proved_at IS NOT NULL) = {}""",
        ids.token_hash(token),
        proved,
    )
    return _code_contact(rows[0]) if rows else None


@dataclass(frozen=True, slots=True)
class MinorView:
    """A child that somebody answers for."""

    guardianship_id: UUID
    name: str
    born_on: date
    consented_at: datetime


async def minors_of(person_id: UUID) -> list[MinorView]:
    """Return the children that a person answers for, in the order in which they were added."""
    rows = await fetch(
        """SELECT guardianship.id, guardianship.minor, guardianship.consented_at, person.name_enc,
                  person.born_on
             FROM guardianship JOIN person ON person.id = guardianship.minor
            WHERE guardianship.guardian = {} AND guardianship.withdrawn_at IS NULL
            ORDER BY guardianship.id LIMIT 100""",
        person_id,
    )
    return [
        MinorView(r["id"], name_of(r["name_enc"], r["minor"]), r["born_on"], r["consented_at"]) for r in rows
    ]
