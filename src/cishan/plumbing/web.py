"""What every page stands in: templates with two languages, refusals as pages, headers, cookies of display."""

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2
import structlog
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from cishan.kernel import clock, ids, masking
from cishan.kernel.errors import DomainError
from cishan.kernel.money import yuan
from cishan.kernel.text import N_
from cishan.plumbing import i18n, lists
from cishan.settings import ROOT, Settings

FRONTEND = ROOT / "frontend"
log = structlog.get_logger("cishan.web")


@dataclass(frozen=True, slots=True)
class Display:
    """How one visitor wants pages to look; kept in a cookie, no account and no script needed."""

    size: str = "std"
    contrast: str = "std"
    theme: str = "auto"

    SIZES = ("std", "large", "xlarge")
    CONTRASTS = ("std", "high")
    THEMES = ("auto", "light", "dark")

    @classmethod
    def from_cookie(cls, value: str) -> "Display":
        """Read the cookie; whatever is not known falls back to the standard."""
        size, contrast, theme = [*value.split("."), "", "", ""][:3]
        return cls(
            size if size in cls.SIZES else "std",
            contrast if contrast in cls.CONTRASTS else "std",
            theme if theme in cls.THEMES else "auto",
        )

    def cookie(self) -> str:
        """Return the value for the cookie."""
        return f"{self.size}.{self.contrast}.{self.theme}"


@dataclass(frozen=True, slots=True)
class Visit:
    """What the shell knows of the running request before any handler."""

    path: str
    query: str
    request_id: str
    display: Display
    unread: int | None = None
    """Messages that the reader has not opened; None: nobody with an inbox is signed in."""


visit: ContextVar[Visit] = ContextVar("visit", default=Visit("/", "", "-", Display()))  # noqa: B039


def tell_unread(number: int) -> None:
    """Let the page that answers the running request say how many messages its reader has not opened."""
    visit.set(replace(visit.get(), unread=number))


def environment(settings: Settings) -> Environment:
    """Return the Jinja environment of all pages and letters: strict, escaped, two languages."""
    env = Environment(
        loader=FileSystemLoader([FRONTEND / "templates", FRONTEND]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=settings.debug,
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(
        static=static,
        org=settings.organisation,
        demo=settings.demo,
        sandbox=settings.stripe_is_sandbox,
        url_abs=lambda path: settings.public_url + path,
        now=clock.now,
        today=clock.today,
    )
    env.filters.update(FILTERS)
    return env


def page_globals() -> dict[str, Any]:
    """Return what differs from request to request and every template may use."""
    here = visit.get()
    return {
        "lang": i18n.language(),
        "display": here.display,
        "path": here.path,
        "path_query": f"{here.path}?{here.query}" if here.query else here.path,
        "request_id": here.request_id,
        "unread": here.unread,
    }


class PageTemplate(jinja2.Template):
    """A template that knows the running request's language and display."""

    def new_context(self, *args: Any, **kwargs: Any) -> jinja2.runtime.Context:
        """Add the request's globals to the context."""
        context = super().new_context(*args, **kwargs)
        for name, value in page_globals().items():
            context.parent.setdefault(name, value)
        return context


Environment.template_class = PageTemplate


@cache
def static(path: str) -> str:
    """Return the URL of a static file, with its content's hash so that browsers may keep it for ever."""
    content = (FRONTEND / "static" / path).read_bytes()
    return f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:10]}"


_CHINESE, _ENGLISH = Locale.parse("zh_CN"), Locale("en")


def _locale() -> Locale:
    """Return the locale itself: finding it by its name costs more than the rest of a figure's text."""
    return _CHINESE if i18n.language() == i18n.CHINESE else _ENGLISH


def money_text(amount_fen: int) -> str:
    """Return ¥1,234.50 for 123450."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}¥{yuan(abs(amount_fen)):,.2f}"


def money_short(amount_fen: int) -> str:
    """Return a round figure for headings: ¥834万, or ¥8.34M in English; exact below ¥10,000."""
    if amount_fen % 100 == 0 and amount_fen < 1_000_000:
        return f"¥{amount_fen // 100:,}"
    if amount_fen < 1_000_000:
        return money_text(amount_fen)
    value = yuan(amount_fen)
    if i18n.language() == i18n.CHINESE:
        unit, name = (100_000_000, "亿") if value >= 100_000_000 else (10_000, "万")
    else:
        unit, name = (1_000_000, "M") if value >= 1_000_000 else (1_000, "k")
    return f"¥{(value / unit).quantize(yuan(1)):f}".rstrip("0").rstrip(".") + name


def date_text(value: date | datetime) -> str:
    """Return 2026年11月22日, or Nov 22, 2026; a moment is told by China's calendar."""
    if isinstance(value, datetime):
        value = clock.china_day(value)
    return format_date(value, format="y年M月d日" if _locale() is _CHINESE else "medium", locale=_locale())


