"""Every screen in English as well: nothing untranslated, nothing that stumbles."""

import re

from cishan.donations.queries import contacts
from tests.donations.conftest import Giver, words


async def test_the_screens_speak_english_to_those_who_ask(giver: Giver) -> None:
    begun = await giver.paid(
        method="card", rhythm="monthly", email="ada@example.org", wants_receipt="1", receipt_title="Example"
    )
    plan = contacts.plan_path((await begun.now())["plan"])
    check = await giver.check_page(message="Well done", anonymity="alias", display_name="A friend")
    titles = re.compile(
        "孝老助餐 暖心饭桌|暖心饭桌（演示）|庆云县独居、空巢老人|[^.]*由一般基金承担。|[^.]*向社会公布。"
    )
    for path in (
        "/give",
        "/give/warm-meals",
        check,
        begun.path,
        f"{begun.path}/refund",
        plan,
        f"{plan}/card",
        "/g",
    ):
        reply = await giver.browser.get(path, headers={"cookie": "lang=en"})
        assert reply.status_code == 200, path
        text = titles.sub("", words(reply.text))
        assert not re.search("[一-鿿]{2,}", text), (path, re.findall("[一-鿿]{2,}", text))
