"""Finding: the list of campaigns with its filters, and the search over campaigns and their news.

The list stands here and not in `campaigns`, because its words are looked up in the index, which is above.
"""

from urllib.parse import urlencode

from litestar import Router, get
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from cishan.campaigns import queries as campaigns
from cishan.campaigns import rules
from cishan.campaigns.pages import FRESH
from cishan.campaigns.queries import details
from cishan.identity.guards import PUBLIC
from cishan.kernel.text import clean
from cishan.plumbing.i18n import gettext
from cishan.search import queries
from cishan.search.rules import MAX_QUERY

LAST_PAGE = 100_000
NEWS_SHOWN = 20


def _page_number(text: str) -> int:
    return min(int(text), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _known(value: str, choices: object) -> str:
    assert isinstance(choices, dict)
    return value if value in choices else ""


@get("/campaigns")
async def campaign_list(
    request: HTMXRequest,
    *,
    q: FromQuery[str] = "",
    theme: FromQuery[str] = "",
    county: FromQuery[str] = "",
    phase: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    page: FromQuery[str] = "1",
) -> Template:
    """List the campaigns that fit; every choice is part of the address, and what is not known is ignored."""
    words = clean(q)[:MAX_QUERY]
    counties = await campaigns.counties()
    by_code = {c.code: c.name for c in counties}
    chosen = {
        "q": words,
        "theme": _known(theme, rules.THEME_LABELS),
        "county": _known(county, by_code),
        "phase": _known(phase, rules.PHASE_LABELS),
        "sort": _known(sort, rules.SORT_LABELS),
    }
    only = None
    if words:
        require_pace(request)
        only = tuple(dict.fromkeys(str(hit.campaign_id) for hit in await queries.find(words)))
    wish = rules.Filter(
        theme=chosen["theme"],
        county=chosen["county"],
        phase=chosen["phase"],
        sort=chosen["sort"] or rules.Sort.NEWEST,
        only=only,
    )
    found = await campaigns.campaign_page(wish, page=max(1, _page_number(page)))
    query = urlencode({k: v for k, v in chosen.items() if v})
    context = {
        "found": found,
        "chosen": chosen,
        "page_href": f"/campaigns?{query}&page=" if query else "/campaigns?page=",
        "themes": [(k, gettext(v)) for k, v in rules.THEME_LABELS.items()],
        "counties": [(c.code, c.name) for c in counties],
        "phases": [(k, gettext(v)) for k, v in rules.PHASE_LABELS.items()],
        "sorts": [(k, gettext(v)) for k, v in rules.SORT_LABELS.items()],
    }
    name = "campaigns/_found.html" if request.htmx else "campaigns/list.html"
    return Template(template_name=name, context=context, headers=FRESH)


def require_pace(request: HTMXRequest) -> None:
    """Refuse whoever searches faster than people read."""
    request.app.state.search_pace.require(request.client.host if request.client else "unknown")


@get("/search")
async def search(request: HTMXRequest, *, q: FromQuery[str] = "") -> Template:
    """Search campaigns and their news for words."""
    words = clean(q)[:MAX_QUERY]
    if words:
        require_pace(request)
    hits = await queries.find(words) if words else []
    ids = tuple(dict.fromkeys(str(h.campaign_id) for h in hits if h.kind == "campaign"))
    cards = (await campaigns.campaign_page(rules.Filter(only=ids), size=24)).cards if ids else ()
    news = [h.id for h in hits if h.kind == "update"][:NEWS_SHOWN]
    context = {
        "words": words,
        "cards": cards,
        "news": await details.updates_by_ids(news) if news else [],
    }
    return Template(template_name="search/results.html", context=context, headers=FRESH)


routes: list[ControllerRouterHandler] = [Router("/", route_handlers=[campaign_list, search], opt=PUBLIC)]
