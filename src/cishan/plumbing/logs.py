"""Structured logs: one JSON object a line on stderr, and nobody's personal data in it.

What looks like a telephone, an identity or a card number, a mail address or a secret link is replaced before
a line is written, whoever wrote it; so a log may be handed to whoever helps.
"""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

QUIET_PATHS = ("/static/", "/health/", "/favicon.ico")
"""Answered without a line, unless they fail."""

_SECRETS = (
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "[mail]"),
    (re.compile(r"(?<![\w-])\d{17}[\dXx](?![\w-])"), "[id]"),
    (re.compile(r"(?<![\w.-])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\w|[.-]\d)"), "[phone]"),
    (re.compile(r"(?<![\w-])\d{16,19}(?![\w-])"), "[number]"),
    (re.compile(r"\b((?:sk|rk)_(?:live|test)|whsec)_\w+"), r"\1_[secret]"),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), "[login]"),
)
_LONG_SEGMENT = re.compile(r"(?<=/)(?=[^/]*[A-Z0-9_-])[A-Za-z0-9_-]{20,}(?=/|$)")
_KEPT_AS_IT_IS = frozenset({"timestamp", "level", "logger", "request_id"})
Event = MutableMapping[str, Any]


def without_secrets(text: str) -> str:
    """Return the text with what may identify or admit somebody replaced by its kind."""
    for pattern, word in _SECRETS:
        text = pattern.sub(word, text)
    return text


def without_token(path: str) -> str:
    """Return a request's path with the secret part of a link hidden."""
    return without_secrets(_LONG_SEGMENT.sub("…", path))


def _mask(_: Any, __: str, event: Event) -> Event:
    for key, value in event.items():
        if isinstance(value, str) and key not in _KEPT_AS_IT_IS:
            event[key] = without_token(value) if key == "path" else without_secrets(value)
    return event


def configure(style: str, *, level: int = logging.INFO) -> None:
    """Send every log of this process to stderr, as JSON lines or (style 'text') for a person to read."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, timestamp_key="-")
        if style == "text"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    tidy: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "text":
        tidy.append(_without_clock)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*tidy, renderer])
    )
    handler.addFilter(_is_news)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in ("procrastinate", "httpx", "stripe", "asyncio", "uvicorn", "psycopg", "piccolo"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_clock(_: Any, __: str, event: Event) -> Event:
    """Leave out what the terminal shows anyway, or nobody reads there."""
    for key in ("timestamp", "logger"):
        event.pop(key, None)
    return event


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether we have not said it better ourselves (the queue prints a failed job's arguments)."""
    return getattr(record, "action", "") not in {"job_error", "job_success", "start_job"}


class AccessLog:
    """Stand before the application and write one line for each request: method, path, status, duration."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.log = structlog.get_logger("cishan.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, then say that it was served."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        told: dict[str, Any] = {"status": 500}

        async def listen(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                headers = dict(message["headers"])
                told["request_id"] = headers.get(b"x-request-id", b"-").decode("latin-1")
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, listen)
        finally:
            if told["status"] >= 500 or not scope["path"].startswith(QUIET_PATHS):
                duration_ms = round((time.perf_counter() - began) * 1000, 1)
                self.log.info(
                    "request", method=scope["method"], path=scope["path"], duration_ms=duration_ms, **told
                )
