"""A sender of text messages behind a real HTTP server on loopback."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Provider:
    """Keeps what it is sent, answers as it is told, and drops what bears an Idempotency-Key that it knows."""

    status: int = 202
    seen: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Headers and body of every request, twins too."""
    on_message: Callable[[], None] = lambda: None
    url: str = ""
    close: Callable[[], None] = lambda: None

    @property
    def rung(self) -> list[str]:
        """Return the texts that reached a telephone."""
        texts = {headers["idempotency-key"]: body["text"] for headers, body in self.seen}
        return list(texts.values())

    async def open(self) -> None:
        """Begin to answer at `url`."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
        self.close = server.close

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            if self.status < 300:
                self.seen.append((headers, body))
            self.on_message()
            answer = f"HTTP/1.1 {self.status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
            writer.write(answer.encode())
            await writer.drain()
        finally:
            writer.close()
