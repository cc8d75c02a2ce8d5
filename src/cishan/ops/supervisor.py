"""Running the Procfile: children started together, watched, started again when they die, stopped together.

honcho reads the Procfile and prints the lines; its own manager knows neither readiness nor a second try and
leaves its children behind when it is killed, so the watching is done here.
"""

import asyncio
import contextlib
import ctypes
import datetime
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from cishan.ops.starting import CannotRun
from cishan.settings import ROOT

PATIENCE_SECONDS = 15.0
"""From SIGTERM to SIGKILL: longer than web and worker need to finish what they began."""
FALLS = 3
FALLS_WITHIN_SECONDS = 60.0
"""A child that falls so often in so short a time will not stand; everything is stopped."""
LINE_LIMIT = 1_000_000
PROCFILE = ROOT / "Procfile"


@dataclass
class Child:
    """One line of the Procfile, and its process."""

    name: str
    command: str
    colour: str
    process: asyncio.subprocess.Process | None = None
    falls: deque[float] = field(default_factory=lambda: deque(maxlen=FALLS))
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=12))


class Supervisor:
    """The children of one `cishan up`."""

    def __init__(self, names: list[str], environ: Mapping[str, str], procfile: Path = PROCFILE) -> None:
        processes = parse_procfile(procfile.read_text()).processes
        colours = get_colours()
        self.children = [Child(name, processes[name], next(colours)) for name in names]
        self.environ = dict(environ)
        self.stopping = asyncio.Event()
        self.printer = Printer(sys.stdout, width=max(len(name) for name in names))
        self.ready = False

    def say(self, name: str, text: str, colour: str | None = None) -> None:
        """Print a line in the name of a child."""
        self.printer.write(Message("line", text, datetime.datetime.now(), name, colour))

    async def run(self, ready: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start everything, wait for `ready`, and keep it running until told to stop; then stop it.

        Raise CannotRun, with everything stopped, when a child does not come up or does not stay up.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        watching = [asyncio.create_task(self._keep(child), name=child.name) for child in self.children]
        starting = asyncio.create_task(ready(), name="ready")
        stopping = asyncio.create_task(self.stopping.wait(), name="stop")
        try:
            await asyncio.wait([*watching, starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                self.ready = True
                await asyncio.wait([*watching, stopping], return_when=asyncio.FIRST_COMPLETED)
            for watch in watching:
                if watch.done():
                    watch.result()
        finally:
            self.stopping.set()
            starting.cancel()
            stopping.cancel()
            await self._stop_all()
            await asyncio.gather(*watching, starting, stopping, return_exceptions=True)

    def _stop(self) -> None:
        if self.stopping.is_set():  # asked twice: at once
            for child in self.children:
                _signal(child, signal.SIGKILL)
        self.stopping.set()

    async def _keep(self, child: Child) -> None:
        while not self.stopping.is_set():
            code = await self._once(child)
            if self.stopping.is_set():
                return
            child.falls.append(time.monotonic())
            often = len(child.falls) == FALLS and child.falls[-1] - child.falls[0] < FALLS_WITHIN_SECONDS
            if often or not self.ready:
                said = "\n".join(f"    {line}" for line in child.last_lines) or "    (it said nothing)"
                raise CannotRun(f"{child.name} {_ended(code)} and does not stay up. Its last words:\n{said}")
            self.say(child.name, f"{_ended(code)}; starting it again", child.colour)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), 0.5 * len(child.falls))

    async def _once(self, child: Child) -> int:
        child.process = await asyncio.create_subprocess_shell(
            f"exec {child.command}",
            cwd=ROOT,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_LIMIT,
            start_new_session=True,  # Ctrl-C reaches us alone; we tell the children
            preexec_fn=_die_with_parent,
        )
        assert child.process.stdout is not None
        while True:
            try:
                line = await child.process.stdout.readline()
            except ValueError:
                continue  # longer than anybody reads
            if not line:
                break
            text = line.decode("utf-8", "replace").rstrip()
            child.last_lines.append(text)
            self.say(child.name, text, child.colour)
        return await child.process.wait()

    async def _stop_all(self) -> None:
        for child in self.children:
            _signal(child, signal.SIGTERM)
        waits = [
            asyncio.create_task(child.process.wait())
            for child in self.children
            if child.process is not None and child.process.returncode is None
        ]
        if not waits:
            return
        _, late = await asyncio.wait(waits, timeout=PATIENCE_SECONDS)
        for child in self.children:
            if late:
                _signal(child, signal.SIGKILL)
        if late:
            await asyncio.wait(late)


def _signal(child: Child, number: signal.Signals) -> None:
    process = child.process
    if process is not None and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _ended(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by itself with code {code}"


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Let the kernel end a child whose supervisor was killed without a chance to tell it."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
