"""Keepers take their own lists away; no list in which a receiver stands, and what leaves is written down."""

import csv
import io

import httpx
import pytest

from cishan.audit.queries import reads_of
from cishan.console.queries import LISTS
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Role
from cishan.plumbing.i18n import CHINESE, set_language
from tests.identity import staffing
from tests.warehouse.test_picks import handed_over

pytestmark = pytest.mark.usefixtures("config", "db")
HEADS = {
    "stocktakes": "编号|状态|仓库|货位|有差异的行|盘亏价值（元）|事由|开始时间|发起人|已结束",
    "near-expiry": "批次|物资|最后使用日|剩余天数|紧急程度|件数|已预留|"
    "价值（元）|适用人群|处理建议|仓库|类别|基金",
    "warehouse/scraps": "编号|物资|批次|数量|原因|状态|仓库|已提交|价值（元）",
    "assemblies": "时间|事项|物资包|版本|件数|批次|仓库|专项行动",
    "warehouse/items": "物品编码|中文名称|英文名称|计量单位|英文单位|类别|"
    "保质期（天）|参考价值（元）|冷链|最小年龄|最大年龄|适用人群|包装|条码|启用",
    "warehouse/sites": "编号|名称|所在区域|仓库地址|货位|启用",
    "warehouse/bins": "编号|仓库|库区|库区用途|行走顺序|件数|清点中|启用",
    "warehouse/lots": "批次|物品|物品编码|状态|生产日期|最后使用日|入库数量|库存|单位|"
    "等级|基金|价值（元）|入库时间",
    "warehouse/stock": "货位|仓库|物品|物品编码|批次|状态|最后使用日|库存|已预留|可用|单位",
    "warehouse/moves": "流水号|时间|事项|批次|物品|物品编码|货位|仓库|收发数量|预留增减|单位|"
    "价值变动（元）|经手人|关联单据|原因",
    "warehouse/transfers": "调拨单|发货仓库|收货仓库|状态|件数|短少|创建时间|发出时间|收货时间",
}
"""What a keeper may take away, column by column: whoever adds a column looks whether it names a person."""


@pytest.fixture(autouse=True)
def _chinese(client: httpx.AsyncClient) -> None:
    set_language(CHINESE)


def test_no_list_of_persons_is_among_them() -> None:
    own = {shown.of.code: shown.of.personal for shown in LISTS if shown.export is Action.STOCK_EXPORT}
    assert own == dict.fromkeys(HEADS, False)


async def test_a_keeper_takes_each_of_them_and_it_is_written_down(client: httpx.AsyncClient) -> None:
    await handed_over()
    client.cookies.set("session", await staffing.a_session("keeper"))
    assert "/staff/warehouse/stock/export" in (await client.get("/staff/warehouse/stock")).text
    found = {}
    for code in HEADS:
        answer = await client.post(f"/staff/{code}/export", data={"format": "csv"})
        assert answer.status_code == 200, code
        text = answer.content.decode("utf-8-sig")
        assert "张某某" not in text and "13800000001" not in text, code
        found[code] = "|".join(next(csv.reader(io.StringIO(text))))
        (look,) = await reads_of("list", code)
        assert look.acting_role == Role.WAREHOUSE_KEEPER
    assert found == HEADS


@pytest.mark.parametrize("code", ["warehouse/orders", "entitlements", "goods-offers"])
async def test_a_list_in_which_people_stand_stays_in_the_house(client: httpx.AsyncClient, code: str) -> None:
    await handed_over()
    client.cookies.set("session", await staffing.a_session("keeper"))
    shown = await client.get(f"/staff/{code}")
    assert shown.status_code == 200 and f"/staff/{code}/export" not in shown.text
    refused = await client.post(f"/staff/{code}/export", data={"format": "csv", "purpose": "核对"})
    assert refused.status_code == 403
    assert await reads_of("list", code) == []


async def test_who_does_not_keep_a_warehouse_takes_none_of_them(client: httpx.AsyncClient) -> None:
    await staffing.a_member("grid", Role.GRID_WORKER)
    client.cookies.set("session", await staffing.a_session("grid"))
    assert (await client.post("/staff/warehouse/stock/export", data={"format": "csv"})).status_code == 403
