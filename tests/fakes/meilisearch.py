"""A stand-in for a Meilisearch server: the part of its HTTP protocol that the gateway speaks, in memory."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CREATED = "2026-11-22T00:00:00Z"


class FakeMeilisearch:
    """Documents by id, the settings it was given, and a switch that makes it fail."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, Any] = {}
        self.indexes: set[str] = set()
        self.broken = False
        self.tasks = 0
        self.url = ""

    def app(self) -> Starlette:
        """Return the web application."""
        return Starlette(
            routes=[
                Route("/indexes", self._make, methods=["POST"]),
                Route("/indexes/{uid}", self._index, methods=["GET"]),
                Route("/indexes/{uid}/settings", self._settings, methods=["PATCH"]),
                Route("/indexes/{uid}/documents", self._add, methods=["POST"]),
                Route("/indexes/{uid}/documents/delete", self._delete, methods=["POST"]),
                Route("/indexes/{uid}/search", self._search, methods=["POST"]),
                Route("/tasks/{uid:int}", self._task, methods=["GET"]),
            ]
        )

    def _accepted(self, kind: str) -> JSONResponse:
        if self.broken:
            error = {"message": "broken", "code": "internal", "type": "internal", "link": ""}
            return JSONResponse(error, status_code=500)
        self.tasks += 1
        body = {
            "taskUid": self.tasks,
            "indexUid": "cishan",
            "status": "enqueued",
            "type": kind,
            "enqueuedAt": CREATED,
        }
        return JSONResponse(body, status_code=202)

    async def _make(self, request: Request) -> JSONResponse:
        self.indexes.add((await request.json())["uid"])
        return self._accepted("indexCreation")

    async def _index(self, request: Request) -> JSONResponse:
        uid = request.path_params["uid"]
        if uid not in self.indexes:
            body = {
                "message": f"Index `{uid}` not found.",
                "code": "index_not_found",
                "type": "invalid_request",
                "link": "https://docs.meilisearch.com/errors#index_not_found",
            }
            return JSONResponse(body, status_code=404)
        return JSONResponse({"uid": uid, "primaryKey": "id", "createdAt": CREATED, "updatedAt": CREATED})

    async def _settings(self, request: Request) -> JSONResponse:
        self.settings |= await request.json()
        return self._accepted("settingsUpdate")

    async def _add(self, request: Request) -> JSONResponse:
        answer = self._accepted("documentAdditionOrUpdate")
        if answer.status_code == 202:
            self.documents |= {d["id"]: d for d in await request.json()}
        return answer

    async def _delete(self, request: Request) -> JSONResponse:
        wanted = re.fullmatch(r'campaign = "([0-9a-f-]+)"', (await request.json())["filter"])
        assert wanted is not None
        self.documents = {k: d for k, d in self.documents.items() if d["campaign"] != wanted[1]}
        return self._accepted("documentDeletion")

    async def _search(self, request: Request) -> JSONResponse:
        if self.broken:
            return self._accepted("search")
        body = await request.json()
        words = body["q"].split()
        ranked = []
        for document in self.documents.values():
            matches = [self._match(document, w, last=w is words[-1]) for w in words]
            every = all(m is not None for m in matches)
            # `last` gives up words from the end until something matches: the first one must be there.
            if every or (body["matchingStrategy"] == "last" and matches and matches[0] is not None):
                hit = [m for m in matches if m is not None]
                ranked.append((-len(hit), min(hit), -document["at"], document))
        ranked.sort(key=lambda r: r[:3])
        hits = [{k: d[k] for k in body["attributesToRetrieve"]} for *_, d in ranked[: body["limit"]]]
        return JSONResponse(
            {
                "hits": hits,
                "query": body["q"],
                "processingTimeMs": 1,
                "limit": body["limit"],
                "offset": 0,
                "estimatedTotalHits": len(ranked),
            }
        )

    def _match(self, document: dict[str, Any], word: str, *, last: bool) -> int | None:
        for rank, attribute in enumerate(self.settings["searchableAttributes"]):
            for found in document[attribute].split():
                if found == word or (last and found.startswith(word)):
                    return rank
        return None

    async def _task(self, request: Request) -> JSONResponse:
        body = {
            "uid": request.path_params["uid"],
            "indexUid": "cishan",
            "status": "succeeded",
            "type": "documentAdditionOrUpdate",
            "canceledBy": None,
            "details": {},
            "error": None,
            "duration": "PT0.001S",
            "enqueuedAt": CREATED,
            "startedAt": CREATED,
            "finishedAt": CREATED,
        }
        return JSONResponse(body)


@asynccontextmanager
async def serving() -> AsyncIterator[FakeMeilisearch]:
    """Serve a fresh fake on a port of the loopback."""
    fake = FakeMeilisearch()
    config = uvicorn.Config(fake.app(), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag alone
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    fake.url = f"http://127.0.0.1:{port}"
    try:
        yield fake
    finally:
        server.should_exit = True
        await task
