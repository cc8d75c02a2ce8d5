"""`cishan up` and `cishan down`: the whole platform as one program."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import click

from cishan import settings as settings_module
from cishan.ops import schema, seeding
from cishan.ops.starting import (
    CannotRun,
    check_port,
    local_host,
    prepare,
    sandbox_is_wanted,
    sandbox_place,
)
from cishan.ops.supervisor import Supervisor
from cishan.plumbing import embedded
from cishan.settings import ROOT, Settings

READY_WITHIN_SECONDS = 90.0
DATABASE_LOOK_SECONDS = 2.0


class Running(Exception):
    """The platform of this folder runs already."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a running platform leaves in its folder for whoever comes after."""

    pid: int
    address: str


def _note_path(settings: Settings) -> Path:
    return settings.data_dir / "up.lock"


@contextlib.contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the folder for this platform; raise Running if another holds it. A killed one holds nothing."""
    path = _note_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            note = read_note(settings)
            raise Running(f"{note.address} (process {note.pid})" if note else "(starting)") from error
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "address": settings.public_url}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def read_note(settings: Settings) -> Note | None:
    """Return what the platform that holds the folder says of itself."""
    try:
        return Note(**json.loads(_note_path(settings).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def choose(*, host: str | None, port: int | None) -> Settings:
    """Lay the options of the command line over the environment; children inherit it."""
    if port is not None:
        os.environ["PORT"] = str(port)
    if host is not None:
        os.environ["HOST"] = host
        if host not in {"0.0.0.0", "::", "127.0.0.1", "localhost"}:  # noqa: S104
            loaded = settings_module.load(os.environ)
            os.environ.setdefault("PUBLIC_URL", f"http://{host}:{loaded.port}")
            if not os.environ.get("STRIPE_SECRET_KEY"):
                os.environ.setdefault("STRIPE_API_BASE", f"http://{host}:{loaded.sandbox_port}")
    os.environ.setdefault("LOG_FORMAT", "text")
    return settings_module.load(os.environ)


def up(*, host: str | None, port: int | None, demo: bool | None) -> None:
    """Run the platform until Ctrl-C or SIGTERM."""
    began = time.monotonic()
    settings = choose(host=host, port=port)
    with only_one(settings):
        check_port(settings.host, settings.port, "--port or PORT")
        names = ["web", "worker"]
        if sandbox_is_wanted(settings):
            names.append("sandbox")
            check_port(*sandbox_place(settings), "SANDBOX_PORT")
        is_embedded = not settings.database_url
        step("database", "the embedded PostgreSQL" if is_embedded else "from DATABASE_URL")
        settings = prepare()
        server = embedded.start(settings.data_dir / "postgres") if is_embedded else None
        make_current(settings, demo=settings.demo if demo is None else demo)
        step("start", ", ".join(names))
        asyncio.run(_run(settings, names, server, began))
    click.echo("Stopped; the data are kept.")


def step(name: str, text: str) -> None:
    """Tell what is being done, so that a long step is not taken for a hang."""
    click.echo(f"  {name:<10} {text} …")


def make_current(settings: Settings, *, demo: bool) -> None:
    """Migrate and seed if there is anything to migrate or seed."""
    lacking, seeded = asyncio.run(_state(settings.database_url))
    if lacking:
        step("schema", f"{len(lacking)} migrations")
        _cli("migrate")
    mark = seeding.digest()
    if any(seeded.get(name) != mark for name in seeding.names(demo=demo)):
        step("seeds", "reference and demo data" if demo else "reference data")
        _cli("seed", "--new", "--demo" if demo else "--no-demo")


async def _state(url: str) -> tuple[frozenset[str], dict[str, str]]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        lacking = await schema.missing(connection)
        seeded: dict[str, str] = {}
        if await connection.fetchval("SELECT to_regclass('public.seed_run') IS NOT NULL"):
            seeded = {r["name"]: r["digest"] for r in await connection.fetch("SELECT * FROM seed_run")}
        return lacking, seeded
    finally:
        await connection.close()


def _cli(*arguments: str) -> None:
    """Run one of our commands in a process of its own, for it wants other rights than ours."""
    done = subprocess.run([sys.executable, "-m", "cishan.cli", *arguments], check=False, cwd=ROOT)
    if done.returncode:
        raise CannotRun(f"`cishan {' '.join(arguments)}` failed with code {done.returncode} (see above).")


async def _run(settings: Settings, names: list[str], server: embedded.Server | None, began: float) -> None:
    supervisor = Supervisor(names, os.environ)
    revive = asyncio.create_task(_revive(supervisor, server)) if server else None

    async def ready() -> None:
        await _answers(f"{own_address(settings)}/health/ready")
        await _worker_lives(settings.database_url)
        if "sandbox" in names:
            await _answers(settings.stripe_api_base)
        panel(settings, names, time.monotonic() - began)

    try:
        await supervisor.run(ready)
    finally:
        if revive:
            revive.cancel()


async def _revive(supervisor: Supervisor, server: embedded.Server) -> None:
    """Start the embedded server again when it dies; web and worker find it again by themselves."""
    while True:
        await asyncio.sleep(DATABASE_LOOK_SECONDS)
        if supervisor.stopping.is_set():
            return
        try:
            if await asyncio.to_thread(embedded.revive, server):
                supervisor.say("database", "had died and was started again")
        except embedded.EmbeddedFailed as error:
            supervisor.say("database", f"has died; trying again: {error}")


def own_address(settings: Settings) -> str:
    """Return the address under which this machine reaches the site, whatever proxy stands before it."""
    return f"http://{local_host(settings.host)}:{settings.port}"


async def _answers(url: str) -> None:
    """Wait until the address answers with anything but a failure of its own."""
    last = "nothing"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask() -> str:
        try:
            with opener.open(url, timeout=5) as response:
                return "" if response.status < 500 else str(response.status)
        except urllib.error.HTTPError as error:
            return "" if error.code < 500 else f"{error.code} {error.read(300).decode('utf-8', 'replace')}"
        except OSError as error:
            return str(getattr(error, "reason", error))

    for _ in range(int(READY_WITHIN_SECONDS / 0.1)):
        last = await asyncio.to_thread(ask)
        if not last:
            return
        await asyncio.sleep(0.1)
    raise CannotRun(f"{url} did not become ready in {READY_WITHIN_SECONDS:.0f} s; it said: {last}")


async def _worker_lives(database_url: str) -> None:
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        sql = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '8 seconds'"
        for _ in range(int(READY_WITHIN_SECONDS / 0.1)):
            if await connection.fetchval(sql):
                return
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    raise CannotRun(f"The worker did not become ready in {READY_WITHIN_SECONDS:.0f} s.")


def panel(settings: Settings, names: list[str], seconds: float) -> None:
    """Print where everything is, and how to stop it."""
    lines = [("网站 Site", settings.public_url)]
    if settings.demo:
        accounts = seeding.accounts()
        lines += [("演示账号 Accounts", f"{login:<18}{name}") for name, login, _ in accounts]
        lines.append(("密码 Password", accounts[0][2]))
    if "sandbox" in names:
        lines.append(("支付沙箱 Payments", f"{settings.stripe_api_base}/_sandbox/"))
    if settings.demo and not settings.smtp_url:
        lines.append(("发信箱 Outbox", f"{settings.public_url}/outbox"))
    place = "embedded PostgreSQL" if "host=" in urlsplit(settings.database_url).query else "DATABASE_URL"
    lines.append(("数据 Data", f"{settings.data_dir}  ({place})"))
    lines.append(("停止 Stop", "Ctrl-C, or `./cishan down` in another terminal"))
    width = max(_columns(name) for name, _ in lines) + 2
    click.echo(f"\n  慈善筹 is running (ready in {seconds:.1f} s)\n")
    before = ""
    for name, value in lines:
        shown = "" if name == before else name
        click.echo(f"    {shown}{' ' * (width - _columns(shown))}{value}")
        before = name
    click.echo("")
    sys.stdout.flush()


def _columns(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def down(settings: Settings, *, within_seconds: float = 30) -> str:
    """Stop the platform that holds the folder and wait until it has gone; say what was done."""
    note = read_note(settings)
    with contextlib.suppress(Running), only_one(settings):
        return "Nothing runs here."
    if note is None:
        raise CannotRun("The platform is just starting; press Ctrl-C there or try again.")
    os.kill(note.pid, signal.SIGTERM)
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        with contextlib.suppress(Running), only_one(settings):
            return f"Stopped {note.address}."
        time.sleep(0.1)
    raise CannotRun(f"Process {note.pid} did not stop within {within_seconds:.0f} s.")
