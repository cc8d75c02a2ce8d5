"""Content goes when nothing refers to it any more; what is referred to, young or just removed stays."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from cishan.files import actions, jobs, queries
from cishan.files.rules import StoredFile
from cishan.gateways import storage
from cishan.kernel import clock
from tests.files import making

pytestmark = pytest.mark.usefixtures("db")


async def _keep(words: str) -> tuple[StoredFile, str]:
    thing = making.a_thing()
    kept = await actions.keep(
        making.minutes(words), owner_kind=making.KIND, owner_id=thing, purpose="minutes", by=None
    )
    return kept, await queries.storage_key(kept.id)


async def test_only_old_content_that_nothing_refers_to_is_swept(folder: Path) -> None:
    (_, shown), (gone, long_gone), (late, lately) = [await _keep(w) for w in ("a", "b", "c")]
    with clock.fixed(clock.now() - timedelta(days=31)):
        await actions.remove(gone.id, by=None, reason="送错了")
    await actions.remove(late.id, by=None, reason="送错了")
    orphan, again, young = [await storage.put("files", word) for word in (b"orphan", b"again", b"young")]
    photo = await storage.put("photos", b"orphan of before")
    past = time.time() - 3 * 86_400
    for key in (shown, long_gone, lately, orphan, again, photo):
        os.utime(folder / key, (past, past))
    assert await storage.put("files", b"again") == again  # sent once more just now

    await jobs.sweep()

    left = {key for key in (shown, long_gone, lately, orphan, again, young, photo) if (folder / key).exists()}
    assert left == {shown, lately, again, young}


async def test_equal_content_stays_as_long_as_one_of_its_files(folder: Path) -> None:
    (first, key), (_, same) = await _keep("same"), await _keep("same")
    assert key == same
    with clock.fixed(clock.now() - timedelta(days=40)):
        await actions.remove(first.id, by=None, reason="送错了")
    os.utime(folder / key, (1, 1))
    await jobs.sweep()
    assert await storage.get(key) == making.minutes("same").data
