"""Staff publish news with photos that are drawn anew; nobody else does, and nothing else gets in."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import ExifTags, Image

from cishan.audit.queries import history_of
from cishan.campaigns import actions
from cishan.campaigns.queries import details
from cishan.campaigns.tables import CampaignUpdate, Photo
from cishan.deadlines.queries import clocks_of
from cishan.files.actions import keep
from cishan.files.queries import files_of
from cishan.kernel import clock, ids
from cishan.kernel.errors import Invalid, NotFound
from cishan.plumbing import db as database
from cishan.plumbing.pictures import MAX_BYTES, MAX_SIDE, draw_anew
from cishan.plumbing.uploads import Upload
from tests.campaigns import making
from tests.identity import staffing


def _photo(size: tuple[int, int] = (800, 600), kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#e39a63").save(out, kind, **options)
    return out.getvalue()


def _with_place() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SpyCam"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (37.0, 26.0, 1.0)
    return _photo(exif=exif.tobytes())


@pytest.fixture
async def desk(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser in which staff is signed in, and a live campaign."""
    await making.a_live_campaign()
    await staffing.a_member("ada", name="项目部")
    await staffing.sign_in(client)
    return client


URL = f"/staff/campaigns/{making.PLAN.slug}/updates"
NEWS = {"title": "首批热饭送达", "body": "今天送出一百二十份。\n\n明天继续。"}


async def test_news_with_photos_appear_on_the_page(desk: httpx.AsyncClient) -> None:
    answer = await desk.post(
        URL,
        data={**NEWS, "caption_1": "装箱的保温餐盒", "caption_2": "厨房"},
        files={
            "photo_1": ("a.jpg", _with_place(), "image/jpeg"),
            "photo_2": ("../../x.html", _photo(kind="PNG"), "text/html"),
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/campaigns/{making.PLAN.slug}#updates",
    )
    news = (await details.details(making.PLAN.slug)).updates[0]
    assert (news.title, news.signed_by, len(news.photos)) == ("首批热饭送达", "项目部", 2)
    page = await desk.get(f"/campaigns/{making.PLAN.slug}")
    assert "装箱的保温餐盒" in page.text
    assert "<p>明天继续。</p>" in page.text
    sent = await desk.get(f"/files/{news.photos[0].file}")
    assert sent.headers["content-type"] == "image/jpeg"
    assert "immutable" in sent.headers["cache-control"]
    assert b"SpyCam" not in sent.content
    with Image.open(BytesIO(sent.content)) as kept:
        assert dict(kept.getexif()) == {}
        assert kept.size == (600, 800)  # turned upright, as its orientation said
    names = [file.name for file in await files_of("campaign_update", news.id)]
    assert names == ["a.jpg", "x.jpg"]


async def test_where_photos_were_once_leads_to_their_files(desk: httpx.AsyncClient) -> None:
    await desk.post(URL, data={**NEWS, "caption_1": "x"}, files={"photo_1": ("a.jpg", _photo())})
    photo = await Photo.objects().first()
    assert photo is not None
    moved = await desk.get(f"/photos/{photo.id}")
    assert (moved.status_code, moved.headers["location"]) == (301, f"/files/{photo.file}")
    assert (await desk.get(f"/files/{photo.file}")).status_code == 200


async def test_photos_are_hidden_as_long_as_their_campaign(client: httpx.AsyncClient) -> None:
    news = CampaignUpdate(
        id=ids.new_id(),
        campaign=await making.a_draft(),
        title="x",
        body="x",
        signed_by="x",
        published_at=clock.now(),
    )
    await CampaignUpdate.insert(news)
    photo = Upload("a.jpg", _photo())
    kept = await keep(photo, owner_kind="campaign_update", owner_id=news.id, purpose="photo", by=None)
    assert (await client.get(kept.url)).status_code == 404


async def test_a_stranger_may_not_write(client: httpx.AsyncClient) -> None:
    await making.a_live_campaign()
    for answer in (await client.get(URL), await client.post(URL, data=NEWS)):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/staff/sign-in")
    assert await CampaignUpdate.count() == 0


@pytest.mark.parametrize(
    ("data", "files"),
    [
        ({**NEWS, "title": ""}, {}),
        ({**NEWS, "body": " "}, {}),
        ({**NEWS, "title": "长" * 81}, {}),
        ({**NEWS, "body": "长" * 8001}, {}),
        ({**NEWS, "caption_1": "x"}, {"photo_1": ("a.jpg", b"<script>alert(1)</script>", "image/jpeg")}),
        ({**NEWS, "caption_1": "x"}, {"photo_1": ("a.svg", b"<svg xmlns='x'/>", "image/svg+xml")}),
        ({**NEWS, "caption_1": "x"}, {"photo_1": ("a.gif", b"GIF89a" + b"\0" * 50, "image/gif")}),
        ({**NEWS, "caption_1": "x"}, {"photo_1": ("a.jpg", _photo()[:400], "image/jpeg")}),
        ({**NEWS, "caption_1": " "}, {"photo_1": ("a.jpg", _photo(), "image/jpeg")}),
    ],
    ids=["no title", "no text", "long title", "long text", "html", "svg", "gif", "cut off", "no caption"],
)
async def test_what_cannot_be_right_is_refused_and_nothing_is_published(
    desk: httpx.AsyncClient, data: dict[str, str], files: dict[str, Any]
) -> None:
    answer = await desk.post(URL, data=data, files=files)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await CampaignUpdate.count() == 0
    assert await Photo.count() == 0


async def test_news_of_a_draft_are_refused(db: None) -> None:
    campaign_id = await making.a_draft()
    with pytest.raises(NotFound):
        await actions.publish_update(campaign_id, title="x", body="x", photos=[], signed_by="x")
    assert await CampaignUpdate.count() == 0


async def test_a_seventh_photo_is_refused(db: None) -> None:
    card = await making.a_live_campaign()
    photos = [actions.NewPhoto(_photo((20, 20)), "x")] * 7
    with pytest.raises(Invalid, match="at most"):
        await actions.publish_update(card.id, title="x", body="x", photos=photos, signed_by="x")
    assert await CampaignUpdate.count() == 0


async def test_the_photos_of_a_hidden_campaign_are_not_shown(client: httpx.AsyncClient) -> None:
    assert (await client.get("/photos/01a201a8-24bc-7fd9-a1e3-946e188d6a5c")).status_code == 404
    assert (await client.get("/photos/x")).status_code == 404


def test_large_pictures_become_smaller_and_huge_ones_are_refused() -> None:
    assert max(draw_anew(_photo((3000, 100))).width, 0) == MAX_SIDE
    with pytest.raises(Invalid, match="pixels"):
        draw_anew(_photo((9000, 5000), kind="PNG"))
    with pytest.raises(Invalid, match="MB"):
        draw_anew(b"\xff\xd8" + b"0" * MAX_BYTES)


def test_a_picture_without_ground_is_put_on_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(draw_anew(out.getvalue()).data)) as drawn:
        assert drawn.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


