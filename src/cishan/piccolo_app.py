"""The one Piccolo app: every table of the public schema, and where its migrations lie."""

from piccolo.conf.apps import AppConfig, table_finder

from cishan.settings import ROOT

TABLE_MODULES: list[str] = []
"""Every `tables` room. A slice that gets one is named here."""

APP_CONFIG = AppConfig(
    app_name="cishan",
    migrations_folder_path=str(ROOT / "migrations"),
    table_classes=table_finder(modules=TABLE_MODULES, exclude_imported=True) if TABLE_MODULES else [],
    migration_dependencies=[],
    commands=[],
)
