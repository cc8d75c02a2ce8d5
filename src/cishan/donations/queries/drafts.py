"""Drafts of the giving form, and the projects that one can give to."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from cishan.campaigns import queries as campaigns
from cishan.donations.rules.answers import GENERAL, GENERAL_FUND, GENERAL_TITLE, Answers
from cishan.donations.tables import gifts
from cishan.kernel import ids
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext

PLACE = gifts.ANSWERS


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that waits for its confirmation."""

    id: UUID
    answers: Answers


async def draft_by_token(token: str) -> Draft:
    """Return the draft of a page; NotFound once it was forgotten."""
    rows = await fetch("SELECT id, answers_enc FROM gift_draft WHERE token_hash = {}", ids.token_hash(token))
    if not rows:
        raise NotFound(N_("This form was not finished within a day and has been deleted. Please begin anew."))
    text = crypto.unseal(rows[0]["answers_enc"], place=PLACE, row=rows[0]["id"])
    return Draft(rows[0]["id"], msgspec.json.decode(text, type=Answers))


@dataclass(frozen=True, slots=True)
class Purpose:
    """What one can give to, with the facts that a giver sees before paying."""

    campaign_id: UUID | None
    slug: str
    title: str
    fund_code: str
    open: bool
    closed_reason: str
    filing_no: str
    goal_fen: int
    raised_fen: int
    spent_fen: int
    starts_on: date | None
    ends_on: date | None
    last_update_on: date | None
    surplus_rule: str
    beneficiary_scope: str
    cost_note: str

    @property
    def is_general(self) -> bool:
        """Tell whether this is the unrestricted fund."""
        return self.campaign_id is None


async def purpose(slug: str) -> Purpose:
    """Return a published campaign, or the general fund; NotFound for anything else."""
    if slug == GENERAL:
        return await _general()
    return _of(await campaigns.for_giving(slug))


async def purposes(slugs: list[str]) -> list[Purpose]:
    """Return several, in their order."""
    return [await purpose(slug) for slug in slugs]


async def open_purposes() -> list[Purpose]:
    """Return the campaigns that take gifts today."""
    return [_of(card) for card in await campaigns.open_campaigns()]


async def _general() -> Purpose:
    return Purpose(
        campaign_id=None,
        slug=GENERAL,
        title=gettext(GENERAL_TITLE),
        fund_code=GENERAL_FUND,
        open=True,
        closed_reason="",
        filing_no="",
        goal_fen=0,
        raised_fen=0,
        spent_fen=await ledger.spent(GENERAL_FUND),
        starts_on=None,
        ends_on=None,
        last_update_on=None,
        surplus_rule="",
        beneficiary_scope="",
        cost_note="",
    )


def _of(card: campaigns.GivingCard) -> Purpose:
    return Purpose(
        campaign_id=card.id,
        slug=card.slug,
        title=card.title,
        fund_code=card.fund_code,
        open=card.open,
        closed_reason=card.closed_reason,
        filing_no=card.filing_no,
        goal_fen=card.goal_fen,
        raised_fen=card.raised_fen,
        spent_fen=card.spent_fen,
        starts_on=card.starts_on,
        ends_on=card.ends_on,
        last_update_on=card.last_update_on,
        surplus_rule=card.surplus_rule,
        beneficiary_scope=card.beneficiary_scope,
        cost_note=card.cost_note,
    )
