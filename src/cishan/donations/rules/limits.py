"""Limits of giving, which are data with a day from which they hold, and what they refuse."""

from dataclasses import dataclass

from cishan.donations.rules.giving import LimitKind
from cishan.kernel.errors import Invalid, TooMany
from cishan.kernel.money import yuan
from cishan.kernel.text import N_


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that is in force: an amount, or a count within a window."""

    kind: LimitKind
    amount_fen: int | None = None
    times: int | None = None
    window_minutes: int | None = None


Limits = dict[LimitKind, Limit]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one device or contact has begun already."""

    today_fen: int
    times: int
    """Within the window of the limit on counts."""


def minimum_fen(limits: Limits) -> int:
    """Return the smallest gift."""
    return limits[LimitKind.GIFT_MIN].amount_fen or 1


def maximum_fen(limits: Limits) -> int:
    """Return the largest gift that is taken online."""
    return limits[LimitKind.GIFT_MAX].amount_fen or 0


def require_amount(limits: Limits, amount_fen: int, *, field: str = "amount") -> None:
    """Refuse a gift that is too small or too large to be taken online."""
    least, most = minimum_fen(limits), maximum_fen(limits)
    if amount_fen < least:
        raise Invalid(N_("The smallest gift is ¥{amount}."), field=field, amount=_plain(least))
    if amount_fen > most:
        raise Invalid(
            N_("Online, one gift is at most ¥{amount}. For a larger gift by bank transfer, please call us."),
            field=field,
            amount=_plain(most),
        )


def is_large(limits: Limits, amount_fen: int) -> bool:
    """Tell whether staff shall ask where the money comes from."""
    return amount_fen >= (limits[LimitKind.LARGE_GIFT].amount_fen or 0)


def require_pace(limits: Limits, amount_fen: int, *, client: Spent, contact: Spent | None) -> None:
    """Refuse more, or faster, gifts of one device or contact than the limits allow."""
    checks = [(client, LimitKind.CLIENT_COUNT, LimitKind.CLIENT_DAY_AMOUNT)]
    if contact is not None:
        checks.append((contact, LimitKind.CONTACT_COUNT, LimitKind.CONTACT_DAY_AMOUNT))
    for spent, count, day in checks:
        require_count(limits[count], spent.times)
        most = limits[day].amount_fen or 0
        if spent.today_fen + amount_fen > most:
            raise TooMany(
                N_(
                    "Within one day, ¥{amount} can be given from here online. This protects people from"
                    " giving more than they meant. Please come back tomorrow, or call us."
                ),
                amount=_plain(most),
            )


def require_count(limit: Limit, times: int) -> None:
    """Refuse one more attempt when the window is full."""
    if times >= (limit.times or 0):
        raise TooMany(
            N_("That was very often in a short time. Please wait {minutes} minutes; nothing was changed."),
            minutes=limit.window_minutes,
        )


def _plain(amount_fen: int) -> str:
    text = f"{yuan(amount_fen):,.2f}"
    return text.removesuffix(".00")
