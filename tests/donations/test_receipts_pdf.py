"""The printed receipt, read back: every field, one tagged A4 page, whatever somebody typed."""

import io
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from pypdf import PdfReader

from cishan import settings
from cishan.donations.actions import receipts as actions
from cishan.donations.queries import receipts as queries
from cishan.donations.queries.receipts import ReceiptView
from cishan.donations.rules.receipts import SheetLine
from cishan.kernel import clock
from cishan.kernel.payments import Kind
from tests.donations.paid_gifts import a_gift, money_moved

DAY = datetime.fromisoformat("2026-11-22T04:00:00+00:00")
A4_POINTS = (595, 842)
LONG = "某某市某某区某某街道某某社区居民委员会暨某某某某某某某某股份有限公司工会委员会" * 3
HOSTILE = [
    '#panic("evaluated") $x$ *b* _i_ `c` @a <b> \\ // /* "',
    LONG[:100],
    "Pneumonoultramicroscopicsilicovolcanoconiosis" * 2,
    "爱心🎁小分队😀",
    "שלום عالم 张某",
    "一\n二\n\n= 三",
    "<script>alert(1)</script>",
]


@pytest.fixture(autouse=True)
def _configured(config: settings.Settings) -> None:
    """The platform has its settings, and so its keys."""


def _read(document: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(document))
    return reader, "".join("".join(page.extract_text() for page in reader.pages).split())


async def _receipt() -> tuple[UUID, ReceiptView]:
    with clock.fixed(DAY):
        gift = await a_gift(1_005_005, 100_010, title="某某食品有限公司")
        (receipt,) = await actions.write_due(gift)
    return gift, receipt


async def test_every_field_of_a_receipt_is_printed(db: None, config: settings.Settings) -> None:
    _, receipt = await _receipt()
    _, text = _read(await queries.document(receipt))
    for words in (
        config.organisation.name,
        f"统一社会信用代码{config.organisation.uscc}",
        "捐赠收据",
        "演示",
        "票据代码未登记",
        "票据号码未登记",
        "收据号码SJ2026-00000001",
        f"校验码{receipt.sheet.check_code}",
        "交款人某某食品有限公司",
        "开票日期2026年11月22日",
        "捐赠日期2026年11月22日",
        "项目编码项目名称单位数量标准（元）金额（元）",
        "元110,050.0510,050.05",
        "元11,000.101,000.10",
        "合计（大写）人民币壹万壹仟零伍拾元壹角伍分",
        "（小写）¥11,050.15",
        "备注捐赠编号G20261122-",
        "货币捐赠，以支付宝到账",
        "其他信息指定用途捐赠，专款专用",
        f"收款单位（章）{config.organisation.name}",
        "收款人慈善筹业务岗",
        "复核财务复核岗",
        "不得作为入账或税前扣除凭证",
        "不是财政部门监制的公益事业捐赠票据",
        f"核验网址：{receipt.sheet.verify_url}",
    ):
        assert words in text, words


async def test_a_receipt_is_one_tagged_page_with_its_own_fonts(db: None) -> None:
    _, receipt = await _receipt()
    reader, _ = _read(await queries.document(receipt))
    root: Any = reader.root_object
    assert len(reader.pages) == 1
    assert tuple(int(reader.pages[0].mediabox[i]) for i in (2, 3)) == (A4_POINTS[0], A4_POINTS[1] - 1)
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "zh-CN"
    assert reader.metadata is not None
    assert reader.metadata.title == "捐赠收据（演示） SJ2026-00000001"
    resources: Any = reader.pages[0]["/Resources"]
    names = [resources["/Font"][name].get_object()["/BaseFont"] for name in resources["/Font"]]
    assert names
    assert all(re.fullmatch(r"/[A-Z]{6}\+NotoSansSC-(Regular|Bold).*", name) for name in names)


async def test_a_receipt_is_the_same_file_each_time_until_its_fiscal_number_is_noted(db: None) -> None:
    _, receipt = await _receipt()
    first = await queries.document(receipt)
    assert first == await queries.document(await queries.by_id(receipt.id))
    noted = await queries.document(replace(receipt, fiscal_code="37060126", fiscal_number="0000000017"))
    assert "票据代码37060126票据号码0000000017" in _read(noted)[1]


async def test_a_red_receipt_says_so_and_counts_downwards(db: None) -> None:
    gift, receipt = await _receipt()
    with clock.fixed(DAY):
        await money_moved(gift, Kind.REFUND, -2_000, "txn_r1")
        (red,) = await actions.write_due(gift)
    reader, text = _read(await queries.document(red))
    assert len(reader.pages) == 1
    assert "红字" in text
    assert "合计（大写）人民币（负数）贰拾元整" in text
    assert "（小写）-¥20.00" in text
    assert f"备注冲减收据{receipt.number}" in text
    assert "感谢" not in text


@pytest.mark.parametrize("title", HOSTILE)
async def test_a_strange_title_stays_text_on_one_page(db: None, title: str) -> None:
    _, receipt = await _receipt()
    lines = tuple(
        SheetLine(f"51371400MJ0000001GA26{n:03d}", title[:60], "元", 1, 10**11, 10**11) for n in range(1, 4)
    )
    sheet = msgspec.structs.replace(receipt.sheet, payer_title=title, lines=lines)
    reader, text = _read(await queries.document(replace(receipt, sheet=sheet)))
    assert len(reader.pages) == 1
    readable = "".join(c for c in title if c.isascii() or "\u4e00" <= c <= "\u9fff")
    shown = text.replace("□", "").replace("\u200b", "")
    assert "".join(readable.split()) in shown


async def test_outside_a_demonstration_there_is_no_seal_and_no_watermark(db: None) -> None:
    _, receipt = await _receipt()
    sheet = msgspec.structs.replace(receipt.sheet, demo=False, organisation="某某市慈善总会")
    _, text = _read(await queries.document(replace(receipt, sheet=sheet)))
    assert "演示" not in text
    assert "收款单位（章）某某市慈善总会" in text
