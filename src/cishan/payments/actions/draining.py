"""Working the inbox off: ask the payment service, then settle a whole batch in one transaction."""

from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import structlog

from cishan.donations.actions import settling
from cishan.donations.rules.settling import Applied, Outcome
from cishan.kernel import clock
from cishan.payments import queries, rules
from cishan.payments.actions import fetching
from cishan.payments.actions.fetching import Told
from cishan.payments.actions.payouts import book_payouts
from cishan.payments.rules import Drained
from cishan.plumbing import db
from cishan.plumbing.failpoints import reach

BATCH = 500
"""Messages; the service sends four or five about each gift, so these are about a hundred gifts."""
ROUNDS = 200
"""Batches per call; what is left is for the next one."""
_LOCK = """
    SELECT id FROM intake.stripe_event WHERE id = ANY($1::text[]) AND state = 'new'
     ORDER BY id FOR UPDATE SKIP LOCKED"""
_DONE = """
    UPDATE intake.stripe_event SET state = 'done', done_at = now(), tries = tries + 1, last_error = ''
     WHERE id = ANY($1::text[])"""
_LATER = """
    UPDATE intake.stripe_event AS e
       SET tries = e.tries + 1, not_before = n.at, last_error = n.why, state = n.state
      FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) AS n (id, at, why, state)
     WHERE e.id = n.id AND e.state = 'new'"""

_PASSING = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a killed backend may show itself as this
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a lock that did not come in time
)
"""Troubles of the moment, which are nobody's fault in the batch."""

log = structlog.get_logger("cishan.payments")


async def drain() -> Drained:
    """Work off everything that is due."""
    total = Drained()
    for _ in range(ROUNDS):
        batch = await drain_once()
        total = _plus(total, batch)
        if batch.taken < BATCH:
            break
    return total


async def drain_once(limit: int = BATCH) -> Drained:
    """Work off one batch of messages that are due: few questions to the payment service, one transaction."""
    waiting = await queries.due(limit)
    if not waiting:
        return Drained()
    told = await fetching.ask(waiting)
    reach("after_fetch")
    await settling.write_months(t.payment for t in told if t.payment is not None)
    drained = await _settle(told)
    reach("after_commit")
    return replace(drained, taken=len(waiting))


async def _settle(told: Sequence[Told]) -> Drained:
    """Settle a batch; if the database or a rule refuses it, halve it until only the culprit is left over."""
    if not told:
        return Drained()
    try:
        return await _settle_together(told)
    except _PASSING:
        raise  # the job tries the whole batch again
    except Exception as error:
        if len(told) == 1:
            log.error("a message cannot be handled", event_ids=told[0].event_ids, error=str(error))
            return await _put_off(told[0], f"{type(error).__name__}: {error}"[:500], park=True)
    middle = len(told) // 2
    first, second = await _settle(told[:middle]), await _settle(told[middle:])
    return _plus(first, second)


async def _settle_together(told: Sequence[Told]) -> Drained:
    async with db.atomic():
        rows = await db.connection().fetch(_LOCK, sorted(i for t in told for i in t.event_ids))
        mine = {row["id"] for row in rows}
        tried = {t.key: min(t.tries, rules.MAX_TRIES) for t in told}
        payments = [t.payment for t in told if t.payment is not None]
        late = {t.key for t in told if tried[t.key] >= rules.MAX_TRIES}
        applied = await settling.apply_payments([p for p in payments if p.key not in late])
        applied += await settling.apply_payments([p for p in payments if p.key in late], last_try=True)
        for t in told:
            if t.follow_up is not None:
                await t.follow_up()
        payouts = await book_payouts([t.payout for t in told if t.payout is not None])
        outcomes = {a.key: a for a in applied}
        done: list[str] = []
        later: list[Told] = []
        for t in told:
            if t.refused or _must_wait(t, outcomes.get(t.key), payouts):
                later.append(t)
            else:
                done += [i for i in t.event_ids if i in mine]
        await db.connection().execute(_DONE, done)
        parked = await _postpone(later, mine)
        reach("before_commit")
    waits = sum(len(t.event_ids) for t in later) - parked
    return Drained(done=len(done), waiting=waits, parked=parked, booked=sum(a.booked for a in applied))


def _must_wait(told: Told, applied: Applied | None, payouts: dict[str, bool]) -> bool:
    if told.payout is not None:
        return not payouts[told.payout.id]
    return applied is not None and applied.outcome is Outcome.WAITING


async def _postpone(later: Sequence[Told], mine: set[str]) -> int:
    """Let messages wait for their cause, longer each time; park those that were refused for good."""
    now, parked = clock.now(), 0
    rows: list[tuple[str, object, str, str]] = []
    for told in later:
        state = "parked" if told.refused and not told.again else "new"
        why = told.refused or "waits for its cause"
        for event_id in told.event_ids:
            if event_id in mine:
                rows.append((event_id, now + rules.pause_before(told.tries), why[:500], state))
                parked += state == "parked"
    if rows:
        await db.connection().execute(_LATER, *(list(column) for column in zip(*rows, strict=True)))
    return parked


async def _put_off(told: Told, why: str, *, park: bool) -> Drained:
    async with db.atomic():
        parked = await _postpone([replace(told, refused=why, again=not park)], set(told.event_ids))
    return Drained(parked=parked, waiting=len(told.event_ids) - parked)


def _plus(one: Drained, other: Drained) -> Drained:
    return Drained(
        taken=one.taken + other.taken,
        done=one.done + other.done,
        waiting=one.waiting + other.waiting,
        parked=one.parked + other.parked,
        booked=one.booked + other.booked,
    )
