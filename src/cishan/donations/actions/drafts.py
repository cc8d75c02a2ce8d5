"""What somebody typed into the giving form, kept encrypted between the screens."""

from datetime import timedelta
from uuid import UUID

import msgspec

from cishan.donations.queries import contacts
from cishan.donations.queries.drafts import PLACE
from cishan.donations.queries.gifts import gift_by_id
from cishan.donations.rules.answers import AnswerLine, Answers
from cishan.donations.tables.gifts import GiftDraft
from cishan.kernel import clock, ids
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, fetch

KEPT_FOR = timedelta(hours=24)


async def save_draft(answers: Answers) -> str:
    """Keep the answers and return the token of their page."""
    draft_id, token = ids.new_id(), ids.new_token()
    text = msgspec.json.encode(answers).decode()
    await GiftDraft.insert(
        GiftDraft(
            id=draft_id,
            token_hash=ids.token_hash(token),
            created_at=clock.now(),
            answers_enc=crypto.seal(text, place=PLACE, row=draft_id),
        )
    )
    return token


async def forget_drafts() -> int:
    """Drop drafts older than a day; return how many."""
    async with atomic():
        rows = await fetch(
            "DELETE FROM gift_draft WHERE created_at < {} RETURNING id", clock.now() - KEPT_FOR
        )
    return len(rows)


async def draft_again(donation_id: UUID) -> str:
    """Keep the answers of an earlier gift as a new draft and return the token of its page."""
    gift = await gift_by_id(donation_id)
    rows = await fetch(
        "SELECT company_name, company_uscc, receipt_title, contact_phone_enc FROM donation WHERE id = {}",
        donation_id,
    )
    row = rows[0]
    sealed = row["contact_phone_enc"]
    answers = Answers(
        lines=tuple(AnswerLine(line.slug, line.amount_fen) for line in gift.lines),
        anonymity=gift.anonymity,
        display_name=gift.display_name,
        tribute_kind=gift.tribute_kind,
        tribute_name=gift.tribute_name,
        message=gift.message,
        donor_kind=gift.donor_kind,
        company_name=row["company_name"],
        company_uscc=row["company_uscc"],
        wants_receipt=gift.wants_receipt,
        receipt_title=row["receipt_title"],
        email=await contacts.gift_email(donation_id),
        phone=crypto.unseal(sealed, place=contacts.PHONE, row=donation_id) if sealed else "",
    )
    return await save_draft(answers)
