"""Accounts, their sessions, codes that were sent, and failed attempts."""

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.plumbing.sealed import sealed

sealed("account", "email_enc", place="account.email_enc", index="email_index", purpose="account email")
sealed("account", "mobile_enc", place="account.mobile_enc", index="mobile_index", purpose="account mobile")
sealed("one_time_code", "contact_enc", place="one_time_code.contact_enc")


class Account(Table, tablename="account"):
    """A way in for one person; those that offices had before accounts were people's are closed."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    username = Varchar(length=40, default=None, null=True, unique=True)
    email_enc = Bytea(default=None, null=True)
    email_index = Bytea(default=None, null=True, unique=True)
    mobile_enc = Bytea(default=None, null=True)
    mobile_index = Bytea(default=None, null=True, unique=True)
    password_hash = Bytea(default=None, null=True)
    """None: this account is entered by code alone."""
    is_demo = Boolean(default=False)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    staff_username_is_plain = Check("username ~ '^[a-z][a-z0-9._-]{1,39}$'")
    account_can_be_named = Check("num_nonnulls(username, email_index, mobile_index) > 0")
    account_is_somebodys_or_closed = Check("person IS NOT NULL OR NOT active")
    account_email_is_whole = Check("(email_enc IS NULL) = (email_index IS NULL)")
    account_mobile_is_whole = Check("(mobile_enc IS NULL) = (mobile_index IS NULL)")
    account_has_a_way_in = Check("password_hash IS NOT NULL OR num_nonnulls(email_index, mobile_index) > 0")


class AccountSession(Table, tablename="account_session"):
    """A browser that signed in; only the hash of its secret is kept."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, unique=True)
    account = ForeignKey(Account, on_delete=OnDelete.cascade, null=False, index=True)
    method = Varchar(length=8, default=None)
    device = Varchar(length=60, default=None)
    """Kind of browser and system, in rough words."""
    created_at = Timestamptz(default=None)
    seen_at = Timestamptz(default=None)
    """Last use, to the minute."""
    expires_at = Timestamptz(default=None, index=True)
    second_factor_at = Timestamptz(default=None, null=True)
    """When this browser last showed a second factor."""
    second_factor_due = Boolean(default=False)
    """The password was right, the second factor was not shown yet: this session opens nothing."""

    session_token_is_a_hash = Check("octet_length(token_hash) = 32")
    session_method = Check("method IN ('password', 'code', 'passkey')")


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """A failed attempt, counted against the name and against the address it came from."""

    id = UUID(primary_key=True, default=None)
    subject = Bytea(default=None, index=True)
    """Keyed hash of the name or of the address; neither is kept in the clear."""
    at = Timestamptz(default=None)


class OneTimeCode(Table, tablename="one_time_code"):
    """A code that was sent to an address or a number. The code is derived from the row and kept nowhere."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, unique=True)
    """Of the secret of the browser that asked: nobody else can use the code."""
    contact_enc = Bytea(default=None)
    contact_index = Bytea(default=None, index=True)
    address_index = Bytea(default=None, index=True)
    channel = Varchar(length=8, default=None)
    language = Varchar(length=8, default=None)
    asked_at = Timestamptz(default=None, index=True)
    expires_at = Timestamptz(default=None)
    tries = SmallInt(default=0)
    proved_at = Timestamptz(default=None, null=True)
    """When the right code was entered; nobody is signed in twice by it."""
    used_at = Timestamptz(default=None, null=True)

    code_channel = Check("channel IN ('email', 'mobile')")
    code_language = Check("language IN ('zh-CN', 'en')")
    code_has_few_tries = Check("tries BETWEEN 0 AND 5")
    code_is_used_after_proof = Check("used_at IS NULL OR proved_at IS NOT NULL")
