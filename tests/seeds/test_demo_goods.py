"""The demonstration has offers of goods to answer."""

from cishan import settings
from cishan.plumbing.db import fetch
from seeds import deadlines, demo_goods, warehouse
from tests.warehouse import stocking


async def test_the_offers_of_the_demonstration_wait_once(db: None, config: settings.Settings) -> None:
    await warehouse.load()
    await deadlines.load()
    for code in ("DZ", "QY"):
        await stocking.a_site(code)
    for _ in range(2):
        await demo_goods.load()
    rows = await fetch("SELECT state, count(*) AS offers FROM goods_offer GROUP BY state")
    assert rows == [{"state": "offered", "offers": 4}]