async def test_a_report_is_published_as_one_and_stops_its_clock(desk: httpx.AsyncClient) -> None:
    asked = await desk.get(URL)
    assert "募捐情况中期公开" in asked.text and "中期公开报告" in asked.text
    answer = await desk.post(URL, data={**NEWS, "kind": "interim_report"})
    assert answer.status_code == 303
    row = (await database.fetch("SELECT campaign, kind FROM campaign_update"))[0]
    assert row["kind"] == "interim_report"
    clocks = await clocks_of("campaign", row["campaign"])
    assert [c.outcome for c in clocks if c.code == "campaign.interim_report"].count(None) == len(clocks) - 2
    (step, *_) = await history_of("campaign", row["campaign"])
    assert (step.event, step.acting_role, step.reason) == (
        "publish_interim_report",
        "project_officer",
        NEWS["title"],
    )


async def test_news_of_an_unknown_kind_are_refused(desk: httpx.AsyncClient) -> None:
    answer = await desk.post(URL, data={**NEWS, "kind": "final_report"})
    assert answer.status_code == 422
    assert await CampaignUpdate.count() == 0


@pytest.mark.parametrize(("region", "status"), [("371423", 303), ("371402", 403), ("371423100", 403)])
async def test_a_county_writes_news_of_its_own_projects_alone(
    client: httpx.AsyncClient, region: str, status: int
) -> None:
    await making.a_live_campaign()
    await staffing.a_member("bea", name="演示乙", region=region)
    await staffing.sign_in(client, "bea")
    assert (making.PLAN.title in (await client.get("/staff")).text) is (status == 303)
    assert (await client.get(URL)).status_code == (200 if status == 303 else 403)
    assert (await client.post(URL, data=NEWS)).status_code == status
    assert await CampaignUpdate.count() == (1 if status == 303 else 0)
