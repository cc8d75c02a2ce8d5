"""The SMS gateway says what was taken, what never will be, and what to try again; never the number."""

from dataclasses import replace

import httpx
import pytest

from cishan import gateways
from cishan.gateways import sms
from cishan.gateways.mail import Refused, Unreachable
from cishan.settings import Settings

SMS = sms.Sms("id-1", "+8613800138000", "【某会】验证码042137")


@pytest.fixture
def provider(config: Settings) -> list[httpx.Request]:
    gateways.use(replace(config, sms_url="http://127.0.0.1:9/sms", sms_token="t0ken"))
    return []


async def _deliver(seen: list[httpx.Request], status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, text="to +8613800138000")

    await sms.deliver(SMS, transport=httpx.MockTransport(answer))


async def test_a_message_is_posted_with_its_id_and_our_token(provider: list[httpx.Request]) -> None:
    await _deliver(provider, 202)
    (request,) = provider
    assert request.headers["authorization"] == "Bearer t0ken"
    assert httpx.Response(200, content=request.content).json() == {
        "id": "id-1",
        "to": "+8613800138000",
        "text": "【某会】验证码042137",
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (422, Refused), (401, Unreachable), (429, Unreachable), (500, Unreachable)],
)
async def test_a_refusal_is_told_without_the_number(
    provider: list[httpx.Request], status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as refusal:
        await _deliver(provider, status)
    assert str(refusal.value) == f"the SMS gateway said {status}"


async def test_nobody_at_the_door_is_no_refusal(provider: list[httpx.Request]) -> None:
    with pytest.raises(Unreachable):
        await sms.deliver(SMS)


async def test_without_a_provider_nothing_is_sent(config: Settings) -> None:
    assert not sms.is_configured()
