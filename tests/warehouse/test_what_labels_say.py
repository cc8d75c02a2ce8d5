"""What stands on the labels of lots, bins and goods."""

from datetime import date

import pytest

from cishan.plumbing import i18n
from cishan.warehouse.queries import labels
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules.labels import Label
from cishan.warehouse.rules.places import Purpose
from tests.warehouse.stocking import AGENCY, a_bin, a_lot, a_site, an_item

pytestmark = pytest.mark.usefixtures("db")


async def test_a_lot_says_until_when_how_many_and_for_whom() -> None:
    i18n.set_language("zh-CN")
    site = await a_site()
    shelf = await a_bin(site)
    lot = await lot_by_id(
        await a_lot(
            await an_item(),
            shelf.id,
            40,
            expires_on=date(2027, 5, 1),
            restrictions=("children", "region:3714"),
        )
    )
    (label,), missing = await labels.labels_of([lot.number.lower()], ["%"])
    assert missing == []
    assert label == Label(
        code=lot.number,
        title="大米10kg",
        facts=("可用至 2027-05-01", "A 级 · 40 袋"),
        marks=("仅限儿童", "限德州市"),
    )


async def test_goods_that_keep_and_entrusted_goods_say_so() -> None:
    i18n.set_language("zh-CN")
    shelf = await a_bin(await a_site())
    lot = await lot_by_id(await a_lot(await an_item("QUILT", name="棉被", life=None), shelf.id, fund=AGENCY))
    ((label,), _) = await labels.labels_of([lot.number], ["%"])
    assert label.facts[0] == "无保质期"
    assert label.marks == ("受托物资",)


async def test_bins_and_goods_say_where_and_what_they_are_and_the_rest_is_named() -> None:
    i18n.set_language("zh-CN")
    site = await a_site()
    await an_item()
    receiving = await a_bin(site, Purpose.RECEIVING)
    found, missing = await labels.labels_of(
        [receiving.code, "rice10", "大米", "NO-SUCH", receiving.code], ["%"]
    )
    assert [label.code for label in found] == [receiving.code, "RICE10", receiving.code]
    assert found[0].facts == ("收货区", "DZ仓库")
    assert found[1].facts == ("单位：袋",)
    assert missing == ["大米", "NO-SUCH"]


async def test_the_bins_of_a_site_and_the_lots_that_wait_there_are_found() -> None:
    site = await a_site()
    receiving = await a_bin(site, Purpose.RECEIVING)
    lot = await lot_by_id(await a_lot(await an_item(), receiving.id))
    await a_lot(await an_item("OIL5"), (await a_bin(site)).id)
    assert await labels.codes_of_bins(site) == ["DZ-IN-01", "DZ-A-01", "DZ-OUT-01", "DZ-Q-01"]
    assert await labels.lots_to_shelve(site) == [lot.number]
