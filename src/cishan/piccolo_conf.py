"""What the `piccolo` command and every table look for: the engine and the one app."""

import os

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

from cishan import settings


def _engine() -> PostgresEngine:
    loaded = settings.load(os.environ)
    server_settings = {
        "application_name": "cishan",
        "timezone": "UTC",
        "statement_timeout": os.environ.get("DATABASE_STATEMENT_TIMEOUT", "30s"),
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "60s",
    }
    if loaded.database_role:
        server_settings["role"] = loaded.database_role
    return PostgresEngine(
        config={
            "dsn": loaded.database_url,
            "command_timeout": 60,
            "server_settings": server_settings,
        },
        log_queries=False,
        extensions=(),
    )


DB = _engine()
APP_REGISTRY = AppRegistry(apps=["cishan.piccolo_app"])
