"""The migrations build exactly what the tables say."""

from typing import Any

from piccolo.table import create_db_tables

from cishan.piccolo_app import APP_CONFIG
from cishan.plumbing import db as database
from tests.conftest import as_owner

CONSTRAINTS = """
    SELECT c.conrelid::regclass::text AS relation, pg_get_constraintdef(c.oid) AS definition
      FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
     WHERE c.connamespace = 'public'::regnamespace AND c.contype <> 'n'"""
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, character_maximum_length
      FROM information_schema.columns WHERE table_schema = 'public'"""
INDEXES = r"""
    SELECT tablename, regexp_replace(indexdef, 'INDEX \S+ ON', 'INDEX ON') AS definition
      FROM pg_indexes WHERE schemaname = 'public'"""


async def _shape(tables: set[str]) -> set[str]:
    shape: set[str] = set()
    for sql in (CONSTRAINTS, COLUMNS, INDEXES):
        rows: list[dict[str, Any]] = await database.fetch(sql)
        shape |= {str(sorted(r.items())) for r in rows if str(next(iter(r.values()))).strip('"') in tables}
    return shape


async def test_the_migrations_and_the_tables_agree(db: None) -> None:
    classes = [t for t in APP_CONFIG.table_classes if t._meta.schema is None]
    names = {t._meta.tablename for t in classes}
    async with as_owner():
        migrated = await _shape(names)
        await database.engine().run_ddl("ALTER SCHEMA public RENAME TO migrated")
        await database.engine().run_ddl("CREATE SCHEMA public")
        await create_db_tables(*classes)
        declared = await _shape(names)
    # A raw migration may add indexes and constraints that Piccolo cannot say; it may not lack any.
    assert sorted(declared - migrated) == []
