"""A small HTTP load: keep-alive connections that ask as fast as they are answered."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


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


async def run(url: str, *, connections: int = 8, seconds: float = 3.0) -> Load:
    """Ask for one URL over several connections for a while; the loop is bounded by the seconds alone."""
    parts = urlsplit(url)
    assert parts.hostname in {"127.0.0.1", "localhost"}, "a load goes to this machine only"
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/html\r\n\r\n".encode()
    times: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds

    async def visitor() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while time.perf_counter() < end:
                begun = time.perf_counter()
                writer.write(request)
                status = await _answer(reader)
                times.append(time.perf_counter() - begun)
                if status != 200:
                    failures += 1
        finally:
            writer.close()
            await writer.wait_closed()

    begun = time.perf_counter()
    await asyncio.gather(*(visitor() for _ in range(connections)))
    elapsed = time.perf_counter() - begun
    times.sort()
    return Load(len(times), failures, elapsed, _at(times, 0.5), _at(times, 0.95))


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    status = int(lines[0].split(" ")[1])
    length = next((int(x.partition(":")[2]) for x in lines if x.startswith("content-length:")), None)
    if length is not None:
        await reader.readexactly(length)
        return status
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
    await reader.readline()
    return status


def _at(sorted_times: list[float], share: float) -> float:
    return sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))] * 1000
