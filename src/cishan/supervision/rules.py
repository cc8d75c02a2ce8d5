"""What the codes of the history mean in people's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cishan.approvals import rules as approvals
from cishan.campaigns import rules as campaigns
from cishan.donations.rules import labels as donations
from cishan.kernel.text import N_
from cishan.warehouse.rules import (
    drives,
    kits,
    offers,
    orders,
    recalls,
    scraps,
    stock,
    stocktakes,
    transfers,
    wording,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing: what it is called, and what its states and events are called; all msgids."""

    name: str
    states: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)


_GIFT = {
    "settle": N_("The payment service told how the payment stands"),
    "abandon": N_("Closed, as nobody paid"),
    "undo": N_("Undone by the giver"),
    "request": N_("Refund asked for"),
    "overpaid": N_("Paid twice or too much"),
    "approve_refund": N_("Refund approved"),
    "refund_declined": N_("Refund not possible"),
    "bank_transfer": N_("Came by bank transfer"),
}
_PLAN = {
    "begin": N_("Monthly gift promised"),
    "activate": N_("First payment arrived"),
    "change": N_("Amount or day changed"),
    "pause": N_("Paused"),
    "resume": N_("Resumed"),
    "problem": N_("The card was refused"),
    "repair": N_("Another card was entered"),
    "cancel": N_("Ended"),
    "end_rival": N_("Ended, as another one runs already"),
    "abandon": N_("Closed, as nobody paid"),
}
_REFUND = {
    "undo": N_("Undone by the giver"),
    "request": N_("Refund asked for"),
    "overpaid": N_("Paid twice or too much"),
    "approve": N_("Refund approved"),
    "refuse": N_("Refund refused"),
    "send": N_("Sent to the payment service"),
    "arrive": N_("The money has gone back"),
    "fail": N_("Refund not possible"),
}
_RECEIPT = {
    "issue": N_("Receipt issued"),
    "send": N_("Sent by letter"),
    "reverse": N_("Reversed in red"),
    "restore": N_("Restored"),
}
_CAMPAIGN = {
    "draft": N_("Plan written"),
    "submit": N_("Handed in for review"),
    "send_back": N_("Sent back"),
    "pass": N_("Approved by the council"),
    "file": N_("Handed in for filing"),
    "return": N_("Returned to be completed"),
    "withdraw": N_("Withdrawn"),
    "accept": N_("Filing accepted"),
    "publish": N_("Published"),
    "publish_emergency": N_("Published in an emergency"),
    "suspend": N_("Suspended"),
    "amend": N_("Amendment begun"),
    "resume": N_("Resumed"),
    "terminate": N_("Terminated"),
    "end": N_("Fundraising ended"),
    "settle": N_("Settling begun"),
    "close_books": N_("Books closed"),
    "disclose": N_("Final report published"),
    "archive": N_("Archived"),
    "publish_news": N_("News published"),
    "publish_interim_report": N_("Interim report published"),
    "publish_emergency_receipts": N_("Emergency receipts published"),
}
_ACCOUNT = {
    "sign_in": N_("Signed in"),
    "sign_out": N_("Signed out"),
    "change_password": N_("Password changed"),
    "change_contact": N_("Contact changed"),
    "locked": N_("Locked after too many attempts"),
    "show_factor": N_("Second factor shown"),
    "add_factor": N_("Second factor added"),
    "remove_factor": N_("Second factor removed"),
    "renew_recovery_codes": N_("Recovery codes made anew"),
    "end_session": N_("Session ended"),
    "forget_factors": N_("Second factors taken away"),
    "close": N_("Account closed"),
    "reopen": N_("Account opened again"),
}
_ACCOUNT_STATES = {
    "open": N_("open"),
    "closed": N_("account closed"),
    "ended": N_("Ended"),
    "locked": N_("Locked"),
    "one factor": N_("Without a second factor"),
    "two factors": N_("With a second factor"),
    "totp": N_("Authenticator app"),
    "passkey": N_("Passkey"),
    "removed": N_("Removed"),
    "renewed": N_("Renewed"),
    "set": N_("Set"),
    "email": N_("E-mail address"),
    "mobile": N_("Mobile number"),
}
_POST = {"grant": N_("Post given"), "revoke": N_("Post ended at once"), "end": N_("Post ends sooner")}
_INVITATION = {
    "invite": N_("Invitation sent"),
    "resend": N_("Sent again"),
    "withdraw": N_("Invitation withdrawn"),
    "accept": N_("Invitation accepted"),
}
_INVITATION_STATES = {"open": N_("On its way"), "accepted": N_("Accepted"), "withdrawn": N_("Withdrawn")}
_APPROVAL = {
    **approvals.STAGE_LABELS,
    "check_return": N_("Returned for correction by a checker"),
    "check_reject": N_("Rejected by a checker"),
    "panel_return": N_("Returned for correction by the council panel"),
    "panel_reject": N_("Rejected by the council panel"),
    "release_return": N_("Returned for correction at the release"),
    "release_reject": N_("Rejected at the release"),
}
ENDS = "ends "
"""A post's state before a day: `ends 2026-11-30`."""
_FILE = {"keep": N_("File kept"), "remove": N_("File removed")}
_FILE_STATES = {"kept": N_("Kept"), "removed": N_("Removed")}
_RECEIPT_STATES = {"issued": N_("Issued")}
_RELATION = {"declare": N_("Declared"), "end": N_("Ended")}
_RELATION_STATES = {"declared": N_("Declared"), "ended": N_("Ended")}
_TRIED = {"try_again": N_("Tried again")}
_LETTER_STATES = {"failed": N_("Given up"), "waiting": N_("Waits to be sent")}
_WORK_STATES = {
    "failed": N_("Gave up"),
    "parked": N_("Put aside"),
    "waiting": N_("Waits to be worked off"),
}

