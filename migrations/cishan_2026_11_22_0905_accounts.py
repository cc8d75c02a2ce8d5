from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, ForeignKey
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

from cishan.plumbing.migrations import run_script


class Account(Table, tablename="account", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class StaffAccount(Table, tablename="staff_account", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-22T09:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "One account for everybody"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    async def sign_everybody_out() -> None:
        await run_script("DELETE FROM staff_session")

    manager.add_raw(sign_everybody_out)

    manager.rename_table(
        old_class_name="StaffAccount",
        old_tablename="staff_account",
        new_class_name="Account",
        new_tablename="account",
        schema=None,
    )

    manager.rename_table(
        old_class_name="StaffSession",
        old_tablename="staff_session",
        new_class_name="AccountSession",
        new_tablename="account_session",
        schema=None,
    )

    manager.drop_column(
        table_class_name="AccountSession",
        tablename="account_session",
        column_name="staff",
        db_column_name="staff",
        schema=None,
    )

    manager.add_column(
        table_class_name="AccountSession",
        tablename="account_session",
        column_name="account",
        db_column_name="account",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Account,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.alter_column(
        table_class_name="CampaignUpdate",
        tablename="campaign_update",
        column_name="staff",
        db_column_name="staff",
        params={"references": Account},
        old_params={"references": StaffAccount},
        column_class=ForeignKey,
        old_column_class=ForeignKey,
        schema=None,
    )

    return manager
