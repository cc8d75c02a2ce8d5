"""Reading the payment service's balance transactions: this alone would book everything."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cishan.donations.actions import settling
from cishan.donations.rules.settling import Outcome, Problem
from cishan.gateways import stripe
from cishan.kernel import clock
from cishan.kernel.payments import Kind, Movement, Payment
from cishan.ledger import actions as ledger
from cishan.ledger.rules import channel_fee
from cishan.payments import queries
from cishan.payments.actions import fetching
from cishan.payments.actions.payouts import SOURCE, book_payouts
from cishan.payments.rules import SETTLING_SLACK
from cishan.plumbing import db

FIRST_LOOK = timedelta(days=30)
GIVE_UP_AFTER = timedelta(hours=2)
"""A movement whose gift has not appeared for so long goes to suspense."""


async def poll() -> int:
    """Book what has moved since the last look, and in the hour before; return how many were news."""
    started = clock.now()
    last = await queries.read_until()
    since = (last or started - FIRST_LOOK) - SETTLING_SLACK
    booked = await read(since=since)
    await db.fetch(
        """INSERT INTO intake.stripe_poll (read_until) VALUES ({})
               ON CONFLICT (one_row) DO UPDATE
              SET read_until = greatest(stripe_poll.read_until, excluded.read_until)""",
        started,
    )
    return booked


async def read(*, since: datetime, until: datetime | None = None) -> int:
    """Book every movement of a span of time that is not booked; return how many were news."""
    booked = 0
    payouts: list[str] = []
    async for page in stripe.list_movements(since=since, until=until):
        booked += await _settle(page.payments)
        booked += await _book_others([m for m in page.others if m.kind not in PAYOUTS])
        payouts += [m.source_id for m in page.others if m.kind in PAYOUTS]
    for payout_id in dict.fromkeys(
        reversed(payouts)
    ):  # oldest first: a payout may hold an earlier one's return
        told = await fetching.ask_payout(payout_id)
        async with db.atomic():
            await book_payouts([told])
    return booked


PAYOUTS = frozenset({Kind.PAYOUT, Kind.PAYOUT_FAILURE})


async def _settle(payments: Sequence[Payment]) -> int:
    async with db.atomic():
        applied = await settling.apply_payments(payments, glimpsed=True)
    unclear = [a.key for a in applied if a.outcome is Outcome.INCOMPLETE]
    whole = await fetching.ask_payments(unclear)
    old = clock.now() - GIVE_UP_AFTER
    waits = {a.key for a in applied if a.outcome is Outcome.WAITING}
    late = [p for p in payments if p.key in waits and all(m.at < old for m in p.movements)]
    await settling.write_months(whole)
    async with db.atomic():
        applied += await settling.apply_payments(whole)
        applied += await settling.apply_payments(late, last_try=True)
    return sum(a.booked for a in applied)


async def _book_others(movements: Sequence[Movement]) -> int:
    """Book the service's own fees to the general fund, and what we have no name for to suspense."""
    fees = [m for m in movements if m.kind is Kind.FEE and m.net_fen and m.currency == stripe.CURRENCY]
    strange = [m for m in movements if m not in fees]
    entries = [
        channel_fee(
            source=SOURCE,
            source_key=m.txn_id,
            effective_date=clock.china_day(m.at),
            fee_fen=-m.net_fen,
            memo=m.category,
        )
        for m in fees
    ]
    async with db.atomic():
        posted = await ledger.post(entries)
        suspended = await settling.suspend(strange, Problem.CATEGORY)
    return sum(p.is_new for p in posted) + suspended
