"""A stand-in for an S3-compatible service: real HTTP on loopback, every request's signature (SigV4) checked.

Signatures are worked out here from the service's public description, not by the client's library.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

EMPTY = hashlib.sha256(b"").hexdigest()
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request,\s*"
    r"SignedHeaders=(?P<names>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def signature(
    secret: str,
    *,
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    names: Sequence[str],
    body_hash: str,
    moment: str,
    region: str,
) -> str:
    """Return the signature that a request must bear; `path` is decoded, `moment` like 20130524T000000Z."""
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query)
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in pairs),
            "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names),
            ";".join(names),
            body_hash,
        ]
    )
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (moment[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


class FakeS3:
    """Objects by their keys, when they were put, and switches that make it fail."""

    def __init__(self) -> None:
        self.bucket, self.region, self.key, self.secret = "kept", "cn-test-1", "id", "s3cr3t"
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.refused = 0
        self.broken = False
        self.page = 2
        """Keys in one answer to a listing."""
        self.url = ""

    def app(self) -> Starlette:
        """Return the web application."""
        methods = ["GET", "HEAD", "PUT", "POST", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self._serve, methods=methods)])

    async def _serve(self, request: Request) -> Response:
        body = await request.body()
        if self.broken:
            return Response("<Error><Code>InternalError</Code></Error>", 500)
        if not self._signed(request, body):
            self.refused += 1
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
        bucket, _, name = unquote(request.url.path).removeprefix("/").partition("/")
        if bucket != self.bucket:
            return Response("<Error><Code>NoSuchBucket</Code></Error>", 404)
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        match request.method:
            case "PUT":
                self.objects[name] = (body, datetime.now(UTC))
                return Response(headers={"etag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324
            case "GET" if query.get("list-type") == "2":
                return self._list(query)
            case "POST" if "delete" in query:
                return self._delete_many(body)
            case "DELETE":
                self.objects.pop(name, None)
                return Response(status_code=204)
            case _:
                return self._read(name)

    def _signed(self, request: Request, body: bytes) -> bool:
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        told = request.headers.get("x-amz-content-sha256", "")
        if found is None or found["key"] != self.key or told != hashlib.sha256(body).hexdigest():
            return False
        names = found["names"].split(";")
        if not {"host", "x-amz-content-sha256", "x-amz-date"} <= set(names):
            return False
        moment = request.headers["x-amz-date"]
        age = datetime.now(UTC) - datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        wanted = signature(
            self.secret,
            method=request.method,
            path=unquote(request.scope["raw_path"].decode()),
            query=parse_qsl(request.url.query, keep_blank_values=True),
            headers=request.headers,
            names=names,
            body_hash=told,
            moment=moment,
            region=self.region,
        )
        return abs(age.total_seconds()) < 900 and hmac.compare_digest(wanted, found["signature"])

    def _read(self, name: str) -> Response:
        if name not in self.objects:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        data, at = self.objects[name]
        headers = {
            "last-modified": at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "etag": f'"{hashlib.md5(data).hexdigest()}"',  # noqa: S324
        }
        return Response(data, headers=headers, media_type="application/octet-stream")

    def _list(self, query: Mapping[str, str]) -> Response:
        after = query.get("continuation-token", query.get("start-after", ""))
        names = sorted(n for n in self.objects if n.startswith(query.get("prefix", "")) and n > after)
        shown, more = names[: self.page], len(names) > self.page
        rows = "".join(
            f"<Contents><Key>{escape(n)}</Key><LastModified>{self.objects[n][1]:%Y-%m-%dT%H:%M:%S.000Z}"
            f"</LastModified><Size>{len(self.objects[n][0])}</Size></Contents>"
            for n in shown
        )
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        told = f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}"
        text = f"<ListBucketResult>{told}</ListBucketResult>"
        return Response(text, media_type="application/xml")

    def _delete_many(self, body: bytes) -> Response:
        keys = [e.text or "" for e in ElementTree.fromstring(body).iter() if e.tag.endswith("Key")]  # noqa: S314
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return Response(f"<DeleteResult>{gone}</DeleteResult>", media_type="application/xml")


@asynccontextmanager
async def serving(s3: FakeS3) -> AsyncIterator[FakeS3]:
    """Let the service answer on a free port of loopback for the block."""
    config = uvicorn.Config(s3.app(), host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag alone
        await asyncio.sleep(0)
    s3.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield s3
    finally:
        server.should_exit = True
        await task
