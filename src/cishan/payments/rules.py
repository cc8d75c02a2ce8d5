"""How long to wait for a cause, when to give up, and what counts as a difference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cishan.kernel.payments import Movement

MAX_TRIES = 12
"""After so many waits for its gift (about two hours) money goes to suspense, and a message is parked."""
SETTLING_SLACK = timedelta(hours=1)
"""The poller reads this much again; a paid gift without its money for longer is a difference."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one batch of the inbox came to."""

    taken: int = 0
    done: int = 0
    waiting: int = 0
    parked: int = 0
    booked: int = 0
    """Movements put into the books."""


class DifferenceKind(StrEnum):
    """In what the payment service and the books differ."""

    MISSING_IN_BOOKS = "missing_in_books"
    MISSING_AT_CHANNEL = "missing_at_channel"
    AMOUNT = "amount"
    PAYOUT = "payout"
    BALANCE = "balance"
    SUSPENSE = "suspense"
    UNBOOKED = "unbooked"
    PARKED_EVENT = "parked_event"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which the payment service and the books do not agree; `key` names it."""

    kind: DifferenceKind
    key: str
    channel_fen: int | None = None
    books_fen: int | None = None
    note: str = ""


def pause_before(tries: int) -> timedelta:
    """Return how long a message waits before it is tried once more: 2 s, 4 s … at most half an hour."""
    return timedelta(seconds=min(2**tries, 1800))


def compare(
    seen: Iterable[Movement], booked: Mapping[str, int], payouts_under_way: Iterable[str] = ()
) -> list[Difference]:
    """Hold the channel's movements against the books' net change of account 1009 by movement.

    A payout is booked once the service can say what it was made of; until then it is no difference.
    """
    found: list[Difference] = []
    waiting = set(payouts_under_way)
    nets = {m.txn_id: m for m in seen}
    for txn_id, movement in sorted(nets.items()):
        net = movement.net_fen
        if txn_id not in booked:
            if net and txn_id not in waiting:
                found.append(
                    Difference(DifferenceKind.MISSING_IN_BOOKS, txn_id, net, None, movement.category)
                )
        elif booked[txn_id] != net:
            found.append(Difference(DifferenceKind.AMOUNT, txn_id, net, booked[txn_id], movement.category))
    for txn_id, amount in sorted(booked.items()):
        if txn_id not in nets:
            found.append(Difference(DifferenceKind.MISSING_AT_CHANNEL, txn_id, None, amount))
    return found
