"""People, and who answers for those under age."""

from piccolo.columns import UUID, Bytea, Date, ForeignKey, OnDelete, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.plumbing.sealed import sealed

sealed("person", "name_enc", place="person.name_enc")


class Person(Table, tablename="person"):
    """A human being, once, whatever they are to the charity: giver, volunteer, applicant, staff."""

    id = UUID(primary_key=True, default=None)
    name_enc = Bytea(default=None)
    born_on = Date(default=None, null=True)
    created_at = Timestamptz(default=None)


class Guardianship(Table, tablename="guardianship"):
    """A guardian's word that they answer for a minor and agree to the minor's data being kept."""

    id = UUID(primary_key=True, default=None)
    minor = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    guardian = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    consented_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(default=None, null=True)

    guardianship_needs_two_people = Check("minor <> guardian")
    guardianship_ends_after_it_began = Check("withdrawn_at >= consented_at")
