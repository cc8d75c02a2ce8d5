"""What every command does first: settings, the database to work with, ports that are free."""

import asyncio
import errno
import os
import re
import socket
from urllib.parse import urlsplit

from cishan import settings as settings_module
from cishan.settings import ROOT, Settings

DATABASE = "cishan"
ENV_FILE = ROOT / ".env"
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


class CannotRun(Exception):
    """Something outside the program is in the way; the message says what and what to do, in one sentence."""


def read_env_file() -> None:
    """Take settings from the file `.env` beside the launcher; the real environment wins."""
    if not ENV_FILE.is_file():
        return
    for line in ENV_FILE.read_text().splitlines():
        found = _LINE.match(line)
        if found and not line.lstrip().startswith("#"):
            value = found[2]
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            os.environ.setdefault(found[1], value)


def prepare(*, as_owner: bool = False) -> Settings:
    """Read the settings and see to it that DATABASE_URL names a server that answers.

    Without DATABASE_URL the embedded server is started, or joined if it runs.
    """
    if as_owner:
        os.environ["CISHAN_AS_OWNER"] = "1"
    loaded = settings_module.load(os.environ)
    if not loaded.database_url:
        from cishan.plumbing import embedded

        try:
            server = embedded.start(loaded.data_dir / "postgres")
        except embedded.EmbeddedFailed as error:
            raise CannotRun(str(error)) from error
        embedded.ensure_database(embedded.url(server, "postgres"), DATABASE)
        os.environ["DATABASE_URL"] = embedded.url(server, DATABASE)
        return settings_module.load(os.environ)
    check_database(loaded.database_url, role=loaded.database_role)
    return loaded


def check_database(url: str, *, role: str = "") -> None:
    """Raise CannotRun unless the database answers and lets us act in the role; never tell the password."""
    import asyncpg

    where = f"{place(url)} (DATABASE_URL)"

    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT set_config('role', $1, false)", role or "none")
        except asyncpg.PostgresError as error:
            raise CannotRun(
                f"The database {where} does not let this user act as {role}: {error};"
                " run `cishan migrate` once as its owner, or see DATABASE_ROLE."
            ) from error
        finally:
            await connection.close()

    try:
        asyncio.run(ask())
    except asyncpg.InvalidCatalogNameError as error:
        raise CannotRun(f"There is no such database: {where}; create it with `createdb`.") from error
    except (asyncpg.PostgresError, OSError, ValueError, TimeoutError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CannotRun(f"The database {where} does not answer: {reason}.") from error


def place(url: str) -> str:
    """Return where a database lies, without user and password."""
    parts = urlsplit(url)
    host = parts.hostname or dict(p.partition("=")[::2] for p in parts.query.split("&")).get("host", "")
    return f"{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def check_port(host: str, port: int, how_else: str) -> None:
    """Raise CannotRun unless a server may listen there; `how_else` names the setting that chooses another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                text = f"Port {port} on {host} is taken by another program; choose another with {how_else}."
            elif error.errno == errno.EACCES:
                text = f"Port {port} may not be used by this user; choose one above 1023 with {how_else}."
            else:
                text = f"{host} is not an address of this machine ({error.strerror}); see HOST."
            raise CannotRun(text) from error


def sandbox_is_wanted(settings: Settings) -> bool:
    """Tell whether payments go to a sandbox of ours, so that we should start it."""
    return settings.stripe_is_sandbox and not os.environ.get("STRIPE_SECRET_KEY")


def sandbox_place(settings: Settings) -> tuple[str, int]:
    """Return the host and port on which the payment sandbox listens."""
    parts = urlsplit(settings.stripe_api_base)
    return parts.hostname or "127.0.0.1", parts.port or settings.sandbox_port


def local_host(host: str) -> str:
    """Return an address under which this machine reaches a server that listens on the host."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
