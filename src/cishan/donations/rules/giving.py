"""What a gift may be and which of its states follow each other."""

from enum import StrEnum


class GiftStatus(StrEnum):
    """Where a gift stands, as far as we have been told."""

    AWAITING_PAYMENT = "awaiting_payment"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUND_PENDING = "refund_pending"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    CHARGED_BACK = "charged_back"


class Channel(StrEnum):
    """The way in which money comes."""

    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"
    BANK_TRANSFER = "bank_transfer"


class Anonymity(StrEnum):
    """What the public list of gifts shows of the giver; the charity's own record is not touched by it."""

    NAME = "name"
    ALIAS = "alias"
    HIDDEN = "hidden"


class MessageState(StrEnum):
    """Whether a giver's message may be shown."""

    NONE = "none"
    PENDING = "pending"
    SHOWN = "shown"
    REFUSED = "refused"


class Tribute(StrEnum):
    """Whether a gift honours or remembers somebody."""

    NONE = "none"
    HONOUR = "honour"
    MEMORY = "memory"


class DonorKind(StrEnum):
    """Who gives."""

    PERSON = "person"
    COMPANY = "company"


class PlanStatus(StrEnum):
    """Where a monthly plan stands."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    PAYMENT_PROBLEM = "payment_problem"
    CANCELLED = "cancelled"


class PlanMethod(StrEnum):
    """How a month's gift comes: by itself from a card, or by the giver's tap after a reminder."""

    CARD = "card"
    REMIND = "remind"


class RefundKind(StrEnum):
    """Who asked for the money back, and under which rule."""

    UNDO = "undo"
    REQUEST = "request"
    OVERPAID = "overpaid"


class RefundGround(StrEnum):
    """Why money goes back."""

    UNDO = "undo"
    MIS_KEY = "mis_key"
    DUPLICATE = "duplicate"
    NO_CAPACITY = "no_capacity"
    BREACH = "breach"
    CAMPAIGN_VOID = "campaign_void"
    OTHER = "other"


class RefundStatus(StrEnum):
    """Where a refund stands; `sent` means that the payment service has our command."""

    REQUESTED = "requested"
    REFUSED = "refused"
    APPROVED = "approved"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


class LimitKind(StrEnum):
    """What a limit bounds."""

    GIFT_MIN = "gift_min"
    GIFT_MAX = "gift_max"
    LARGE_GIFT = "large_gift"
    CLIENT_DAY_AMOUNT = "client_day_amount"
    CONTACT_DAY_AMOUNT = "contact_day_amount"
    CLIENT_COUNT = "client_count"
    CONTACT_COUNT = "contact_count"
    FIND_COUNT = "find_count"


class AttemptKind(StrEnum):
    """What a visitor tried, for the count of attempts."""

    GIFT = "gift"
    FIND = "find"


class WordRuleKind(StrEnum):
    """How a rule on messages is read."""

    WORD = "word"
    PATTERN = "pattern"
