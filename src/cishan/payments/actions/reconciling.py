"""Holding the payment service's movements, payouts and balance against the books, every night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog

from cishan.donations.actions import settling
from cishan.donations.queries import settling as gifts
from cishan.gateways import stripe
from cishan.kernel import clock
from cishan.kernel.payments import Kind, Movement
from cishan.ledger import queries as books
from cishan.payments import queries, rules
from cishan.payments.actions import fetching, inbox, polling
from cishan.payments.actions.draining import drain
from cishan.payments.actions.payouts import SOURCE
from cishan.payments.rules import Difference, DifferenceKind
from cishan.plumbing import db

DAYS = 7
UNDELIVERED_DAYS = 3

log = structlog.get_logger("cishan.payments")

_UPSERT = """
    INSERT INTO intake.difference (kind, key, channel_fen, books_fen, note)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
        ON CONFLICT (kind, key) WHERE gone_at IS NULL
        DO UPDATE SET channel_fen = excluded.channel_fen, books_fen = excluded.books_fen,
                      note = excluded.note, last_seen_at = now()"""
_GONE = """
    UPDATE intake.difference AS d SET gone_at = now()
     WHERE gone_at IS NULL
       AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS n (kind, key)
                        WHERE n.kind = d.kind AND n.key = d.key)"""


@dataclass(frozen=True, slots=True)
class _Seen:
    movements: list[Movement]
    payouts: list[fetching.PayoutTold]


async def reconcile(*, days: int = DAYS) -> list[Difference]:
    """Catch up with what we were not told, then return and keep every difference that is left."""
    until = clock.now()
    first_day = clock.china_day(until) - timedelta(days=days - 1)
    since = datetime.combine(first_day, time(), clock.CHINA)
    await _catch_up(since)
    # The books first: what they hold then, the service must know when it is asked.
    booked: dict[str, int] = {}
    for row in await books.channel_movements(SOURCE, since=first_day):
        booked[row.source_key] = booked.get(row.source_key, 0) + row.amount_fen
    total = await books.channel_balance()
    seen = await _look(since)
    under_way = [m for m in seen.movements if m.kind in polling.PAYOUTS and m.txn_id not in booked]
    found = rules.compare(seen.movements, booked, [m.txn_id for m in under_way])
    found += _payouts(seen.payouts, booked)
    held = (await stripe.fetch_balance()).get(stripe.CURRENCY, 0)
    expected = total + sum(m.net_fen for m in under_way)
    if held != expected:
        found.append(Difference(DifferenceKind.BALANCE, stripe.CURRENCY, held, expected))
    found += await _loose_ends(until)
    await _keep(found, since, until, movements=len(seen.movements), held=held, total=total)
    for difference in found:
        log.error("the books differ from the payment service", kind=difference.kind, key=difference.key)
    return found


async def _catch_up(since: datetime) -> None:
    """Take in what could not be delivered, read all movements again, and ask about open disputes."""
    async for event in stripe.list_undelivered(clock.now() - timedelta(days=UNDELIVERED_DAYS)):
        await inbox.keep(event)
    await drain()
    await polling.read(since=since)
    disputed = await gifts.disputed_intents()
    payments = await fetching.ask_payments(disputed)
    async with db.atomic():
        await settling.apply_payments(payments)


async def _look(since: datetime) -> _Seen:
    movements: list[Movement] = []
    async for page in stripe.list_movements(since=since):
        # What came in another currency is in suspense, and named as such.
        movements += [m for m in page.movements() if m.currency == stripe.CURRENCY]
    paid_out = dict.fromkeys(m.source_id for m in movements if m.kind is Kind.PAYOUT)
    return _Seen(movements, [await fetching.ask_payout(payout_id) for payout_id in paid_out])


def _payouts(payouts: Sequence[fetching.PayoutTold], booked: dict[str, int]) -> list[Difference]:
    """Every payout that the service can itemise moves what its movements sum to."""
    found = []
    for told in payouts:
        one = told.payout
        total = sum(m.net_fen for m in told.movements)
        if one.automatic and one.reconciled and total != one.amount_fen:
            found.append(Difference(DifferenceKind.PAYOUT, one.id, one.amount_fen, total, "parts"))
        if one.reconciled and one.txn_id in booked and booked[one.txn_id] != -one.amount_fen:
            found.append(
                Difference(DifferenceKind.PAYOUT, one.id, one.amount_fen, -booked[one.txn_id], "books")
            )
    return found


async def _loose_ends(until: datetime) -> list[Difference]:
    """Return money without a gift, gifts whose money does not appear, and messages that were parked."""
    found = [
        Difference(DifferenceKind.SUSPENSE, row.txn_id, row.amount_fen, None, row.problem)
        for row in await gifts.in_suspense()
    ]
    found += [
        Difference(DifferenceKind.UNBOOKED, gift.number, gift.amount_fen, None, gift.payment_intent_id)
        for gift in await gifts.paid_but_unbooked(before=until - rules.SETTLING_SLACK)
    ]
    found += [
        Difference(DifferenceKind.PARKED_EVENT, event.id, None, None, f"{event.type}: {event.last_error}")
        for event in await queries.parked()
    ]
    return found


async def _keep(
    found: Sequence[Difference], since: datetime, until: datetime, *, movements: int, held: int, total: int
) -> None:
    async with db.atomic():
        connection = db.connection()
        kinds, keys = [d.kind.value for d in found], [d.key for d in found]
        if found:
            amounts = [d.channel_fen for d in found], [d.books_fen for d in found]
            await connection.execute(_UPSERT, kinds, keys, *amounts, [d.note[:500] for d in found])
        await connection.execute(_GONE, kinds, keys)
        await connection.execute(
            """INSERT INTO intake.reconciliation
                      (since, until, movements, channel_fen, books_fen, differences)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            since,
            until,
            movements,
            held,
            total,
            len(found),
        )
