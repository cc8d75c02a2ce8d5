"""Writing receipts: once, numbered without gaps, and so that they sum to what the charity holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from cishan import gateways
from cishan.audit import actions as audit
from cishan.audit.rules import SYSTEM, Transition
from cishan.campaigns import queries as campaigns
from cishan.donations.queries import receipts as queries
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.rules import receipts as rules
from cishan.donations.rules.giving import GiftStatus
from cishan.donations.rules.receipts import (
    Correction,
    Moved,
    ReceiptKind,
    Sheet,
    SheetLine,
    WaiverReason,
    Written,
)
from cishan.donations.tables.gifts import Donation
from cishan.donations.tables.receipts import Receipt, ReceiptSeries, ReceiptWaiver
from cishan.kernel import clock, ids, masking
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.payments import Kind
from cishan.kernel.text import N_
from cishan.ledger import queries as ledger
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value

_MOVING = (
    Kind.REFUND,
    Kind.REFUND_FAILURE,
    Kind.DISPUTE,
    Kind.DISPUTE_REVERSAL,
)
_OVER = {GiftStatus.FAILED, GiftStatus.EXPIRED, GiftStatus.REFUNDED, GiftStatus.CHARGED_BACK}


@dataclass(frozen=True, slots=True)
class Paper:
    """One receipt about to be written."""

    gift: dict[str, Any]
    kind: ReceiptKind
    cause: str
    lines: tuple[SheetLine, ...]
    amount_fen: int
    remarks: tuple[str, ...]
    original: ReceiptView | None = None
    covers: tuple[str, ...] = ()
    is_goods: bool = False


async def write_due(donation_id: UUID) -> list[ReceiptView]:
    """Bring a gift's receipts in line with the money that the charity holds of it; return the new ones.

    Twice is the same as once. A paid gift that wants no receipt gets the record of that instead.
    """
    async with atomic():
        gift = await _locked(donation_id)
        if gift["paid_at"] is None:
            return []
        moved = await _moved(donation_id)
        written = await queries.for_gift(donation_id)
        if not written:
            held = rules.held_fen(gift["amount_fen"], moved)
            if not gift["wants_receipt"] or held == 0:
                reason = WaiverReason.RETURNED if gift["wants_receipt"] else WaiverReason.NOT_WANTED
                await _waive(donation_id, reason)
                return []
            await _withdraw_waiver(donation_id)
            first = await write(await _original(gift))
            return [first, *await _correct(gift, first, moved, [first])]
        return await _correct(gift, written[0], moved, written)


_WAIVE_UNWANTED = """
    WITH gift AS (
        SELECT d.id, n.waiver, d.wants_receipt OR d.contact_email_enc IS NOT NULL AS awaits, d.paid_at
          FROM donation AS d JOIN unnest({}::uuid[], {}::uuid[]) AS n (id, waiver) ON n.id = d.id
         ORDER BY d.id FOR NO KEY UPDATE OF d),
    waived AS (
        INSERT INTO receipt_waiver (id, donation, reason, recorded_at)
        SELECT g.waiver, g.id, {}, {}::timestamptz FROM gift AS g
         WHERE NOT g.awaits AND g.paid_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM receipt AS r WHERE r.donation = g.id)
            ON CONFLICT (donation) DO NOTHING)
    SELECT id FROM gift WHERE awaits AND paid_at IS NOT NULL ORDER BY id"""


async def waive_unwanted(donation_ids: Sequence[UUID]) -> list[UUID]:
    """Record of paid gifts that nobody awaits a receipt or a letter for them; return all others.

    What `write_due` does for one gift, for hundreds in one go.
    """
    new = [ids.new_id() for _ in donation_ids]
    reason = WaiverReason.NOT_WANTED.value
    rows = await fetch(_WAIVE_UNWANTED, list(donation_ids), new, reason, clock.now())
    return [row["id"] for row in rows]


async def ask_for(donation_id: UUID, *, title: str, uscc: str) -> list[ReceiptView]:
    """Note that the giver wants a receipt after all, and write it if the gift is paid."""
    async with atomic():
        gift = await _locked(donation_id)
        if await queries.for_gift(donation_id):
            raise Conflict(N_("This gift has its receipt already. A wrong title is corrected by telephone."))
        if gift["status"] in _OVER:
            raise Conflict(N_("For this gift there is nothing to receipt: no money of it is with us."))
        await (
            Donation.update(
                {
                    Donation.wants_receipt: True,
                    Donation.receipt_title: title,
                    Donation.company_uscc: uscc or gift["company_uscc"],
                }
            )
            .where(Donation.id == donation_id)
            .run()
        )
        written = await write_due(donation_id)
        for receipt in written:
            await jobs.enqueue("donations.send_receipt", receipt_id=str(receipt.id))
        return written


async def _locked(donation_id: UUID) -> dict[str, Any]:
    rows = await fetch(
        "SELECT id, number, amount_fen, status, paid_at, channel, wants_receipt, receipt_title,"
        " company_name, company_uscc FROM donation WHERE id = {} FOR NO KEY UPDATE",
        donation_id,
    )
    if not rows:
        raise NotFound(N_("There is no such gift."))
    return rows[0]


async def _moved(donation_id: UUID) -> list[Moved]:
    rows = await fetch(
        "SELECT txn_id, amount_fen, at FROM donation_movement"
        " WHERE donation = {} AND kind = ANY({}::text[]) AND amount_fen <> 0 ORDER BY at, txn_id",
        donation_id,
        [kind.value for kind in _MOVING],
    )
    return [Moved(**row) for row in rows]


async def _waive(donation_id: UUID, reason: WaiverReason) -> None:
    await ReceiptWaiver.insert(
        ReceiptWaiver(id=ids.new_id(), donation=donation_id, reason=reason.value, recorded_at=clock.now())
    ).on_conflict(target=ReceiptWaiver.donation, action="DO NOTHING")


async def _withdraw_waiver(donation_id: UUID) -> None:
    await fetch(
        "UPDATE receipt_waiver SET withdrawn_at = {} WHERE donation = {} AND withdrawn_at IS NULL",
        clock.now(),
        donation_id,
    )


async def _original(gift: dict[str, Any]) -> Paper:
    lines = await _lines(gift["id"])
    remarks = (f"捐赠编号 {gift['number']}", rules.channel_words(gift["channel"] or ""))
    return Paper(
        gift, ReceiptKind.RECEIPT, f"gift:{gift['id']}", lines, sum(x.amount_fen for x in lines), remarks
    )


async def _lines(donation_id: UUID) -> tuple[SheetLine, ...]:
    rows = await fetch(
        "SELECT campaign, fund_code, amount_fen FROM donation_line WHERE donation = {} ORDER BY line_no",
        donation_id,
    )
    cards = await campaigns.by_ids([row["campaign"] for row in rows if row["campaign"] is not None])
    all_named = all(row["campaign"] in cards for row in rows)
    funds = {} if all_named else {fund.code: fund.name for fund in await ledger.funds()}
    lines = []
    for row in rows:
        campaign = cards.get(row["campaign"])
        name = campaign.title if campaign else funds.get(row["fund_code"], row["fund_code"])
        code = campaign.filing_no if campaign and campaign.filing_no else row["fund_code"]
        lines.append(SheetLine(code, name, "元", 1, row["amount_fen"], row["amount_fen"]))
    return tuple(lines)


async def _correct(
    gift: dict[str, Any], original: ReceiptView, moved: Sequence[Moved], written: Sequence[ReceiptView]
) -> list[ReceiptView]:
    """Write what corrections the movements of the money ask for."""
    so_far = [Written(receipt.amount_fen, receipt.covers) for receipt in written]
    due = rules.corrections(gift["amount_fen"], moved, so_far)
    return [await write(_correction(gift, original, correction)) for correction in due]


def _correction(gift: dict[str, Any], original: ReceiptView, correction: Correction) -> Paper:
    red = correction.amount_fen < 0
    words = f"冲减收据 {original.number}" if red else f"款项退回未成，恢复收据 {original.number}"
    return Paper(
        gift,
        ReceiptKind.RED if red else ReceiptKind.RECEIPT,
        correction.covers[0],
        rules.corrected_lines(original.sheet.lines, correction.amount_fen),
        correction.amount_fen,
        (words, *original.sheet.remarks[:1]),
        original,
        correction.covers,
    )


async def write(paper: Paper) -> ReceiptView:
    """Write one receipt with the next number, in the running transaction."""
    now = clock.now()
    year = clock.china_day(now).year
    serial = await _next_serial(year)
    sheet = _sheet(paper, rules.number(rules.SERIES, year, serial), clock.china_day(now))
    receipt_id = ids.new_id()
    await Receipt.insert(
        Receipt(
            id=receipt_id,
            series=rules.SERIES,
            year=year,
            serial=serial,
            number=sheet.number,
            check_code=sheet.check_code,
            kind=paper.kind.value,
            original=paper.original.id if paper.original else None,
            donation=None if paper.is_goods else paper.gift["id"],
            goods=paper.gift["id"] if paper.is_goods else None,
            cause=paper.cause,
            covers=list(paper.covers),
            amount_fen=paper.amount_fen,
            payer_title=sheet.payer_title,
            payer_uscc=sheet.payer_uscc,
            issued_at=now,
            sheet=msgspec.json.encode(sheet).decode(),
        )
    )
    await audit.record(*_steps(paper, receipt_id, sheet.number))
    return await queries.by_id(receipt_id)


def _steps(paper: Paper, receipt_id: UUID, number: str) -> list[Transition]:
    """Return the history of a new receipt and of the one that it corrects."""
    event = "issue" if paper.original is None else "reverse" if paper.kind is ReceiptKind.RED else "restore"
    issued = Transition(
        subject_kind="receipt",
        subject_id=str(receipt_id),
        event="issue",
        from_state="",
        to_state="issued",
        actor=SYSTEM,
        reason=number,
    )
    if paper.original is None:
        return [issued]
    corrected = Transition(
        subject_kind="receipt",
        subject_id=str(paper.original.id),
        event=event,
        from_state="issued",
        to_state="issued",
        actor=SYSTEM,
        reason=number,
    )
    return [issued, corrected]


async def tell_sent(receipt_id: UUID, *, template: str) -> None:
    """Write into a receipt's history that a letter carries it, in the running transaction."""
    sent = Transition(
        subject_kind="receipt",
        subject_id=str(receipt_id),
        event="send",
        from_state="issued",
        to_state="issued",
        actor=SYSTEM,
        reason=template,
    )
    await audit.record(sent)


