"""News of a campaign that are a report which the law asks for."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-22T04:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Reports among the news of a campaign"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)
    manager.add_column(
        table_class_name="CampaignUpdate",
        tablename="campaign_update",
        column_name="kind",
        db_column_name="kind",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 20,
            "default": "news",
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
        table_class_name="CampaignUpdate",
        tablename="campaign_update",
        constraint_name="update_kind_is_known",
        constraint_class=Check,
        params={"condition": "kind IN ('news', 'interim_report', 'emergency_receipts')"},
        schema=None,
    )
    return manager
