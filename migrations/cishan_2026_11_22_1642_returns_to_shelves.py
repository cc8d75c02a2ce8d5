from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Varchar
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-22T16:42:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The grade of goods that went back to a shelf"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="cishan", description=DESCRIPTION)

    manager.add_column(
        table_class_name="GoodsReturn",
        tablename="goods_return",
        column_name="grade",
        db_column_name="grade",
        column_class_name="Varchar",
        column_class=Varchar,
        params={
            "length": 1,
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
        table_class_name="GoodsReturn",
        tablename="goods_return",
        constraint_name="goods_return_grade",
        constraint_class=Check,
        params={"condition": "grade IN ('', 'A', 'B', 'C') AND (grade = '' OR condition = 'good')"},
        schema=None,
    )

    return manager
