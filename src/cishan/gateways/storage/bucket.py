"""Files in a bucket of an S3-compatible service."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache

import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from cishan.kernel import clock
from cishan.kernel.errors import Unavailable
from cishan.kernel.text import N_
from cishan.settings import BucketSettings

log = structlog.get_logger()


class Bucket:
    """A bucket that belongs to this platform alone, and that keeps what it acknowledged."""

    def __init__(self, settings: BucketSettings) -> None:
        self.store = _store(settings)

    async def put(self, key: str, data: bytes) -> None:
        """Let the bytes lie under the key."""
        async with _answering():
            await self.store.put_async(key, data, use_multipart=False)

    async def get(self, key: str) -> bytes | None:
        """Return what lies under the key; None if nothing does."""
        async with _answering():
            try:
                found = await self.store.get_async(key)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def sweep(self, shelf: str, used: Collection[str], *, untouched_for: timedelta) -> int:
        """Remove what is neither used nor young."""
        before, gone = clock.now() - untouched_for, 0
        async with _answering():
            async for listed in self.store.list(shelf, chunk_size=1000):
                old = [o["path"] for o in listed if o["path"] not in used and o["last_modified"] < before]
                for key in old:
                    if (await self.store.head_async(key))[
                        "last_modified"
                    ] < before:  # not put again meanwhile
                        await self.store.delete_async(key)
                        gone += 1
        return gone


@cache
def _store(settings: BucketSettings) -> S3Store:
    """Return the one client of a bucket: it keeps its connections open."""
    return S3Store(
        settings.name,
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=settings.key,
        secret_access_key=settings.secret,
        virtual_hosted_style_request=settings.in_host_name,
        client_options={
            "allow_http": settings.endpoint.startswith("http://"),
            "timeout": timedelta(seconds=60),
            "connect_timeout": timedelta(seconds=5),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Turn whatever keeps the service from doing its part into one refusal; the log names the fault."""
    try:
        yield
    except (BaseError, OSError) as error:
        log.error("bucket_failed", fault=type(error).__name__, words=str(error).partition("\n")[0][:300])
        raise Unavailable(N_("Where files are kept does not answer at the moment.")) from None
