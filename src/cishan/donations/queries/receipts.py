"""Receipts as their giver, a stranger with the check code, and the mail see them."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from cishan.donations.queries.certificates import can_have_certificate
from cishan.donations.queries.gifts import GiftView
from cishan.donations.rules import receipts as rules
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.receipts import Moved, ReceiptKind, Sheet
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing import pdf, qr
from cishan.plumbing.db import fetch

TEMPLATE = "donations/receipt.typ"
NO_RECEIPT = N_("There is no receipt with this number and check code.")


class ReceiptState(StrEnum):
    """Whether a receipt still stands."""

    VALID = "valid"
    PARTLY_REVERSED = "partly_reversed"
    REVERSED = "reversed"
    RED = "red"
    """It is itself a reversal."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One receipt with everything that is printed on it."""

    id: UUID
    donation_id: UUID | None
    """None: it is of goods."""
    goods_id: UUID | None
    number: str
    kind: ReceiptKind
    original_id: UUID | None
    cause: str
    covers: tuple[str, ...]
    amount_fen: int
    issued_at: datetime
    fiscal_code: str
    fiscal_number: str
    sheet: Sheet

    @property
    def filename(self) -> str:
        """Return the name under which the PDF is saved."""
        return f"{'红字捐赠收据' if self.kind is ReceiptKind.RED else '捐赠收据'}-{self.number}.pdf"


@dataclass(frozen=True, slots=True)
class ReceiptsCard:
    """What the page of a gift shows of its receipts."""

    receipts: tuple[ReceiptView, ...]
    can_ask: bool
    promised: bool
    """A receipt is wanted and will come with the payment."""
    certificate: bool
    """A certificate of giving can be had."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a stranger may know of a receipt: never who gave, beyond a masked name."""

    number: str
    kind: ReceiptKind
    state: ReceiptState
    masked_payer: str
    amount_fen: int
    held_fen: int
    """What remains after reversals."""
    issued_on: date
    organisation: str
    projects: tuple[str, ...]
    reversals: tuple[tuple[str, int], ...]
    """Number and amount of each red receipt to this one."""
    reverses: str
    """Number of the receipt that this red one reverses."""


async def for_gift(donation_id: UUID) -> list[ReceiptView]:
    """Return the receipts of a gift in the order in which they were written."""
    return await _views("donation = {}", donation_id)


async def for_goods(goods_id: UUID) -> list[ReceiptView]:
    """Return the receipts of goods in the order in which they were written."""
    return await _views("goods = {}", goods_id)


async def family_of(receipt: ReceiptView) -> list[ReceiptView]:
    """Return all receipts of the gift that a receipt is of."""
    if receipt.donation_id is not None:
        return await for_gift(receipt.donation_id)
    assert receipt.goods_id is not None, "a receipt is of a gift"
    return await for_goods(receipt.goods_id)


async def by_id(receipt_id: UUID) -> ReceiptView:
    """Return one receipt; raise NotFound."""
    return _one(await _views("id = {}", receipt_id))


async def of_gift(donation_id: UUID, number: str) -> ReceiptView:
    """Return a receipt of this gift by its number; raise NotFound for any other."""
    return _one([r for r in await for_gift(donation_id) if r.number == number])


async def card(gift: GiftView) -> ReceiptsCard:
    """Return what the gift's page shows."""
    receipts = tuple(await for_gift(gift.id))
    over = {GiftStatus.FAILED, GiftStatus.EXPIRED, GiftStatus.REFUNDED, GiftStatus.CHARGED_BACK}
    open_to_ask = not receipts and gift.status not in over
    return ReceiptsCard(
        receipts,
        can_ask=open_to_ask and not gift.wants_receipt,
        promised=open_to_ask and gift.wants_receipt,
        certificate=can_have_certificate(gift),
    )


async def verify(number: str, check_code: str) -> Verification:
    """Return what may be told of a receipt to who holds its code.

    A wrong code and a number that does not exist raise the same NotFound.
    """
    rows = await fetch("SELECT id, check_code FROM receipt WHERE number = {}", number)
    known = rows[0]["check_code"] if rows else "-" * rules.CODE_LENGTH
    given = rules.read_check_code(check_code)
    if not hmac.compare_digest(known.encode(), given.encode()) or not rows:
        raise NotFound(NO_RECEIPT)
    receipt = await by_id(rows[0]["id"])
    family = await family_of(receipt)
    return _verification(receipt, family)


def _verification(receipt: ReceiptView, family: list[ReceiptView]) -> Verification:
    is_original = receipt.original_id is None
    held = receipt.amount_fen + sum(r.amount_fen for r in family if r.original_id == receipt.id)
    if receipt.kind is ReceiptKind.RED:
        state = ReceiptState.RED
    elif not is_original or held == receipt.amount_fen:
        state = ReceiptState.VALID
    else:
        state = ReceiptState.PARTLY_REVERSED if held > 0 else ReceiptState.REVERSED
    sheet = receipt.sheet
    return Verification(
        number=receipt.number,
        kind=receipt.kind,
        state=state,
        masked_payer=rules.masked_title(sheet.payer_title),
        amount_fen=receipt.amount_fen,
        held_fen=held,
        issued_on=sheet.issued_on,
        organisation=sheet.organisation,
        projects=tuple(line.name for line in sheet.lines),
        reversals=tuple((r.number, r.amount_fen) for r in family if r.original_id == receipt.id),
        reverses=next((r.number for r in family if r.id == receipt.original_id), ""),
    )


async def document(receipt: ReceiptView) -> bytes:
    """Return the PDF of a receipt; the same bytes each time until its fiscal number is noted."""
    data = rules.printed(
        receipt.sheet,
        fiscal_code=receipt.fiscal_code,
        fiscal_number=receipt.fiscal_number,
        qr_svg=qr.svg(receipt.sheet.verify_url, border=4),
    )
    return await pdf.write(TEMPLATE, data, written_at=receipt.issued_at)


async def refunds(donation_id: UUID) -> list[Moved]:
    """Return the refunds of a gift that were carried out."""
    rows = await fetch(
        "SELECT txn_id, amount_fen, at FROM donation_movement"
        " WHERE donation = {} AND kind = 'refund' ORDER BY at, txn_id",
        donation_id,
    )
    return [Moved(**row) for row in rows]


def _one(found: list[ReceiptView]) -> ReceiptView:
    if not found:
        raise NotFound(NO_RECEIPT)
    return found[0]


async def _views(condition: str, *values: object) -> list[ReceiptView]:
    rows = await fetch(f"SELECT * FROM receipt WHERE {condition} ORDER BY issued_at, number", *values)
    return [_view(row) for row in rows]


def _view(row: dict[str, Any]) -> ReceiptView:
    return ReceiptView(
        id=row["id"],
        donation_id=row["donation"],
        goods_id=row["goods"],
        number=row["number"],
        kind=ReceiptKind(row["kind"]),
        original_id=row["original"],
        cause=row["cause"],
        covers=tuple(row["covers"]),
        amount_fen=row["amount_fen"],
        issued_at=row["issued_at"],
        fiscal_code=row["fiscal_code"] or "",
        fiscal_number=row["fiscal_number"] or "",
        sheet=msgspec.json.decode(row["sheet"], type=Sheet),
    )
