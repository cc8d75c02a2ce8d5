"""A mail server on loopback that keeps what it takes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Postman:
    """A mail server that keeps what it takes and answers as it is told."""

    recipient_answer: str = "250 OK"
    data_answer: str = "250 OK"
    seen: list[EmailMessage] = field(default_factory=list)
    on_data: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.seen.append(message)
        self.on_data()
        return self.data_answer


@dataclass
class Office:
    """A postman behind his counter."""

    postman: Postman
    url: str
    close: Callable[[], None]


async def open_office(postman: Postman) -> Office:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(postman, hostname="localhost"), "127.0.0.1", 0
    )
    return Office(postman, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", server.close)
