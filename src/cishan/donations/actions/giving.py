"""A gift begins: confirmed by its giver, written before any money moves, then led to the payment page."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cishan import gateways
from cishan.donations.actions import monthly
from cishan.donations.queries import contacts
from cishan.donations.queries.drafts import Draft, Purpose, purposes
from cishan.donations.queries.gifts import GiftView, gift_by_id, gift_of_draft
from cishan.donations.queries.limits import begun_by_client, begun_by_contact, limits_in_force, word_rules
from cishan.donations.queries.monthly import open_month_gift, plan_by_id
from cishan.donations.rules import limits as limit_rules
from cishan.donations.rules.answers import Answers, require_whole
from cishan.donations.rules.giving import AttemptKind, GiftStatus, LimitKind, PlanMethod
from cishan.donations.rules.wording import message_state
from cishan.donations.tables.gifts import Donation, DonationLine
from cishan.donations.tables.limits import GiftAttempt
from cishan.gateways import stripe
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Unavailable
from cishan.kernel.text import N_
from cishan.plumbing import crypto, i18n
from cishan.plumbing.db import atomic, fetch

PAY_WITHIN = timedelta(minutes=45)
"""After the confirmation. The payment service wants at least thirty minutes from the page's opening."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A gift that waits for its payment."""

    donation_id: UUID
    token: str
    checkout_url: str
    """Empty when the payment service did not answer: the gift's page offers to try again."""


def client_hash(address: str) -> bytes:
    """Return what is kept of a visitor's network address, for a day."""
    return crypto.blind_index(address, purpose="client")


async def begin(draft: Draft, *, client: bytes) -> Begun:
    """Write the gift of a confirmed draft and open its payment page. Twice is the same as once."""
    donation_id = await _write_once(draft, client)
    url = ""
    with suppress(stripe.Declined, Unavailable):
        url = await open_checkout(donation_id)
    return Begun(donation_id, contacts.gift_token(donation_id), url)


async def _write_once(draft: Draft, client: bytes) -> UUID:
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 1))", str(draft.id))
        known = await gift_of_draft(draft.id)
        if known is not None:
            return known.id
        answers = draft.answers
        require_whole(answers)
        chosen = await purposes(answers.slugs)
        for purpose in chosen:
            if not purpose.open:
                raise Conflict(purpose.closed_reason)
        await _require_limits(answers, client)
        plan_id = None
        if answers.monthly:
            plan_id = await monthly.promise(
                answers,
                campaign_id=chosen[0].campaign_id,
                fund_code=chosen[0].fund_code,
                language=i18n.language(),
            )
        return await _insert(draft, chosen, plan_id)


async def _require_limits(answers: Answers, client: bytes) -> None:
    limits = await limits_in_force()
    limit_rules.require_amount(limits, answers.amount_fen)
    contact = contacts.email_index(answers.email) if answers.email else None
    for key in sorted(k for k in (client, contact) if k is not None):
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 2))", key.hex())
    by_client = await begun_by_client(
        client, AttemptKind.GIFT, limits[LimitKind.CLIENT_COUNT].window_minutes or 1
    )
    by_contact = None
    if contact is not None:
        by_contact = await begun_by_contact(
            contact, AttemptKind.GIFT, limits[LimitKind.CONTACT_COUNT].window_minutes or 1
        )
    limit_rules.require_pace(limits, answers.amount_fen, client=by_client, contact=by_contact)
    await _note_attempt(client, contact, answers.amount_fen)


