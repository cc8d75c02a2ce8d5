"""Receipts of goods: kind, quantity and value of what was given, who gave and who handled it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cishan.donations.actions.receipts import Paper, write
from cishan.donations.queries import goods as queries
from cishan.donations.queries import receipts as receipt_queries
from cishan.donations.queries.goods import GoodsGiftView
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.rules.receipts import ReceiptKind, SheetLine, WaiverReason
from cishan.donations.tables.goods import GoodsGift
from cishan.donations.tables.receipts import ReceiptWaiver
from cishan.identity.queries.names import names_of
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.plumbing import i18n, jobs
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.rules.offers import OfferView
from cishan.warehouse.rules.stock import Basis

_BASES = {Basis.VOUCHER: "按捐赠人提供的凭据计价", Basis.FAIR: "按公允价值计价"}


async def write_due(offer_id: UUID) -> list[ReceiptView]:
    """Bring the receipts of goods in line with what stands in the books for them; return the new ones.

    Twice is the same as once. A booking that was reversed has its receipt answered by a red one, and the
    booking that takes its place a receipt of its own. Goods without a value and goods that are passed on have
    no receipt at all; a giver who wants none has the record of that instead.
    """
    async with atomic():
        await fetch("SELECT pg_advisory_xact_lock(hashtextextended({}, 1570))", str(offer_id))
        with i18n.speaking(i18n.CHINESE):  # what is printed is Chinese, whoever asks
            found = await intake.offer_by_id(offer_id)
        gift = await _gift(found)
        if gift is None:
            return []
        worth = (await arrivals.values_of([offer_id])).get(offer_id, 0)
        written = await receipt_queries.for_goods(gift.id)
        answered = {one.original_id for one in written if one.original_id}
        originals = [one for one in written if one.kind is ReceiptKind.RECEIPT]
        cause = _cause(gift, found)
        new = [
            await write(_red(gift, one)) for one in originals if one.id not in answered and one.cause != cause
        ]
        if any(one.cause == cause for one in originals):
            return new
        if not worth or not gift.wants_receipt:
            if not written:
                await _waive(gift.id, WaiverReason.RETURNED if not worth else WaiverReason.NOT_WANTED)
            return new
        await fetch(
            "UPDATE receipt_waiver SET withdrawn_at = {} WHERE goods = {} AND withdrawn_at IS NULL",
            clock.now(),
            gift.id,
        )
        return [*new, await write(_original(gift, found, originals))]


async def ask_for(offer_id: UUID, *, title: str, uscc: str) -> list[ReceiptView]:
    """Note that the giver wants a receipt after all, and write it."""
    async with atomic():
        gift = await queries.of_offer(offer_id)
        if gift is None:
            raise NotFound(N_("There is no receipt for these goods."))
        if await receipt_queries.for_goods(gift.id):
            raise Conflict(N_("This gift has its receipt already. A wrong title is corrected by telephone."))
        await fetch(
            "UPDATE goods_gift SET wants_receipt = true, receipt_title = {}, uscc = {} WHERE id = {}",
            title,
            uscc or gift.uscc,
            gift.id,
        )
        written = await write_due(offer_id)
        if written:
            await jobs.enqueue("donations.issue_goods_receipt", offer_id=str(offer_id))
        return written


async def _gift(found: OfferView) -> GoodsGiftView | None:
    """Return the gift of an offer, as its goods are booked with a value; None if they never were."""
    known = await queries.of_offer(found.id)
    if found.booked_at is None or found.has_receiver or not found.value_fen:
        return known
    names = await names_of({found.booked_by}) if found.booked_by else {}
    if known is not None:
        if known.booked_at != found.booked_at:
            await fetch(
                "UPDATE goods_gift SET booked_at = {}, amount_fen = {}, handler = {} WHERE id = {}",
                found.booked_at,
                found.value_fen,
                next(iter(names.values()), "")[:60],
                known.id,
            )
        return await queries.of_offer(found.id)
    giver = await intake.giver_of(found.id)
    await GoodsGift.insert(
        GoodsGift(
            id=ids.new_id(),
            offer=found.id,
            number=found.number,
            booked_at=found.booked_at,
            amount_fen=found.value_fen,
            handler=next(iter(names.values()), "")[:60],
            wants_receipt=found.wants_receipt,
            receipt_title=(found.company or giver.name) if found.wants_receipt else "",
            uscc=found.uscc,
        )
    )
    return await queries.of_offer(found.id)


async def _waive(goods_id: UUID, reason: WaiverReason) -> None:
    await ReceiptWaiver.insert(
        ReceiptWaiver(id=ids.new_id(), goods=goods_id, reason=reason.value, recorded_at=clock.now())
    ).on_conflict(target=ReceiptWaiver.goods, action="DO NOTHING")


def _facts(gift: GoodsGiftView) -> dict[str, object]:
    """Return what a receipt needs to know of a gift."""
    return {
        "id": gift.id,
        "paid_at": gift.booked_at,
        "receipt_title": gift.receipt_title,
        "company_name": "",
        "company_uscc": gift.uscc,
        "handler": gift.handler,
    }


def _cause(gift: GoodsGiftView, found: OfferView) -> str:
    """Return for which booking a receipt is written: the first, or one after reversals; empty without one."""
    if found.booked_round is None:
        return ""
    return f"goods:{gift.id}" + (f":{found.booked_round}" if found.booked_round > 1 else "")


def _original(gift: GoodsGiftView, found: OfferView, before: Sequence[ReceiptView]) -> Paper:
    names = {line.id: line for line in found.lines}
    lines = tuple(
        SheetLine(
            code=found.fund or "GEN",
            name=names[one.line].name,
            unit=names[one.line].unit,
            quantity=one.quantity,
            standard_fen=one.value_fen // one.quantity,
            amount_fen=one.value_fen,
        )
        for one in found.grades
        if one.value_fen
    )
    bases = dict.fromkeys(_BASES[Basis(one.basis)] for one in found.grades if one.value_fen)
    unvalued = [
        f"{names[one.line].name}{one.quantity}{names[one.line].unit}"
        for one in found.grades
        if one.lot and not one.value_fen
    ]
    remarks: tuple[str, ...] = (f"捐赠编号 {gift.number}", "实物捐赠，" + "、".join(bases))
    if unvalued:
        remarks += ("另收不计价物资：" + "、".join(unvalued),)
    if before:
        remarks += (f"更正入库后重开，原收据 {before[-1].number} 已冲减",)
    return Paper(
        _facts(gift),
        ReceiptKind.RECEIPT,
        _cause(gift, found),
        lines,
        sum(line.amount_fen for line in lines),
        remarks,
        is_goods=True,
    )


def _red(gift: GoodsGiftView, original: ReceiptView) -> Paper:
    lines = tuple(
        msgspec.structs.replace(line, quantity=-line.quantity, amount_fen=-line.amount_fen)
        for line in original.sheet.lines
    )
    cause = f"{original.cause}:reversed"
    return Paper(
        _facts(gift),
        ReceiptKind.RED,
        cause,
        lines,
        -original.amount_fen,
        (f"冲减收据 {original.number}", *original.sheet.remarks[:1]),
        original,
        (cause,),
        is_goods=True,
    )
