"""Every route before hostile values: an answer below 500 that leaks nothing, and nothing is changed."""

import re
from dataclasses import replace
from urllib.parse import quote

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from litestar.routes import HTTPRoute

from cishan.main import create_app, create_asgi
from cishan.plumbing import db as database
from cishan.settings import Settings
from tests.conftest import as_owner

ODD = (
    *(
        "",
        "0",
        "-1",
        "2026",
        "9" * 40,
        "1e9",
        "NaN",
        "null",
        "true",
        "x",
        "..",
        "../../etc/passwd",
        "%2e%2e%2f",
    ),
    *(
        "\x00",
        "a\x00b",
        "\r\nSet-Cookie: a=b",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "%(a)s",
    ),
    *(
        "{amount}",
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\u202e好",
        "\ud7ff",
        "🙂" * 50,
    ),
    *(
        "01900000-0000-7000-8000-000000000001",
        "warm-meals",
        "2026-02-30",
        "é" * 300,
        "$(id)",
        "[]",
        "a" * 3000,
    ),
)
FIELDS = (
    *(
        "q",
        "page",
        "next",
        "lang",
        "back",
        "to",
        "size",
        "theme",
        "contrast",
        "after",
        "year",
        "fund",
        "sort",
    ),
    *("email", "username", "password", "title", "words", "ground", "amount", "day", "number", "code", "c"),
)
LEAKS = re.compile(
    r"Traceback|asyncpg|litestar\.|piccolo|SELECT |site-packages|cishan\.[a-z]+\.|File \"|psycopg|jinja2"
)
VALUE = st.one_of(st.sampled_from(ODD), st.text(max_size=40))
CASE = st.fixed_dictionaries(
    {
        "path": st.lists(VALUE, min_size=4, max_size=4),
        "query": st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=3),
        "form": st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=4),
        "cookie": st.sampled_from(
            ("", "lang=xx; display=..", "staff=x; __Host-staff=y", "=;;=", "lang=" + "x" * 999)
        ),
        "htmx": st.booleans(),
    }
)


def _routes(config: Settings) -> list[tuple[str, str]]:
    return sorted(
        (method, route.path)
        for route in create_app(config, with_pool=False).routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method in {"GET", "POST"}
    )


def _cases(number: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []

    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(CASE)
    def collect(case: dict[str, object]) -> None:
        found.append(case)

    collect()
    return found


async def _rows() -> int:
    """Return how many rows the business has; attempts, drafts and searches of visitors are not business."""
    tables = (
        "donation",
        "monthly_plan",
        "refund_request",
        "receipt",
        "campaign",
        "campaign_update",
        "letter",
    )
    return sum([await database.fetch_value(f"SELECT count(*) FROM {t}") for t in tables])


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_route_stumbles_or_leaks(client: httpx.AsyncClient, config: Settings, method: str) -> None:
    routes, cases = [r for r in _routes(config) if r[0] == method], _cases(12)
    async with as_owner():
        before = await _rows()
    for _, template in routes:
        for case in cases:
            path, values = template, list(case["path"])  # type: ignore[call-overload]
            for place in re.findall(r"{\w+:\w+}", template):
                path = path.replace(place, quote(values.pop(), safe="", errors="replace") or "x", 1)
            headers = {"cookie": str(case["cookie"])} | ({"HX-Request": "true"} if case["htmx"] else {})
            async with database.atomic():
                reply = await client.request(
                    method,
                    path,
                    params=_plain(case["query"]),
                    data=_plain(case["form"]) if method == "POST" else None,
                    headers=headers,
                )
            told = (method, path, case)
            assert reply.status_code < 500, told
            assert len(reply.headers["x-request-id"]) == 16, told
            assert "set-cookie" not in reply.headers or "a=b" not in reply.headers["set-cookie"], told
            _stays_here(reply, config)
            if "text/html" in reply.headers.get("content-type", "") and reply.status_code >= 400:
                assert not LEAKS.search(reply.text), told
                assert "<script>alert(1)" not in reply.text, told
    async with as_owner():
        assert await _rows() == before


def _plain(values: object) -> dict[str, str]:
    assert isinstance(values, dict)
    return {k: v.encode("utf-8", "replace").decode() for k, v in values.items()}


def _stays_here(reply: httpx.Response, config: Settings) -> None:
    target = reply.headers.get("location", "/")
    assert target.startswith(("/", config.public_url + "/")), target
    assert not target.startswith(("//", "/\\")), target


@pytest.mark.parametrize(
    "name", ["é" * 300, "a" * 3000, "a" * 256, "a/" * 3000, "\x00", "a\x00b", "css", "..%2f..%2fREADME.md"]
)
async def test_a_name_that_no_file_can_have_is_a_file_that_is_not_there(
    client: httpx.AsyncClient, name: str
) -> None:
    assert (await client.get("/static/" + quote(name, safe="/%"))).status_code == 404


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tx", "\\\\e"]
)
@pytest.mark.parametrize("route", ["/language", "/display"])
async def test_forms_lead_back_to_this_site_alone(client: httpx.AsyncClient, route: str, target: str) -> None:
    form = {"lang": "en", "language": "en", "next": target, "back": target, "to": target, "size": "std"}
    reply = await client.post(route, data=form)
    assert reply.status_code in {303, 422}, reply.status_code
    assert "evil" not in reply.headers.get("location", "")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "", "[::1", "a" * 300, "x@127.0.0.1x"],
)
async def test_a_strange_host_is_refused(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/", "/give", "/g/x"):
        reply = await client.get(path, headers={"host": host})
        assert (reply.status_code, "evil" in reply.text) == (421, False)
        assert reply.text == "这个地址不属于本网站。"
    assert (await client.get("/health/live", headers={"host": host})).status_code == 200


async def test_our_own_names_are_answered(db: None, config: Settings) -> None:
    live = replace(
        config, demo=False, public_url="https://gives.example", allowed_hosts=("www.gives.example",)
    )
    expected = {
        "gives.example": 200,
        "GIVES.example:443": 200,
        "www.gives.example": 200,
        "127.0.0.1:8000": 421,
        "localhost": 421,
    }
    assert await _statuses(live, expected) == expected
    demo = {"127.0.0.1:8000": 200, "localhost:9": 200, "[::1]:8000": 200, "192.0.2.7": 421}
    assert await _statuses(config, demo) == demo
    everywhere = replace(config, host="0.0.0.0")  # noqa: S104
    assert await _statuses(everywhere, {"192.0.2.7": 200}) == {"192.0.2.7": 200}


async def _statuses(config: Settings, hosts: dict[str, int]) -> dict[str, int]:
    transport = httpx.ASGITransport(app=create_asgi(config, with_pool=False))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=config.public_url) as browser:
        return {host: (await browser.get("/help", headers={"host": host})).status_code for host in hosts}
