"""Only who may read a thing reads its files; to everybody else there is no such file."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest

from cishan import gateways
from cishan.audit.queries import reads_of
from cishan.files import rules
from cishan.files.actions import keep, remove
from cishan.files.rules import StoredFile
from cishan.kernel import ids
from cishan.plumbing import db as database
from cishan.plumbing.uploads import Upload
from tests.files import making
from tests.identity import staffing


async def _keep(upload: Upload, owner: UUID, purpose: str = "minutes") -> StoredFile:
    return await keep(upload, owner_kind=making.KIND, owner_id=owner, purpose=purpose, by=None)


@pytest.fixture
async def ada(client: httpx.AsyncClient, folder: Path) -> httpx.AsyncClient:
    """A browser in which ada is signed in."""
    await staffing.a_member("ada")
    await staffing.sign_in(client)
    return client


async def test_a_private_file_is_saved_by_the_browser_and_kept_by_nobody_else(ada: httpx.AsyncClient) -> None:
    thing = making.a_thing("ada")
    kept = await _keep(making.minutes(name='纪要 "终".pdf'), thing)
    answer = await ada.get(kept.url)
    assert (answer.status_code, answer.content) == (200, making.minutes().data)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"pdf\"; filename*=UTF-8''%E7%BA%AA%E8%A6%81%20_%E7%BB%88_.pdf"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["etag"] == f'"{kept.sha256}"'


async def test_a_public_picture_may_be_kept_for_ever_and_is_not_sent_twice(
    client: httpx.AsyncClient, folder: Path
) -> None:
    kept = await _keep(Upload("海报.png", making.picture()), making.a_thing(""), "poster")
    answer = await client.get(kept.url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-disposition"].startswith("inline; ")
    assert "set-cookie" not in answer.headers
    again = await client.get(kept.url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


async def test_a_look_at_a_sensitive_file_is_written_down(ada: httpx.AsyncClient) -> None:
    thing = making.a_thing("ada")
    kept = await _keep(making.minutes(), thing)
    assert (await ada.get(kept.url)).status_code == 200
    (look,) = await reads_of(making.KIND, thing)
    account = await database.fetch_value("SELECT person FROM account WHERE username = 'ada'")
    assert (look.reader, look.fields) == (str(account), ("file:minutes",))
    plain = await _keep(Upload("名单.xlsx", making.sheet()), thing, "sheet")
    assert (await ada.get(plain.url)).status_code == 200
    assert len(await reads_of(making.KIND, thing)) == 1


async def test_whoever_may_not_read_learns_nothing(ada: httpx.AsyncClient) -> None:
    nobodys, others, mine = making.a_thing(), making.a_thing("bea"), making.a_thing("ada")
    hidden = [await _keep(making.minutes(), thing) for thing in (nobodys, others)]
    removed = await _keep(making.minutes(), mine)
    await remove(removed.id, by=None, reason="送错了")
    unknown = await _keep(making.minutes(), mine)
    lost = await _keep(making.minutes("lost"), mine)
    shelf = gateways.settings().data_dir / "uploads" / "files"
    (shelf / lost.sha256[:2] / lost.sha256).unlink()
    owner = rules.OWNERS.pop(making.KIND)
    try:
        answers = [await ada.get(unknown.url)]
    finally:
        rules.OWNERS[making.KIND] = owner
    addresses = [*(file.url for file in hidden), removed.url, lost.url, f"/files/{ids.new_id()}", "/files/x"]
    answers += [await ada.get(url) for url in addresses]
    assert [answer.status_code for answer in answers] == [404] * 7
    for answer in answers:
        assert "etag" not in answer.headers
        assert b"%PDF" not in answer.content
    assert await reads_of(making.KIND, others) == []
    ada.cookies.clear()
    assert (await ada.get(unknown.url)).status_code == 404


async def test_a_changed_object_is_never_handed_out(ada: httpx.AsyncClient) -> None:
    kept = await _keep(making.minutes(), making.a_thing("ada"))
    path = gateways.settings().data_dir / "uploads" / "files" / kept.sha256[:2] / kept.sha256
    path.write_bytes(making.minutes("forged").data)
    answer = await ada.get(kept.url)
    assert answer.status_code == 404
    assert b"%PDF" not in answer.content
