"""Writing news of a campaign, for staff who are signed in."""

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from cishan.campaigns import actions, queries
from cishan.campaigns.forms import UpdateForm
from cishan.campaigns.queries import details
from cishan.campaigns.queries.photos import PHOTO
from cishan.campaigns.rules import NEWS_LABELS, REPORT_CLOCKS, NewsKind
from cishan.deadlines import queries as deadlines
from cishan.files.forms import chooser
from cishan.identity.guards import NO_STORE, allowed, lead_to, rule
from cishan.identity.rules.permissions import Action, scope_of
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Invalid
from cishan.kernel.text import clean
from cishan.plumbing import forms
from cishan.plumbing.uploads import uploads


@get("/news", opt=rule(Action.NEWS_WRITE))
async def news(request: Request[Any, Any, Any]) -> Template:
    """List the campaigns of which news may be written."""
    staff = await allowed(request, Action.NEWS_WRITE)
    regions = scope_of(staff, Action.NEWS_WRITE).regions
    return Template(
        template_name="campaigns/news.html",
        context={"staff": staff, "campaigns": await queries.titles(regions)},
        headers=NO_STORE,
    )


@get("/campaigns/{slug:str}/updates", opt=rule(Action.NEWS_WRITE))
async def write_update(request: Request[Any, Any, Any], slug: FromPath[str]) -> Template:
    """Ask for title, text and photos."""
    campaign = await details.view(slug)
    staff = await allowed(request, Action.NEWS_WRITE, region=campaign.county)
    return await _page(staff, campaign, forms.empty(), HTTP_200_OK)


async def _page(staff: Staff, campaign: details.CampaignView, form: forms.Form[Any], status: int) -> Template:
    running = [c for c in await deadlines.clocks_of("campaign", campaign.id) if not c.outcome]
    context = {
        "staff": staff,
        "campaign": campaign,
        "form": form,
        "max_photos": PHOTO.max_count,
        "chooser": chooser(PHOTO, at_once=1),
        "clocks": [c for c in running if c.started_at <= clock.now()],
        "working_calendar": await deadlines.calendar(),
        "kinds": [
            (kind.value, label)
            for kind, label in NEWS_LABELS.items()
            if kind == NewsKind.NEWS or any(c.code == REPORT_CLOCKS[kind] for c in running)
        ],
    }
    return Template(
        template_name="campaigns/write_update.html", context=context, status_code=status, headers=NO_STORE
    )


@post(
    "/campaigns/{slug:str}/updates",
    opt=rule(Action.NEWS_WRITE),
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=PHOTO.body_limit,
)
async def publish_update(request: Request[Any, Any, Any], slug: FromPath[str]) -> Redirect | Template:
    """Publish the news and show it on the campaign's page."""
    campaign = await details.view(slug)
    staff = await allowed(request, Action.NEWS_WRITE, region=campaign.county)
    submitted = await request.form()
    form = forms.read(UpdateForm, submitted)
    if form.value is None:
        return await _page(staff, campaign, form, HTTP_422_UNPROCESSABLE_ENTITY)
    photos = []
    for n in range(1, PHOTO.max_count + 1):
        caption = clean(str(submitted.get(f"caption_{n}", "")))[:160]
        field = f"photo_{n}"
        sent = await uploads(submitted, field)
        photos += [actions.NewPhoto(file.data, caption, file.name, field) for file in sent]
    try:
        await actions.publish_update(
            campaign.id,
            title=form.value.title,
            body=form.value.body,
            photos=photos,
            signed_by=staff.name,
            staff_id=staff.account_id,
            person_id=staff.person_id,
            kind=form.value.kind,
            role=staff.acting.role if staff.acting else "",
        )
    except Invalid as error:
        return await _page(staff, campaign, form.refused(error), HTTP_422_UNPROCESSABLE_ENTITY)
    return lead_to(f"/campaigns/{campaign.slug}#updates")


routes: list[ControllerRouterHandler] = [
    Router(path="/staff", route_handlers=[news, write_update, publish_update])
]
