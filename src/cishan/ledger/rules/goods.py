"""Which entries a change of stock makes: value and pieces of every lot, by fund."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from cishan.ledger.rules.entries import (
    AccountRef,
    Entry,
    Kind,
    Line,
    Restriction,
    goods_unit,
    pair,
    restriction_of,
)
from cishan.ledger.rules.events import OTHER_COST, income_heading
from cishan.ledger.rules.spending import AGENCY_ASSETS, AGENCY_LIABILITY, GOODS, PROGRAMME_COST

LOTS_OF_AN_ENTRY = 200
"""An entry has at most a thousand lines; a lot needs up to five."""
USED_UP = "kits"
"""The counterparty of pieces that became part of a kit, or were part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsChange:
    """By how many pieces and how much 分 a lot grows (+) or shrinks (-); neither is nothing."""

    fund: str
    stock_code: str
    lot: str
    pieces: int
    value_fen: int

    @property
    def is_entrusted(self) -> bool:
        """Whether it is passed on for its giver and never was ours."""
        return restriction_of(self.fund) is Restriction.AGENCY


def goods_moved(
    kind: Kind,
    changes: Sequence[GoodsChange],
    *,
    source: str,
    source_key: str,
    effective_date: date,
    memo: str = "",
) -> list[Entry]:
    """Return the entries of goods that came, went, came back or were lost: one, or several of 200 lots each.

    Entrusted goods (受托代理资产) stand on 1801 against the duty to pass them on (2601), and are no income.
    The first entry has the key itself, the others `key/1` and so on.
    """
    ordered = sorted(changes, key=lambda change: (change.is_entrusted, change.lot))
    batches: list[tuple[Kind, list[GoodsChange]]] = []
    for entrusted, group in groupby(ordered, key=lambda change: change.is_entrusted):
        found = list(group)
        told = _entrusted_kind(found) if entrusted else kind
        batches += [(told, found[i : i + LOTS_OF_AN_ENTRY]) for i in range(0, len(found), LOTS_OF_AN_ENTRY)]
    return [
        Entry(
            told,
            effective_date,
            source,
            _key(source_key, number),
            tuple(line for change in batch for line in _against(change, _counter(kind, change))),
            memo,
        )
        for number, (told, batch) in enumerate(batches)
    ]


def goods_converted(
    hub: GoodsChange,
    others: Sequence[GoodsChange],
    *,
    source: str,
    source_key: str,
    effective_date: date,
    memo: str = "",
) -> list[Entry]:
    """Return the entries of kits put together or taken apart: value goes between kits (`hub`) and parts."""
    assert hub.value_fen + sum(other.value_fen for other in others) == 0, "value is neither made nor lost"
    ordered = sorted(others, key=lambda change: change.lot)
    entries = []
    for number, start in enumerate(range(0, len(ordered), LOTS_OF_AN_ENTRY)):
        batch = ordered[start : start + LOTS_OF_AN_ENTRY]
        lines = [
            Line(AccountRef(GOODS, change.fund, counterparty=change.lot), change.value_fen)
            for change in batch
        ]
        total = sum(change.value_fen for change in batch)
        lines.append(Line(AccountRef(GOODS, hub.fund, counterparty=hub.lot), -total))
        for change in [*batch, hub] if number == 0 else batch:
            lines += _pieces(change, PROGRAMME_COST, USED_UP)
        entries.append(
            Entry(Kind.GOODS_CONVERTED, effective_date, source, _key(source_key, number), tuple(lines), memo)
        )
    return entries


def _key(source_key: str, number: int) -> str:
    return f"{source_key}/{number}" if number else source_key


def _entrusted_kind(changes: Sequence[GoodsChange]) -> Kind:
    return Kind.AGENCY_IN if changes[0].pieces > 0 else Kind.AGENCY_OUT


def _counter(kind: Kind, change: GoodsChange) -> str:
    if change.is_entrusted:
        return AGENCY_LIABILITY
    match kind:
        case Kind.GOODS_RECEIVED:
            return income_heading(change.fund)
        case Kind.GOODS_ISSUED | Kind.GOODS_RETURNED:
            return PROGRAMME_COST
        case Kind.GOODS_WRITTEN_OFF:
            return OTHER_COST
    raise AssertionError(f"{kind} is no movement of goods")


def _against(change: GoodsChange, counter: str) -> tuple[Line, ...]:
    heading = AGENCY_ASSETS if change.is_entrusted else GOODS
    named = change.lot if change.is_entrusted else ""
    if change.value_fen > 0:
        value = pair(
            heading,
            counter,
            change.fund,
            change.value_fen,
            debit_counterparty=change.lot,
            credit_counterparty=named,
        )
    else:
        value = pair(
            counter,
            heading,
            change.fund,
            -change.value_fen,
            debit_counterparty=named,
            credit_counterparty=change.lot,
        )
    return (*value, *_pieces(change, counter, named, heading))


def _pieces(change: GoodsChange, counter: str, named: str, heading: str = GOODS) -> tuple[Line, Line]:
    unit = goods_unit(change.stock_code)
    return (
        Line(AccountRef(heading, change.fund, unit, change.lot), change.pieces),
        Line(AccountRef(counter, change.fund, unit, named), -change.pieces),
    )
