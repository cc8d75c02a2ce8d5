"""`cishan doctor`: one line for everything that a platform needs, and what to do where it is not well."""

import asyncio
import os
import shutil
import smtplib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import asyncpg

from cishan import settings as settings_module
from cishan.kernel.errors import DomainError
from cishan.ops import schema
from cishan.ops.starting import CannotRun, prepare, sandbox_is_wanted
from cishan.settings import APP_ROLE, DEMO_SECRET, ROOT, Settings, SettingsError

OK, WARN, FAIL = "ok", "warn", "fail"
POSTGRES_AT_LEAST = 15
DISK_WARN_BYTES, DISK_FAIL_BYTES = 2_000_000_000, 200_000_000
SKEW_WARN_SECONDS, SKEW_FAIL_SECONDS = 5, 200
"""Stripe's signatures are refused when they are 300 s old."""
TIMEOUT_SECONDS = 5.0
LATE_SECONDS = 300

WALL = """
    SELECT rolname FROM pg_roles r WHERE NOT rolsuper AND rolname !~ '^pg_'
       AND pg_has_role(r.oid, 'books_reader', 'USAGE') AND pg_has_role(r.oid, 'benefits_reader', 'USAGE')"""
NEWEST_FILE = """
    SELECT storage_key, count(*) OVER () AS files FROM stored_file WHERE removed_at IS NULL
     ORDER BY id DESC LIMIT 1"""
