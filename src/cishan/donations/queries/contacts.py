"""E-mail addresses and telephone numbers of givers: read only where a letter is written."""

from uuid import UUID

from cishan.donations.tables import gifts, monthly
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch

EMAIL = gifts.EMAIL
PHONE = gifts.PHONE
PLAN_EMAIL = monthly.EMAIL


def email_index(email: str) -> bytes:
    """Return the blind index under which an address is found."""
    return crypto.blind_index(email.strip().lower(), purpose="email")


def email_indexes(email: str) -> list[bytes]:
    """Return all indexes under which an address may be found while the data keys are rotated."""
    return crypto.blind_indexes(email.strip().lower(), purpose="email")


def phone_index(phone: str) -> bytes:
    """Return the blind index under which a telephone number, in its one spelling, is found."""
    return crypto.blind_index(phone, purpose="gift phone")


def phone_indexes(phone: str) -> list[bytes]:
    """Return all indexes under which a number may be found while the data keys are rotated."""
    return crypto.blind_indexes(phone, purpose="gift phone")


def gift_token(donation_id: UUID) -> str:
    """Return the token of a gift's secret link."""
    return crypto.secret_link(donation_id, purpose="gift")


def plan_token(plan_id: UUID) -> str:
    """Return the token of a monthly plan's secret link."""
    return crypto.secret_link(plan_id, purpose="plan")


def gift_path(donation_id: UUID) -> str:
    """Return the path of a gift's secret page."""
    return f"/g/{gift_token(donation_id)}"


def plan_path(plan_id: UUID) -> str:
    """Return the path of a monthly plan's secret page."""
    return f"/monthly/{plan_token(plan_id)}"


async def gift_email(donation_id: UUID) -> str:
    """Return the address that a giver left with a gift, or the empty string."""
    rows = await fetch("SELECT contact_email_enc FROM donation WHERE id = {}", donation_id)
    if not rows or rows[0]["contact_email_enc"] is None:
        return ""
    return crypto.unseal(rows[0]["contact_email_enc"], place=EMAIL, row=donation_id)


async def plan_email(plan_id: UUID) -> str:
    """Return the address to which the letters of a plan go."""
    rows = await fetch("SELECT contact_email_enc FROM monthly_plan WHERE id = {}", plan_id)
    return crypto.unseal(rows[0]["contact_email_enc"], place=PLAN_EMAIL, row=plan_id) if rows else ""
