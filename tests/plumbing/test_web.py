"""The shell: foreign forms refused, headers on every answer, display and language, safe ways back."""

import httpx
import pytest

from cishan.plumbing import i18n, web


async def test_a_form_from_another_site_is_refused(client: httpx.AsyncClient) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        answer = await client.post("/display", data={"size": "large"}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    del client.headers["sec-fetch-site"]
    answer = await client.post("/display", data={"size": "large"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    answer = await client.post("/display", data={"size": "large"}, headers={"origin": "null"})
    assert answer.status_code == 403


async def test_our_own_form_is_taken_with_or_without_fetch_metadata(client: httpx.AsyncClient) -> None:
    answer = await client.post("/display", data={"size": "large", "back": "/campaigns"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/campaigns"
    assert answer.headers["set-cookie"].startswith("display=large.std.auto;")
    del client.headers["sec-fetch-site"]
    own = {"origin": str(client.base_url).rstrip("/")}
    assert (await client.post("/display", data={"contrast": "high"}, headers=own)).status_code == 303


async def test_every_answer_carries_the_safety_headers(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/live?lang=en"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil", "\\/evil", "javascript:alert(1)", "/a\r\nb", ""],
)
def test_no_way_back_leads_to_another_site(target: str) -> None:
    assert web.safe_path(target) == "/"


def test_a_way_back_keeps_its_query() -> None:
    assert web.safe_path("/campaigns?theme=study&page=2") == "/campaigns?theme=study&page=2"


@pytest.mark.parametrize("cookie", ["", "huge.std.auto", "std", "a.b.c.d.e", "large.std.dark.x", "…"])
def test_a_strange_display_cookie_falls_back_to_the_standard(cookie: str) -> None:
    display = web.Display.from_cookie(cookie)
    assert display.size in web.Display.SIZES
    assert display.contrast in web.Display.CONTRASTS
    assert display.theme in web.Display.THEMES


@pytest.mark.parametrize(
    ("fen", "chinese", "english"),
    [
        (834_600_000, "¥834.6万", "¥8.35M"),
        (5000, "¥50", "¥50"),
        (5050, "¥50.50", "¥50.50"),
        (1_234_500, "¥1.23万", "¥12.34k"),
        (12_000_000_000, "¥1.2亿", "¥120M"),
    ],
)
def test_round_figures_are_told_as_each_language_tells_them(fen: int, chinese: str, english: str) -> None:
    assert web.money_short(fen) == chinese
    with i18n.speaking("en"):
        assert web.money_short(fen) == english


def test_exact_amounts_keep_both_places_and_their_sign() -> None:
    assert web.money_text(123_456_789) == "¥1,234,567.89"
    assert web.money_text(-1) == "-¥0.01"
