"""What is known of a file; its content lies with the storage."""

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from cishan.identity.tables.people import Person
from cishan.plumbing.sealed import sealed

NAME = sealed("stored_file", "name_enc", place="stored_file.name_enc")


class File(Table, tablename="stored_file"):
    """A file that somebody sent for a thing. Nothing of it changes but that it may be removed, once."""

    id = UUID(primary_key=True, default=None)
    storage_key = Varchar(length=80, default=None, index=True)
    sha256 = Bytea(default=None)
    media_type = Varchar(length=80, default=None)
    size_bytes = Integer(default=None, null=True)
    """None, as the name: it was kept before these were written down."""
    width = Integer(default=None, null=True)
    height = Integer(default=None, null=True)
    name_enc = Bytea(default=None, null=True)
    """Names of files name people."""
    owner_kind = Varchar(length=40, default=None)
    owner_id = UUID(default=None)
    purpose = Varchar(length=40, default=None)
    public = Boolean(default=False)
    uploaded_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    uploaded_at = Timestamptz(default=None)
    removed_at = Timestamptz(default=None, null=True)
    removed_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    removed_reason = Varchar(length=300, default="")

    file_key_is_of_its_content = Check(
        "storage_key ~ ('^[a-z]+/[0-9a-f]{2}/' || encode(sha256, 'hex') || '$')"
    )
    file_type_is_known = Check(
        "media_type IN ('image/jpeg', 'image/png', 'application/pdf',"
        " 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')"
    )
    file_size_is_sane = Check("size_bytes BETWEEN 0 AND 50000000")
    file_picture_has_size = Check(
        "(media_type LIKE 'image/%') = coalesce(width > 0 AND height > 0, false)"
        " AND num_nonnulls(width, height) <> 1"
    )
    file_owner_is_named = Check("owner_kind ~ '^[a-z][a-z_]{0,39}$' AND purpose ~ '^[a-z][a-z_]{0,39}$'")
    file_removal_says_why = Check("(removed_at IS NULL) = (btrim(removed_reason) = '')")
    file_remover_is_of_removal = Check("removed_by IS NULL OR removed_at IS NOT NULL")
