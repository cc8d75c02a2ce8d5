"""Monthly plans as their givers and the clock see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cishan.campaigns import queries as campaigns
from cishan.donations.queries import contacts
from cishan.donations.rules import monthly
from cishan.donations.rules.answers import GENERAL, GENERAL_TITLE
from cishan.donations.rules.giving import GiftStatus, PlanMethod, PlanStatus
from cishan.kernel import clock, ids
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext


@dataclass(frozen=True, slots=True)
class PlanView:
    """A monthly plan; never an identity."""

    id: UUID
    status: PlanStatus
    method: PlanMethod
    campaign_id: UUID | None
    title: str
    slug: str
    """Of the campaign's page; `general` for the general fund."""
    fund_code: str
    amount_fen: int
    day_of_month: int
    next_on: date | None
    created_at: datetime
    subscription_id: str
    customer_id: str
    card_session_id: str
    reminders_sent: int
    language: str

    @property
    def dates(self) -> list[date]:
        """Return the next dates, none while nothing is planned."""
        if self.status != PlanStatus.ACTIVE or self.next_on is None:
            return []
        return monthly.next_dates(self.next_on, self.day_of_month)

    def can(self, event: str) -> bool:
        """Tell whether the giver may do this now."""
        return monthly.can(event, self.status)


COLUMNS = (
    "id, status, method, campaign, fund_code, amount_fen, day_of_month, next_on, created_at,"
    " stripe_subscription_id, stripe_customer_id, card_session_id, reminders_sent, language"
)


async def plan_by_token(token: str) -> PlanView:
    """Return the plan of a secret link."""
    rows = await fetch(f"SELECT {COLUMNS} FROM monthly_plan WHERE token_hash = {{}}", ids.token_hash(token))
    if not rows:
        raise NotFound(N_("There is no monthly gift under this link."))
    return await _view(rows[0])


async def plan_by_id(plan_id: UUID) -> PlanView | None:
    """Return a plan, or None."""
    rows = await fetch(f"SELECT {COLUMNS} FROM monthly_plan WHERE id = {{}}", plan_id)
    return await _view(rows[0]) if rows else None


async def _view(row: dict[str, Any]) -> PlanView:
    title, slug = gettext(GENERAL_TITLE), GENERAL
    if row["campaign"] is not None:
        card = await campaigns.campaign_by_id(row["campaign"])
        title, slug = card.title, card.slug
    return PlanView(
        id=row["id"],
        status=PlanStatus(row["status"]),
        method=PlanMethod(row["method"]),
        campaign_id=row["campaign"],
        title=title,
        slug=slug,
        fund_code=row["fund_code"],
        amount_fen=row["amount_fen"],
        day_of_month=row["day_of_month"],
        next_on=row["next_on"],
        created_at=row["created_at"],
        subscription_id=row["stripe_subscription_id"] or "",
        customer_id=row["stripe_customer_id"] or "",
        card_session_id=row["card_session_id"] or "",
        reminders_sent=row["reminders_sent"],
        language=row["language"],
    )


async def due_for_reminder(today: date, *, limit: int) -> list[UUID]:
    """Return plans of the reminding kind whose day has come."""
    rows = await fetch(
        "SELECT id FROM monthly_plan WHERE method = 'remind' AND status = 'active' AND next_on <= {}"
        " AND reminders_sent < {} ORDER BY next_on, id LIMIT {}",
        today,
        len(monthly.REMINDER_WEEKS),
        limit,
    )
    return [r["id"] for r in rows]


async def due_for_notice(until: date, *, limit: int) -> list[UUID]:
    """Return card plans whose next debit is on or before the day and was not announced yet."""
    rows = await fetch(
        "SELECT id FROM monthly_plan WHERE method = 'card' AND status = 'active' AND next_on <= {}"
        " AND (noticed_for IS NULL OR noticed_for < next_on) ORDER BY next_on, id LIMIT {}",
        until,
        limit,
    )
    return [r["id"] for r in rows]


@dataclass(frozen=True, slots=True)
class MonthGift:
    """One month's gift of a plan."""

    number: str
    at: datetime
    amount_fen: int
    status: GiftStatus
    path: str


async def gifts_of_plan(plan_id: UUID, *, limit: int = 60) -> list[MonthGift]:
    """Return the gifts that a plan brought, newest first."""
    rows = await fetch(
        "SELECT id, number, coalesce(paid_at, created_at) AS at, amount_fen, status FROM donation"
        " WHERE plan = {} AND status NOT IN ('expired', 'failed') ORDER BY created_at DESC LIMIT {}",
        plan_id,
        limit,
    )
    return [
        MonthGift(r["number"], r["at"], r["amount_fen"], GiftStatus(r["status"]), contacts.gift_path(r["id"]))
        for r in rows
    ]


async def open_month_gift(plan_id: UUID) -> UUID | None:
    """Return the gift of a reminded month that can still be paid, if one was begun."""
    rows = await fetch(
        "SELECT id FROM donation WHERE plan = {} AND status IN ('awaiting_payment', 'processing')"
        " AND undo_asked_at IS NULL"
        " AND coalesce(checkout_expires_at, created_at + interval '14 minutes') > {}"
        " ORDER BY created_at DESC LIMIT 1",
        plan_id,
        clock.now(),
    )
    return rows[0]["id"] if rows else None