async def _insert(draft: Draft, chosen: list[Purpose], plan_id: UUID | None) -> UUID:
    donation_id, answers, now = ids.new_id(), draft.answers, clock.now()
    email, phone = answers.email, answers.phone
    state = message_state(await word_rules(), answers.message)
    await Donation.insert(
        Donation(
            id=donation_id,
            number=monthly.gift_number(now),
            token_hash=ids.token_hash(contacts.gift_token(donation_id)),
            draft=draft.id,
            created_at=now,
            amount_fen=answers.amount_fen,
            currency="CNY",
            status=GiftStatus.AWAITING_PAYMENT.value,
            plan=plan_id,
            anonymity=answers.anonymity.value,
            display_name=answers.display_name,
            message=answers.message,
            message_state=state.value,
            tribute_kind=answers.tribute_kind.value,
            tribute_name=answers.tribute_name,
            donor_kind=answers.donor_kind.value,
            company_name=answers.company_name,
            company_uscc=answers.company_uscc,
            wants_receipt=answers.wants_receipt,
            receipt_title=answers.receipt_title,
            contact_email_enc=crypto.seal(email, place=contacts.EMAIL, row=donation_id) if email else None,
            contact_email_index=contacts.email_index(email) if email else None,
            contact_phone_enc=crypto.seal(phone, place=contacts.PHONE, row=donation_id) if phone else None,
            contact_phone_index=contacts.phone_index(phone) if phone else None,
            language=i18n.language(),
            is_large=limit_rules.is_large(await limits_in_force(), answers.amount_fen),
        )
    )
    lines = [
        DonationLine(
            id=ids.new_id(),
            donation=donation_id,
            line_no=number,
            campaign=purpose.campaign_id,
            fund_code=purpose.fund_code,
            amount_fen=line.amount_fen,
        )
        for number, (purpose, line) in enumerate(zip(chosen, answers.lines, strict=True), 1)
    ]
    await DonationLine.insert(*lines)
    return donation_id


async def begin_month(plan_id: UUID, *, client: bytes) -> Begun:
    """Begin a reminded month's gift and open its payment page. Twice is the same as once."""
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 1))", str(plan_id))
        donation_id = await open_month_gift(plan_id)
        if donation_id is None:
            await _note_month(plan_id, client)
            donation_id = await monthly.reminded_gift(plan_id)
    url = ""
    with suppress(stripe.Declined, Unavailable):
        url = await open_checkout(donation_id)
    return Begun(donation_id, contacts.gift_token(donation_id), url)


async def _note_month(plan_id: UUID, client: bytes) -> None:
    plan = await plan_by_id(plan_id)
    assert plan is not None, plan_id
    limits = await limits_in_force()
    window = limits[LimitKind.CLIENT_COUNT].window_minutes or 1
    await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 2))", client.hex())
    begun = await begun_by_client(client, AttemptKind.GIFT, window)
    limit_rules.require_pace(limits, plan.amount_fen, client=begun, contact=None)
    await _note_attempt(client, None, plan.amount_fen)


async def _note_attempt(client: bytes, contact: bytes | None, amount_fen: int) -> None:
    await GiftAttempt.insert(
        GiftAttempt(
            id=ids.new_id(),
            kind=AttemptKind.GIFT.value,
            at=clock.now(),
            client_hash=client,
            contact_index=contact,
            amount_fen=amount_fen,
        )
    )


async def open_checkout(donation_id: UUID) -> str:
    """Return the payment page of a gift, opening it the first time. Must not run inside a transaction."""
    gift = await gift_by_id(donation_id)
    if not gift.can_pay:
        raise Conflict(N_("This gift is no longer waiting to be paid."))
    if gift.checkout_url:
        return gift.checkout_url
    with i18n.speaking(gift.language):
        order = await _order(await gift_by_id(donation_id))
    if gift.plan_id is not None and await _by_card(gift.plan_id):
        link = await stripe.create_monthly_checkout(order)
    else:
        link = await stripe.create_checkout(order)
    await Donation.update(
        {
            Donation.stripe_session_id: link.session_id,
            Donation.checkout_url: link.url,
            Donation.checkout_expires_at: link.expires_at,
        }
    ).where((Donation.id == donation_id) & (Donation.stripe_session_id.is_null()))
    return link.url


async def _by_card(plan_id: UUID) -> bool:
    rows = await fetch("SELECT method FROM monthly_plan WHERE id = {}", plan_id)
    return bool(rows) and rows[0]["method"] == PlanMethod.CARD.value


async def _order(gift: GiftView) -> stripe.CheckoutOrder:
    base = gateways.settings().public_url
    page = base + contacts.gift_path(gift.id)
    metadata = {"donation_id": str(gift.id)}
    channels = stripe.CHANNELS
    if gift.plan_id is not None:
        metadata["plan_id"] = str(gift.plan_id)
        channels = ("alipay", "wechat_pay")
    return stripe.CheckoutOrder(
        key=str(gift.id),
        title=gift.title[:200],
        amount_fen=gift.amount_fen,
        success_url=f"{page}?back=paid",
        cancel_url=f"{page}?back=left",
        metadata=metadata,
        channels=channels,
        language=gift.language,
        expires_at=gift.created_at + PAY_WITHIN,
        email=await contacts.gift_email(gift.id),
    )
