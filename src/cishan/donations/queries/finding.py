"""The gifts and plans of one contact, for a letter to it."""

from cishan.donations.queries.gifts import GiftView, gift_by_id
from cishan.donations.queries.monthly import PlanView, plan_by_id
from cishan.plumbing.db import fetch

LIMIT = 50


async def gifts_of(indexes: list[bytes]) -> list[GiftView]:
    """Return the newest paid gifts of a contact."""
    rows = await fetch(
        "SELECT id FROM donation WHERE contact_email_index = ANY({}) AND paid_at IS NOT NULL"
        " ORDER BY paid_at DESC LIMIT {}",
        indexes,
        LIMIT,
    )
    return [await gift_by_id(r["id"]) for r in rows]


async def plans_of(indexes: list[bytes]) -> list[PlanView]:
    """Return the living plans of a contact."""
    rows = await fetch(
        "SELECT id FROM monthly_plan WHERE contact_email_index = ANY({})"
        " AND status IN ('active', 'paused', 'payment_problem') ORDER BY created_at DESC LIMIT {}",
        indexes,
        LIMIT,
    )
    found = [await plan_by_id(r["id"]) for r in rows]
    return [plan for plan in found if plan is not None]
