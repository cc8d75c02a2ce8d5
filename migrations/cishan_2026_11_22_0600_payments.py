"""The inbox of the payment service, and where money goes that belongs to no gift."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

from cishan.plumbing.migrations import script_migration

ID = "2026-11-22T06:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The inbox of the payment service, and where money goes that belongs to no gift"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    manager.add_column(
        table_class_name="DonationMovement",
        tablename="donation_movement",
        column_name="problem",
        db_column_name="problem",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 20,
            "default": "",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="DonationMovement",
        tablename="donation_movement",
        column_name="source_id",
        db_column_name="source_id",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 100,
            "default": "",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="DonationMovement",
        tablename="donation_movement",
        constraint_name="donation_movement_place",
        constraint_class=Check,
        params={
            "condition": "(donation IS NULL) = (problem <> '') AND problem IN ('', 'unidentified', 'amount', 'currency', 'paid_twice', 'category')"
        },
        schema=None,
    )

    manager.raw.extend(script_migration(ID, DESCRIPTION, "payments_inbox.sql").raw)
    return manager
