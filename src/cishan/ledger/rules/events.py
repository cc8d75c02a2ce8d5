"""Which entry each movement of money makes. Every fund balances by itself."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain

from cishan.ledger.rules.entries import (
    GENERAL_FUND,
    AccountRef,
    Entry,
    Kind,
    Line,
    Restriction,
    pair,
    require_positive,
    restriction_of,
)

CHANNEL = "1009"
BANK = "1002"
CHARGEBACKS = "1122"
SUSPENSE = "2209"
AGENCY_LIABILITY = "2601"
NET_ASSETS_FREE = "3101"
NET_ASSETS_BOUND = "3102"
EARLIER_YEARS = "3201"
FUNDRAISING_COST = "5401"
OTHER_COST = "5901"
CHANNEL_NAME = "stripe"


def income_heading(fund: str) -> str:
    """Return where a gift to the fund is booked; agency money is never income."""
    return {
        Restriction.UNRESTRICTED: "410101",
        Restriction.RESTRICTED: "410102",
        Restriction.AGENCY: AGENCY_LIABILITY,
    }[restriction_of(fund)]


def gift_settled(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    gross_fen: int,
    fee_fen: int = 0,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Book a gift in full for its fund; the channel's fee is borne by the unrestricted fund."""
    require_positive(gross_fen)
    lines = [*pair(CHANNEL, income_heading(fund), fund, gross_fen, debit_counterparty=channel)]
    return Entry(Kind.GIFT, effective_date, source, source_key, (*lines, *_fee_lines(fee_fen, channel)), memo)


def bank_gift(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    memo: str = "",
    bank: str = "",
) -> Entry:
    """Book a gift that came to the bank account itself: no channel, no fee."""
    require_positive(amount_fen)
    lines = pair(BANK, income_heading(fund), fund, amount_fen, debit_counterparty=bank)
    return Entry(Kind.GIFT, effective_date, source, source_key, lines, memo)


