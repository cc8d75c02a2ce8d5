"""The page of one campaign, its gifts, pictures, share card and QR code."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_301_MOVED_PERMANENTLY
from litestar.types import ControllerRouterHandler

from cishan.campaigns import artwork, cards, rules
from cishan.campaigns.queries import details, photos
from cishan.identity.guards import PUBLIC
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import money_short

FRESH = {"cache-control": "public, max-age=5", "vary": "Cookie, HX-Request"}
"""Pages that are the same for everybody but for language and display, which are cookies."""
DAY = {"cache-control": "public, max-age=86400"}


@get("/campaigns/{slug:str}")
async def campaign(slug: FromPath[str]) -> Template:
    """Show everything that a giver may want to know."""
    shown = await details.details(slug)
    return Template(
        template_name="campaigns/detail.html",
        context={
            "details": shown,
            "campaign": shown.campaign,
            "theme_label": gettext(rules.THEME_LABELS[shown.campaign.theme]),
            "state_label": gettext(rules.STATE_LABELS[shown.campaign.state]),
            "phase_label": gettext(rules.PHASE_LABELS[shown.campaign.phase]),
            "closed_reason": gettext(shown.campaign.closed_reason) if shown.campaign.closed_reason else "",
        },
        headers=FRESH,
    )


@get("/campaigns/{slug:str}/gifts")
async def gifts(request: HTMXRequest, slug: FromPath[str], before: FromQuery[str] = "") -> Template:
    """Show the gifts of a campaign, a page at a time; the next rows alone for htmx."""
    found = await details.view(slug)
    page = await details.gifts(found.id, before=before)
    name = "campaigns/_gifts.html" if request.htmx else "campaigns/gifts.html"
    return Template(template_name=name, context={"campaign": found, "page": page}, headers=FRESH)


@get("/campaigns/{slug:str}/cover.svg")
async def cover(slug: FromPath[str]) -> Response[bytes]:
    """Return the drawn cover of a campaign."""
    found = await details.view(slug)
    drawing = artwork.svg(found.theme, found.slug).encode()
    return Response(drawing, media_type="image/svg+xml", headers=DAY)


@get("/campaigns/{slug:str}/card.png")
async def card(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[bytes]:
    """Return the share card of a campaign, with what is raised by now."""
    found = await details.view(slug)
    settings = request.app.state.settings
    drawing = cards.card(
        theme=found.theme,
        slug=found.slug,
        title=found.title,
        organisation=settings.organisation.name,
        figures=f"{money_short(found.raised_fen)} / {money_short(found.goal_fen)} · {found.percent}%",
        percent=found.percent,
        url=f"{settings.public_url}/campaigns/{found.slug}",
    )
    return Response(drawing, media_type="image/png", headers={"cache-control": "public, max-age=300"})


@get("/campaigns/{slug:str}/qr.svg")
async def qr(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[bytes]:
    """Return a QR code that leads to the campaign."""
    found = await details.view(slug)
    url = f"{request.app.state.settings.public_url}/campaigns/{found.slug}"
    return Response(cards.qr_svg(url), media_type="image/svg+xml", headers=DAY)


@get("/photos/{photo_id:uuid}", status_code=HTTP_301_MOVED_PERMANENTLY)
async def photo(photo_id: FromPath[UUID]) -> Redirect:
    """Lead from where photos were once to their files."""
    return Redirect(f"/files/{await photos.file_of(photo_id)}", status_code=HTTP_301_MOVED_PERMANENTLY)


routes: list[ControllerRouterHandler] = [
    Router("/", route_handlers=[campaign, gifts, cover, card, qr, photo], opt=PUBLIC)
]
