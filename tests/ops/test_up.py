"""The whole platform as a person starts it: real processes, its own embedded server, free ports."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cishan.settings import ROOT

pytestmark = pytest.mark.slow


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [s.getsockname()[1] for s in sockets]


class Platform:
    """One data folder, two ports, and everything that was started with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.sandbox_port = free_ports(2)
        self.environ = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.environ |= {
            "CISHAN_DATA": str(folder),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "PYTHONUNBUFFERED": "1",
        }
        self.log = folder.parent / "log"

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of this platform to its end."""
        command = [sys.executable, "-m", "cishan.cli", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=180, check=False
        )

    @contextlib.contextmanager
    def up(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run `cishan up` until the block ends, from the moment at which it shows its panel."""
        self.log.write_text("")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cishan.cli", "up", "--no-demo", *words],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait_for(r"is running \(ready in")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()

    def wait_for(self, pattern: str, *, times: int = 1, within: float = 90) -> None:
        until = time.monotonic() + within
        while len(re.findall(pattern, self.log.read_text())) < times:
            assert time.monotonic() < until, f"{pattern} is not in:\n{self.log.read_text()}"
            time.sleep(0.05)

    def processes(self, word: str = "") -> dict[int, str]:
        """Return the processes that carry this platform's data folder in their environment."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"CISHAN_DATA={self.folder}\0".encode() in (folder / "environ").read_bytes():
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if line and word in line:
                        found[int(folder.name)] = line
        return found

    def all_gone(self, word: str = "", *, within: float = 40) -> bool:
        until = time.monotonic() + within
        while self.processes(word) and time.monotonic() < until:
            time.sleep(0.05)
        return not self.processes(word)

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    made = Platform(tmp_path / "data")
    yield made
    for pid in made.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_it_starts_bears_kills_and_stops_without_a_trace(platform: Platform) -> None:
    with platform.up() as process:
        assert platform.get("/health/ready") == 200
        assert f"http://127.0.0.1:{platform.port}" in platform.log.read_text()

        second = platform.run("up")
        assert second.returncode == 0
        assert f"already running: http://127.0.0.1:{platform.port} (process {process.pid})" in second.stdout

        (worker,) = platform.processes("cishan.cli worker")
        os.kill(worker, signal.SIGKILL)
        platform.wait_for("was killed by SIGKILL; starting it again")
        platform.wait_for("worker started", times=2)

        postmaster = int((platform.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        platform.wait_for("database .* had died and was started again")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if platform.get("/health/ready") == 200:
                    break
            time.sleep(0.1)
        assert platform.get("/health/ready") == 200

        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0
    assert platform.log.read_text().rstrip().endswith("Stopped; the data are kept.")
    assert platform.all_gone(), platform.processes()

    # A second start finds everything made; and when it is killed itself, its children do not stay behind.
    with platform.up() as process:
        assert "migrations" not in platform.log.read_text()
        process.kill()
        assert platform.all_gone("cishan.cli"), platform.processes()
        assert platform.all_gone("paysandbox"), platform.processes()
    assert platform.run("down").stdout == "Nothing runs here.\n"
    # The database outlives a killed `up`; the next command joins it and, being its last user, stops it.
    assert platform.run("migrate").returncode == 0
    assert platform.all_gone(), platform.processes()


def test_what_does_not_come_up_is_explained_and_everything_is_stopped(platform: Platform) -> None:
    platform.environ["DATABASE_ROLE"] = "nobody_of_that_name"
    done = platform.run("up", "--no-demo")
    assert done.returncode == 2
    assert "nobody_of_that_name" in done.stderr + done.stdout
    assert platform.all_gone(), platform.processes()
