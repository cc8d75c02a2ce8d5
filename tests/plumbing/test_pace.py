"""Searching faster than people read is refused, for a minute, and for that visitor alone."""

from datetime import timedelta

import httpx
import pytest

from cishan.kernel import clock
from cishan.kernel.errors import TooMany
from cishan.plumbing import pace
from cishan.settings import Settings


async def test_the_sixty_first_search_of_a_minute_waits(client: httpx.AsyncClient) -> None:
    begin = clock.now()
    with clock.fixed(begin):
        for n in range(60):
            path = "/search" if n % 2 else "/campaigns"
            assert (await client.get(path, params={"q": f"word {n}"})).status_code == 200
        for path in ("/search?q=x", "/campaigns?q=x"):
            refused = await client.get(path)
            assert refused.status_code == 429
            assert "请稍等一分钟" in refused.text
        assert (await client.get("/search")).status_code == 200  # only searching is counted
        assert (await client.get("/campaigns")).status_code == 200
    with clock.fixed(begin + timedelta(seconds=60)):
        assert (await client.get("/search?q=x")).status_code == 200


def test_every_address_is_counted_alone_and_none_is_kept_in_the_clear(config: Settings) -> None:
    limit = pace.Pace(times=1, seconds=60)
    limit.require("198.51.100.1")
    limit.require("198.51.100.2")
    with pytest.raises(TooMany):
        limit.require("198.51.100.1")
    assert {len(key) for key in limit._asked} == {16}


def test_the_memory_for_visitors_ends(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_VISITORS", 10)
    limit = pace.Pace(times=1, seconds=60)
    for n in range(100):
        limit.require(f"2001:db8::{n:x}")
        assert len(limit._asked) <= 11
    begin = clock.now()
    with clock.fixed(begin + timedelta(minutes=2)):
        for n in range(11):
            limit.require(f"2001:db8:1::{n:x}")
    assert len(limit._asked) <= 11
