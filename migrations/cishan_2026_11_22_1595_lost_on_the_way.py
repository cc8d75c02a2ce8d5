from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, ForeignKey
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check
from piccolo.table import Table


class StockTransferLine(Table, tablename="stock_transfer_line", schema=None):
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


ID = "2026-11-22T15:95:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Goods that a transfer lost are written off"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    manager.add_column(
        table_class_name="GoodsScrap",
        tablename="goods_scrap",
        column_name="transfer_line",
        db_column_name="transfer_line",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockTransferLine,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
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

    manager.add_constraint(
        table_class_name="GoodsScrap",
        tablename="goods_scrap",
        constraint_name="goods_scrap_missing_is_known",
        constraint_class=Check,
        params={"condition": "num_nonnulls(pick, transfer_line) = (ground = 'missing')::integer"},
        schema=None,
    )

    manager.drop_constraint(
        table_class_name="GoodsScrap",
        tablename="goods_scrap",
        constraint_name="goods_scrap_missing_is_of_a_pick",
        schema=None,
    )

    return manager
