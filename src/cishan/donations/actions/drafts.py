"""What somebody typed into the giving form, kept encrypted between the screens."""

from datetime import timedelta

import msgspec

from cishan.donations.queries.drafts import PLACE
from cishan.donations.rules.answers import Answers
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
