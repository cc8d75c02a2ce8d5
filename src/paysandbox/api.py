"""The door of the Stripe API: key, version, faults, idempotency, one transaction, Stripe's answer."""

import asyncio
import contextlib
import hashlib
import json
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from paysandbox import faults, nouns, params
from paysandbox.config import API_VERSION, Json
from paysandbox.errors import Refusal
from paysandbox.faults import Fault
from paysandbox.routing import ROUTES, Route, expand
from paysandbox.world import DAY, World

MAXIMUM_BODY_BYTES = 512 * 1024
__all__ = ["answer", "handle", "nouns"]


async def handle(request: Request) -> Response:
    """Answer one API request."""
    world: World = request.app.state.world
    request_id = world.request_id()
    try:
        raw = await _body(request)
        chosen, ids = _find(request)
        _authenticate(world, request)
        _check_version(request)
    except Refusal as refusal:
        return _respond(refusal.status, refusal.body(), request_id)
    active = _faults(world, request)
    for fault in active:
        if fault.kind == "slow":
            await asyncio.sleep(float(fault.rule.get("seconds", 2)))
        elif fault.kind == "timeout_before":
            return await _silence(request, fault)
        elif fault.kind == "429":
            return _respond(429, _rate_limit().body(), request_id)
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    broken = {fault.kind for fault in active} & {"500", "500_after_commit"}
    call = Call(chosen, ids, raw, request.url.path, key, request_id, frozenset(broken))
    status, body, headers = answer(world, call)
    for fault in active:
        if fault.kind == "timeout_after_commit":
            return await _silence(request, fault)
    return _respond(status, body, request_id, headers)


@dataclass(frozen=True)
class Call:
    """One request that passed the door."""

    route: Route
    ids: tuple[str, ...]
    raw: bytes
    path: str
    key: str | None
    request_id: str
    broken: frozenset[str]
    """The faults (500, 500_after_commit) that spoil its answer."""

    @property
    def fingerprint(self) -> str:
        """What must be equal when an idempotency key comes again."""
        return hashlib.sha256(f"{self.route.method} {self.path}?".encode() + self.raw).hexdigest()


def answer(world: World, call: Call) -> tuple[int, Json | str, dict[str, str]]:
    """Run one request, or replay what its idempotency key was answered before."""
    try:
        if call.key is not None:
            saved = _replay(world, call.key, call.fingerprint)
            if saved is not None:
                return saved
        if call.route.method == "GET":
            world.catch_up_if_due()
            return 200, _run(world, call), {}
        with world.transaction():
            world.catch_up()
            with world.called_by(call.request_id, call.key):
                status, body, headers = _write(world, call)
            if call.key is not None:
                _remember(world, call, status, body)
            world.catch_up()
        return status, body, headers
    except Refusal as refusal:
        return refusal.status, refusal.body(), {}


def _write(world: World, call: Call) -> tuple[int, str, dict[str, str]]:
    if "500" in call.broken:
        return 500, _dump(_server_error()), {"Stripe-Should-Retry": "false"}
    try:
        text = _dump(_run(world, call))
        status = 200
    except Refusal as refusal:
        if not refusal.keep:
            raise
        text, status = _dump(refusal.body()), refusal.status
    if call.broken:
        return 500, _dump(_server_error()), {"Stripe-Should-Retry": "false"}
    return status, text, {}


def _run(world: World, call: Call) -> Json:
    given = params.decode(call.raw)
    params.only(given, call.route.known)
    result = call.route.handler(world, given, *call.ids)
    paths = params.words(given, "expand")
    if paths:
        result = dict(result)
        expand(world, result, paths)
    visible: Json = _visible(result)
    return visible


def _visible(node: object) -> Json:
    """Return an answer without the hidden parts of the objects in it."""
    if isinstance(node, dict):
        whole = "object" in node
        return {key: _visible(value) for key, value in node.items() if not (whole and key == "_")}
    if isinstance(node, list):
        return [_visible(row) for row in node]  # type: ignore[return-value]
    return node  # type: ignore[return-value]


# --- idempotency -----------------------------------------------------------------------------------


