"""What a donation receipt says, in figures and in words, and which receipts a gift must have.

The fields are those of the fiscal receipt for public-welfare donations (公益事业捐赠票据使用管理办法, 2024).
Ours is the charity's own receipt; the fiscal one is noted on it when staff have issued it.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import cn2an
import msgspec
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from cishan.kernel import masking
from cishan.kernel.errors import Invalid
from cishan.kernel.money import share, yuan
from cishan.kernel.text import N_

SERIES = "SJ"
COLLECTOR = "慈善筹业务岗"
REVIEWER = "财务复核岗"
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
_NUMBER = re.compile(r"[A-Z]{2}\d{4}-\d{8}")
_CHANNELS = {
    "card": "银行卡",
    "alipay": "支付宝",
    "wechat_pay": "微信支付",
    "bank_transfer": "银行转账",
}


class ReceiptKind(StrEnum):
    """A receipt, or the reversal of one (红字)."""

    RECEIPT = "receipt"
    RED = "red"


class WaiverReason(StrEnum):
    """Why a paid gift has no receipt."""

    NOT_WANTED = "not_wanted"
    RETURNED = "returned"
    """The money had gone back before a receipt was written."""


class SheetLine(msgspec.Struct, frozen=True):
    """One project on a receipt."""

    code: str
    name: str
    unit: str
    quantity: int
    standard_fen: int
    amount_fen: int


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is printed, frozen on the day of issue."""

    kind: ReceiptKind
    number: str
    check_code: str
    demo: bool
    organisation: str
    organisation_uscc: str
    payer_title: str
    payer_uscc: str
    given_on: date
    issued_on: date
    lines: tuple[SheetLine, ...]
    amount_fen: int
    amount_words: str
    remarks: tuple[str, ...]
    others: tuple[str, ...]
    collector: str
    reviewer: str
    verify_url: str
    is_goods: bool = False
    """Property, not money: the lines say kind and quantity, and who handled it signs."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Money of a gift that moved after it was paid: negative went back, positive came again."""

    txn_id: str
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What counts of a receipt that exists."""

    amount_fen: int
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A receipt to write because money moved: red if negative."""

    amount_fen: int
    covers: tuple[str, ...]


def held_fen(gift_fen: int, moved: Sequence[Moved]) -> int:
    """Return what the charity holds of a gift: never less than nothing nor more than was given."""
    return max(0, min(gift_fen, gift_fen + sum(m.amount_fen for m in moved)))


def corrections(gift_fen: int, moved: Sequence[Moved], written: Sequence[Written]) -> list[Correction]:
    """Return what must be written so that the receipts of a gift sum to what the charity holds of it.

    As a rule one for each movement; where movements overlap (a refund and a dispute over the same money) one
    for the difference. Whatever the order in which movements become known, the sum is right.
    """
    covered = {txn for receipt in written for txn in receipt.covers}
    pending = sorted((m for m in moved if m.txn_id not in covered), key=lambda m: (m.at, m.txn_id))
    difference = held_fen(gift_fen, moved) - sum(receipt.amount_fen for receipt in written)
    if difference == 0 or not pending:
        return []
    one_way = len({m.amount_fen > 0 for m in pending}) == 1
    if one_way and sum(m.amount_fen for m in pending) == difference:
        return [Correction(m.amount_fen, (m.txn_id,)) for m in pending]
    return [Correction(difference, tuple(m.txn_id for m in pending))]


def number(series: str, year: int, serial: int) -> str:
    """Return a receipt's number: SJ2026-00000001."""
    return f"{series}{year}-{serial:08d}"


def is_number(text: str) -> bool:
    """Tell whether a text could be a receipt's number."""
    return _NUMBER.fullmatch(text) is not None


