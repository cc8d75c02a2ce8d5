"""How a gift's state is said in plain words."""

from dataclasses import dataclass

from cishan.donations.rules.giving import Channel, GiftStatus, PlanMethod, PlanStatus, RefundStatus
from cishan.kernel.text import N_


@dataclass(frozen=True, slots=True)
class Words:
    """A state in words: a short one, a sentence that says what happens next, and the tone of its mark."""

    short: str
    long: str
    tone: str


STATUS: dict[GiftStatus, Words] = {
    GiftStatus.AWAITING_PAYMENT: Words(
        N_("Waiting for payment"),
        N_(
            "We have not heard of a payment yet. If you have paid, this page says so by itself in a moment;"
            " nothing more is needed from you."
        ),
        "calm",
    ),
    GiftStatus.PROCESSING: Words(
        N_("Being confirmed"),
        N_(
            "Your payment is under way and the payment service is confirming it. You can close this page:"
            " the gift counts as soon as the money is here."
        ),
        "calm",
    ),
    GiftStatus.PAID: Words(
        N_("Has arrived"),
        N_("Your gift has arrived and stands in the charity's books."),
        "good",
    ),
    GiftStatus.FAILED: Words(
        N_("Not paid"),
        N_("The payment did not go through, and nothing was taken. You can try again."),
        "warn",
    ),
    GiftStatus.EXPIRED: Words(
        N_("Not paid"),
        N_("The payment page was closed without a payment, and nothing was taken. You can begin anew."),
        "plain",
    ),
    GiftStatus.REFUND_PENDING: Words(
        N_("On its way back"),
        N_(
            "The money goes back the way it came. Depending on the bank this takes from a minute to ten days."
        ),
        "calm",
    ),
    GiftStatus.PARTLY_REFUNDED: Words(
        N_("Partly returned"),
        N_("A part of the gift has gone back to you; the rest stands in the charity's books."),
        "plain",
    ),
    GiftStatus.REFUNDED: Words(
        N_("Returned"),
        N_("The gift has gone back the way it came. Thank you for having thought of others."),
        "plain",
    ),
    GiftStatus.DISPUTED: Words(
        N_("Questioned at the bank"),
        N_("The bank is looking into this payment. The project is not affected until the bank has decided."),
        "warn",
    ),
    GiftStatus.CHARGED_BACK: Words(
        N_("Taken back by the bank"),
        N_("The bank returned this payment to the cardholder."),
        "plain",
    ),
}

LEFT = Words(
    N_("Not paid yet"),
    N_("You left the payment page, and nothing was taken. You can go on, change your answers, or let it be."),
    "plain",
)
"""For somebody who came back by the payment page's own way out."""

UNOPENED = Words(
    N_("Not paid yet"),
    N_(
        "The payment page could not be opened, because the payment service did not answer. Nothing was taken."
        " Please try again in a moment."
    ),
    "warn",
)
"""For a gift whose payment page was never there."""

UNDOING = Words(
    N_("Being undone"),
    N_("You have undone this gift. If money was taken, it goes back in full; you need not do anything."),
    "calm",
)

CHANNEL_LABELS: dict[str, str] = {
    Channel.CARD: N_("bank card"),
    Channel.ALIPAY: N_("Alipay"),
    Channel.WECHAT_PAY: N_("WeChat Pay"),
    Channel.BANK_TRANSFER: N_("bank transfer"),
}

REFUND_STATUS: dict[RefundStatus, Words] = {
    RefundStatus.REQUESTED: Words(
        N_("Being looked at"), N_("Staff decide within three working days."), "calm"
    ),
    RefundStatus.REFUSED: Words(N_("Declined"), N_("The reason stands below."), "warn"),
    RefundStatus.APPROVED: Words(
        N_("Approved"), N_("The payment service is being asked to send the money back."), "calm"
    ),
    RefundStatus.SENT: Words(
        N_("On its way back"), N_("The payment service is sending the money back."), "calm"
    ),
    RefundStatus.DONE: Words(N_("Done"), N_("The money has gone back."), "good"),
    RefundStatus.FAILED: Words(
        N_("Did not work"),
        N_("The payment service could not send the money back. Please call us; we find another way."),
        "bad",
    ),
}

PLAN_STATUS: dict[PlanStatus, Words] = {
    PlanStatus.PENDING: Words(
        N_("Not begun"), N_("The monthly gift begins when its first payment has arrived."), "plain"
    ),
    PlanStatus.ACTIVE: Words(N_("Active"), N_("Thank you for standing by month after month."), "good"),
    PlanStatus.PAUSED: Words(
        N_("Paused"), N_("Nothing is taken and nobody is reminded until you resume."), "plain"
    ),
    PlanStatus.PAYMENT_PROBLEM: Words(
        N_("The card was refused"),
        N_("This month is skipped and will not be taken later. Put another card under the gift to go on."),
        "warn",
    ),
    PlanStatus.CANCELLED: Words(
        N_("Ended"), N_("Nothing more is taken. Thank you for every month."), "plain"
    ),
}

METHOD_LABELS: dict[str, str] = {
    PlanMethod.CARD: N_("By bank card, taken by itself each month"),
    PlanMethod.REMIND: N_("By Alipay or WeChat Pay: we remind you, you tap once"),
}
