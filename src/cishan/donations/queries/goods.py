"""Gifts in kind as receipts, proofs and the desk see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan.donations.queries.receipts import ReceiptView
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.queries import arrivals


@dataclass(frozen=True, slots=True)
class GoodsGiftView:
    """Goods of one offer that were booked with a value."""

    id: UUID
    offer_id: UUID
    number: str
    booked_at: datetime
    amount_fen: int
    handler: str
    wants_receipt: bool
    receipt_title: str
    uscc: str


_GIFT = """SELECT id, offer AS offer_id, number, booked_at, amount_fen, handler, wants_receipt,
                  receipt_title, uscc FROM goods_gift"""


def _view(row: dict[str, Any]) -> GoodsGiftView:
    return GoodsGiftView(**row)


async def of_offer(offer_id: UUID) -> GoodsGiftView | None:
    """Return the gift of an offer, if its goods were booked with a value."""
    rows = await fetch(f"{_GIFT} WHERE offer = {{}}", offer_id)
    return _view(rows[0]) if rows else None


async def number_of(receipt: ReceiptView) -> str:
    """Return the number of the offer that a receipt of goods is of."""
    return str(await fetch_value("SELECT number FROM goods_gift WHERE id = {}", receipt.goods_id))


async def without_paper(*, booked_before: datetime) -> list[str]:
    """Return offers booked with a value before a moment that have neither receipt nor standing waiver."""
    booked = await arrivals.booked_with_value(before=booked_before)
    rows = await fetch(
        """SELECT g.offer FROM goods_gift AS g WHERE g.offer = ANY({}::uuid[])
              AND (EXISTS (SELECT FROM receipt AS r WHERE r.goods = g.id)
                   OR EXISTS (SELECT FROM receipt_waiver AS w
                               WHERE w.goods = g.id AND w.withdrawn_at IS NULL))""",
        [offer for offer, _, _ in booked],
    )
    done = {row["offer"] for row in rows}
    return [number for offer, number, _ in booked if offer not in done]


async def wrong_sums(*, settled_before: datetime) -> list[str]:
    """Return offers whose receipts do not sum to what their goods stand in the books for.

    Those booked or reversed since the moment are left out: their papers may be on the way.
    """
    rows = await fetch(
        """SELECT g.offer, g.number, sum(r.amount_fen)::bigint AS fen
             FROM goods_gift AS g JOIN receipt AS r ON r.goods = g.id GROUP BY g.id ORDER BY g.number"""
    )
    offers = [row["offer"] for row in rows]
    worth = await arrivals.values_of(offers)
    fresh = await arrivals.booked_or_reversed_since(offers, settled_before)
    return [
        row["number"]
        for row in rows
        if row["offer"] not in fresh and worth.get(row["offer"], 0) != row["fen"]
    ]