def new_check_code() -> str:
    """Return a code of 40 bits without letters that are mistaken for figures."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def read_check_code(text: str) -> str:
    """Return a code as somebody typed it from paper, in its stored form."""
    return re.sub(r"[\s-]", "", text).upper()


def amount_words(amount_fen: int) -> str:
    """Return the amount in the figures of Chinese vouchers (大写): 人民币壹仟元壹角."""
    sign = "（负数）" if amount_fen < 0 else ""
    return f"人民币{sign}{cn2an.an2cn(f'{yuan(abs(amount_fen)):f}', 'rmb')}"


def plain_amount(amount_fen: int) -> str:
    """Return 1,234.50 or -20.00."""
    return f"{yuan(amount_fen):,.2f}"


def corrected_lines(lines: Sequence[SheetLine], amount_fen: int) -> tuple[SheetLine, ...]:
    """Return the lines of a correction: the amount spread over the projects as the gift was."""
    parts = share(abs(amount_fen), [line.amount_fen for line in lines])
    sign = -1 if amount_fen < 0 else 1
    return tuple(
        msgspec.structs.replace(line, quantity=sign, standard_fen=part, amount_fen=sign * part)
        for line, part in zip(lines, parts, strict=True)
        if part
    )


def channel_words(channel: str) -> str:
    """Return how the money came, for the remarks."""
    return f"货币捐赠，以{_CHANNELS[channel]}到账" if channel in _CHANNELS else "货币捐赠"


def require_uscc(text: str) -> str:
    """Return a unified social credit code in its written form; raise Invalid if its check digit is wrong."""
    try:
        return str(uscc.validate(text.upper()))
    except ValidationError:
        raise Invalid(N_("Check the unified social credit code: it has 18 characters.")) from None


def masked_title(title: str) -> str:
    """Return what a stranger may see of a payer: 张*, 某**司."""
    return masking.name(title)


def notices(sheet: Sheet) -> list[str]:
    """Return the small print: what this paper is and what it is not."""
    words = []
    if sheet.demo:
        words.append("本件由演示环境生成，仅作展示，不代表真实捐赠，不得作为入账或税前扣除凭证。")
    words.append(
        "本件是慈善组织出具的捐赠收据，不是财政部门监制的公益事业捐赠票据；该票据开具后，其代码和号码登记于上方。"
    )
    return words


def printed(sheet: Sheet, *, fiscal_code: str, fiscal_number: str, qr_svg: str) -> dict[str, Any]:
    """Return a sheet as the template `donations/receipt.typ` wants it: every figure in its written form."""
    organisation = sheet.organisation.removesuffix("（演示）")
    return {
        "kind": sheet.kind.value,
        "demo": sheet.demo,
        "number": sheet.number,
        "check_code": sheet.check_code,
        "fiscal_code": fiscal_code or "未登记",
        "fiscal_number": fiscal_number or "未登记",
        "organisation": {
            "name": sheet.organisation,
            "seal_name": organisation[:14],
            "uscc": sheet.organisation_uscc,
        },
        "payer_title": " ".join(sheet.payer_title.split()),
        "payer_uscc": sheet.payer_uscc or "—",
        "given_on": chinese_date(sheet.given_on),
        "issued_on": chinese_date(sheet.issued_on),
        "lines": [
            {
                "code": line.code,
                "name": " ".join(line.name.split()),
                "unit": line.unit,
                "quantity": str(line.quantity),
                "standard": plain_amount(line.standard_fen),
                "amount": plain_amount(line.amount_fen),
            }
            for line in sheet.lines
        ],
        "total_words": sheet.amount_words,
        "total": ("-¥" if sheet.amount_fen < 0 else "¥") + plain_amount(abs(sheet.amount_fen)),
        "remarks": list(sheet.remarks),
        "others": list(sheet.others),
        "collector": sheet.collector,
        "collector_label": "经办人" if sheet.is_goods else "收款人",
        "reviewer": sheet.reviewer,
        "verify_url": sheet.verify_url,
        "qr_svg": qr_svg,
        "notices": notices(sheet),
    }


def chinese_date(day: date) -> str:
    """Return 2026年11月22日."""
    return f"{day.year}年{day.month}月{day.day}日"
