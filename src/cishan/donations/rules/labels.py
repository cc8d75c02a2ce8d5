"""The words for givers' choices and states as staff read them in lists."""

from cishan.donations.rules import trail
from cishan.donations.rules.giving import (
    Anonymity,
    DonorKind,
    GiftStatus,
    MessageState,
    PlanMethod,
    RefundKind,
)
from cishan.donations.rules.receipts import ReceiptKind
from cishan.kernel.text import N_

GIFT_WORDS: dict[str, str] = {
    **{status: words.short for status, words in trail.STATUS.items()},
    GiftStatus.FAILED: N_("Payment refused"),
    GiftStatus.EXPIRED: N_("Left unpaid"),
}
GIFT_TONES: dict[str, str] = {status: words.tone for status, words in trail.STATUS.items()}
REFUND_WORDS: dict[str, str] = {status: words.short for status, words in trail.REFUND_STATUS.items()}
REFUND_TONES: dict[str, str] = {status: words.tone for status, words in trail.REFUND_STATUS.items()}
PLAN_WORDS: dict[str, str] = {status: words.short for status, words in trail.PLAN_STATUS.items()}
PLAN_TONES: dict[str, str] = {status: words.tone for status, words in trail.PLAN_STATUS.items()}
METHOD_WORDS: dict[str, str] = {
    PlanMethod.CARD: N_("By card, by itself"),
    PlanMethod.REMIND: N_("By reminder"),
}
REFUND_KINDS: dict[str, str] = {
    RefundKind.UNDO: N_("Undone by the giver"),
    RefundKind.REQUEST: N_("Asked for"),
    RefundKind.OVERPAID: N_("Paid twice or too much"),
}
DONOR_KINDS: dict[str, str] = {DonorKind.PERSON: N_("Person"), DonorKind.COMPANY: N_("Organisation")}
ANONYMITY: dict[str, str] = {
    Anonymity.NAME: N_("Shown by name"),
    Anonymity.ALIAS: N_("Shown by a nickname"),
    Anonymity.HIDDEN: N_("Not named in public"),
}
MESSAGE_WORDS: dict[str, str] = {
    MessageState.PENDING: N_("Waits for somebody to read it"),
    MessageState.SHOWN: N_("Shown in public"),
    MessageState.REFUSED: N_("Kept from the public"),
}
MESSAGE_TONES: dict[str, str] = {
    MessageState.PENDING: "warn",
    MessageState.SHOWN: "good",
    MessageState.REFUSED: "plain",
}
RECEIPT_KINDS: dict[str, str] = {
    ReceiptKind.RECEIPT: N_("Receipt"),
    ReceiptKind.RED: N_("Red receipt, a reversal"),
}
