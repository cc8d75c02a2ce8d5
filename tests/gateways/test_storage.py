"""One door to files, the same whether they lie in a folder or in a bucket."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from cishan import gateways
from cishan.gateways import storage
from cishan.kernel.errors import Unavailable
from cishan.settings import BucketSettings, Settings, SettingsError, load
from tests.fakes.s3 import FakeS3, serving, signature

WEEK = 7 * 86_400


@dataclass
class Place:
    """A storage, and what a test does behind its back."""

    keys: Callable[[], list[str]]
    overwrite: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    make_old: Callable[[str], None]


@pytest.fixture(params=["disk", "bucket"])
async def place(request: pytest.FixtureRequest, config: Settings, tmp_path: Path) -> AsyncIterator[Place]:
    """Each kind of storage in turn."""
    if request.param == "disk":
        gateways.use(replace(config, data_dir=tmp_path))
        yield _on_disk(tmp_path / "uploads")
        return
    async with serving(FakeS3()) as s3:
        gateways.use(replace(config, data_dir=tmp_path, bucket=_settings(s3)))
        yield _in_bucket(s3)
        assert s3.refused == 0
        assert not (tmp_path / "uploads").exists()


def _settings(s3: FakeS3, **changes: str) -> BucketSettings:
    return replace(BucketSettings(s3.url, s3.bucket, s3.region, s3.key, s3.secret, False), **changes)  # type: ignore[arg-type]


def _on_disk(folder: Path) -> Place:
    past = time.time() - WEEK

    def overwrite(key: str, data: bytes) -> None:
        (folder / key).write_bytes(data)

    return Place(
        lambda: sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()),
        overwrite,
        lambda key: (folder / key).unlink(),
        lambda key: os.utime(folder / key, (past, past)),
    )


def _in_bucket(s3: FakeS3) -> Place:
    def make_old(key: str) -> None:
        data, at = s3.objects[key]
        s3.objects[key] = (data, at - timedelta(seconds=WEEK))

    return Place(
        lambda: sorted(s3.objects),
        lambda key, data: s3.objects.update({key: (data, s3.objects[key][1])}),
        lambda key: s3.objects.pop(key) and None,
        make_old,
    )


@pytest.mark.parametrize("data", [b"x", b"\x00\xff" * 500, os.urandom(3_000_000)], ids=["one", "few", "many"])
async def test_what_was_put_comes_back_byte_for_byte(place: Place, data: bytes) -> None:
    key = await storage.put("files", data)
    assert key == f"files/{hashlib.sha256(data).hexdigest()[:2]}/{hashlib.sha256(data).hexdigest()}"
    assert await storage.get(key) == data
    assert place.keys() == [key]


async def test_the_same_bytes_sent_at_once_lie_there_once(place: Place) -> None:
    data = os.urandom(400_000)
    keys = await asyncio.gather(*(storage.put("files", data) for _ in range(12)))
    assert set(keys) == {keys[0]}
    assert place.keys() == [keys[0]]
    assert await storage.get(keys[0]) == data


async def test_what_is_gone_or_changed_is_lost_and_never_handed_out(place: Place) -> None:
    gone, changed = await storage.put("files", b"gone"), await storage.put("files", b"changed")
    place.remove(gone)
    place.overwrite(changed, b"changes")
    for key in (gone, changed, storage.key_of("files", b"never")):
        with pytest.raises(storage.Lost):
            await storage.get(key)
    assert await storage.put("files", b"changed") == changed  # sent again, it is whole again
    assert await storage.get(changed) == b"changed"


async def test_the_sweep_takes_only_what_is_old_and_unused(place: Place) -> None:
    words = [b"used", b"old 1", b"old 2", b"old 3", b"again", b"young"]
    used, *old, again, young = [await storage.put("files", word) for word in words]
    other = await storage.put("photos", b"other")
    for key in (used, *old, again, other):
        place.make_old(key)
    await storage.put("files", b"again")
    assert await storage.sweep("files", {used}, untouched_for=timedelta(days=2)) == 3
    assert place.keys() == sorted([used, again, young, other])
    assert await storage.sweep("files", {used}, untouched_for=timedelta(days=2)) == 0


@pytest.mark.parametrize(
    "key", ["files/../secret", "/etc/passwd", "files/00/" + "0" * 63, "other/00/" + "0" * 64]
)
async def test_no_other_key_opens_the_door(place: Place, key: str) -> None:
    with pytest.raises(AssertionError):
        await storage.get(key)


async def test_half_a_file_that_a_power_cut_left_is_swept(config: Settings, tmp_path: Path) -> None:
    gateways.use(replace(config, data_dir=tmp_path))
    key = await storage.put("files", b"whole")
    half = tmp_path / "uploads.building" / "abc"
    assert list(half.parent.iterdir()) == []
    half.write_bytes(b"who")
    os.utime(half, (1, 1))
    assert await storage.sweep("files", {key}, untouched_for=timedelta(days=2)) == 1
    assert await storage.get(key) == b"whole"


async def test_a_bucket_that_fails_is_told_as_a_service_that_does_not_answer(config: Settings) -> None:
    async with serving(FakeS3()) as s3:
        for wrong in ({"secret": "wrong"}, {"name": "other"}, {"region": "elsewhere"}):
            gateways.use(replace(config, bucket=_settings(s3, **wrong)))
            with pytest.raises(Unavailable):
                await storage.put("files", b"x")
        assert s3.refused == 2
        assert s3.objects == {}


def test_the_stand_in_checks_signatures_as_the_service_describes_them() -> None:
    # The worked example of the public description of SigV4 for S3: GET of a range of an object.
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": empty,
        "x-amz-date": "20130524T000000Z",
    }
    made = signature(
        secret,
        method="GET",
        path="/test.txt",
        query=[],
        headers=headers,
        names=sorted(headers),
        body_hash=empty,
        moment="20130524T000000Z",
        region="us-east-1",
    )
    assert made == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_a_bucket_is_set_wholly_or_not_at_all() -> None:
    assert load({}).bucket is None
    whole = {"S3_BUCKET": "b", "S3_KEY": "k", "S3_SECRET": "s", "S3_REGION": "cn-north-1"}
    assert load(whole).bucket == BucketSettings(
        "https://s3.cn-north-1.amazonaws.com", "b", "cn-north-1", "k", "s", False
    )
    for missing in ("S3_KEY", "S3_SECRET"):
        with pytest.raises(SettingsError, match=missing):
            load({k: v for k, v in whole.items() if k != missing})
    with pytest.raises(SettingsError, match="https"):
        load({**whole, "S3_ENDPOINT": "minio:9000"})
