"""Asking the payment service what it says now of the things that messages were about. Touches no database."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from cishan.gateways import stripe
from cishan.kernel import clock
from cishan.kernel.errors import DomainError, Unavailable
from cishan.kernel.payments import Movement, Payment, State
from cishan.payments.actions import plans
from cishan.payments.actions.plans import FollowUp
from cishan.payments.queries import Waiting

AT_ONCE = 8
"""Questions in flight."""
MANY = 8
"""From so many payments on, one look at the list of movements replaces a question for each."""
LOOK_BACK = timedelta(hours=1)
LOOK_PAGES = 10
PATIENCE = 3
"""So often the service may say that it does not know the thing, before the message is parked."""


@dataclass(frozen=True, slots=True)
class PayoutTold:
    """A payout and, once the service can list them, the movements that it pays out."""

    payout: stripe.Payout
    movements: tuple[Movement, ...] = ()

    @property
    def id(self) -> str:
        """Return the payout's id."""
        return self.payout.id


@dataclass(frozen=True, slots=True)
class Told:
    """What the payment service says now of one thing, and the messages that made us ask."""

    key: str
    event_ids: tuple[str, ...]
    tries: int
    payment: Payment | None = None
    payout: PayoutTold | None = None
    follow_up: FollowUp | None = None
    """What else must be written in the same transaction."""
    refused: str = ""
    """Why the question was not answered; `again` tells whether asking later may help."""
    again: bool = False


async def ask(waiting: Sequence[Waiting]) -> list[Told]:
    """Return what the service says of everything that the messages are about, each thing once."""
    subjects: dict[str, list[Waiting]] = {}
    for message in waiting:
        subjects.setdefault(message.subject, []).append(message)
    seen = await _glimpse(waiting)
    limit = asyncio.Semaphore(AT_ONCE)

    async def answer(subject: str, messages: list[Waiting]) -> Told:
        told = Told(subject, tuple(m.id for m in messages), max(m.tries for m in messages))
        if subject in seen:
            return replace(told, payment=seen[subject])
        async with limit:
            try:
                return await _answer(told)
            except Unavailable as error:
                return replace(told, refused=str(error), again=True)
            except DomainError as error:
                return replace(told, refused=str(error), again=told.tries < PATIENCE)

    return _joined(await asyncio.gather(*(answer(s, m) for s, m in subjects.items())))


async def _answer(told: Told) -> Told:
    subject = told.key
    match subject.partition("_")[0]:
        case "pi":
            return _about(told, await stripe.fetch_payment(subject))
        case "cs":
            return await _of_session(told)
        case "in":
            intent = await stripe.payment_of_invoice(subject)
            told = _about(told, await stripe.fetch_payment(intent)) if intent else told
            about = told.payment.subscription_id if told.payment is not None else ""
            return replace(told, follow_up=await plans.ask(about)) if about else told
        case "sub":
            return replace(told, follow_up=await plans.ask(subject))
        case "po":
            return replace(told, payout=await ask_payout(subject))
        case _:
            return told


async def _of_session(told: Told) -> Told:
    session = await stripe.fetch_session(told.key)
    intent = session.payment_intent_id
    if not intent and session.invoice_id:
        intent = await stripe.payment_of_invoice(session.invoice_id)
    if intent:
        return _about(told, await stripe.fetch_payment(intent))
    if session.mode == "setup" and session.status == "complete":
        return replace(told, follow_up=await plans.ask_new_card(session.metadata.get("subscription_id", "")))
    return _about(told, session.as_payment()) if session.mode == "payment" else told


async def ask_payout(payout_id: str) -> PayoutTold:
    """Return a payout with its movements, if the service can list them yet."""
    payout = await stripe.fetch_payout(payout_id)
    if not (payout.automatic and payout.reconciled):
        return PayoutTold(payout)
    movements: list[Movement] = []
    async for page in stripe.list_movements(payout_id=payout_id):
        movements += page.movements()
    return PayoutTold(payout, tuple(m for m in movements if m.txn_id != payout.txn_id))


async def ask_payments(payment_intent_ids: Iterable[str]) -> list[Payment]:
    """Return the payments as they stand now, asked for a few at a time."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(payment_intent_id: str) -> Payment:
        async with limit:
            return await stripe.fetch_payment(payment_intent_id)

    return list(await asyncio.gather(*(one(i) for i in payment_intent_ids)))


async def _glimpse(waiting: Sequence[Waiting]) -> dict[str, Payment]:
    """Return what the list of movements shows of paid payments, if that saves questions.

    The list begins with the newest; what moved after the last message has a message of its own to come.
    """
    wanted = {m.subject for m in waiting if m.subject.startswith("pi_")}
    wanted -= {m.subject for m in waiting if m.type.startswith("charge.dispute.")}
    since = min((m.at for m in waiting), default=clock.now()) - timedelta(minutes=1)
    until = max((m.at for m in waiting), default=clock.now()) + timedelta(seconds=1)
    if len(wanted) < MANY or clock.now() - since > LOOK_BACK:
        return {}
    found: dict[str, Payment] = {}
    pages = 0
    try:
        async for page in stripe.list_movements(since=since, until=until):
            for payment in page.payments:
                if payment.payment_intent_id in wanted and _is_whole(payment):
                    found[payment.payment_intent_id] = payment
            pages += 1
            if pages >= LOOK_PAGES or len(found) == len(wanted):
                break
    except DomainError:
        return {}  # each is asked for by itself, and each failure is kept with its own message
    return found


def _is_whole(payment: Payment) -> bool:
    return payment.state is State.SUCCEEDED and "donation_id" in payment.metadata


def _about(told: Told, payment: Payment) -> Told:
    return replace(told, key=payment.key, payment=payment)


def _joined(answers: Iterable[Told]) -> list[Told]:
    """Return one answer for each thing: an intent, its session and its invoice are one."""
    found: dict[str, Told] = {}
    for told in answers:
        known = found.get(told.key)
        found[told.key] = (
            told
            if known is None
            else replace(
                told if told.payment is not None else known,
                event_ids=known.event_ids + told.event_ids,
                tries=max(known.tries, told.tries),
                follow_up=told.follow_up or known.follow_up,
            )
        )
    return list(found.values())
