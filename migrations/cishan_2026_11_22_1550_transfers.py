from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import UUID, ForeignKey, Integer, Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Person(Table, tablename="person", schema=None):
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


class StockBin(Table, tablename="stock_bin", schema=None):
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


class StockLot(Table, tablename="stock_lot", schema=None):
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


class StockSite(Table, tablename="stock_site", schema=None):
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


class StockTransfer(Table, tablename="stock_transfer", schema=None):
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


ID = "2026-11-22T15:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Transfers between sites"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    manager.add_table(
        class_name="StockTransferLine",
        tablename="stock_transfer_line",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="StockTransfer",
        tablename="stock_transfer",
        schema=None,
        columns=None,
    )

    manager.add_column(
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="transfer",
        db_column_name="transfer",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockTransfer,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="lot",
        db_column_name="lot",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockLot,
            "on_delete": OnDelete.restrict,
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

    manager.add_column(
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="bin",
        db_column_name="bin",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockBin,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="quantity",
        db_column_name="quantity",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": None,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="arrived",
        db_column_name="arrived",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": None,
            "null": True,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="damaged",
        db_column_name="damaged",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": None,
            "null": True,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="found",
        db_column_name="found",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 0,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="lost",
        db_column_name="lost",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": 0,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        column_name="explanation",
        db_column_name="explanation",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 300,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="number",
        db_column_name="number",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 20,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="source",
        db_column_name="source",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockSite,
            "on_delete": OnDelete.restrict,
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

    manager.add_column(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="target",
        db_column_name="target",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": StockSite,
            "on_delete": OnDelete.restrict,
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

    manager.add_column(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="state",
        db_column_name="state",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 12,
            "default": "draft",
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="note",
        db_column_name="note",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 300,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="created_by",
        db_column_name="created_by",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Person,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="sent_by",
        db_column_name="sent_by",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Person,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="sent_at",
        db_column_name="sent_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="received_by",
        db_column_name="received_by",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Person,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
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
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        column_name="received_at",
        db_column_name="received_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
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
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        constraint_name="stock_transfer_line_once",
        constraint_class=Unique,
        params={"columns": ["transfer", "lot", "bin"], "nulls_distinct": True},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        constraint_name="stock_transfer_line_quantity",
        constraint_class=Check,
        params={"condition": "quantity BETWEEN 1 AND 1000000"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        constraint_name="stock_transfer_line_counted",
        constraint_class=Check,
        params={
            "condition": "(arrived IS NULL) = (damaged IS NULL) AND arrived >= 0 AND damaged >= 0 AND found >= 0 AND lost >= 0 AND coalesce(arrived + damaged, 0) + found + lost <= quantity AND (arrived IS NOT NULL OR found + lost = 0)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransferLine",
        tablename="stock_transfer_line",
        constraint_name="stock_transfer_line_explained",
        constraint_class=Check,
        params={"condition": "arrived IS NULL OR arrived = quantity OR btrim(explanation) <> ''"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_number",
        constraint_class=Check,
        params={"condition": "number ~ '^T[0-9]{6}-[0-9A-Z]{5}$'"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_goes_elsewhere",
        constraint_class=Check,
        params={"condition": "source <> target"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_state",
        constraint_class=Check,
        params={"condition": "state IN ('draft', 'sent', 'incomplete', 'received', 'cancelled')"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_sent",
        constraint_class=Check,
        params={
            "condition": "(sent_at IS NULL) = (state IN ('draft', 'cancelled')) AND (sent_at IS NULL) = (sent_by IS NULL)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_received",
        constraint_class=Check,
        params={
            "condition": "(received_at IS NOT NULL) = (state IN ('incomplete', 'received')) AND (received_at IS NULL) = (received_by IS NULL)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="StockTransfer",
        tablename="stock_transfer",
        constraint_name="stock_transfer_two_people",
        constraint_class=Check,
        params={"condition": "received_by <> sent_by"},
        schema=None,
    )

    return manager
