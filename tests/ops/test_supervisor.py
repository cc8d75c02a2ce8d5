"""Children are started together, picked up when they fall, and stopped together."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from cishan.ops.starting import CannotRun
from cishan.ops.supervisor import Supervisor


def family(tmp_path: Path, **commands: str) -> Supervisor:
    procfile = tmp_path / "Procfile"
    procfile.write_text("".join(f"{name}: {command}\n" for name, command in commands.items()))
    return Supervisor(list(commands), os.environ, procfile)


async def at_once() -> None:
    """Be ready."""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_child_that_keeps_falling_is_explained_and_stops_the_rest(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = family(tmp_path, steady="sleep 60", weak="sh -c 'sleep 0.1; echo I am broken; exit 3'")
    with pytest.raises(CannotRun, match=r"weak ended by itself with code 3(?s:.*)I am broken"):
        await supervisor.run(at_once)
    steady = supervisor.children[0].process
    assert steady is not None
    assert not alive(steady.pid)
    assert capfd.readouterr().out.count("starting it again") == 2


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    supervisor = family(tmp_path, one="sleep 60")
    child = supervisor.children[0]

    async def kill_it_then_stop() -> None:
        first = child.process
        assert first is not None
        first.send_signal(signal.SIGKILL)
        while child.process is first or child.process is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        supervisor.stopping.set()

    async def started() -> None:
        while child.process is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    running = asyncio.create_task(supervisor.run(started))
    await started()
    while not supervisor.ready:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await kill_it_then_stop()
    await running
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_come_up_is_not_tried_again(tmp_path: Path) -> None:
    supervisor = family(tmp_path, weak="sh -c 'exit 2'")
    with pytest.raises(CannotRun, match="weak ended by itself with code 2"):
        await supervisor.run(asyncio.Event().wait)  # type: ignore[arg-type]
    assert len(supervisor.children[0].falls) == 1


async def test_a_child_that_will_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cishan.ops.supervisor.PATIENCE_SECONDS", 0.3)
    supervisor = family(tmp_path, deaf="sh -c \"trap '' TERM; echo deaf now; while :; do sleep 60; done\"")

    async def heard() -> None:
        while not supervisor.children[0].last_lines:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        supervisor.stopping.set()

    await supervisor.run(heard)
    process = supervisor.children[0].process
    assert process is not None
    assert process.returncode == -signal.SIGKILL