def month_text(value: date) -> str:
    """Return 2026年11月, or Nov 2026."""
    return format_date(value, format="y年M月" if _locale() is _CHINESE else "MMM y", locale=_locale())


def datetime_text(value: datetime) -> str:
    """Return 2026年11月22日 08:30 in China's time, or Nov 22, 2026, 08:30."""
    pattern = "y年M月d日 HH:mm" if _locale() is _CHINESE else "MMM d, y, HH:mm"
    return format_datetime(value.astimezone(clock.CHINA), pattern, locale=_locale())


def moment_short(value: datetime) -> str:
    """Return 2026-11-22 08:30 in China's time, for tables."""
    return f"{value.astimezone(clock.CHINA):%Y-%m-%d %H:%M}"


def file_size(size_bytes: int) -> str:
    """Return 1.2 MB, or 340 kB."""
    if size_bytes >= 1_000_000:
        return f"{format_decimal(round(size_bytes / 1_000_000, 1), locale=_locale())} MB"
    return f"{format_decimal(max(1, round(size_bytes / 1_000)), locale=_locale())} kB"


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money_text,
    "money_short": money_short,
    "date_cn": date_text,
    "datetime_cn": datetime_text,
    "month_cn": month_text,
    "number": lambda value: format_decimal(value, locale=_locale()),
    "file_size": file_size,
    "percent": lambda value: format_percent(value, locale=_locale()),
    "moment_short": moment_short,
    "href_of": lambda row, column: lists.href(column, row),
    "word_of": lambda row, column: lists.word(column, row),
    "fits": lists.fits,
    "iso": lambda value: value.isoformat(),
    "mask_name": masking.name,
    "mask_family_name": masking.family_name,
    "mask_phone": masking.phone,
    "mask_email": masking.email,
    "mask_id_number": masking.id_number,
    "mask_bank_card": masking.bank_card,
    "to_town": masking.to_town,
    "child_code": masking.child,
}

