"""What a campaign has received, read from the gifts as settling left them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.donations.rules.giving import Anonymity, GiftStatus, MessageState, Tribute
from cishan.kernel.money import share
from cishan.plumbing.db import fetch

_COUNTED = "('paid', 'refund_pending', 'partly_refunded', 'refunded', 'disputed', 'charged_back')"
"""A lost dispute is borne by the general fund: the campaign keeps its money, as its books do."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of one campaign; `raised_fen` is what remains after refunds."""

    raised_fen: int
    refunded_fen: int
    gift_count: int
    giver_count: int


@dataclass(frozen=True, slots=True)
class Showing:
    """One line of a gift as the public may see it; `kept_fen` of zero means not at all."""

    gift_id: UUID
    line_no: int
    campaign_id: UUID
    display_name: str
    kept_fen: int
    message: str
    tribute_kind: Tribute
    tribute_name: str
    given_at: datetime


async def totals_of(campaign_id: UUID) -> Totals:
    """Return the sums of a campaign."""
    rows = await fetch(
        f"""SELECT coalesce(sum(line.amount_fen), 0)::bigint AS given,
                  coalesce(sum(gift.refunded_fen) FILTER (WHERE line.amount_fen = gift.amount_fen), 0)::bigint
                      AS refunded,
                  count(*) FILTER (WHERE gift.refunded_fen < gift.amount_fen) AS gifts,
                  count(DISTINCT coalesce(gift.contact_email_index, uuid_send(gift.id)))
                      FILTER (WHERE gift.refunded_fen < gift.amount_fen) AS givers
             FROM donation_line AS line JOIN donation AS gift ON gift.id = line.donation
            WHERE line.campaign = {{}} AND gift.status IN {_COUNTED}""",
        campaign_id,
    )
    row = rows[0]
    refunded = int(row["refunded"]) + await _refunded_in_baskets(campaign_id)
    return Totals(int(row["given"]) - refunded, refunded, int(row["gifts"]), int(row["givers"]))


async def _refunded_in_baskets(campaign_id: UUID) -> int:
    """Return this campaign's part of what went back of gifts to several projects, as the books split it."""
    rows = await fetch(
        f"""SELECT gift.refunded_fen,
                  array_agg(line.amount_fen ORDER BY line.line_no) AS amounts,
                  array_agg(line.campaign IS NOT DISTINCT FROM {{}} ORDER BY line.line_no) AS ours
             FROM donation AS gift JOIN donation_line AS line ON line.donation = gift.id
            WHERE gift.refunded_fen > 0 AND gift.status IN {_COUNTED}
              AND EXISTS (SELECT 1 FROM donation_line AS own WHERE own.donation = gift.id
                           AND own.campaign = {{}} AND own.amount_fen < gift.amount_fen)
            GROUP BY gift.id, gift.refunded_fen""",
        campaign_id,
        campaign_id,
    )
    return sum(
        part
        for row in rows
        for part, ours in zip(share(row["refunded_fen"], list(row["amounts"])), row["ours"], strict=True)
        if ours
    )


async def showings(donation_ids: list[UUID]) -> list[Showing]:
    """Return the campaign lines of the gifts with what may be shown of each."""
    rows = await fetch(
        """SELECT gift.id, gift.amount_fen AS total, gift.refunded_fen, gift.status, gift.anonymity,
                  gift.display_name, gift.message, gift.message_state, gift.tribute_kind, gift.tribute_name,
                  coalesce(gift.paid_at, gift.created_at) AS given_at,
                  line.line_no, line.campaign, line.amount_fen
             FROM donation AS gift JOIN donation_line AS line ON line.donation = gift.id
            WHERE gift.id = ANY ({}::uuid[]) ORDER BY gift.id, line.line_no""",
        donation_ids,
    )
    lines: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        lines.setdefault(row["id"], []).append(row)
    return [showing for group in lines.values() for showing in _showings(group)]


_HIDDEN = frozenset(
    {
        GiftStatus.AWAITING_PAYMENT,
        GiftStatus.PROCESSING,
        GiftStatus.FAILED,
        GiftStatus.EXPIRED,
        GiftStatus.REFUNDED,
        GiftStatus.CHARGED_BACK,
    }
)


def _showings(group: list[dict[str, Any]]) -> list[Showing]:
    refunds = share(group[0]["refunded_fen"], [row["amount_fen"] for row in group])
    hidden = GiftStatus(group[0]["status"]) in _HIDDEN
    return [
        Showing(
            gift_id=row["id"],
            line_no=row["line_no"],
            campaign_id=row["campaign"],
            display_name="" if row["anonymity"] == Anonymity.HIDDEN else row["display_name"],
            kept_fen=0 if hidden else row["amount_fen"] - refunded,
            message=row["message"] if row["message_state"] == MessageState.SHOWN else "",
            tribute_kind=Tribute(row["tribute_kind"]),
            tribute_name=row["tribute_name"],
            given_at=row["given_at"],
        )
        for row, refunded in zip(group, refunds, strict=True)
        if row["campaign"] is not None
    ]


async def campaigns_of(donation_ids: list[UUID]) -> list[UUID]:
    """Return the campaigns that the gifts go to."""
    rows = await fetch(
        "SELECT DISTINCT campaign FROM donation_line WHERE donation = ANY ({}::uuid[])"
        " AND campaign IS NOT NULL ORDER BY campaign",
        donation_ids,
    )
    return [r["campaign"] for r in rows]
