"""Moving money in the books from the payment channel to the bank when the payment service has paid it out."""

from collections.abc import Sequence
from datetime import datetime

from cishan.kernel import clock
from cishan.ledger import actions as ledger
from cishan.ledger import queries as books
from cishan.ledger.rules import GENERAL_FUND, Entry, payout, payout_failed
from cishan.payments.actions.fetching import PayoutTold

SOURCE = "stripe"


async def book_payouts(told: Sequence[PayoutTold]) -> dict[str, bool]:
    """Book what can be booked of the payouts, in the running transaction; tell by id whether all is.

    Each fund's part is the sum of its movements in the payout. A payout that the service cannot itemise
    yet, or one of whose movements is not in the books yet, waits.
    """
    whole: dict[str, bool] = {}
    entries: list[Entry] = []
    for each in told:
        parts = await _parts(each)
        whole[each.id] = parts is not None
        if parts is not None:
            entries += _entries(each, parts)
    await ledger.post(entries)
    return whole


def _entries(told: PayoutTold, parts: dict[str, int]) -> list[Entry]:
    one = told.payout
    if not any(parts.values()):
        return []
    out = payout(
        source=SOURCE,
        source_key=one.txn_id,
        effective_date=clock.china_day(one.created_at),
        parts=parts,
        memo=one.id,
    )
    if not one.failure_txn_id:
        return [out]
    back = payout_failed(
        source=SOURCE,
        source_key=one.failure_txn_id,
        effective_date=clock.china_day(_moment(one.failed_at)),
        parts=parts,
        memo=one.id,
    )
    return [out, back]


async def _parts(told: PayoutTold) -> dict[str, int] | None:
    """Return what the payout moves of each fund; None while that cannot be known."""
    one = told.payout
    if not one.txn_id:
        return None
    if not one.automatic:
        return {GENERAL_FUND: one.amount_fen}  # the service does not itemise payouts made by hand
    if not one.reconciled:
        return None
    booked = await books.channel_movements(SOURCE, keys=[m.txn_id for m in told.movements])
    known = {b.source_key for b in booked}
    if any(m.net_fen and m.txn_id not in known for m in told.movements):
        return None
    parts: dict[str, int] = {}
    for row in booked:
        parts[row.fund] = parts.get(row.fund, 0) + row.amount_fen
    rest = one.amount_fen - sum(parts.values())
    if rest:  # the books differ from the service: reconciliation names it; what left the channel has left it
        parts[GENERAL_FUND] = parts.get(GENERAL_FUND, 0) + rest
    return {fund: amount for fund, amount in parts.items() if amount}


def _moment(at: datetime | None) -> datetime:
    assert at is not None, "a payout that failed has a movement that says when"
    return at