_TITLES = {
    400: N_("This request could not be understood"),
    401: N_("Please sign in"),
    403: N_("You may not do this"),
    404: N_("This page does not exist"),
    405: N_("This page cannot be used in that way"),
    409: N_("Something has changed meanwhile"),
    413: N_("What you sent is too large"),
    422: N_("Something needs your attention"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong on our side"),
    503: N_("A service does not answer at the moment"),
}
_WORDS = {
    400: N_("Go back and try again. Nothing was changed."),
    404: N_("The address may be mistyped, or the page may have moved. You can search for what you need."),
    405: N_("Go back and try again. Nothing was changed."),
    413: N_("Send less at once. Nothing was changed."),
    500: N_("We have been told about it. Nothing was changed; please try again in a moment."),
    503: N_("Please try again in a moment. Nothing was changed."),
}


def error_page(env: Environment) -> Callable[[Request[Any, Any, Any], Exception], Response[str]]:
    """Return the one exception handler: every refusal becomes a page, or a notice for htmx."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        status, message = 500, ""
        if isinstance(error, DomainError):
            status, message = error.status, i18n.say(error)
        elif isinstance(error, HTTPException):
            status = error.status_code
        if status >= 500:
            log.error("request failed", path=request.url.path, status=status, exc_info=error)
        title = i18n.gettext(_TITLES.get(status, _TITLES[500 if status >= 500 else 400]))
        message = message or i18n.gettext(_WORDS.get(status, _WORDS[500 if status >= 500 else 400]))
        context = {"status": status, "title": title, "message": message}
        if request.headers.get("HX-Request") == "true":
            body = env.get_template("errors/_notice.html").render(context)
            headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
            return Response(body, status_code=status, headers=headers, media_type=MediaType.HTML)
        name = "errors/404.html" if status == 404 else "errors/error.html"
        return Response(env.get_template(name).render(context), status_code=status, media_type=MediaType.HTML)

    return handle


CAMERA = "camera"
"""In a route's `opt` if its pages read codes by the device's camera: `opt={**rule(…), CAMERA: True}`."""


def content_security_policy(settings: Settings, *, camera: bool = False) -> str:
    """Return the policy of all pages: nothing but our own files; forms may lead to the checkout.

    Pages with a camera may also run the reader of codes, which is WebAssembly.
    """
    checkout = settings.stripe_api_base or "https://checkout.stripe.com"
    script = "script-src 'self' 'wasm-unsafe-eval'" if camera else "script-src 'self'"
    return "; ".join(
        [
            "default-src 'none'",
            script,
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            f"form-action 'self' {checkout}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Shell:
    """Stand around the whole application: request id, language, display, headers, and foreign forms refused.

    A changing request that a browser sends from another site is refused by what the browser says of itself
    (Sec-Fetch-Site, else Origin); so pages need no token, set no cookie and may be cached.
    """

    def __init__(self, app: ASGIApp, settings: Settings, *, open_paths: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.open_paths = open_paths
        self.origin = urlsplit(settings.public_url).netloc
        self.hosts = _hosts(settings)
        self.headers = _headers(settings, camera=False)
        self.camera_headers = _headers(settings, camera=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        cookies = _cookies(headers.get("cookie", ""))
        query = scope["query_string"].decode("latin-1")
        wanted = (parse_qs(query).get("lang") or [cookies.get("lang", "")])[0]
        i18n.set_language(wanted or i18n.CHINESE)
        request_id = ids.new_token()[:16]
        display = Display.from_cookie(cookies.get("display", ""))
        visit.set(Visit(scope["path"], query, request_id, display))
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {k.lower() for k, _ in message["headers"]}
                headers_here = self.camera_headers if _has_camera(scope) else self.headers
                extra = [(k, v) for k, v in headers_here if k not in present]
                message["headers"] = [*message["headers"], *extra, (b"x-request-id", request_id.encode())]
            await send(message)

        if not self._known_host(scope["path"], headers.get("host", "")):
            await _refuse(send_with_headers, 421, N_("This address does not belong to this site."))
            return
        changing = scope["method"] not in SAFE_METHODS and scope["path"] not in self.open_paths
        if changing and not self._own(headers):
            words = N_("This form was sent from another site. Open the page again and retry.")
            await _refuse(send_with_headers, 403, words)
            return
        await self.app(scope, receive, send_with_headers)

    def _known_host(self, path: str, header: str) -> bool:
        """Tell whether we answer under this name; probes and signed messages may come under any."""
        if path.startswith("/health/") or path in self.open_paths or self.hosts is None:
            return True
        return _host_name(header) in self.hosts

    def _own(self, headers: dict[str, str]) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc in {headers.get("host", ""), self.origin}


def _headers(settings: Settings, *, camera: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer."""
    lens = "(self)" if camera else "()"
    headers = [
        (b"content-security-policy", content_security_policy(settings, camera=camera).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", f"camera={lens}, geolocation=(), microphone=()".encode()),
    ]
    if settings.secure_cookies:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


def _has_camera(scope: Scope) -> bool:
    """Tell whether the route that answered, if one did, is marked to use the camera."""
    route = scope.get("route_handler")
    return route is not None and bool(route.opt.get(CAMERA))


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs if name}


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _hosts(settings: Settings) -> frozenset[str] | None:
    """Return the names under which we answer; None: any, for a demonstration on every interface."""
    if settings.demo and settings.host in {"0.0.0.0", "::"}:  # noqa: S104
        return None
    public = urlsplit(settings.public_url).hostname or ""
    local = LOOPBACK | {settings.host} if settings.demo or public in LOOPBACK else frozenset()
    return frozenset({public.lower(), *settings.allowed_hosts, *local})


def _host_name(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


async def _refuse(send: Send, status: int, message: str) -> None:
    body = i18n.gettext(message).encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def safe_path(target: str, default: str = "/") -> str:
    """Return a path on this site to go back to; anything that could lead elsewhere becomes the default."""
    parts = urlsplit(target)
    own = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if own and "\\" not in target and not any(ord(c) < 32 for c in target) else default
