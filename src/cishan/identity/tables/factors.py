"""Second factors of accounts, recovery codes, and contacts that were replaced."""

from piccolo.columns import UUID, BigInt, Bytea, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.identity.tables.accounts import Account
from cishan.plumbing.sealed import sealed

sealed("factor", "secret_enc", place="factor.secret_enc")
sealed("replaced_contact", "contact_enc", place="replaced_contact.contact_enc")


class Factor(Table, tablename="factor"):
    """An authenticator app or a passkey of an account."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, on_delete=OnDelete.cascade, null=False, index=True)
    kind = Varchar(length=8, default=None)
    label = Varchar(length=40, default=None)
    """What the person calls it, if anything."""
    created_at = Timestamptz(default=None)
    used_at = Timestamptz(default=None, null=True)
    secret_enc = Bytea(default=None, null=True)
    last_step = BigInt(default=None, null=True)
    """The half minute of the last code: none is taken twice."""
    credential_id = Bytea(default=None, null=True, unique=True)
    public_key = Bytea(default=None, null=True)
    sign_count = BigInt(default=None, null=True)

    factor_kind = Check("kind IN ('totp', 'passkey')")
    factor_is_whole = Check(
        "CASE kind WHEN 'totp' THEN num_nonnulls(secret_enc, last_step) = 2"
        " AND num_nonnulls(credential_id, public_key, sign_count) = 0"
        " ELSE num_nonnulls(secret_enc, last_step) = 0"
        " AND num_nonnulls(credential_id, public_key, sign_count) = 3 END"
    )


class RecoveryCode(Table, tablename="recovery_code"):
    """A code that stands in for a lost factor, once."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, on_delete=OnDelete.cascade, null=False, index=True)
    salt = Bytea(default=None)
    """All codes of one set have the same."""
    code_hash = Bytea(default=None)
    created_at = Timestamptz(default=None)
    used_at = Timestamptz(default=None, null=True)

    recovery_code_is_a_hash = Check("octet_length(code_hash) = 32 AND octet_length(salt) = 16")
    one_recovery_code_of_a_kind = Unique(["account", "code_hash"])


class SpentChallenge(Table, tablename="spent_challenge"):
    """A challenge that a passkey has answered: it is answered once."""

    id = UUID(primary_key=True, default=None)
    spent_at = Timestamptz(default=None, index=True)


class ReplacedContact(Table, tablename="replaced_contact"):
    """An address or a number that an account had before: it is told of the change, then forgotten."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, on_delete=OnDelete.cascade, null=False, index=True)
    channel = Varchar(length=8, default=None)
    contact_enc = Bytea(default=None)
    language = Varchar(length=8, default=None)
    at = Timestamptz(default=None)

    replaced_channel = Check("channel IN ('email', 'mobile')")
    replaced_language = Check("language IN ('zh-CN', 'en')")
