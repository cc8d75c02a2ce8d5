"""Health, for load balancers and service managers."""

import asyncio
import shutil
from typing import Any

from litestar import Request, Response, Router, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from cishan.identity.guards import PUBLIC
from cishan.ops import queries
from cishan.settings import Settings

PATIENCE_SECONDS = 2.0
DISK_FREE_BYTES = 200_000_000


@get("/health/live", media_type="text/plain")
async def live() -> str:
    """Answer as long as the process runs; touches nothing."""
    return "ok"


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """Answer 200 when the database answers, its schema is this program's, and the disk has room; else 503."""
    settings: Settings = request.app.state.settings
    told = {"database": "ok", "schema": "ok", "disk": "ok"}
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if not await queries.schema_is_current():
                told["schema"] = "not migrated"
    except Exception:
        told["database"] = told["schema"] = "does not answer"
    folder = settings.data_dir
    if folder.exists() and shutil.disk_usage(folder).free < DISK_FREE_BYTES:
        told["disk"] = "nearly full"
    good = set(told.values()) == {"ok"}
    return Response(
        told,
        status_code=HTTP_200_OK if good else HTTP_503_SERVICE_UNAVAILABLE,
        headers={"cache-control": "no-store"},
    )


routes = [Router("/", route_handlers=[live, ready], opt=PUBLIC)]
