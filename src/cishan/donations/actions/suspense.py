"""Naming the owner of money in suspense: proposed, checked, then booked as a gift. Twice is the same as once.

The money becomes a gift of its giver (a second one beside the gift that is named), or of somebody unknown for
a fund. The movement then belongs to that gift, so that reconciliation finds nothing loose any more.
"""

from collections.abc import Sequence
from datetime import date
from itertools import chain
from typing import Any
from uuid import UUID

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, ApprovalView, Kind, Payee, register
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.campaigns import queries as campaigns
from cishan.deadlines import actions as deadlines
from cishan.donations.actions.monthly import gift_number
from cishan.donations.queries import contacts
from cishan.donations.queries import suspense as queries
from cishan.donations.queries.limits import limits_in_force
from cishan.donations.rules import limits as limit_rules
from cishan.donations.rules import suspense as rules
from cishan.donations.rules.giving import Anonymity, DonorKind, GiftStatus, MessageState, Tribute
from cishan.donations.rules.suspense import Claim, Held, Owner
from cishan.donations.tables.gifts import PHONE, Donation, DonationLine
from cishan.donations.tables.suspense import SuspenseClaim
from cishan.identity.queries.reach import person_reached_by
from cishan.identity.queries.regions import organisation_named
from cishan.kernel import clock, ids
from cishan.kernel.contacts import Channel, Contact
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.money import share
from cishan.kernel.text import N_
from cishan.ledger import actions as ledger
from cishan.ledger import queries as books
from cishan.ledger.rules import Entry, Restriction, identified
from cishan.plumbing import crypto, i18n, jobs
from cishan.plumbing.db import atomic, fetch

SUBJECT = "suspense"
"""Of approvals, histories and clocks; its id is the movement's `txn_id`."""
HOUSE = "federation"
"""The organisation that decides about money of the whole charity."""


async def propose_owner(
    txn_id: str, *, owner: Owner, fund_code: str = "", gift_number: str = "", reason: str, by: Acting
) -> UUID:
    """Lay before the checkers whose a held movement is, and why; return the approval's id."""
    if not reason.strip():
        raise Invalid(N_("Say how you know, so that the checker can follow."), field="reason")
    async with atomic():
        held = await queries.movement(txn_id, lock=True)
        rules.require_nameable(held)
        claim, facts = await _claim(held, owner, fund_code, gift_number)
        house = await organisation_named(HOUSE)
        approval_id = await approvals.propose(
            kind="suspense_unclaimed" if owner is Owner.UNCLAIMED else "suspense",
            subject_kind=SUBJECT,
            subject_id=txn_id,
            title=held.txn_id,
            amount_fen=held.amount_fen,
            payee=await payee_of(claim.gift_id) if claim.gift_id else Payee(),
            by=by,
            organisation_id=house.id,
            region_code=house.region,
            facts=[(N_("Movement"), held.txn_id), (N_("Came on"), f"{clock.china_day(held.at)}"), *facts],
            reason=reason,
        )
        await SuspenseClaim.insert(
            SuspenseClaim(
                id=ids.new_id(),
                movement=held.id,
                approval=approval_id,
                owner=claim.owner.value,
                fund_code=claim.fund_code,
                gift=claim.gift_id,
                created_at=clock.now(),
            )
        )
    return approval_id


async def payee_of(gift_id: UUID) -> Payee:
    """Return what is known of a gift's giver, to be held against declared relations."""
    giver = await queries.giver_of(gift_id)
    email = (await contacts.gift_email(gift_id)).strip().lower()
    return Payee(
        name=giver["company_name"],
        person_id=await person_reached_by(Contact(Channel.EMAIL, email)) if email else None,
        uscc=giver["company_uscc"],
        contact=email,
    )


async def _claim(
    held: Held, owner: Owner, fund_code: str, number: str
) -> tuple[Claim, list[tuple[str, str]]]:
    said = (N_("Whose it is"), rules.OWNER_LABELS[owner])
    if owner is Owner.UNCLAIMED:
        rules.require_waited(held, clock.today())
        return Claim(owner), [said]
    if owner is Owner.FUND:
        fund = next((f for f in await open_funds() if f.code == fund_code), None)
        if fund is None:
            raise Invalid(N_("Choose one of the options."), field="fund_code")
        return Claim(owner, fund.code), [said, (N_("Fund"), f"{fund.code} {fund.name}")]
    gift_id = await queries.gift_numbered(number.strip())
    if gift_id is None:
        raise Invalid(N_("There is no gift with this number."), field="gift_number")
    return Claim(owner, gift_id=gift_id), [said, (N_("Gift number"), number.strip())]


async def open_funds() -> list[books.Fund]:
    """Return the funds for which money may turn out to be meant."""
    today = clock.today()
    return [
        fund
        for fund in await books.funds()
        if fund.restriction is not Restriction.AGENCY
        and fund.opened_on <= today
        and (fund.closed_on is None or fund.closed_on >= today)
    ]


