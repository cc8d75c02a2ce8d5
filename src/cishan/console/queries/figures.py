"""The figures of the day that somebody's posts need, each leading to the list behind it."""

from dataclasses import dataclass
from datetime import datetime

from cishan.console.queries.failed_jobs import count_failed
from cishan.donations.queries import desk as donations
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel.text import N_
from cishan.notify.queries.lists import count_failed as count_failed_letters
from cishan.payments import queries as payments


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the desk. `is_work`: more than none asks for somebody."""

    label: str
    """A msgid."""
    value: int
    href: str
    kind: str = "number"
    is_work: bool = False


async def figures(staff: Staff, *, since: datetime) -> list[Figure]:
    """Return the figures for posts of the whole charity; a fixed number of queries."""
    found: list[Figure] = []
    day = since.date().isoformat()
    if scope_of(staff, Action.GIFTS_READ).whole:
        told = await donations.figures(since)
        found += [
            Figure(N_("Given today"), told.given_fen, f"/staff/gifts?paid_from={day}", kind="money"),
            Figure(N_("Gifts today"), told.gifts, f"/staff/gifts?paid_from={day}"),
        ]
        if scope_of(staff, Action.MESSAGES_READ).whole:
            found.append(
                Figure(
                    N_("Messages to read"),
                    told.waiting_messages,
                    "/staff/messages?state=pending&sort=paid_at",
                    is_work=True,
                )
            )
        found += [
            Figure(
                N_("Refunds to decide"),
                told.open_refunds,
                "/staff/refunds?status=requested&kind=request&sort=due_on",
                is_work=True,
            ),
            Figure(
                N_("Receipts to write"), told.missing_receipts, "/staff/gifts?unreceipted=1", is_work=True
            ),
            Figure(
                N_("Cards refused"), told.card_problems, "/staff/plans?status=payment_problem", is_work=True
            ),
        ]
    if scope_of(staff, Action.OPERATIONS_READ).whole:
        differences, parked = await payments.trouble()
        found += [
            Figure(N_("Differences with the bank"), differences, "/staff/differences?open=1", is_work=True),
            Figure(N_("Parked messages"), parked, "/staff/payment-messages?state=parked", is_work=True),
            Figure(
                N_("Letters given up"),
                await count_failed_letters(),
                "/staff/letters?state=failed",
                is_work=True,
            ),
            Figure(N_("Jobs that gave up"), await count_failed(), "/staff/jobs", is_work=True),
        ]
    return found
