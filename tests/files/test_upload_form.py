"""Whatever a form with files brings: the answer is a page with words beside the field, nothing is kept."""

from pathlib import Path
from typing import Any

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from cishan.campaigns.queries.photos import PHOTO
from cishan.files.forms import chooser
from cishan.plumbing import db as database
from cishan.plumbing import i18n
from tests.campaigns import making as campaigns
from tests.files import making
from tests.identity import staffing

URL = f"/staff/campaigns/{campaigns.PLAN.slug}/updates"
NEWS = {"title": "首批热饭送达", "body": "今天送出一百二十份。", "caption_1": "装箱的保温餐盒"}
BOUNDARY = "boundary"


@pytest.fixture
async def desk(client: httpx.AsyncClient, folder: Path) -> httpx.AsyncClient:
    """A browser in which staff may publish news."""
    await campaigns.a_live_campaign()
    await staffing.a_member("ada")
    client.cookies.set("session", await staffing.a_session("ada"))
    return client


def _content(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def _kept() -> tuple[int, ...]:
    tables = ("campaign_update", "campaign_photo", "stored_file")
    return tuple([int(await database.fetch_value(f"SELECT count(*) FROM {table}")) for table in tables])


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jpg", b"", "这个文件是空的"),
        ("a.jpg", b"MZ\x90\x00" * 50, "请上传以下类型的文件：照片（JPEG、PNG、WebP）"),
        ("a.jpg", making.PDF, "请上传以下类型的文件：照片（JPEG、PNG、WebP）"),
        ("a.jpg", making.sheet(), "请上传以下类型的文件"),
        ("a.jpg", making.picture()[:300], "请上传 JPEG、PNG 或 WebP 格式的照片"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(8_000_000), "单个文件最大8MB"),
        ("a.jpg", making.picture((8000, 5001), "PNG"), "像素"),
    ],
    ids=["empty", "program", "pdf", "sheet", "torn", "large", "flood"],
)
async def test_a_wrong_file_is_told_beside_its_field_and_what_was_typed_is_kept(
    desk: httpx.AsyncClient, folder: Path, name: str, data: bytes, words: str
) -> None:
    answer = await desk.post(URL, data=NEWS, files={"photo_1": (name, data, "image/jpeg")})
    assert answer.status_code == 422
    assert words in answer.text
    for typed in NEWS.values():
        assert typed in answer.text
    assert 'id="field-photo_1-error"' in answer.text
    assert await _kept() == (0, 0, 0)
    assert _content(folder) == []


async def test_a_body_above_the_limit_is_refused(desk: httpx.AsyncClient) -> None:
    files = {f"photo_{n}": ("a.jpg", bytes(10_000_000), "image/jpeg") for n in range(1, 6)}
    answer = await desk.post(URL, data=NEWS, files=files)
    assert answer.status_code == 413
    assert await _kept() == (0, 0, 0)


async def test_the_limits_are_told_before(desk: httpx.AsyncClient) -> None:
    page = (await desk.get(URL)).text
    assert "照片（JPEG、PNG、WebP），最大8MB" in page
    assert 'data-max-bytes="8000000"' in page
    with i18n.speaking("en"):
        told = chooser(making.MINUTES)
    assert (told.kinds, told.max_mb, told.max_count) == ("PDF, Photo (JPEG, PNG, WebP)", 2, 3)
    assert told.accept == "application/pdf,.pdf,image/jpeg,image/png,image/webp"


PICTURES = st.sampled_from([making.picture(), making.picture(kind="PNG"), making.picture(kind="WEBP")])


@st.composite
def _spoilt(draw: st.DrawFn) -> bytes:
    """A picture of which some bytes are others, some are missing, or something follows."""
    data = bytearray(draw(PICTURES))
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))]) + draw(st.binary(max_size=40))


FILES = st.one_of(PICTURES, _spoilt(), st.binary(max_size=300), st.just(making.PDF), st.just(making.sheet()))
WORDS = st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace").decode())
CASE = st.fixed_dictionaries(
    {
        "title": WORDS,
        "body": WORDS,
        "captions": st.lists(WORDS, max_size=3),
        "files": st.lists(st.tuples(WORDS, FILES), max_size=3),
    }
)


def _examples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    found: list[Any] = []

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


async def test_no_form_with_files_breaks_the_page(desk: httpx.AsyncClient) -> None:
    for case in _examples(CASE, 120):
        before = await _kept()
        fields = {"title": case["title"], "body": case["body"]}
        fields |= {f"caption_{n}": words for n, words in enumerate(case["captions"], start=1)}
        files = {f"photo_{n}": file for n, file in enumerate(case["files"], start=1)}
        answer = await desk.post(URL, data=fields, files=files or {"none": ("", b"")})
        assert answer.status_code in {303, 400, 422}, (answer.status_code, case)
        after = await _kept()
        if answer.status_code == 303:
            assert after[0] == before[0] + 1
            assert after[1] - before[1] == after[2] - before[2] <= PHOTO.max_count
        else:
            assert after == before
            assert answer.status_code == 400 or 'role="alert"' in answer.text


async def test_a_field_that_is_no_text_is_refused_as_a_request_nobody_understands(
    desk: httpx.AsyncClient,
) -> None:
    answer = await desk.post(URL, data=NEWS, files={"photo_1": ("", b"\xde\xad\xbe\xef")})
    assert answer.status_code == 400
    assert "无法理解这个请求" in answer.text
    assert await _kept() == (0, 0, 0)


def _body(case: tuple[bytes, bytes, bytes, int]) -> bytes:
    head, name, data, cut = case
    part = b'Content-Disposition: form-data; name="photo_1"; filename="' + name + b'"\r\n' + head
    body = b"--boundary\r\n" + part + b"\r\n\r\n" + data + b"\r\n--boundary--\r\n"
    return body[: len(body) - cut]


BODIES: st.SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=200),
    st.tuples(st.binary(max_size=40), st.binary(max_size=60), st.binary(max_size=80), st.integers(0, 90)).map(
        _body
    ),
)


@pytest.mark.parametrize(
    "kind",
    [f"multipart/form-data; boundary={BOUNDARY}", "multipart/form-data", "multipart/form-data; boundary="],
)
async def test_no_torn_or_forged_body_breaks_the_page(desk: httpx.AsyncClient, kind: str) -> None:
    before = await _kept()
    for body in _examples(BODIES, 60):
        answer = await desk.post(URL, content=body, headers={"content-type": kind})
        assert answer.status_code in {400, 422}, (answer.status_code, body)
    assert await _kept() == before


async def test_the_wrong_one_of_two_photos_is_named_and_both_are_asked_for_again(
    desk: httpx.AsyncClient,
) -> None:
    files = {"photo_1": ("a.jpg", making.picture()), "photo_3": ("b.jpg", b"nothing")}
    answer = await desk.post(URL, data={**NEWS, "caption_3": "厨房"}, files=files)
    assert answer.status_code == 422
    assert "照片3" in answer.text.partition("error-summary-title")[2].partition("</section>")[0]
    assert 'id="field-photo_3-error"' in answer.text
    assert "请重新选择文件" in answer.text.partition('id="field-photo_1-error"')[2][:400]
    assert await _kept() == (0, 0, 0)
