"""The door to the sender of text messages: one HTTP call, as most providers' own bridges take it.

`POST SMS_URL` with JSON {id, to, text}, `Authorization: Bearer SMS_TOKEN` and `Idempotency-Key`, which is the
id again; any 2xx means: taken. A bridge that remembers the key sends a message once, whatever happens to us.
"""

from dataclasses import dataclass

import httpx

from cishan import gateways
from cishan.gateways.mail import Refused, Unreachable

TIMEOUT = httpx.Timeout(10.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class Sms:
    """One short message to one telephone."""

    id: str
    """The same message sent twice can be recognised by the provider."""
    to_mobile: str
    """With country code, +8613800000000."""
    text: str


def is_configured() -> bool:
    """Tell whether text messages can be sent; if not, they stay in the outbox."""
    return bool(gateways.settings().sms_url)


async def deliver(sms: Sms, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
    """Hand a message to the provider; raise Refused or Unreachable if it does not take it."""
    settings = gateways.settings()
    headers = {"idempotency-key": sms.id}
    if settings.sms_token:
        headers["authorization"] = f"Bearer {settings.sms_token}"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, transport=transport, trust_env=False) as browser:
            answer = await browser.post(
                settings.sms_url,
                json={"id": sms.id, "to": sms.to_mobile, "text": sms.text},
                headers=headers,
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"the SMS gateway does not answer ({type(error).__name__})") from None
    if answer.is_success:
        return
    # What the provider says may repeat the number: keep its status only.
    words = f"the SMS gateway said {answer.status_code}"
    if answer.status_code in {400, 404, 410, 413, 422}:
        raise Refused(words)
    raise Unreachable(words)
