"""What was said of accounts of offices is dropped: names stand with people, and posts say who is staff."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T09:35:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts have no name of an office and no mark of staff"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)
    for column in ("display_name", "is_staff"):
        manager.drop_column(
            table_class_name="Account",
            tablename="account",
            column_name=column,
            db_column_name=column,
            schema=None,
        )
    return manager
