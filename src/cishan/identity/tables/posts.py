"""The roles that people were given."""

from piccolo.columns import UUID, Date, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.rules.roles import Role
from cishan.identity.tables.people import Person
from cishan.identity.tables.regions import Organisation, Region

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
