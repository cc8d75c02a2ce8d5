"""What is kept of a letter."""

from piccolo.columns import UUID, Bytea, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.plumbing.sealed import sealed

CONTENT = sealed("letter", "content_enc", place="letter.content_enc")


class Letter(Table, tablename="letter"):
    """One letter to one person. Whom it goes to and what it says is encrypted."""

    id = UUID(primary_key=True, default=None)
    key = Varchar(length=200, default=None, unique=True)
    template = Varchar(length=40, default=None)
    language = Varchar(length=8, default=None)
    state = Varchar(length=8, default=None)
    created_at = Timestamptz(default=None, index=True)
    next_try_at = Timestamptz(default=None, null=True, index=True)
    tries = SmallInt(default=0)
    last_error = Varchar(length=500, default="")
    closed_at = Timestamptz(default=None, null=True, index=True)
    content_enc = Bytea(default=None, null=True)

    letter_state = Check("state IN ('waiting', 'sent', 'failed', 'kept')")
    letter_language = Check("language IN ('zh-CN', 'en')")
    letter_waits_or_is_closed = Check(
        "(state = 'waiting') = (closed_at IS NULL) AND (state = 'waiting') = (next_try_at IS NOT NULL)"
    )
    letter_waits_with_content = Check("state <> 'waiting' OR content_enc IS NOT NULL")
