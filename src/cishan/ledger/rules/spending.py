"""Which entry each spending, hand-over of goods and passing-on makes."""

from datetime import date

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.ledger.rules.entries import AccountRef, Entry, Kind, Line, goods_unit, pair, require_positive
from cishan.ledger.rules.events import BANK, OTHER_COST, income_heading

IN_TRANSIT = "1010"
GOODS = "1201"
AGENCY_ASSETS = "1801"
PAYABLE = "2202"
AGENCY_LIABILITY = "2601"
PROGRAMME_COST = "5101"


def disbursement_approved(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    payee: str,
    memo: str = "",
) -> Entry:
    """Promise aid to a payee. Only `actions.approve` can post this."""
    require_positive(amount_fen)
    lines = pair(PROGRAMME_COST, PAYABLE, fund, amount_fen, credit_counterparty=payee)
    return Entry(Kind.DISBURSEMENT_APPROVED, effective_date, source, source_key, lines, memo)


def disbursement_sent(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    payee: str,
    memo: str = "",
) -> Entry:
    """Give approved aid to the bank. A refusal of the bank is a reversal of this entry."""
    require_positive(amount_fen)
    lines = pair(PAYABLE, IN_TRANSIT, fund, amount_fen, debit_counterparty=payee, credit_counterparty=payee)
    return Entry(Kind.DISBURSEMENT_SENT, effective_date, source, source_key, lines, memo)


def disbursement_confirmed(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    payee: str,
    bank: str = "",
    memo: str = "",
) -> Entry:
    """Book that the bank paid the payee."""
    require_positive(amount_fen)
    lines = pair(IN_TRANSIT, BANK, fund, amount_fen, debit_counterparty=payee, credit_counterparty=bank)
    return Entry(Kind.DISBURSEMENT_CONFIRMED, effective_date, source, source_key, lines, memo)


def fund_transfer(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    from_fund: str,
    to_fund: str,
    amount_fen: int,
    bank: str = "",
    memo: str = "",
) -> Entry:
    """Move money between two restricted funds, by resolution. Only `actions.approve` can post this."""
    require_positive(amount_fen)
    if from_fund == to_fund:
        raise Invalid(N_("A transfer needs two funds."))
    out = pair("3102", BANK, from_fund, amount_fen, credit_counterparty=bank)
    into = pair(BANK, "3102", to_fund, amount_fen, debit_counterparty=bank)
    return Entry(Kind.FUND_TRANSFER, effective_date, source, source_key, (*out, *into), memo)


def goods_received(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    stock_code: str,
    lot: str,
    quantity: int,
    value_fen: int,
    memo: str = "",
) -> Entry:
    """Book goods that were given: their value in 分 and their number in pieces, both by lot."""
    lines = _goods(
        GOODS,
        income_heading(fund),
        fund=fund,
        stock_code=stock_code,
        lot=lot,
        quantity=quantity,
        value_fen=value_fen,
    )
    return Entry(Kind.GOODS_RECEIVED, effective_date, source, source_key, lines, memo)


def goods_issued(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    stock_code: str,
    lot: str,
    quantity: int,
    value_fen: int,
    memo: str = "",
) -> Entry:
    """Book goods that were handed out, at the cost of their lot."""
    lines = _goods(
        PROGRAMME_COST,
        GOODS,
        fund=fund,
        stock_code=stock_code,
        lot=lot,
        quantity=quantity,
        value_fen=value_fen,
    )
    return Entry(Kind.GOODS_ISSUED, effective_date, source, source_key, lines, memo)


def goods_written_off(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    stock_code: str,
    lot: str,
    quantity: int,
    value_fen: int,
    memo: str = "",
) -> Entry:
    """Book goods that expired or were lost."""
    lines = _goods(
        OTHER_COST, GOODS, fund=fund, stock_code=stock_code, lot=lot, quantity=quantity, value_fen=value_fen
    )
    return Entry(Kind.GOODS_WRITTEN_OFF, effective_date, source, source_key, lines, memo)


def agency_in(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    document: str,
    memo: str = "",
) -> Entry:
    """Book money that the giver meant for a named person: an asset and the duty to pass it on, no income."""
    require_positive(amount_fen)
    lines = pair(
        AGENCY_ASSETS,
        AGENCY_LIABILITY,
        fund,
        amount_fen,
        debit_counterparty=document,
        credit_counterparty=document,
    )
    return Entry(Kind.AGENCY_IN, effective_date, source, source_key, lines, memo)


def agency_out(
    *,
    source: str,
    source_key: str,
    effective_date: date,
    fund: str,
    amount_fen: int,
    document: str,
    memo: str = "",
) -> Entry:
    """Book that entrusted money reached the named person."""
    require_positive(amount_fen)
    lines = pair(
        AGENCY_LIABILITY,
        AGENCY_ASSETS,
        fund,
        amount_fen,
        debit_counterparty=document,
        credit_counterparty=document,
    )
    return Entry(Kind.AGENCY_OUT, effective_date, source, source_key, lines, memo)


def _goods(
    debit: str, credit: str, *, fund: str, stock_code: str, lot: str, quantity: int, value_fen: int
) -> tuple[Line, ...]:
    if quantity <= 0 or value_fen <= 0:
        raise Invalid(N_("Goods have a number and a value of more than zero."))
    unit = goods_unit(stock_code)
    debit_lot, credit_lot = (lot if debit == GOODS else "", lot if credit == GOODS else "")
    return (
        *pair(debit, credit, fund, value_fen, debit_counterparty=debit_lot, credit_counterparty=credit_lot),
        Line(AccountRef(debit, fund, unit, debit_lot), quantity),
        Line(AccountRef(credit, fund, unit, credit_lot), -quantity),
    )
