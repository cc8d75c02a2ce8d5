"""What people were told, what they wish to be told, and the letters on their way."""

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.plumbing.sealed import sealed

CONTENT = sealed("letter", "content_enc", place="letter.content_enc")
TOLD = sealed("message", "content_enc", place="message.content_enc")


class Message(Table, tablename="message"):
    """Something that a person was told, once. It stands in their inbox; letters may carry it outside."""

    id = UUID(primary_key=True, default=None)
    key = Varchar(length=200, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    event = Varchar(length=40, default=None)
    language = Varchar(length=8, default=None)
    created_at = Timestamptz(default=None, index=True)
    read_at = Timestamptz(default=None, null=True)
    content_enc = Bytea(default=None)

    message_once_per_person = Unique([person, key])
    message_language = Check("language IN ('zh-CN', 'en')")
    message_is_read_after_it_came = Check("read_at >= created_at")


class Letter(Table, tablename="letter"):
    """One letter or text message to one person. Whom it goes to and what it says is encrypted."""

    id = UUID(primary_key=True, default=None)
    key = Varchar(length=200, default=None, unique=True)
    message = ForeignKey(Message, on_delete=OnDelete.set_null, null=True)
    """None: to an address, whoever reads there."""
    channel = Varchar(length=8, default=None)
    urgent = Boolean(default=None)
    """A text message that goes out at night too."""
    template = Varchar(length=40, default=None)
    language = Varchar(length=8, default=None)
    state = Varchar(length=8, default=None)
    created_at = Timestamptz(default=None, index=True)
    next_try_at = Timestamptz(default=None, null=True, index=True)
    tries = SmallInt(default=0)
    last_error = Varchar(length=500, default="")
    closed_at = Timestamptz(default=None, null=True, index=True)
    content_enc = Bytea(default=None, null=True)

    letter_once_per_channel = Unique([message, channel])
    letter_channel = Check("channel IN ('email', 'mobile')")
    letter_state = Check("state IN ('waiting', 'sent', 'failed', 'kept')")
    letter_language = Check("language IN ('zh-CN', 'en')")
    letter_waits_or_is_closed = Check(
        "(state = 'waiting') = (closed_at IS NULL) AND (state = 'waiting') = (next_try_at IS NOT NULL)"
    )
    letter_waits_with_content = Check("state <> 'waiting' OR content_enc IS NOT NULL")


class MessageWish(Table, tablename="message_wish"):
    """That somebody wants to be told of an event by a way, or not, other than by the event's own ways."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False)
    event = Varchar(length=40, default=None)
    channel = Varchar(length=8, default=None)
    wanted = Boolean(default=None)

    message_wish_once = Unique([person, event, channel])
    message_wish_channel = Check("channel IN ('email', 'mobile')")


class MessageLanguage(Table, tablename="message_language"):
    """In which language somebody wants to be told."""

    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False, primary_key=True)
    language = Varchar(length=8, default=None)

    message_language_known = Check("language IN ('zh-CN', 'en')")
