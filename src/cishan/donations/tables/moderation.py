"""What staff decided of messages that were held back."""

from piccolo.columns import UUID, Boolean, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from cishan.donations.tables.gifts import Donation


class MessageJudgement(Table, tablename="message_judgement"):
    """Who let a held message be shown, or refused it; once per gift."""

    id = UUID(primary_key=True, default=None)
    donation = ForeignKey(Donation, on_delete=OnDelete.restrict, null=False, unique=True)
    is_shown = Boolean(default=None)
    judged_by = UUID(default=None)
    judged_by_name = Varchar(length=80, default=None)
    judged_at = Timestamptz(default=None)
