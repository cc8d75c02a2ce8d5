"""Every list shows its rows to whom it may, tells others why not, and leaves in files with a known head."""

import csv
import io
from typing import Any

import httpx
import hypothesis.strategies as st
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from cishan.audit.queries import reads_of
from cishan.console.queries import LISTS
from cishan.identity.rules.permissions import PERMISSIONS
from cishan.identity.rules.roles import Role
from cishan.plumbing import db as database
from cishan.plumbing.sheets import head_of
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.donations.paid_gifts import a_gift
from tests.identity import staffing

PATHS = [shown.path for shown in LISTS]
_APPROVALS = "参考号|审批类型|事项|状态|时限|待办岗位|经办人|提交时间|轮次|金额（元）"
HEADS = {
    "goods-offers": "意向编号|状态|物资|仓库|提交日期|约定时间|基金|指定受助人",
    "warehouse/orders": "出库单号|领取人（脱敏）|居住地区|状态|仓库|类型|分配名单|已申请|已发放|有异议",
    "warehouse/scraps": "编号|物资|批次|数量|原因|状态|仓库|已提交|价值（元）",
    "approvals": _APPROVALS,
    "approvals/mine": _APPROVALS,
    "approvals/all": _APPROVALS,
    "gifts": "捐赠编号|创建时间|到账|状态|支付方式|项目|基金|捐赠人|"
    "月捐|需要票据|金额（元）|支付手续费（元）|已退回（元）",
    "plans": "参考号|创建时间|状态|支付方式|项目|基金|每月扣款日|下次日期|每月金额（元）",
    "refunds": "参考号|捐赠编号|申请时间|类型|原因|状态|审定期限|审定时间|审定人|金额（元）|审批",
    "receipts": "收据号码|类型|开具时间|捐赠编号|付款人（已脱敏）|财政票据号码|金额（元）|物资捐赠意向",
    "messages": "捐赠编号|留言|显示为|状态|到账|金额（元）",
    "suspense": "流水号|问题|到账日期|认领截止|时限|金额（元）|审批|备注",
    "people": "姓名|岗位|机构|任职区域|开始|截止|状态",
    "campaigns": "项目|页面地址|状态|备案编号|主题|县市区|基金|起草时间|"
    "开始|截止|目标金额（元）|已筹（元）|完成百分比|捐赠笔数",
    "vouchers": "凭证号|分录组号|日期|类型|摘要|来源|来源编号|入账时间|金额（元）",
    "postings": "分录组号|凭证号|行号|日期|类型|科目|科目名称|基金|往来单位|借方（元）|贷方（元）",
    "stocktakes": "编号|状态|仓库|货位|有差异的行|盘亏价值（元）|事由|开始时间|发起人|已结束",
    "recalls": "编号|状态|召回来源|原因|批次|领取人|尚未落实|创建时间|发起人|已结束",
    "near-expiry": "批次|物资|最后使用日|剩余天数|紧急程度|件数|已预留|价值（元）"
    "|适用人群|处理建议|仓库|类别|基金",
    "assemblies": "时间|事项|物资包|版本|件数|批次|仓库|专项行动",
    "drives": "编号|专项行动|状态|每人领取|名单人数|已领取|开始|截止",
    "entitlements": "领取单|名称|电话|身份证号|状态|专项行动|仓库|改期至|收入|备注",
    "kits": "编号|物资包|版本|状态|物资种数|库存",
    "warehouse/items": "物品编码|中文名称|英文名称|计量单位|英文单位|类别|保质期（天）|参考价值（元）|冷链|"
    "最小年龄|最大年龄|适用人群|包装|条码|启用",
    "warehouse/sites": "编号|名称|所在区域|仓库地址|货位|启用",
    "warehouse/bins": "编号|仓库|库区|库区用途|行走顺序|件数|清点中|启用",
    "warehouse/lots": "批次|物品|物品编码|状态|生产日期|最后使用日|入库数量|库存|"
    "单位|等级|基金|价值（元）|入库时间",
    "warehouse/stock": "货位|仓库|物品|物品编码|批次|状态|最后使用日|库存|已预留|可用|单位",
    "warehouse/moves": "流水号|时间|事项|批次|物品|物品编码|货位|仓库|收发数量|预留增减|单位|"
    "价值变动（元）|经手人|关联单据|原因",
    "warehouse/transfers": "调拨单|发货仓库|收货仓库|状态|件数|短少|创建时间|发出时间|收货时间",
    "clocks": "时限|状态|截止|计时开始|事项类型|事项|已上报|办理结果|来源",
    "organisations": "名称|编号|类型|区划代码|所属区划|启用|登记时间",
    "regions": "区划代码|名称|级别|上级区划|下级区划数|机构",
    "letters": "信件|状态|写信时间|尝试次数|下次重试|服务器回应|编号",
    "payment-messages": "消息编号|类型|相关编号|状态|收到时间|尝试次数|出错原因",
    "differences": "相关编号|类型|支付服务（元）|账务（元）|备注|首次发现|销账时间",
    "rules/deadlines": "时限|规则代码|期限|计算单位|方向|周期性|来源|生效日期|失效日期|状态",
    "rules/bands": "审批类型|代码|起始金额（元）|经办人|复核岗位|一事一议|放行岗位|"
    "来源|生效日期|失效日期|状态",
    "rules/limits": "限额|金额（元）|次数|时间窗（分钟）|生效日期|状态|原因",
    "jobs": "编号|任务|尝试次数|相关编号|放弃时间",
}
"""The first line of every file. Programs of others read these by their place: add at the end alone."""


