"""The door to the mail server."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from cishan import gateways
from cishan.settings import SettingsError

TIMEOUT_SECONDS = 20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person."""

    id: str
    """Becomes the Message-ID: the same message sent twice is recognised by mail programs."""
    to_email: str
    subject: str
    text: str
    html: str
    language: str
    written_at: datetime
    attachments: Sequence[Attachment] = ()
    unsubscribe_url: str = ""
    """Where one POST ends mails of this kind (RFC 8058); empty: they may not be switched off."""


class Refused(Exception):
    """This message will never be taken: no use in trying again."""


class Unreachable(Exception):
    """The mail server cannot be reached or is unwilling at the moment: try again later."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how mail goes out."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None
    """True: refuse to go on without; None: use it if the server offers it."""


def is_configured() -> bool:
    """Tell whether there is a mail server; if not, letters stay in the outbox."""
    return bool(gateways.settings().smtp_url)


def server(url: str) -> Server:
    """Read an SMTP_URL; raise SettingsError if it is none. A password goes to far servers over TLS only."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingsError("SMTP_URL must look like smtp://user:password@host:587 or smtps://host.")
    try:
        port = parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)
    except ValueError:
        raise SettingsError("SMTP_URL names a port that is no port.") from None
    use_tls = parts.scheme == "smtps"
    must_start = parts.username is not None and parts.hostname not in LOOPBACK
    return Server(
        host=parts.hostname,
        port=port,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=use_tls,
        start_tls=False if use_tls else (True if must_start else None),
    )


def compose(mail: Mail, mail_from: str) -> EmailMessage:
    """Return the message; raise Refused if an address or the subject cannot stand in a header."""
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(mail_from)
    try:
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address(addr_spec=mail.to_email)
        message["Subject"] = mail.subject
    except (ValueError, IndexError, MessageError) as error:
        raise Refused(
            f"an address or the subject cannot stand in a header ({type(error).__name__})"
        ) from None
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = f"<{mail.id}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    for attachment in mail.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.content, maintype=kind, subtype=subtype, filename=attachment.filename
        )
    return message


async def deliver(mail: Mail) -> None:
    """Hand a message to the mail server; raise Refused or Unreachable if it does not take it."""
    settings = gateways.settings()
    where = server(settings.smtp_url)
    message = compose(mail, settings.mail_from)
    try:
        await aiosmtplib.send(
            message,
            hostname=where.host,
            port=where.port,
            username=where.username,
            password=where.password,
            use_tls=where.use_tls,
            start_tls=where.start_tls,
            timeout=TIMEOUT_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        answer = error.recipients[0]
        raise _refusal(answer.code, answer.message, mail) from None
    except aiosmtplib.SMTPDataError as error:
        raise _refusal(error.code, error.message, mail) from None
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        # Also a refused sign-in or sender: that is our configuration, and somebody will mend it.
        raise Unreachable(_discreet(f"{type(error).__name__}: {error}", mail)) from None


def _refusal(code: int, words: str, mail: Mail) -> Exception:
    kind = Refused if code >= 500 else Unreachable
    return kind(_discreet(f"{code} {words}", mail))


def _discreet(words: str, mail: Mail) -> str:
    """Leave the address out of what is kept as the reason."""
    return words.replace(mail.to_email, "…")[:500]