SUBJECTS: dict[str, Subject] = {
    "campaign": Subject(N_("Project"), campaigns.STATE_LABELS, _CAMPAIGN),
    "donation": Subject(N_("Gift"), donations.GIFT_WORDS, _GIFT),
    "gift_message": Subject(
        N_("Message of a giver"),
        donations.MESSAGE_WORDS,
        {"show": N_("Shown in public"), "refuse": N_("Kept from the public")},
    ),
    "monthly_plan": Subject(N_("Monthly gift"), donations.PLAN_WORDS, _PLAN),
    "refund": Subject(N_("Refund"), donations.REFUND_WORDS, _REFUND),
    "receipt": Subject(N_("Receipt"), _RECEIPT_STATES, _RECEIPT),
    "approval": Subject(N_("Approval"), approvals.STATE_LABELS, _APPROVAL),
    "lot": Subject(N_("Lot"), stock.LOT_STATES, wording.LOT_EVENTS),
    "stocktake": Subject(N_("Stocktake"), stocktakes.STATES, stocktakes.EVENTS),
    "recall": Subject(N_("Recall"), recalls.STATES, recalls.EVENTS),
    "related_party": Subject(N_("Related party"), _RELATION_STATES, _RELATION),
    "account": Subject(N_("Account"), _ACCOUNT_STATES, _ACCOUNT),
    "role_grant": Subject(N_("Post"), {"granted": N_("Given"), "revoked": N_("Ended")}, _POST),
    "invitation": Subject(N_("Invitation"), _INVITATION_STATES, _INVITATION),
    "goods_order": Subject(N_("Order of goods"), orders.STATES, orders.EVENTS),
    "goods_scrap": Subject(N_("Write-off of goods"), scraps.SCRAP_STATES, scraps.SCRAP_EVENTS),
    "goods_offer": Subject(N_("Offer of goods"), offers.STATES, offers.EVENTS),
    "kit": Subject(N_("Kit"), kits.KIT_STATES, kits.EVENTS),
    "drive": Subject(N_("Goods drive"), drives.DRIVE_STATES, drives.EVENTS),
    "entitlement": Subject(N_("Slip"), drives.ENTITLEMENT_STATES, drives.TURN_EVENTS),
    "transfer": Subject(N_("Transfer"), transfers.STATES, transfers.EVENTS),
    "goods_item": Subject(N_("Goods item"), wording.ITEM_STATES, wording.ITEM_EVENTS),
    "stock_site": Subject(N_("Warehouse site"), wording.PLACE_STATES, wording.PLACE_EVENTS),
    "stock_bin": Subject(N_("Bin"), wording.PLACE_STATES, wording.PLACE_EVENTS),
    "person": Subject(N_("Person")),
    "file": Subject(N_("File"), _FILE_STATES, _FILE),
    "list": Subject(N_("List")),
    "calendar": Subject(
        N_("Calendar of working days"),
        {"written": N_("Entered")},
        {"write_days": N_("Days written"), "write_year": N_("Decree of a year written")},
    ),
    "letter": Subject(N_("Letter"), _LETTER_STATES, _TRIED),
    "job": Subject(N_("Job"), _WORK_STATES, _TRIED),
    "payment_message": Subject(N_("Message of the payment service"), _WORK_STATES, _TRIED),
}
FIELDS: dict[str, str] = {
    "name": N_("name"),
    "phone": N_("mobile number"),
    "mobile": N_("mobile number"),
    "email": N_("e-mail address"),
    "id_number": N_("ID number"),
    "bank_card": N_("bank card"),
    "address": N_("address"),
    "words": N_("what was written"),
    "born_on": N_("birthday"),
    "file": N_("file"),
}
"""What fields of a record are called to the person whom they concern."""

CHECK_ROWS = (10_000, 100_000, 1_000_000)
"""How many rows, counted from the newest, one check at the desk may prove."""
