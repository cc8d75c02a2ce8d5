"""A file is judged, kept once, counted, and removed with a reason; what cannot be taken leaves nothing."""

from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from cishan.audit.queries import history_of
from cishan.files import queries
from cishan.files.actions import bring, keep, remove
from cishan.files.rules import StoredFile
from cishan.gateways import storage
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.plumbing import db as database
from cishan.plumbing.uploads import Upload
from tests.files import making

pytestmark = pytest.mark.usefixtures("db", "folder")


async def _keep(upload: Upload, owner: UUID, purpose: str = "minutes", by: UUID | None = None) -> StoredFile:
    return await keep(upload, owner_kind=making.KIND, owner_id=owner, purpose=purpose, by=by)


def _content(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_is_kept_with_all_that_is_known_of_it(folder: Path) -> None:
    thing, person = making.a_thing(), await making.a_person()
    with clock.fixed(clock.now()):
        kept = await _keep(making.minutes(), thing, by=person)
        assert kept.uploaded_at == clock.now()
    assert (kept.name, kept.media_type, kept.purpose, kept.public) == (
        "会议纪要.pdf",
        "application/pdf",
        "minutes",
        False,
    )
    assert (kept.size_bytes, kept.width, kept.uploaded_by) == (len(making.minutes().data), None, person)
    assert await queries.find(kept.id) == kept
    assert await queries.files_of(making.KIND, thing) == [kept]
    assert await queries.files_of(making.KIND, thing, purpose="sheet") == []
    assert await queries.files_of_many(making.KIND, [thing, ids.new_id()]) == {thing: [kept]}
    assert await storage.get(await queries.storage_key(kept.id)) == making.minutes().data
    (step,) = await history_of("stored_file", kept.id)
    assert (step.event, step.to_state, step.actor) == ("keep", "kept", str(person))
    assert kept.sha256 in step.reason


async def test_the_name_of_a_file_is_encrypted(folder: Path) -> None:
    kept = await _keep(making.minutes(name="张某的低保证明.pdf"), making.a_thing())
    raw = await database.fetch_value("SELECT name_enc FROM stored_file WHERE id = {}", kept.id)
    assert "张某".encode() not in raw
    assert kept.name == "张某的低保证明.pdf"


async def test_a_picture_is_drawn_anew_without_place_and_camera(folder: Path) -> None:
    kept = await _keep(Upload("IMG_1.HEIC.png", making.picture_with_place()), making.a_thing())
    data = await storage.get(await queries.storage_key(kept.id))
    assert b"SpyCam" in making.picture_with_place()
    assert b"SpyCam" not in data
    assert b"Exif" not in data
    assert (kept.name, kept.media_type, kept.width, kept.height) == ("IMG_1.HEIC.jpg", "image/jpeg", 60, 40)
    large = await _keep(Upload("a.png", making.picture((1200, 300), "PNG")), making.a_thing(), "poster")
    assert (large.width, large.height, large.public) == (400, 100, True)


async def test_the_same_bytes_twice_are_one_object_and_two_rows(folder: Path) -> None:
    thing = making.a_thing()
    first, second = await _keep(making.minutes(), thing), await _keep(making.minutes(name="b.pdf"), thing)
    assert first.id != second.id
    assert first.sha256 == second.sha256
    assert len(_content(folder)) == 1


@pytest.mark.parametrize(
    ("data", "purpose", "words"),
    [
        (b"", "minutes", "empty"),
        (b"\x00" * 2_000_001, "minutes", "2 MB"),
        (b"MZ\x90\x00 this program", "minutes", "Send one of these"),
        (b"<html><script>alert(1)</script>", "minutes", "Send one of these"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "poster", "Send one of these"),
        (b"GIF89a" + b"\0" * 50, "poster", "Send one of these"),
        (making.PDF, "poster", "Send one of these"),
        (making.PDF, "sheet", "Send one of these"),
        (making.picture(), "sheet", "Send one of these"),
        (making.sheet(), "minutes", "Send one of these"),
        (making.picture()[:200], "minutes", "Send pictures"),
        (making.PDF[:-12], "minutes", "damaged"),
        (making.PDF.replace(b"/Type", b"/JavaScript"), "minutes", "programs"),
        (making.picture() + making.sheet(**{"xl/vbaProject.bin": b"x"}), "sheet", "Send one of these"),
        (making.sheet(**{"xl/vbaProject.bin": b"x"}), "sheet", "no macros"),
        (making.sheet(**{"xl/bomb.xml": b"0" * 3_000_000}), "sheet", "not too large"),
        (making.sheet()[:100], "sheet", "no plain XLSX"),
        (making.picture((8000, 5001), "PNG"), "minutes", "pixels"),
        (making.picture((8000, 5001), "WEBP", quality=1), "minutes", "pixels"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else "",
)
async def test_what_cannot_be_taken_is_refused_beside_the_field_and_leaves_nothing(
    folder: Path, data: bytes, purpose: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        await keep(
            Upload("looks-right.pdf", data),
            owner_kind=making.KIND,
            owner_id=making.a_thing(),
            purpose=purpose,
            by=None,
            field="evidence",
        )
    assert refusal.value.field == "evidence"
    assert _content(folder) == []
    assert await database.fetch_value("SELECT count(*) FROM stored_file") == 0


async def test_what_follows_a_picture_or_hides_in_it_does_not_survive(folder: Path) -> None:
    both = making.picture() + b"<?php evil ?>" + making.sheet()
    kept = await _keep(Upload("a.jpg", both), making.a_thing())
    data = await storage.get(await queries.storage_key(kept.id))
    assert b"php" not in data
    assert b"PK" not in data[-200:]


async def test_of_several_files_the_wrong_one_is_named_and_none_is_kept(folder: Path) -> None:
    sent = [making.minutes("a"), Upload("坏的.pdf", b"%PDF-1.7 torn")]
    with pytest.raises(Invalid) as refusal:
        await bring(sent, owner_kind=making.KIND, purpose="minutes")
    assert str(refusal.value).startswith("坏的: ")
    assert _content(folder) == []


async def test_a_thing_has_no_more_files_than_its_purpose_allows(folder: Path) -> None:
    thing = making.a_thing()
    for n in range(3):
        await _keep(making.minutes(str(n)), thing)
    with pytest.raises(Invalid, match="At most 3"):
        await _keep(making.minutes("4"), thing)
    with pytest.raises(Invalid, match="At most 3"):
        await bring([making.minutes()] * 4, owner_kind=making.KIND, purpose="minutes")
    assert len(await queries.files_of(making.KIND, thing)) == 3
    await _keep(making.minutes("4"), making.a_thing())


async def test_a_removed_file_is_gone_and_makes_room(folder: Path) -> None:
    thing, person = making.a_thing(), await making.a_person()
    files = [await _keep(making.minutes(str(n)), thing) for n in range(3)]
    await remove(files[0].id, by=person, reason="  送错了 ")
    assert await queries.find(files[0].id) is None
    assert await queries.files_of(making.KIND, thing) == files[1:]
    with pytest.raises(NotFound):
        await remove(files[0].id, by=person, reason="again")
    with pytest.raises(Invalid, match="Say why"):
        await remove(files[1].id, by=person, reason=" ")
    assert [s.event for s in await history_of("stored_file", files[0].id)] == ["remove", "keep"]
    assert (await history_of("stored_file", files[0].id))[0].reason == "送错了"
    await _keep(making.minutes("new"), thing)


@pytest.mark.parametrize(
    "change",
    [
        "public = NOT public",
        "owner_id = gen_random_uuid()",
        "uploaded_at = now()",
        "purpose = 'other'",
        "size_bytes = 1",
        "removed_reason = 'no date'",
        "removed_at = now()",
    ],
)
async def test_nothing_that_is_known_of_a_file_can_be_changed(folder: Path, change: str) -> None:
    kept = await _keep(making.minutes(), making.a_thing())
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch(f"UPDATE stored_file SET {change} WHERE id = {{}}", kept.id)
    assert await queries.find(kept.id) == kept


async def test_a_removal_stands_and_no_row_is_deleted(folder: Path) -> None:
    kept = await _keep(making.minutes(), making.a_thing())
    await remove(kept.id, by=None, reason="x")
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.atomic():
            await database.fetch("UPDATE stored_file SET removed_at = NULL, removed_reason = ''")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.atomic():
            await database.fetch("DELETE FROM stored_file")