def test_the_columns_of_every_file_are_those_that_were_promised() -> None:
    assert {shown.of.code: "|".join(head_of(shown.of)) for shown in LISTS} == HEADS


async def test_the_auditor_sees_every_list(enter: Enter) -> None:
    client = await enter(Role.AUDITOR)
    told = {path: (await client.get(path)).status_code for path in PATHS}
    assert told == dict.fromkeys(PATHS, 200) | {
        "/staff/payment-messages": 200,
        "/staff/differences": 200,
        "/staff/letters": 200,
        "/staff/jobs": 200,
    }


@pytest.mark.parametrize("role", list(Role))
async def test_a_list_opens_to_the_roles_of_the_table_and_tells_the_others_why_not(
    enter: Enter, role: Role
) -> None:
    client = await enter(role)
    menu = (await client.get("/staff")).text
    for shown in LISTS:
        page = await client.get(shown.path)
        may = role in PERMISSIONS[shown.action].roles
        assert page.status_code == (200 if may else 403), (role, shown.path)
        if shown.path.count("/") == 2:  # others are tabs of a list in the menu
            assert (f'href="{shown.path}"' in menu) == may, (role, shown.path)
        if not may:
            assert "您需要以下岗位之一" in words(page.text) or "岗位" in words(page.text)


async def test_a_stranger_is_led_to_the_door(client: httpx.AsyncClient) -> None:
    for path in PATHS:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/staff/sign-in")
        assert (await client.post(f"{path}/export", data={"format": "csv"})).status_code == 303


async def _number(donation_id: object) -> str:
    return str(await database.fetch_value("SELECT number FROM donation WHERE id = {}", donation_id))


async def test_the_list_of_gifts_filters_and_sums(enter: Enter) -> None:
    client = await enter(Role.FINANCE_MAKER)
    small, large = await _number(await a_gift(10_000)), await _number(await a_gift(20_000, 5_050))
    page = words((await client.get("/staff/gifts")).text)
    assert "2 行" in page and "¥350.50" in page
    page = (await client.get("/staff/gifts?amount_min=200")).text
    assert large in page and small not in page
    assert "不低于" in page and 'value="200"' in page
    page = (await client.get(f"/staff/gifts?number={small[-6:].lower()}&fund=GEN")).text
    assert small in page and large not in page
    assert "没有符合条件的记录" in (await client.get("/staff/gifts?fund=MED")).text


async def test_a_wrong_filter_is_told_beside_its_field_and_the_page_stands(enter: Enter) -> None:
    client = await enter(Role.FINANCE_MAKER)
    number = await _number(await a_gift(10_000))
    answer = await client.get("/staff/gifts?paid_from=gestern&status=nope&amount_min=viel")
    assert answer.status_code == 200
    assert number in answer.text
    for message in ("请输入日期，例如 2026-11-22", "请选择其中一项", "请输入金额（元）"):
        assert message in answer.text, message
    assert 'id="field-paid_from-error"' in answer.text
    refused = await client.post("/staff/gifts/export?paid_from=gestern", data={"format": "csv"})
    assert refused.status_code == 422
    assert await reads_of("list", "gifts") == []