def _replay(world: World, key: str, fingerprint: str) -> tuple[int, Json | str, dict[str, str]] | None:
    if len(key) > 255:
        raise Refusal("The idempotency key must be at most 255 characters.")
    row = world.store.run(
        "SELECT fingerprint, status, body, request_id FROM answer WHERE key = ? AND at > ?",
        key,
        world.now - DAY,
    ).fetchone()
    if row is None:
        return None
    if row[0] != fingerprint:
        raise Refusal(
            "Keys for idempotent requests can only be used with the same parameters they were first"
            f" used with. Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    headers = {"Idempotent-Replayed": "true", "Original-Request": row[3], "Idempotency-Key": key}
    if row[1] >= 500:
        headers["Stripe-Should-Retry"] = "false"
    return row[1], row[2], headers


def _remember(world: World, call: Call, status: int, body: str) -> None:
    world.store.run(
        "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)",
        call.key,
        call.fingerprint,
        status,
        body,
        call.request_id,
        world.now,
    )


# --- the request -----------------------------------------------------------------------------------


async def _body(request: Request) -> bytes:
    if request.method in ("GET", "DELETE") and request.url.query:
        return request.url.query.encode()
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAXIMUM_BODY_BYTES:
            raise Refusal("The request body is too large.", status=413)
    return bytes(received)


def _find(request: Request) -> tuple[Route, tuple[str, ...]]:
    path = request.url.path
    for candidate in ROUTES:
        if candidate.method == request.method:
            match = candidate.path.match(path)
            if match is not None:
                return candidate, match.groups()
    raise Refusal(
        f"Unrecognized request URL ({request.method}: {path}). The payment sandbox answers only the part of"
        " the Stripe API that the platform uses.",
        status=404,
    )


def _authenticate(world: World, request: Request) -> None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            key = b64decode(key, validate=True).decode("ascii").partition(":")[0]
        except (Base64Error, UnicodeDecodeError):
            key = ""
    if not key:
        raise Refusal(
            "You did not provide an API key. You need to provide your API key in the Authorization header,"
            " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    wanted = world.config.secret_key
    good = key == wanted if wanted is not None else key.startswith(("sk_test_", "rk_test_"))
    if not good:
        shown = key[:8] + "*" * max(0, min(20, len(key) - 12)) + key[-4:] if len(key) > 12 else "*" * len(key)
        raise Refusal(f"Invalid API Key provided: {shown}", status=401)


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise Refusal(
            f"Invalid Stripe API version: {version}. The payment sandbox answers {API_VERSION} only."
        )


def _faults(world: World, request: Request) -> list[Fault]:
    if not world.store.number("SELECT count(*) FROM fault WHERE place = 'request'"):
        return []

    def fits(rule: Json) -> bool:
        method = str(rule.get("method", "*")).upper()
        return fnmatchcase(request.method, method) and fnmatchcase(
            request.url.path, str(rule.get("path", "*"))
        )

    with world.transaction():
        return faults.take(world, "request", fits)


# --- the answer ------------------------------------------------------------------------------------


def _dump(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False)


def _respond(
    status: int, body: Json | str, request_id: str, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        body if isinstance(body, str) else _dump(body),
        status_code=status,
        media_type="application/json",
        headers={
            "Request-Id": request_id,
            "Stripe-Version": API_VERSION,
            "Cache-Control": "no-cache, no-store",
            **(headers or {}),
        },
    )


def _rate_limit() -> Refusal:
    return Refusal("Request rate limit exceeded.", status=429, code="rate_limit")


def _server_error() -> Json:
    return Refusal("An unknown error occurred", status=500, type="api_error").body()


async def _silence(request: Request, fault: Fault) -> Response:
    """Keep the caller waiting (`seconds`, or until it hangs up), then break the connection off."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(float(fault.rule.get("seconds", 120))):
            await _hung_up(request)
    # A promised byte that never comes: the server closes the connection, the client sees it broken.
    return Response(b"", status_code=504, headers={"Content-Length": "1"})


async def _hung_up(request: Request) -> None:
    try:
        while (await request.receive())["type"] != "http.disconnect":
            continue
    except ClientDisconnect:
        return
