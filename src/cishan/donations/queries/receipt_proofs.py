"""Whether the receipts are whole: no number missing, no gift without paper, every sum right."""

from dataclasses import dataclass
from datetime import datetime

from cishan.donations.queries import goods
from cishan.donations.rules import receipts as rules
from cishan.plumbing.db import fetch, fetch_value

LISTED = 100
"""At most so many rows are named of one fault."""


@dataclass(frozen=True, slots=True)
class ReceiptReport:
    """What a check of all receipts found."""

    receipts: int
    missing_numbers: tuple[str, ...]
    without_paper: tuple[str, ...]
    """Numbers of paid gifts with neither a receipt nor a standing waiver."""
    wrong_sums: tuple[str, ...]
    """Numbers of gifts whose receipts do not sum to what the charity holds of them."""

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not (self.missing_numbers or self.without_paper or self.wrong_sums)


async def prove(*, settled_before: datetime) -> ReceiptReport:
    """Check all receipts, but for gifts with news after the moment: their papers may be on the way."""
    return ReceiptReport(
        receipts=await fetch_value("SELECT count(*) FROM receipt"),
        missing_numbers=tuple(await missing_numbers()),
        without_paper=(
            *await without_paper(paid_before=settled_before),
            *await goods.without_paper(booked_before=settled_before),
        ),
        wrong_sums=(
            *await _wrong_sums(settled_before),
            *await goods.wrong_sums(settled_before=settled_before),
        ),
    )


async def missing_numbers() -> list[str]:
    """Return numbers between the first and the last of a series that no receipt has."""
    rows = await fetch(
        "SELECT s.series, s.year, n.serial FROM receipt_series AS s"
        " CROSS JOIN LATERAL generate_series(1, s.last_serial) AS n (serial)"
        " LEFT JOIN receipt AS r ON r.series = s.series AND r.year = s.year AND r.serial = n.serial"
        " WHERE r.id IS NULL ORDER BY 1, 2, 3 LIMIT {}",
        LISTED,
    )
    return [rules.number(row["series"], row["year"], row["serial"]) for row in rows]


async def without_paper(*, paid_before: datetime) -> list[str]:
    """Return gifts that were paid before the moment and have neither a receipt nor a standing waiver."""
    rows = await fetch(
        "SELECT d.number FROM donation AS d WHERE d.paid_at < {}"
        " AND NOT EXISTS (SELECT FROM receipt AS r WHERE r.donation = d.id)"
        " AND NOT EXISTS (SELECT FROM receipt_waiver AS w"
        "                  WHERE w.donation = d.id AND w.withdrawn_at IS NULL)"
        " ORDER BY d.paid_at LIMIT {}",
        paid_before,
        LISTED,
    )
    return [row["number"] for row in rows]


async def _wrong_sums(settled_before: datetime) -> list[str]:
    rows = await fetch(
        "SELECT d.number FROM donation AS d"
        "  JOIN (SELECT donation, sum(amount_fen) AS fen FROM receipt GROUP BY donation) AS r"
        "    ON r.donation = d.id"
        "  LEFT JOIN (SELECT donation, sum(amount_fen) AS fen, max(at) AS last FROM donation_movement"
        "              WHERE kind IN ('refund', 'refund_failure', 'dispute', 'dispute_reversal')"
        "              GROUP BY donation) AS m ON m.donation = d.id"
        " WHERE r.fen <> GREATEST(0, LEAST(d.amount_fen, d.amount_fen + COALESCE(m.fen, 0)))"
        "   AND COALESCE(m.last, d.paid_at) < {} ORDER BY d.paid_at LIMIT {}",
        settled_before,
        LISTED,
    )
    return [row["number"] for row in rows]