def refund(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    fee_fen: int = 0,
    earlier_year: bool = False,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Take a gift, or a part of it, back out of its fund; a gift of an earlier year goes against 3201."""
    require_positive(amount_fen)
    heading = (
        EARLIER_YEARS if earlier_year and restriction_of(fund) != Restriction.AGENCY else income_heading(fund)
    )
    lines = pair(heading, CHANNEL, fund, amount_fen, credit_counterparty=channel)
    return Entry(
        Kind.REFUND, effective_date, source, source_key, (*lines, *_fee_lines(fee_fen, channel)), memo
    )


def refund_failed(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    fee_fen: int = 0,
    earlier_year: bool = False,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Book the money of a refund that the giver's bank sent back."""
    require_positive(amount_fen)
    heading = (
        EARLIER_YEARS if earlier_year and restriction_of(fund) != Restriction.AGENCY else income_heading(fund)
    )
    lines = pair(CHANNEL, heading, fund, amount_fen, debit_counterparty=channel)
    return Entry(
        Kind.REFUND_FAILED, effective_date, source, source_key, (*lines, *_fee_lines(fee_fen, channel)), memo
    )


def dispute_withdrawn(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    amount_fen: int,
    fee_fen: int = 0,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Book what the channel withheld for a dispute; the general fund bears it, the gift's stays whole."""
    require_positive(amount_fen)
    lines = pair(
        CHARGEBACKS,
        CHANNEL,
        GENERAL_FUND,
        amount_fen,
        debit_counterparty=channel,
        credit_counterparty=channel,
    )
    return Entry(
        Kind.DISPUTE_WITHDRAWN,
        effective_date,
        source,
        source_key,
        (*lines, *_fee_lines(fee_fen, channel)),
        memo,
    )


def dispute_reinstated(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    amount_fen: int,
    fee_returned_fen: int = 0,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Book the amount that came back after a dispute was won."""
    require_positive(amount_fen)
    lines = pair(
        CHANNEL,
        CHARGEBACKS,
        GENERAL_FUND,
        amount_fen,
        debit_counterparty=channel,
        credit_counterparty=channel,
    )
    return Entry(
        Kind.DISPUTE_REINSTATED,
        effective_date,
        source,
        source_key,
        (*lines, *_fee_lines(-fee_returned_fen, channel)),
        memo,
    )


def dispute_lost(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    amount_fen: int,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Write off a lost dispute as a cost of the general fund."""
    require_positive(amount_fen)
    lines = pair(OTHER_COST, CHARGEBACKS, GENERAL_FUND, amount_fen, credit_counterparty=channel)
    return Entry(Kind.DISPUTE_LOST, effective_date, source, source_key, tuple(lines), memo)


def payout(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    parts: Mapping[str, int],
    bank: str = "",
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Move money from the channel to the bank: `parts` is 分 by fund, negative where more went out."""
    pairs = (
        pair(BANK, CHANNEL, fund, amount, debit_counterparty=bank, credit_counterparty=channel)
        for fund, amount in sorted(parts.items())
        if amount
    )
    return Entry(Kind.PAYOUT, effective_date, source, source_key, tuple(chain.from_iterable(pairs)), memo)


def payout_failed(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    parts: Mapping[str, int],
    bank: str = "",
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Move the parts of a payout that the bank sent back to the channel again."""
    pairs = (
        pair(CHANNEL, BANK, fund, amount, debit_counterparty=channel, credit_counterparty=bank)
        for fund, amount in sorted(parts.items())
        if amount
    )
    return Entry(
        Kind.PAYOUT_FAILED, effective_date, source, source_key, tuple(chain.from_iterable(pairs)), memo
    )


def channel_fee(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fee_fen: int,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Book a fee that belongs to no single gift; negative where the channel gave one back."""
    return Entry(
        Kind.CHANNEL_FEE, effective_date, source, source_key, tuple(_fee_lines(fee_fen, channel)), memo
    )


def unidentified(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    amount_fen: int,
    fee_fen: int = 0,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Hold a movement of the channel that nobody can explain yet in suspense; negative where money left."""
    lines = (
        pair(
            CHANNEL,
            SUSPENSE,
            GENERAL_FUND,
            amount_fen,
            debit_counterparty=channel,
            credit_counterparty=channel,
        )
        if amount_fen
        else ()
    )
    return Entry(
        Kind.UNIDENTIFIED, effective_date, source, source_key, (*lines, *_fee_lines(fee_fen, channel)), memo
    )


def identified(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    memo: str = "",
    channel: str = CHANNEL_NAME,
) -> Entry:
    """Give money out of suspense to the fund for which it turned out to be meant."""
    require_positive(amount_fen)
    lines: list[Line] = []
    if fund == GENERAL_FUND:
        lines += pair(SUSPENSE, income_heading(fund), fund, amount_fen, debit_counterparty=channel)
    else:
        lines += pair(
            SUSPENSE,
            CHANNEL,
            GENERAL_FUND,
            amount_fen,
            debit_counterparty=channel,
            credit_counterparty=channel,
        )
        lines += pair(CHANNEL, income_heading(fund), fund, amount_fen, debit_counterparty=channel)
    return Entry(Kind.IDENTIFIED, effective_date, source, source_key, tuple(lines), memo)


def release(
    *, source: str, source_key: str, effective_date: date, fund: str, amount_fen: int, memo: str = ""
) -> Entry:
    """Turn restricted net assets of the fund into unrestricted ones for what was spent on the purpose."""
    lines = pair(NET_ASSETS_BOUND, NET_ASSETS_FREE, fund, amount_fen)
    return Entry(Kind.RELEASE, effective_date, source, source_key, tuple(lines), memo)


def close_year(
    *, source: str, source_key: str, effective_date: date, balances: Mapping[AccountRef, int], memo: str = ""
) -> Entry:
    """Close income of a fund to 3102 or 3101 and its costs to 3101. `balances` are debit − credit."""
    lines: list[Line] = []
    for account, balance in sorted(balances.items()):
        if not balance:
            continue
        bound = account.gl.startswith("4") and restriction_of(account.fund) == Restriction.RESTRICTED
        into = AccountRef(NET_ASSETS_BOUND if bound else NET_ASSETS_FREE, account.fund, account.unit)
        lines += (Line(account, -balance), Line(into, balance))
    return Entry(Kind.CLOSE_YEAR, effective_date, source, source_key, tuple(lines), memo)


def manual(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    lines: Iterable[Line],
    memo: str,
    kind: Kind = Kind.MANUAL,
) -> Entry:
    """Book what no other rule covers (opening balances, advances, corrections of an accountant)."""
    return Entry(kind, effective_date, source, source_key, tuple(lines), memo)


def _fee_lines(fee_fen: int, channel: str) -> tuple[Line, ...]:
    if not fee_fen:
        return ()
    return pair(
        FUNDRAISING_COST,
        CHANNEL,
        GENERAL_FUND,
        fee_fen,
        debit_counterparty=channel,
        credit_counterparty=channel,
    )
