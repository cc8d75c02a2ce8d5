"""Taking gifts by bank transfer into the list of gifts and the books."""

from collections.abc import Sequence
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.donations.actions.monthly import gift_number
from cishan.donations.queries import contacts
from cishan.donations.queries.drafts import Purpose, purpose
from cishan.donations.queries.limits import limits_in_force, word_rules
from cishan.donations.rules import limits as limit_rules
from cishan.donations.rules.giving import Channel, GiftStatus
from cishan.donations.rules.limits import Limits
from cishan.donations.rules.offline import SOURCE, BankGift, require_bank_gift
from cishan.donations.rules.wording import WordRule, message_state
from cishan.donations.tables.gifts import Donation, DonationLine
from cishan.kernel import clock, ids
from cishan.ledger import actions as ledger
from cishan.ledger.rules import Entry, Line, bank_gift
from cishan.plumbing import crypto, i18n, jobs
from cishan.plumbing.db import atomic, fetch

BATCH = 500
_Rows = tuple[Donation, list[DonationLine], Entry]


async def record_bank_gift(gift: BankGift) -> UUID:
    """Write one gift that came by bank transfer; the same line again gives the same gift."""
    return (await record_bank_gifts([gift]))[0]


async def record_bank_gifts(gifts: Sequence[BankGift]) -> list[UUID]:
    """Write gifts that came by bank transfer, with their vouchers, all or none.

    A line that is known already gives the gift that it was matched to. Receipts and public sums follow.
    """
    for gift in gifts:
        require_bank_gift(gift, clock.now())
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended('bank gifts', 1))")
        known = await _known([g.line_no for g in gifts])
        fresh = {g.line_no: g for g in gifts if g.line_no not in known}
        targets = {
            slug: await purpose(slug) for slug in sorted({s for g in fresh.values() for s in g.answers.slugs})
        }
        limits, words = await limits_in_force(), await word_rules()
        made = [_rows(gift, targets, limits, words) for gift in fresh.values()]
        for start in range(0, len(made), BATCH):
            await _write(made[start : start + BATCH])
        known |= {gift.line_no: row.id for gift, (row, _, _) in zip(fresh.values(), made, strict=True)}
    return [known[g.line_no] for g in gifts]


async def _known(line_nos: Sequence[str]) -> dict[str, UUID]:
    rows = await fetch(
        "SELECT id, bank_line_no FROM donation WHERE bank_line_no = ANY ({}::text[])", list(line_nos)
    )
    return {r["bank_line_no"]: r["id"] for r in rows}


async def _write(made: Sequence[_Rows]) -> None:
    await Donation.insert(*(row for row, _, _ in made))
    await DonationLine.insert(*(line for _, lines, _ in made for line in lines))
    await ledger.post([entry for _, _, entry in made])
    await audit.record(*(_step(row) for row, _, _ in made))
    gift_ids = [str(row.id) for row, _, _ in made]
    await jobs.enqueue_many("donations.issue_receipt", [{"donation_id": i} for i in gift_ids])
    await jobs.enqueue("donations.refresh_totals", donation_ids=gift_ids)


def _step(row: Donation) -> Transition:
    return Transition(
        subject_kind="donation",
        subject_id=str(row.id),
        event="bank_transfer",
        from_state="",
        to_state=row.status,
        actor=SYSTEM,
        reason=row.bank_line_no or "",
        at=row.paid_at,
    )


def _rows(gift: BankGift, targets: dict[str, Purpose], limits: Limits, words: Sequence[WordRule]) -> _Rows:
    donation_id, answers = ids.new_id(), gift.answers
    email = answers.email
    row = Donation(
        id=donation_id,
        number=gift_number(gift.received_at),
        token_hash=ids.token_hash(contacts.gift_token(donation_id)),
        created_at=gift.received_at,
        amount_fen=answers.amount_fen,
        currency="CNY",
        status=GiftStatus.PAID.value,
        channel=Channel.BANK_TRANSFER.value,
        paid_at=gift.received_at,
        bank_line_no=gift.line_no,
        anonymity=answers.anonymity.value,
        display_name=answers.display_name,
        message=answers.message,
        message_state=message_state(words, answers.message).value,
        tribute_kind=answers.tribute_kind.value,
        tribute_name=answers.tribute_name,
        donor_kind=answers.donor_kind.value,
        company_name=answers.company_name,
        company_uscc=answers.company_uscc,
        wants_receipt=answers.wants_receipt,
        receipt_title=answers.receipt_title,
        contact_email_enc=crypto.seal(email, place=contacts.EMAIL, row=donation_id) if email else None,
        contact_email_index=contacts.email_index(email) if email else None,
        language=i18n.CHINESE,
        is_large=limit_rules.is_large(limits, answers.amount_fen),
    )
    lines = [
        DonationLine(
            id=ids.new_id(),
            donation=donation_id,
            line_no=number,
            campaign=targets[line.slug].campaign_id,
            fund_code=targets[line.slug].fund_code,
            amount_fen=line.amount_fen,
        )
        for number, line in enumerate(answers.lines, 1)
    ]
    return row, lines, _voucher(gift, row.number, lines)


def _voucher(gift: BankGift, number: str, lines: Sequence[DonationLine]) -> Entry:
    day = clock.china_day(gift.received_at)
    parts: list[Line] = []
    for line in lines:
        part = bank_gift(
            source=SOURCE,
            source_key=gift.line_no,
            effective_date=day,
            fund=line.fund_code,
            amount_fen=line.amount_fen,
        )
        parts += part.lines
    return Entry(part.kind, day, SOURCE, gift.line_no, tuple(parts), number)
