"""A small HTTP load: keep-alive connections that ask as fast as they are answered."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from cishan.bench.statistics import percentile


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of requests showed."""

    requests: int
    failures: int
    """Answers other than 200."""
    seconds: float
    p50_ms: float
    p95_ms: float

    @property
    def per_second(self) -> float:
        """Return the answered requests per second."""
        return self.requests / self.seconds


class Visitor:
    """One connection that is kept open."""

    def __init__(
        self, parts: SplitResult, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.parts, self.reader, self.writer = parts, reader, writer

    async def ask(
        self, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send one request, a POST if it has a body, and return status and body of the answer."""
        lines = [f"{'GET' if body is None else 'POST'} {target} HTTP/1.1", f"Host: {self.parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in (headers or {"Accept": "text/html"}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        return await _answer(self.reader)


@asynccontextmanager
async def visitor(url: str) -> AsyncIterator[Visitor]:
    """Open a connection to the address for the block."""
    parts = urlsplit(url)
    assert parts.hostname in {"127.0.0.1", "localhost"}, "a load goes to this machine only"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 26)
    try:
        yield Visitor(parts, reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def ask(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Send one request on a connection of its own; JSON if it has a body."""
    async with visitor(url) as one:
        headers = {"Content-Type": "application/json"} if body is not None else None
        return await one.ask(_target(one.parts), body, headers)


async def run(url: str, *, connections: int = 8, seconds: float = 3.0) -> Load:
    """Ask for one URL over several connections for a while; the loop is bounded by the seconds alone."""
    times: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds

    async def visit() -> None:
        nonlocal failures
        async with visitor(url) as one:
            target = _target(one.parts)
            while time.perf_counter() < end:
                begun = time.perf_counter()
                status, _ = await one.ask(target)
                times.append(time.perf_counter() - begun)
                if status != 200:
                    failures += 1

    begun = time.perf_counter()
    await asyncio.gather(*(visit() for _ in range(connections)))
    elapsed = time.perf_counter() - begun
    return Load(len(times), failures, elapsed, percentile(times, 50) * 1000, percentile(times, 95) * 1000)


def _target(parts: SplitResult) -> str:
    return parts.path + (f"?{parts.query}" if parts.query else "")


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    status = int(lines[0].split(" ")[1])
    length = next((int(x.partition(":")[2]) for x in lines if x.startswith("content-length:")), None)
    if status == 204:
        return status, b""
    if length is not None:
        return status, await reader.readexactly(length)
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readline()
    return status, b"".join(parts)
