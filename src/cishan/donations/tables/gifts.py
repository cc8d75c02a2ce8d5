"""The gift, its lines per fund, the money movements that touched it, and drafts of the giving form."""

from piccolo.columns import (
    UUID,
    BigInt,
    Boolean,
    Bytea,
    Char,
    ForeignKey,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.donations.tables.monthly import MonthlyPlan
from cishan.plumbing.sealed import sealed

EMAIL = sealed(
    "donation",
    "contact_email_enc",
    index="contact_email_index",
    purpose="email",
    fold=lambda address: address.strip().lower(),
)
PHONE = sealed("donation", "contact_phone_enc", index="contact_phone_index", purpose="gift phone")
ANSWERS = sealed("gift_draft", "answers_enc")


class Donation(Table, tablename="donation"):
    """One gift, from the giver's confirmation on. What the public sees of it is a projection."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=24, default=None, unique=True)
    token_hash = Bytea(default=None, unique=True)
    draft = UUID(default=None, null=True, unique=True)
    created_at = Timestamptz(default=None, index=True)
    amount_fen = BigInt(default=None)
    currency = Char(length=3, default=None)
    status = Varchar(length=20, default=None)
    channel = Varchar(length=16, default=None, null=True)
    paid_at = Timestamptz(default=None, null=True, index=True)
    fee_fen = BigInt(default=0)
    refunded_fen = BigInt(default=0)
    failure_code = Varchar(length=60, default=None, null=True)
    stripe_session_id = Varchar(length=100, default=None, null=True, unique=True)
    stripe_payment_intent_id = Varchar(length=100, default=None, null=True, unique=True)
    stripe_invoice_id = Varchar(length=100, default=None, null=True, unique=True)
    checkout_url = Varchar(length=2000, default=None, null=True)
    checkout_expires_at = Timestamptz(default=None, null=True)
    bank_line_no = Varchar(length=60, default=None, null=True, unique=True)
    plan = ForeignKey(MonthlyPlan, on_delete=OnDelete.restrict, null=True, index=True)
    anonymity = Varchar(length=8, default=None)
    display_name = Varchar(length=50, default="")
    message = Varchar(length=200, default="")
    message_state = Varchar(length=8, default=None)
    tribute_kind = Varchar(length=8, default=None)
    tribute_name = Varchar(length=50, default="")
    donor_kind = Varchar(length=8, default=None)
    company_name = Varchar(length=100, default="")
    company_uscc = Varchar(length=18, default="")
    wants_receipt = Boolean(default=False)
    receipt_title = Varchar(length=100, default="")
    contact_email_enc = Bytea(default=None, null=True)
    contact_email_index = Bytea(default=None, null=True, index=True)
    contact_phone_enc = Bytea(default=None, null=True)
    contact_phone_index = Bytea(default=None, null=True, index=True)
    language = Varchar(length=8, default=None)
    undo_until = Timestamptz(default=None, null=True)
    undo_asked_at = Timestamptz(default=None, null=True)
    is_large = Boolean(default=False)

    donation_amount = Check("amount_fen > 0 AND amount_fen <= 100000000000")
    donation_currency = Check("currency = 'CNY'")
    donation_fee = Check("fee_fen >= 0")
    donation_refunded = Check("refunded_fen >= 0 AND refunded_fen <= amount_fen")
    donation_status = Check(
        "status IN ('awaiting_payment', 'processing', 'paid', 'failed', 'expired', 'refund_pending',"
        " 'partly_refunded', 'refunded', 'disputed', 'charged_back')"
    )
    donation_channel = Check("channel IN ('card', 'alipay', 'wechat_pay', 'bank_transfer')")
    donation_paid_at = Check(
        "paid_at IS NOT NULL OR status IN ('awaiting_payment', 'processing', 'failed', 'expired')"
    )
    donation_anonymity = Check("anonymity IN ('name', 'alias', 'hidden')")
    donation_message = Check(
        "message_state IN ('none', 'pending', 'shown', 'refused')"
        " AND (message_state = 'none') = (message = '')"
    )
    donation_tribute = Check(
        "tribute_kind IN ('none', 'honour', 'memory') AND (tribute_kind = 'none') = (tribute_name = '')"
    )
    donation_donor = Check(
        "donor_kind IN ('person', 'company')"
        " AND (donor_kind = 'person' OR (company_name <> '' AND length(company_uscc) = 18))"
    )


class DonationLine(Table, tablename="donation_line"):
    """The part of a gift that goes to one fund."""

    id = UUID(primary_key=True, default=None)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=False, index=True)
    line_no = SmallInt(default=None)
    campaign = UUID(default=None, null=True, index=True)
    fund_code = Varchar(length=64, default=None)
    amount_fen = BigInt(default=None)

    donation_line_amount = Check("amount_fen > 0")
    donation_line_no = Check("line_no >= 1")
    donation_line_once = Unique([donation, line_no])


class DonationMovement(Table, tablename="donation_movement"):
    """A movement on the payment service's balance; `txn_id` makes it one. Signed as the service signs it.

    Without a donation its money is in the suspense account, and `problem` says why.
    """

    id = UUID(primary_key=True, default=None)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=True, index=True)
    kind = Varchar(length=20, default=None)
    txn_id = Varchar(length=100, default=None, unique=True)
    amount_fen = BigInt(default=None)
    fee_fen = BigInt(default=0)
    at = Timestamptz(default=None, index=True)
    source_id = Varchar(length=100, default="")
    entry_id = BigInt(default=None, null=True)
    problem = Varchar(length=20, default="")

    donation_movement_kind = Check(
        "kind IN ('charge', 'refund', 'refund_failure', 'dispute', 'dispute_reversal', 'fee', 'other')"
    )
    donation_movement_place = Check(
        "(donation IS NULL) = (problem <> '')"
        " AND problem IN ('', 'unidentified', 'amount', 'currency', 'paid_twice', 'category')"
    )


class GiftDraft(Table, tablename="gift_draft"):
    """What somebody typed into the giving form, encrypted, until they confirm or a day has passed."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, unique=True)
    created_at = Timestamptz(default=None, index=True)
    answers_enc = Bytea(default=None)
