"""The doctor names what is not well, says what to do, and its exit code tells machines."""

import asyncio
import contextlib
import os

import asyncpg
import pytest

from cishan import settings
from cishan.ops import doctor
from cishan.ops.doctor import Finding


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform whose environment is the suite's, with nothing outside to talk to."""
    for name in ("STRIPE_SECRET_KEY", "SMTP_URL", "MEILISEARCH_URL", "PUBLIC_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SANDBOX_PORT", "1")
    monkeypatch.setattr(doctor, "prepare", lambda: settings.load(os.environ))


async def found() -> dict[str, Finding]:
    return {f.name: f for f in await asyncio.to_thread(lambda: list(doctor.findings()))}


async def test_a_good_installation_has_nothing_to_mend(racing: str, at_home: None) -> None:
    told = await found()
    assert {f.state for f in told.values()} <= {"ok", "warn"}
    assert told["database"].state == told["schema"].state == told["roles"].state == "ok"
    assert told["books wall"].state == "ok"
    assert told["worker"].state == "warn"
    assert "./cishan up" in told["payments"].advice


async def test_what_is_wrong_in_the_database_is_named(racing: str, at_home: None) -> None:
    connection = await asyncpg.connect(racing)
    async with contextlib.AsyncExitStack() as after:
        after.push_async_callback(connection.close)
        await connection.execute("CREATE TABLE loose (n int); ALTER TABLE loose OWNER TO cishan_app")
        await connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'failed')"
        )
        told = await found()
        assert told["roles"].state == "fail"
        assert told["queue"].state == "warn"
        assert told["queue"].text.startswith("1 jobs gave up")
        await connection.execute("DELETE FROM migration WHERE id = (SELECT max(id) FROM migration)")
        assert (await found())["schema"].text == "1 migrations are missing"


async def test_a_public_platform_with_the_secrets_of_the_demo_must_be_mended(
    racing: str, at_home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://give.example.org")
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("MEILISEARCH_URL", "http://127.0.0.1:1")
    lines: list[str] = []
    assert await asyncio.to_thread(doctor.examine, lines.append) == 1
    failed = [line.split()[1] for line in lines if line.startswith("fail")]
    assert failed == ["secret", "tls", "mail", "search"]


def test_a_wrong_setting_is_the_last_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    assert list(doctor.findings())[-1].text == "PORT must be a port number, not 'http'."
