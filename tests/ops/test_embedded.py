"""The embedded server starts again after a kill, hides its socket, and stops with its last user."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cishan.plumbing import embedded
from cishan.plumbing.embedded import Server

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = embedded.start(tmp_path / "pg", durable=False)
    yield made
    embedded.stop(made)


def postmaster(server: Server) -> int:
    return int((server.folder / "postmaster.pid").read_text().split()[0])


def children(pid: int) -> list[int]:
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in told.stdout.split()]


def join(server: Server) -> "subprocess.Popen[bytes]":
    """Start another user of the server, who stays until its stdin is closed."""
    code = (
        "import sys, pathlib; from cishan.plumbing import embedded\n"
        "embedded.start(pathlib.Path(sys.argv[1])); print('joined', flush=True); sys.stdin.read()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, server.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


async def answer(server: Server) -> int:
    connection = await asyncpg.connect(embedded.url(server, "postgres"))
    try:
        return int(await connection.fetchval("SELECT 41 + 1"))
    finally:
        await connection.close()


async def test_a_killed_server_is_started_again_once_its_last_child_has_left(server: Server) -> None:
    assert not await asyncio.to_thread(embedded.revive, server)
    first = postmaster(server)
    straggler = children(first)[0]
    os.kill(straggler, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    threading.Timer(1.0, os.kill, (straggler, signal.SIGCONT)).start()
    while not await asyncio.to_thread(embedded.revive, server):
        assert postmaster(server) == first  # it has not quite died yet
    assert postmaster(server) != first
    assert await answer(server) == 42


async def test_the_socket_of_a_deep_folder_is_reached_by_a_short_name_that_others_cannot_enter(
    tmp_path: Path,
) -> None:
    deep = tmp_path / ("深" * 30) / "pg"
    server = embedded.start(deep, durable=False)
    assert await answer(server) == 42
    assert server.socket_folder != server.folder
    assert server.socket_folder.stat().st_mode & 0o077 == 0
    embedded.stop(server)
    server.socket_folder.rmdir()


async def test_it_stops_with_its_last_user(server: Server) -> None:
    other = join(server)
    assert other.stdout is not None
    assert other.stdin is not None
    assert await asyncio.to_thread(other.stdout.readline) == b"joined\n"
    other.stdin.close()
    assert await asyncio.to_thread(other.wait, 60) == 0
    other.stdout.close()
    assert await answer(server) == 42  # we are still here
    other = join(server)
    assert other.stdout is not None
    assert other.stdin is not None
    assert await asyncio.to_thread(other.stdout.readline) == b"joined\n"
    other.kill()  # a killed user does not keep it alive
    await asyncio.to_thread(other.wait)
    other.stdin.close()
    other.stdout.close()
    embedded.stop(server)
    assert not (server.folder / "postmaster.pid").exists()
    embedded.start(server.folder, durable=False)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "letter").write_text("dear")
    with pytest.raises(embedded.EmbeddedFailed, match="is neither empty nor the data of a PostgreSQL server"):
        embedded.start(tmp_path / "pg")
    assert (tmp_path / "pg" / "letter").read_text() == "dear"
