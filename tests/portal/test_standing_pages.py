"""Standing pages and all components: safe under the policy, labelled, in both languages and every display."""

import itertools
import re
from html.parser import HTMLParser

import httpx
import pytest

PAGES = ["/about", "/help", "/privacy", "/accessibility", "/styleguide"]
DISPLAYS = ["std.std.auto", "large.high.light", "xlarge.std.dark"]
CONTROLS = {"input", "select", "textarea"}


class Page(HTMLParser):
    """What the tests ask of a page's markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    def ids(self) -> list[str]:
        return [a["id"] or "" for _, a in self.tags if "id" in a]


async def fetch(
    client: httpx.AsyncClient, path: str, display: str = "std.std.auto", lang: str = "zh-CN"
) -> str:
    client.cookies.update({"display": display, "lang": lang})
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_holds_nothing_that_the_policy_forbids(client: httpx.AsyncClient, path: str) -> None:
    for display in DISPLAYS:
        page = Page(await fetch(client, path, display))
        for tag, attributes in page.tags:
            assert tag != "style"
            assert not [a for a in attributes if a == "style" or a.startswith("on") or a.startswith("hx-on")]
            if tag == "script":
                assert (attributes["src"] or "").startswith("/static/")


@pytest.mark.parametrize("path", PAGES)
async def test_ids_are_unique_and_whatever_points_to_an_id_finds_it(
    client: httpx.AsyncClient, path: str
) -> None:
    page = Page(await fetch(client, path))
    ids = page.ids()
    assert sorted(ids) == sorted(set(ids))
    pointers = itertools.chain(
        *(
            (a.get(name) or "").split()
            for _, a in page.tags
            for name in ("aria-describedby", "aria-labelledby")
        ),
        [a["for"] or "" for a in page.all("label")],
        [(a["href"] or "")[1:] for a in page.all("a") if (a.get("href") or "").startswith("#")],
    )
    assert set(pointers) <= set(ids)


@pytest.mark.parametrize("path", PAGES)
async def test_every_control_has_a_label(client: httpx.AsyncClient, path: str) -> None:
    page = Page(await fetch(client, path))
    labelled = {a["for"] for a in page.all("label")}
    for control in page.all(*CONTROLS):
        assert control.get("type") == "hidden" or control.get("id") in labelled, control


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_one_main_heading_and_says_its_language(
    client: httpx.AsyncClient, path: str
) -> None:
    for lang in ("zh-CN", "en"):
        page = Page(await fetch(client, path, lang=lang))
        # The style guide shows the confirmation, which is a page's main heading, as a sample.
        assert len(page.all("h1")) == (2 if path == "/styleguide" else 1)
        assert page.all("html")[0]["lang"] == lang


@pytest.mark.parametrize("path", PAGES)
async def test_no_text_is_left_in_the_other_language(client: httpx.AsyncClient, path: str) -> None:
    chinese = _words(await fetch(client, path))
    assert not re.findall(r"\b(?:the|and|your|with|from|this)\b", chinese)
    english = _words(await fetch(client, path, lang="en"))
    assert "%(" not in chinese + english
    assert "%%" not in chinese + english
    assert len(re.findall(r"[\u4e00-\u9fff]", english)) < 120  # names of the organisation and the switch


def _words(text: str) -> str:
    body = text[text.index("<body") :]
    return re.sub(r"<[^>]*>", " ", body)


async def test_a_percentage_in_a_text_is_shown_once(client: httpx.AsyncClient) -> None:
    assert "应纳税所得额 30% 的部分" in await fetch(client, "/help")
    assert "up to 30% of the taxable income" in await fetch(client, "/help", lang="en")


async def test_the_display_is_said_once_for_the_whole_page(client: httpx.AsyncClient) -> None:
    root = Page(await fetch(client, "/help", "xlarge.high.dark")).all("html")[0]
    assert (root["data-size"], root["data-contrast"], root["data-theme"]) == ("xlarge", "high", "dark")


@pytest.mark.parametrize(
    ("theme", "media"),
    [("auto", "screen and (prefers-color-scheme: dark)"), ("dark", "screen"), ("light", None)],
)
async def test_dark_values_are_linked_for_those_who_want_them(
    client: httpx.AsyncClient, theme: str, media: str | None
) -> None:
    page = Page(await fetch(client, "/help", f"std.std.{theme}"))
    dark = [a["media"] for a in page.all("link") if "dark.css" in (a.get("href") or "")]
    assert dark == ([media] if media else [])


async def test_the_large_type_can_be_chosen_and_left_without_javascript(client: httpx.AsyncClient) -> None:
    assert 'name="size" value="large"' in await fetch(client, "/help")
    assert 'name="size" value="std"' in await fetch(client, "/help", "large.std.auto")
    answer = await client.post("/display", data={"size": "xlarge", "back": "/help"})
    assert answer.headers["set-cookie"].startswith("display=xlarge.std.auto;")


async def test_an_unknown_address_offers_the_search_and_the_way_home(client: httpx.AsyncClient) -> None:
    answer = await client.get("/no-such-page")
    assert answer.status_code == 404
    page = Page(answer.text)
    assert "/search" in {a["action"] for a in page.all("form")}
    assert "/" in {a.get("href") for a in page.all("a")}
    assert 'content="noindex"' in answer.text


async def test_a_refusal_told_to_htmx_is_a_notice(client: httpx.AsyncClient) -> None:
    answer = await client.get("/no-such-page", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#notices"
    assert answer.text.lstrip().startswith('<div class="notice notice-warning"')
