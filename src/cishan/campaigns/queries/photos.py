"""Photos of news: files that everybody may read whose campaign everybody may see."""

from uuid import UUID

from cishan.campaigns.queries import PUBLIC
from cishan.files import rules as files
from cishan.identity.rules.accounts import Visitor
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch_value

OWNER = "campaign_update"
PHOTO = files.Purpose(
    code="photo",
    kinds=(files.Kind.PICTURE,),
    max_count=6,
    max_bytes=8_000_000,
    max_side_pixels=1600,
    public=True,
    sensitive=False,
)


async def _everybody_may_read(_: Visitor | None, update_id: UUID) -> bool:
    sql = f"""SELECT EXISTS (SELECT FROM campaign_update AS news JOIN campaign ON campaign.id = news.campaign
                              WHERE news.id = {{}} AND {PUBLIC})"""  # noqa: S608
    return bool(await fetch_value(sql, update_id))


files.register(OWNER, PHOTO, may_read=_everybody_may_read)


async def file_of(photo_id: UUID) -> UUID:
    """Return the file of a photo."""
    file_id = await fetch_value("SELECT file FROM campaign_photo WHERE id = {}", photo_id)
    if file_id is None:
        raise NotFound(N_("This file is no longer there."))
    return UUID(str(file_id))
