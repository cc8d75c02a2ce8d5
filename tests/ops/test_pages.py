"""Health pages tell a load balancer the truth."""

import httpx

from cishan.plumbing import db as database
from tests.conftest import as_owner


async def test_a_live_process_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.text) == (200, "ok")


async def test_a_current_database_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "schema": "ok", "disk": "ok"}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_database_without_the_newest_migration_is_not_ready(client: httpx.AsyncClient) -> None:
    async with as_owner():
        await database.fetch("DELETE FROM migration WHERE id = (SELECT max(id) FROM migration)")
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["schema"] == "not migrated"