async def _next_serial(year: int) -> int:
    """Take the next number of the year; the row stays locked until commit, so that no number is lost."""
    await ReceiptSeries.insert(
        ReceiptSeries(id=ids.new_id(), series=rules.SERIES, year=year, last_serial=0)
    ).on_conflict(target=(ReceiptSeries.series, ReceiptSeries.year), action="DO NOTHING")
    serial: int = await fetch_value(
        "UPDATE receipt_series SET last_serial = last_serial + 1"
        " WHERE series = {} AND year = {} RETURNING last_serial",
        rules.SERIES,
        year,
    )
    return serial


def _sheet(paper: Paper, number: str, issued_on: date) -> Sheet:
    settings = gateways.settings()
    gift, original, check_code = paper.gift, paper.original, rules.new_check_code()
    paid_at: datetime = gift["paid_at"]
    title = gift["receipt_title"] or gift["company_name"] or masking.ANONYMOUS
    restricted = "指定用途捐赠，专款专用" if any(x.code != "GEN" for x in paper.lines) else "非限定用途捐赠"
    return Sheet(
        kind=paper.kind,
        number=number,
        check_code=check_code,
        demo=settings.demo,
        organisation=settings.organisation.name,
        organisation_uscc=settings.organisation.uscc,
        payer_title=original.sheet.payer_title if original else title,
        payer_uscc=original.sheet.payer_uscc if original else gift["company_uscc"],
        given_on=clock.china_day(paid_at),
        issued_on=issued_on,
        lines=paper.lines,
        amount_fen=paper.amount_fen,
        amount_words=rules.amount_words(paper.amount_fen),
        remarks=paper.remarks,
        others=(restricted,),
        collector=gift.get("handler") or rules.COLLECTOR,
        reviewer=rules.REVIEWER,
        verify_url=f"{settings.public_url}/receipts/{number}/{check_code}",
        is_goods=paper.is_goods,
    )
