"""The roles that people were given."""

from piccolo.columns import UUID, Bytea, Date, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.rules.roles import Role
from cishan.identity.tables.people import Person
from cishan.identity.tables.regions import Organisation, Region
from cishan.plumbing.sealed import sealed

sealed("invitation", "name_enc", place="invitation.name_enc")
sealed("invitation", "contact_enc", place="invitation.contact_enc")

ROLES = ", ".join(f"'{role}'" for role in Role)


class RoleGrant(Table, tablename="role_grant"):
    """A role that somebody was given within an organisation and region, from a day until a day.

    What the database refuses beyond these checks stands in `identity_posts.sql`.
    """

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    role = Varchar(length=24, default=None)
    organisation = ForeignKey(Organisation, on_delete=OnDelete.restrict, null=False, index=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    starts_on = Date(default=None)
    ends_on = Date(default=None, null=True)
    """The last day; it may be brought forward and never put off."""
    reason = Text(default=None)
    granted_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    """None: the command line of the installation."""
    granted_at = Timestamptz(default=None)
    revoked_at = Timestamptz(default=None, null=True)
    """Ended at this moment, whatever its last day."""
    revoked_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    revoked_because = Text(default="")

    role_is_known = Check(f"role IN ({ROLES})")
    role_grant_ends_after_it_starts = Check("ends_on >= starts_on")
    role_grant_has_a_reason = Check("btrim(reason) <> ''")
    role_grant_is_revoked_wholly = Check(
        "(revoked_at IS NULL) = (btrim(revoked_because) = '')"
        " AND (revoked_by IS NULL OR revoked_at IS NOT NULL)"
    )
    role_grant_is_revoked_later = Check("revoked_at >= granted_at")
    nobody_grants_to_themselves = Check("granted_by <> person")
    nobody_ends_their_own_post = Check("revoked_by <> person")


class Invitation(Table, tablename="invitation"):
    """A post that is offered to somebody who may not be known here yet, by a link that works once."""

    id = UUID(primary_key=True, default=None)
    name_enc = Bytea(default=None)
    contact_enc = Bytea(default=None)
    channel = Varchar(length=8, default=None)
    language = Varchar(length=8, default=None)
    role = Varchar(length=24, default=None)
    organisation = ForeignKey(Organisation, on_delete=OnDelete.restrict, null=False, index=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    starts_on = Date(default=None)
    ends_on = Date(default=None, null=True)
    reason = Text(default=None)
    invited_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    """None: the command line of the installation."""
    invited_at = Timestamptz(default=None)
    turn = SmallInt(default=1)
    """Of the link: when it is sent anew, the one before no longer works."""
    token_hash = Bytea(default=None, unique=True)
    sent_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    accepted_at = Timestamptz(default=None, null=True)
    granted = ForeignKey(RoleGrant, on_delete=OnDelete.restrict, null=True, unique=True)
    withdrawn_at = Timestamptz(default=None, null=True)
    withdrawn_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    withdrawn_because = Text(default="")

    invitation_role_is_known = Check(f"role IN ({ROLES})")
    invitation_channel = Check("channel IN ('email', 'mobile')")
    invitation_language = Check("language IN ('zh-CN', 'en')")
    invitation_ends_after_it_starts = Check("ends_on >= starts_on")
    invitation_has_a_reason = Check("btrim(reason) <> ''")
    invitation_token_is_a_hash = Check("octet_length(token_hash) = 32")
    invitation_is_sent_a_few_times = Check("turn BETWEEN 1 AND 20")
    invitation_is_accepted_wholly = Check("(accepted_at IS NULL) = (granted IS NULL)")
    invitation_ends_once = Check("accepted_at IS NULL OR withdrawn_at IS NULL")
    invitation_is_withdrawn_wholly = Check("(withdrawn_at IS NULL) = (btrim(withdrawn_because) = '')")
