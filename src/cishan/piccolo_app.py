"""The one Piccolo app: every table of the public schema, and where its migrations lie."""

from importlib import import_module
from pkgutil import iter_modules

from piccolo.conf.apps import AppConfig, table_finder

from cishan.settings import ROOT

TABLE_MODULES: list[str] = [
    "cishan.donations.tables",
    "cishan.identity.tables",
    "cishan.campaigns.tables",
    "cishan.notify.tables",
    "cishan.deadlines.tables",
    "cishan.files.tables",
    "cishan.approvals.tables",
    "cishan.supervision.tables",
    "cishan.warehouse.tables",
]
"""Every `tables` room. A slice that gets one is named here."""


def _files(room: str) -> list[str]:
    """Return the modules of a room: itself, or what lies in its folder."""
    folder = getattr(import_module(room), "__path__", None)
    return [room] if folder is None else [f"{room}.{found.name}" for found in iter_modules(folder)]


APP_CONFIG = AppConfig(
    app_name="cishan",
    migrations_folder_path=str(ROOT / "migrations"),
    table_classes=table_finder(
        modules=[file for room in TABLE_MODULES for file in _files(room)], exclude_imported=True
    ),
    migration_dependencies=[],
    commands=[],
)
