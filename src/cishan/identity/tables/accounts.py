"""Staff accounts, their sessions, and the attempts to sign in."""

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table


class StaffAccount(Table, tablename="staff_account"):
    """Somebody who may write in the charity's name."""

    id = UUID(primary_key=True, default=None)
    username = Varchar(length=40, default=None, unique=True)
    display_name = Varchar(length=60, default=None)
    password_hash = Bytea(default=None)
    is_demo = Boolean(default=False)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    staff_username_is_plain = Check("username ~ '^[a-z][a-z0-9._-]{1,39}$'")


class StaffSession(Table, tablename="staff_session"):
    """A browser that signed in; only the hash of its secret is kept."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, unique=True)
    staff = ForeignKey(StaffAccount, on_delete=OnDelete.cascade, null=False, index=True)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)

    session_token_is_a_hash = Check("octet_length(token_hash) = 32")


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """A failed attempt, counted against the name and against the address it came from."""

    id = UUID(primary_key=True, default=None)
    subject = Bytea(default=None, index=True)
    """Keyed hash of the name or of the address; neither is kept in the clear."""
    at = Timestamptz(default=None)
