"""Limits as data, the short memory of attempts, and the words that hold a message back."""

from piccolo.columns import UUID, BigInt, Bytea, Date, Integer, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class GiftLimit(Table, tablename="gift_limit"):
    """One limit from a day on; the newest that is in force counts."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=24, default=None)
    effective_from = Date(default=None)
    amount_fen = BigInt(default=None, null=True)
    times = Integer(default=None, null=True)
    window_minutes = Integer(default=None, null=True)
    reason = Varchar(length=200, default=None)

    gift_limit_kind = Check(
        "(kind IN ('gift_min', 'gift_max', 'large_gift', 'client_day_amount', 'contact_day_amount')"
        " AND amount_fen > 0 AND times IS NULL AND window_minutes IS NULL)"
        " OR (kind IN ('client_count', 'contact_count', 'find_count')"
        " AND amount_fen IS NULL AND times > 0 AND window_minutes > 0)"
    )
    gift_limit_once = Unique([kind, effective_from])


class GiftAttempt(Table, tablename="gift_attempt"):
    """That somebody tried, without who: hashes of the address and the contact, forgotten after a day."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=8, default=None)
    at = Timestamptz(default=None, index=True)
    client_hash = Bytea(default=None, index=True)
    contact_index = Bytea(default=None, null=True, index=True)
    amount_fen = BigInt(default=0)

    gift_attempt_kind = Check("kind IN ('gift', 'find')")


class MessageRule(Table, tablename="message_rule"):
    """A word, or a regular expression, that holds a message back until a person has read it."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=8, default=None)
    value = Varchar(length=200, default=None, unique=True)
    reason = Varchar(length=100, default=None)

    message_rule_kind = Check("kind IN ('word', 'pattern')")