async def test_an_export_holds_the_rows_of_the_filter_and_is_written_down(enter: Enter) -> None:
    client = await enter(Role.FINANCE_CHECKER)
    number = await _number(await a_gift(123_456))
    await a_gift(100)
    answer = await client.post(
        "/staff/gifts/export?amount_min=1000", data={"format": "csv", "purpose": "季度核对"}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert "|".join(rows[0]) == HEADS["gifts"]
    assert [(row[0], row[10], row[3]) for row in rows[1:]] == [(number, "1234.56", "已到账")]
    (look,) = await reads_of("list", "gifts")
    assert (look.purpose, look.acting_role) == (
        "季度核对 · amount_min=1000 · 1",
        Role.FINANCE_CHECKER,
    )
    assert look.fields[:3] == ("number", "created_at", "paid_at")


async def test_the_same_in_excel(enter: Enter) -> None:
    client = await enter(Role.FINANCE_CHECKER)
    await a_gift(123_456)
    answer = await client.post("/staff/gifts/export", data={"format": "xlsx"})
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert "|".join(cell.value for cell in sheet[1]) == HEADS["gifts"]
    assert (sheet["K2"].value, sheet["K2"].number_format) == (1234.56, "#,##0.00")
    assert sheet["B2"].is_date


async def test_a_list_of_people_leaves_only_with_a_purpose(enter: Enter) -> None:
    client = await enter(Role.PROJECT_OFFICER)
    answer = await client.post("/staff/receipts/export", data={"format": "csv"})
    assert answer.status_code == 422
    assert "请填写用途" in answer.text and 'id="field-purpose-error"' in answer.text
    assert (await client.post("/staff/receipts/export", data={"format": "exe"})).status_code == 422
    assert await reads_of("list", "receipts") == []
    answer = await client.post("/staff/receipts/export", data={"format": "csv", "purpose": "年度检查"})
    assert answer.status_code == 200
    assert len(await reads_of("list", "receipts")) == 1


async def test_who_may_not_export_gets_no_file(enter: Enter) -> None:
    client = await enter(Role.GRID_WORKER)
    assert (await client.get("/staff/regions")).status_code == 200
    assert "导出" not in words((await client.get("/staff/regions")).text)
    assert (await client.post("/staff/regions/export", data={"format": "csv"})).status_code == 403
    assert await reads_of("list", "regions") == []


async def test_a_post_in_a_county_reaches_only_its_county(enter: Enter) -> None:
    client = await enter(Role.PROJECT_OFFICER, region=staffing.COUNTY)
    number = await _number(await a_gift(10_000))
    page = await client.get("/staff/gifts")
    assert page.status_code == 200
    assert number not in page.text
    assert (await client.get(f"/staff/gifts/{number}")).status_code == 404
    answer = await client.post("/staff/gifts/export", data={"format": "csv"})
    assert number not in answer.text


NAMES = sorted({name for shown in LISTS for f in shown.of.filters for name in (f.code, f"{f.code}_from")})
ODD = st.one_of(
    st.sampled_from(
        ("", "0", "-1", "9" * 30, "NaN", "\x00", "' OR 1=1 --", "{}", "%", "\\", "2026-02-30", "open")
    ),
    st.text(max_size=20),
)


async def test_no_question_to_any_list_makes_it_stumble(enter: Enter) -> None:
    client = await enter(Role.AUDITOR)
    await a_gift(10_000)
    queries: list[dict[str, str]] = []

    @settings(max_examples=12, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from([*NAMES, "sort", "page"]), ODD, max_size=5))
    def collect(query: dict[str, str]) -> None:
        queries.append({k: v.encode("utf-8", "replace").decode() for k, v in query.items()})

    collect()
    for path in PATHS:
        for query in queries:
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, (path, query)
            sent = await client.post(f"{path}/export", params=query, data=query)
            assert sent.status_code in {403, 422}, (path, query)


async def test_the_same_list_in_english(enter: Enter) -> None:
    client = await enter(Role.AUDITOR)
    for path in PATHS:
        page = words((await client.get(f"{path}?lang=en")).text)
        assert "Filter" in page, path
