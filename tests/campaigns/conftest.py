"""Counting what a page asks of the database."""

from typing import Any

import pytest
from piccolo.engine.postgres import PostgresEngine


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that goes to the database, as it goes."""
    asked: list[str] = []
    ask = PostgresEngine.run_querystring

    async def note(self: PostgresEngine, querystring: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(querystring))
        return await ask(self, querystring, *args, **kwargs)

    monkeypatch.setattr(PostgresEngine, "run_querystring", note)
    return asked
