"""Home, the standing pages, and the switches of display and language."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.file_system import BaseLocalFileSystem
from litestar.response import Redirect, Template
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler, PathType
from litestar.types.file_types import FileInfo

from cishan.identity.guards import PUBLIC
from cishan.plumbing import i18n
from cishan.plumbing.web import FRONTEND, Display, safe_path, visit

YEAR = 31_536_000


class Published(BaseLocalFileSystem):
    """The files that everybody may load; a name that no file can have is a file that is not there."""

    async def info(self, path: PathType, **kwargs: Any) -> FileInfo:
        """Return what is known of a file; raises FileNotFoundError for every name that cannot be read."""
        try:
            return await super().info(path, **kwargs)
        except (OSError, ValueError) as error:
            raise FileNotFoundError(path) from error


@get("/about")
async def about() -> Template:
    """Who we are."""
    return Template(template_name="core/about.html")


@get("/help")
async def help_page() -> Template:
    """How to give, to be refunded, to get a receipt."""
    return Template(template_name="core/help.html")


@get("/privacy")
async def privacy() -> Template:
    """What we keep of whom, and for how long."""
    return Template(template_name="core/privacy.html")


@get("/accessibility")
async def accessibility() -> Template:
    """What the site does for people who see, hear, move or read differently."""
    return Template(template_name="core/accessibility.html")


@get("/styleguide")
async def styleguide() -> Template:
    """Every component in every state, for those who build pages."""
    return Template(template_name="core/styleguide.html")


@post("/display", status_code=HTTP_303_SEE_OTHER)
async def set_display(request: Request[Any, Any, Any]) -> Redirect:
    """Keep how the visitor wants pages to look, and go back to where they were."""
    form = await request.form()
    present = visit.get().display
    chosen = Display.from_cookie(
        f"{form.get('size', present.size)}.{form.get('contrast', present.contrast)}"
        f".{form.get('theme', present.theme)}"
    )
    return _back_with(request, form.get("back", "/"), "display", chosen.cookie())


@post("/language", status_code=HTTP_303_SEE_OTHER)
async def set_language(request: Request[Any, Any, Any]) -> Redirect:
    """Keep the visitor's language, and go back to where they were."""
    form = await request.form()
    code = form.get("lang", i18n.CHINESE)
    return _back_with(
        request, form.get("back", "/"), "lang", code if code in i18n.LANGUAGES else i18n.CHINESE
    )


def _back_with(request: Request[Any, Any, Any], back: object, cookie: str, value: str) -> Redirect:
    response: Redirect = Redirect(safe_path(str(back)), status_code=HTTP_303_SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(cookie, value, max_age=YEAR, path="/", httponly=True, samesite="lax", secure=secure)
    return response


@get("/favicon.ico")
async def favicon() -> Response[bytes]:
    """Answer browsers that ask for the icon without reading the page."""
    content = (FRONTEND / "static" / "img" / "favicon.ico").read_bytes()
    return Response(content, media_type="image/x-icon", headers={"cache-control": "public, max-age=86400"})


routes: list[ControllerRouterHandler] = [
    Router(
        "/",
        route_handlers=[
            about,
            help_page,
            privacy,
            accessibility,
            styleguide,
            set_display,
            set_language,
            favicon,
        ],
        opt=PUBLIC,
    ),
    create_static_files_router(
        path="/static",
        directories=[FRONTEND / "static"],
        cache_control=None,
        file_system=Published(),
        name="static",
        opt=PUBLIC,
    ),
]
