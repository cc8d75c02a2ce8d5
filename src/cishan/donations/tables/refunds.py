"""Commands and requests to send money back. The id of a row is the idempotency key of its command."""

from piccolo.columns import UUID, BigInt, Bytea, Date, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.donations.tables.gifts import Donation
from cishan.plumbing.sealed import sealed

WORDS = sealed("refund_request", "words_enc")


class RefundRequest(Table, tablename="refund_request"):
    """A wish for money back; `undo` needs no decision, every other one waits for staff."""

    id = UUID(primary_key=True, default=None)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=False, index=True)
    created_at = Timestamptz(default=None)
    kind = Varchar(length=10, default=None)
    ground = Varchar(length=16, default=None)
    words_enc = Bytea(default=None, null=True)
    amount_fen = BigInt(default=None)
    status = Varchar(length=10, default=None, index=True)
    due_on = Date(default=None, null=True)
    decided_at = Timestamptz(default=None, null=True)
    decided_by = Varchar(length=60, default="")
    decision_note = Varchar(length=500, default="")
    sent_at = Timestamptz(default=None, null=True)
    stripe_refund_id = Varchar(length=100, default=None, null=True, unique=True)
    failure_code = Varchar(length=60, default=None, null=True)

    refund_request_kind = Check("kind IN ('undo', 'request', 'overpaid')")
    refund_request_ground = Check(
        "ground IN ('undo', 'mis_key', 'duplicate', 'no_capacity', 'breach', 'campaign_void', 'other')"
    )
    refund_request_status = Check("status IN ('requested', 'refused', 'approved', 'sent', 'done', 'failed')")
    refund_request_amount = Check("amount_fen > 0")
    refund_request_decided = Check(
        "kind <> 'request' OR status = 'requested' OR (decided_at IS NOT NULL AND decided_by <> '')"
    )