FOREIGN = """
    SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = $1"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    state: str
    name: str
    text: str
    advice: str = ""


def examine(say: Callable[[str], None]) -> int:
    """Print the findings; return 1 if one of them must be mended before the platform can be relied on."""
    worst = OK
    for finding in findings():
        say(f"{finding.state:<5} {finding.name:<12} {finding.text}")
        if finding.advice and finding.state != OK:
            say(f"      {'':<12} → {finding.advice}")
        worst = FAIL if FAIL in {worst, finding.state} else WARN if WARN in {worst, finding.state} else OK
    words = {OK: "Everything is well.", WARN: "It runs; see the warnings.", FAIL: "Something must be mended."}
    say(words[worst])
    return 1 if worst == FAIL else 0


def findings() -> Iterator[Finding]:
    """Give the findings one by one, those of the database only if it answers."""
    yield from _program()
    try:
        settings = settings_module.load(os.environ)
    except SettingsError as error:
        yield Finding(FAIL, "settings", str(error), "see the configuration table in README.md")
        return
    yield from _secrets(settings)
    yield _disk(settings)
    try:
        settings = prepare()
    except CannotRun as error:
        yield Finding(FAIL, "database", str(error), "start it, or mend DATABASE_URL")
    else:
        yield from asyncio.run(_database(settings))
        yield from asyncio.run(_files(settings))
    yield from _outside(settings)


def _program() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(OK if sys.version_info[:2] == (3, 11) else FAIL, "python", version, "use Python 3.11")
    stamp, lock = ROOT / ".venv" / ".cishan-run", ROOT / "uv.lock"
    current = stamp.exists() and lock.exists() and stamp.read_bytes() == lock.read_bytes()
    yield Finding(
        OK if current else WARN,
        "packages",
        "as uv.lock says" if current else "not installed by the launcher for this uv.lock",
        "run any command by ./cishan, which installs them",
    )
    fonts = sorted((ROOT / "frontend" / "fonts").glob("*.ttf"))
    yield Finding(
        OK if fonts else FAIL, "fonts", f"{len(fonts)} bundled for receipts", "check the clone out again"
    )
    for name, what in (("chromium", "browser tests"), ("hledger", "second reading of the books")):
        found = shutil.which(name)
        yield Finding(
            OK if found else WARN, name, found or f"not there (only for {what})", f"apt-get install {name}"
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    local = urlsplit(settings.public_url).hostname in {"127.0.0.1", "localhost", "::1"}
    if settings.secret_key == DEMO_SECRET:
        yield Finding(
            WARN if local else FAIL,
            "secret key",
            "the one of the demo, which everybody knows",
            "set SECRET_KEY to 32 random characters before the first real gift, and keep a copy",
        )
    else:
        yield Finding(OK, "secret key", "set")
    if not local:
        state = OK if settings.secure_cookies else FAIL
        yield Finding(
            state, "tls", settings.public_url, "put a TLS proxy in front and set PUBLIC_URL=https://…"
        )
    if settings.demo:
        yield Finding(OK if local else WARN, "demo", "demo mode", "CISHAN_DEMO=0 when real people give")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = FAIL if free < DISK_FAIL_BYTES else WARN if free < DISK_WARN_BYTES else OK
    return Finding(state, "disk", f"{free / 1e9:.1f} GB free at {settings.data_dir}", "make room")


async def _database(settings: Settings) -> list[Finding]:
    connection = await asyncpg.connect(settings.database_url, timeout=TIMEOUT_SECONDS)
    try:
        return [finding async for finding in _looks(connection)]
    finally:
        await connection.close()


async def _looks(connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Finding]:
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')::int / 10000"))
    told = await connection.fetchval("SHOW server_version")
    state = OK if number >= POSTGRES_AT_LEAST else FAIL
    yield Finding(state, "database", f"PostgreSQL {told}", f"use {POSTGRES_AT_LEAST} or newer")
    yield _skew("database", await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))
    if lacking := await schema.missing(connection):
        yield Finding(FAIL, "schema", f"{len(lacking)} migrations are missing", "./cishan migrate")
        return
    yield Finding(OK, "schema", f"all {len(schema.migration_ids())} migrations were run")
    member = await connection.fetchval("SELECT pg_has_role(current_user, $1, 'MEMBER')", APP_ROLE)
    owned = await connection.fetchval(FOREIGN, APP_ROLE)
    yield Finding(
        OK if member and not owned else FAIL,
        "roles",
        f"{APP_ROLE} owns nothing"
        if not owned
        else f"{APP_ROLE} owns {owned} relations, and may change the books",
        f"GRANT {APP_ROLE} TO the user of DATABASE_URL; objects belong to that user",
    )
    both = [row[0] for row in await connection.fetch(WALL)]
    yield Finding(
        FAIL if both else OK,
        "books wall",
        f"{', '.join(both)} may see both books"
        if both
        else "no role sees both the charity's books and state benefits",
        "REVOKE one of the two families from it",
    )
    async for finding in _queue(connection):
        yield finding


async def _files(settings: Settings) -> list[Finding]:
    """Read the newest file back: a lost one is found by `files check`, a storage that is away by this."""
    from cishan import gateways
    from cishan.gateways import storage

    gateways.use(settings)
    connection = await asyncpg.connect(settings.database_url, timeout=TIMEOUT_SECONDS)
    try:
        if await connection.fetchval("SELECT to_regclass('stored_file')") is None:
            return []
        row = await connection.fetchrow(NEWEST_FILE)
    finally:
        await connection.close()
    place = f"the bucket {settings.bucket.name}" if settings.bucket else f"{settings.data_dir}/uploads"
    if row is None:
        return [Finding(OK, "files", f"none yet; they will lie in {place}")]
    try:
        await storage.get(row["storage_key"])
    except DomainError as error:
        advice = "check the S3_ settings or CISHAN_DATA; ./cishan files check names every lost file"
        return [Finding(FAIL, "files", f"the newest of {row['files']} in {place}: {error}", advice)]
    return [Finding(OK, "files", f"{row['files']} in {place}; the newest is as it was sent")]


async def _queue(connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Finding]:
    failed = await connection.fetchval(
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('failed', 'aborted')"
    )
    late = await connection.fetchval(
        "SELECT count(*) FROM procrastinate_jobs j WHERE status = 'todo' AND coalesce(scheduled_at,"
        " (SELECT min(at) FROM procrastinate_events e WHERE e.job_id = j.id)) < now()"
        " - make_interval(secs => $1)",
        float(LATE_SECONDS),
    )
    workers = await connection.fetchval(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'"
    )
    yield Finding(
        OK if workers else WARN,
        "worker",
        f"{workers} at work",
        "./cishan worker (or ./cishan up) does the work",
    )
    yield Finding(
        WARN if failed or late else OK,
        "queue",
        f"{failed} jobs gave up, {late} wait for more than five minutes",
        "./cishan jobs shows them; ./cishan jobs --retry tries again",
    )


def _outside(settings: Settings) -> Iterator[Finding]:
    yield from _payments(settings)
    if settings.smtp_url:
        yield _mail(settings)
    else:
        state = OK if settings.demo else WARN
        yield Finding(state, "mail", "letters stay in the outbox page", "set SMTP_URL to send them")
    if not settings.meilisearch_url:
        yield Finding(OK, "search", "the embedded index")
        return
    status, _ = _get(f"{settings.meilisearch_url}/health")
    state = OK if status == 200 else FAIL
    yield Finding(state, "search", f"Meilisearch answered {status}", "check MEILISEARCH_URL; or unset it")


def _payments(settings: Settings) -> Iterator[Finding]:
    if sandbox_is_wanted(settings):
        status, _ = _get(f"{settings.stripe_api_base}/_sandbox/")
        text = f"payment sandbox at {settings.stripe_api_base}"
        if isinstance(status, int):
            yield Finding(OK, "payments", text)
        else:
            yield Finding(WARN, "payments", f"{text} does not run", "./cishan up starts it")
        return
    base = settings.stripe_api_base or "https://api.stripe.com"
    status, date = _get(f"{base}/v1/balance", {"Authorization": f"Bearer {settings.stripe_secret_key}"})
    advice = "check STRIPE_SECRET_KEY" if status == 401 else "is api.stripe.com reachable from here?"
    yield Finding(OK if status == 200 else FAIL, "payments", f"Stripe answered {status}", advice)
    if date:
        yield _skew("Stripe", parsedate_to_datetime(date).timestamp())


def _skew(whose: str, epoch_seconds: float) -> Finding:
    skew = abs(time.time() - epoch_seconds)
    state = FAIL if skew > SKEW_FAIL_SECONDS else WARN if skew > SKEW_WARN_SECONDS else OK
    return Finding(
        state, "clock", f"{skew:.1f} s from {whose}'s", "let chrony or systemd-timesyncd set the clock"
    )


def _get(url: str, headers: dict[str, str] | None = None) -> tuple[int | str, str]:
    """Return the status (or the reason why there is none) and the Date header."""
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - the operator's own address
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Date", "")
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error)), ""


def _mail(settings: Settings) -> Finding:
    from cishan.gateways import mail

    try:
        server = mail.server(settings.smtp_url)
        door = smtplib.SMTP_SSL if server.use_tls else smtplib.SMTP
        with door(server.host, server.port, timeout=TIMEOUT_SECONDS) as open_door:
            open_door.ehlo()
    except (OSError, smtplib.SMTPException, SettingsError) as error:
        return Finding(FAIL, "mail", f"the server does not answer: {error}", "check SMTP_URL")
    return Finding(OK, "mail", f"{server.host}:{server.port} answers")
