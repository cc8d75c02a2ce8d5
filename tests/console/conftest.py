"""A desk with people at it."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from cishan.identity.rules.roles import Role
from tests.identity import staffing

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def enter(client: httpx.AsyncClient) -> Enter:
    """Let somebody with these roles sit down at the desk; their second factor was shown just now."""

    async def sit_down(
        *roles: Role, username: str = "ada", region: str = staffing.CITY, factor: bool = True
    ) -> httpx.AsyncClient:
        await staffing.a_member(username, *roles, region=region)
        client.cookies.set("session", await staffing.a_session(username, factor=factor))
        return client

    return sit_down