async def _book(approval: ApprovalView, by: Acting) -> None:
    """Make the movement a gift, and take the money out of suspense to its funds."""
    held = await queries.movement(approval.subject_id, lock=True)
    rules.require_nameable(held)
    if held.amount_fen != approval.amount_fen:
        raise Conflict(N_("The amount has changed since this was proposed. Propose it again."))
    claim = await queries.claim_of(approval.id)
    parts = await _parts(claim, held.amount_fen)
    gift = await _gift(claim, held)
    lines = [
        DonationLine(
            id=ids.new_id(),
            donation=gift.id,
            line_no=number,
            campaign=campaign,
            fund_code=fund,
            amount_fen=amount,
        )
        for number, (fund, campaign, amount) in enumerate(parts, 1)
    ]
    await Donation.insert(gift)
    await DonationLine.insert(*lines)
    await ledger.post([_voucher(held, gift.number, [(fund, amount) for fund, _, amount in parts])])
    await fetch("UPDATE donation_movement SET donation = {}, problem = '' WHERE id = {}", gift.id, held.id)
    await audit.record(
        _step(approval, by, kind="donation", subject=str(gift.id), before="", after=GiftStatus.PAID),
        _step(approval, by, kind=SUBJECT, subject=held.txn_id, before="suspense", after="identified"),
    )
    await deadlines.stop("donation.identify", subject_kind=SUBJECT, subject_id=held.txn_id)
    await jobs.enqueue_many("donations.issue_receipt", [{"donation_id": str(gift.id)}])
    await jobs.enqueue("donations.refresh_totals", donation_ids=[str(gift.id)])


def _step(
    approval: ApprovalView, by: Acting, *, kind: str, subject: str, before: str, after: str
) -> Transition:
    return Transition(
        subject_kind=kind,
        subject_id=subject,
        event="identify",
        from_state=before,
        to_state=after,
        actor=str(by.person_id),
        acting_role=by.role,
        reason=approval.steps[0].reason,
    )


async def _parts(claim: Claim, amount_fen: int) -> list[tuple[str, UUID | None, int]]:
    """Return fund, campaign and 分: of a giver's money in the proportions of the gift that is named."""
    if claim.gift_id is not None:
        lines = await queries.lines_of(claim.gift_id)
        amounts = share(amount_fen, [line["amount_fen"] for line in lines])
        return [
            (line["fund_code"], line["campaign"], amount)
            for line, amount in zip(lines, amounts, strict=True)
            if amount
        ]
    fund = rules.fund_of(claim)
    raising = await campaigns.by_fund([fund])
    campaign = await campaigns.id_of(raising[0].slug) if raising else None
    return [(fund, campaign, amount_fen)]


async def _gift(claim: Claim, held: Held) -> Donation:
    gift_id = ids.new_id()
    giver = await queries.giver_of(claim.gift_id) if claim.gift_id else None
    email = await contacts.gift_email(claim.gift_id) if claim.gift_id else ""
    phone = _phone(giver)
    return Donation(
        id=gift_id,
        number=gift_number(held.at),
        token_hash=ids.token_hash(contacts.gift_token(gift_id)),
        created_at=held.at,
        amount_fen=held.amount_fen,
        currency="CNY",
        status=GiftStatus.PAID.value,
        channel=giver["channel"] if giver else None,
        paid_at=held.at,
        anonymity=giver["anonymity"] if giver else Anonymity.HIDDEN.value,
        display_name=giver["display_name"] if giver else "",
        message_state=MessageState.NONE.value,
        tribute_kind=Tribute.NONE.value,
        donor_kind=giver["donor_kind"] if giver else DonorKind.PERSON.value,
        company_name=giver["company_name"] if giver else "",
        company_uscc=giver["company_uscc"] if giver else "",
        wants_receipt=giver["wants_receipt"] if giver else False,
        receipt_title=giver["receipt_title"] if giver else "",
        contact_email_enc=crypto.seal(email, place=contacts.EMAIL, row=gift_id) if email else None,
        contact_email_index=contacts.email_index(email) if email else None,
        contact_phone_enc=crypto.seal(phone, place=PHONE, row=gift_id) if phone else None,
        contact_phone_index=contacts.phone_index(phone) if phone else None,
        language=giver["language"] if giver else i18n.CHINESE,
        is_large=limit_rules.is_large(await limits_in_force(), held.amount_fen),
    )


def _phone(giver: dict[str, Any] | None) -> str:
    sealed = giver["contact_phone_enc"] if giver else None
    return crypto.unseal(sealed, place=PHONE, row=giver["id"]) if giver and sealed else ""


def _voucher(held: Held, number: str, parts: Sequence[tuple[str, int]]) -> Entry:
    day: date = clock.today()
    entries = [
        identified(
            source=rules.SOURCE, source_key=held.txn_id, effective_date=day, fund=fund, amount_fen=amount
        )
        for fund, amount in parts
    ]
    lines = tuple(chain.from_iterable(entry.lines for entry in entries))
    return Entry(entries[0].kind, day, rules.SOURCE, held.txn_id, lines, f"{number} {held.txn_id}")


def _here(txn_id: str) -> str:
    return f"/staff/suspense?txn={txn_id}"


register(Kind(code="suspense", title=N_("Owner of unidentified money"), on_approved=_book, href=_here))
register(
    Kind(
        code="suspense_unclaimed",
        title=N_("Unclaimed money to the general fund"),
        on_approved=_book,
        href=_here,
    )
)
