"""Every photo of news becomes a file of its own id, its content where it lies, and nothing is lost."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import ForeignKey

from cishan.plumbing.migrations import SQL_FOLDER, run_script

ID = "2026-11-22T10:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Photos of news are files"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    async def carry() -> None:
        await run_script((SQL_FOLDER / "files_carry_photos.sql").read_text())

    manager.add_raw(carry)

    manager.drop_column(
        table_class_name="Photo",
        tablename="campaign_photo",
        column_name="content_type",
        db_column_name="content_type",
        schema=None,
    )

    manager.drop_column(
        table_class_name="Photo",
        tablename="campaign_photo",
        column_name="storage_key",
        db_column_name="storage_key",
        schema=None,
    )

    manager.alter_column(
        table_class_name="Photo",
        tablename="campaign_photo",
        column_name="file",
        db_column_name="file",
        params={"null": False},
        old_params={"null": True},
        column_class=ForeignKey,
        old_column_class=ForeignKey,
        schema=None,
    )

    return manager
