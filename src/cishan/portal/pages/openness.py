"""The front page, where the money goes, and what search engines read."""

import csv
import io
from typing import Any
from xml.sax.saxutils import escape

from litestar import Request, Response, Router, get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.identity.guards import PUBLIC
from cishan.kernel import clock
from cishan.kernel.money import yuan
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.portal import queries

FRESH = {"cache-control": "public, max-age=5", "vary": "Cookie"}
HOUR = {"cache-control": "public, max-age=3600"}
CSV_HEAD = (
    N_("Fund"),
    N_("Code"),
    N_("Part of"),
    N_("Received (yuan)"),
    N_("Spent (yuan)"),
    N_("Balance (yuan)"),
)


@get("/")
async def home() -> Template:
    """Show the front page."""
    shown = await queries.home()
    context = {
        "stats": shown.stats,
        "featured": shown.featured,
        "latest_gifts": shown.latest_gifts,
        "latest_updates": shown.latest_updates,
    }
    return Template(template_name="core/home.html", context=context, headers=FRESH)


@get("/transparency")
async def transparency() -> Template:
    """Show what every fund and every campaign received and spent, from the first day on."""
    context = {"flows": await queries.flows()}
    return Template(template_name="core/transparency.html", context=context, headers=FRESH)


@get("/transparency/funds.csv")
async def funds_csv() -> Response[bytes]:
    """Return the same figures as a table for a spreadsheet; columns keep their order."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([gettext(head) for head in CSV_HEAD])
    for flow in await queries.flows():
        for row in (flow.whole, *flow.parts):
            part_of = "" if row is flow.whole else flow.whole.code
            amounts = [str(yuan(n)) for n in (row.received_fen, row.spent_fen, row.balance_fen)]
            writer.writerow([_cell(row.name), row.code, part_of, *amounts])
    headers = {
        "content-disposition": f'attachment; filename="funds-{clock.today().isoformat()}.csv"',
        **FRESH,
    }
    return Response(("\ufeff" + out.getvalue()).encode(), media_type="text/csv", headers=headers)


def _cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula (ASVS 1.2.10)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@get("/sitemap.xml")
async def sitemap(request: Request[Any, Any, Any]) -> Response[str]:
    """Return every page that search engines may keep."""
    base = request.app.state.settings.public_url
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    ]
    for path, changed in await queries.addresses():
        day = f"<lastmod>{changed}</lastmod>" if changed else ""
        lines.append(f"<url><loc>{escape(base + path)}</loc>{day}</url>")
    return Response("\n".join([*lines, "</urlset>", ""]), media_type="application/xml", headers=HOUR)


@get("/robots.txt")
async def robots(request: Request[Any, Any, Any]) -> Response[str]:
    """Ask search engines to leave alone what belongs to one giver or to staff."""
    base = request.app.state.settings.public_url
    private = (
        "/g/",
        "/give/change/",
        "/give/check/",
        "/monthly/",
        "/receipts/",
        "/staff/",
        "/outbox",
        "/search",
    )
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in private), f"Sitemap: {base}/sitemap.xml", ""]
    return Response("\n".join(lines), media_type="text/plain", headers=HOUR)


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[home, transparency, funds_csv, sitemap, robots], opt=PUBLIC)
]
