"""Photos of news that were never published go; published ones and those just sent stay."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cishan import gateways
from cishan.campaigns import actions, jobs
from cishan.campaigns.queries import details
from cishan.gateways import storage
from cishan.kernel.errors import NotFound
from cishan.plumbing import db as database
from cishan.settings import Settings
from tests.campaigns import making
from tests.campaigns.test_updates import _photo


async def test_only_old_photos_that_nothing_shows_are_swept(
    db: None, config: Settings, tmp_path: Path
) -> None:
    gateways.use(replace(config, data_dir=tmp_path))
    campaign = await making.a_live_campaign()
    photo = actions.NewPhoto(_photo(), "一张照片")
    await actions.publish_update(campaign.id, title="一", body="二", photos=[photo], signed_by="项目部")
    (shown,) = await details.photo_keys()
    orphan, again, young = [await storage.put("photos", word) for word in (b"orphan", b"again", b"young")]
    past = time.time() - 3 * 86_400
    for key in (shown, orphan, again):
        os.utime(tmp_path / "uploads" / key, (past, past))
    assert await storage.put("photos", b"again") == again  # sent once more just now

    await jobs.sweep_photos()

    with pytest.raises(NotFound):
        await storage.get(orphan)
    assert await storage.get(again) == b"again"
    assert await storage.get(young) == b"young"
    assert (await storage.get(shown))[:2] == b"\xff\xd8"
    assert await database.fetch_value("SELECT count(*) FROM campaign_photo") == 1
