"""Goods on their way out: an order in every state that a page of it shows."""

import io
import os
import re
from uuid import UUID

import asyncpg
from PIL import Image
from playwright.async_api import Page, expect

from cishan import gateways, settings
from cishan.plumbing import crypto
from cishan.warehouse.queries.orders import LINK
from tests.browser.conftest import Platform

HOME = "/staff/warehouse/orders"
LIST = "姓名,电话,物资,数量,年龄\n演示网友甲,,QUILT,2,71\n演示网友乙,,QUILT,1,66\n演示网友甲,,OIL5,1,71\n"


def _path(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3].partition("?")[0]


async def walk(page: Page, platform: Platform) -> dict[str, list[str]]:
    """Make a list, an order, a pick that is not found and a write-off; return their pages by route."""
    batch = await write_list(page)
    first, second = await _numbers(platform)
    await page.goto(f"{HOME}/{first}/pick")
    picks = await _picks(platform, first)
    lost = (await _picks(platform, second))[0]
    await page.goto(f"{HOME}/{second}/picks/{lost}/missing")
    await page.get_by_label("为什么不够").fill("架上没有")
    await page.get_by_role("button", name="登记并另找批次").click()
    await expect(page).to_have_url(re.compile("/pick$"))
    here, place = f"{HOME}/{first}", "{number:str}"
    one = f"{here}/picks/{picks[0]}"
    scrap_form, scrap = await write_off(page, platform)
    return {
        "/o/{token:str}": [await _own(platform, first)],
        f"{HOME}/lists/{{batch:uuid}}": [batch],
        f"{HOME}/{place}": [here],
        f"{HOME}/{place}/confirm": [f"{here}/confirm"],
        f"{HOME}/{place}/hand-over": [f"{here}/hand-over"],
        f"{HOME}/{place}/pack": [f"{here}/pack"],
        f"{HOME}/{place}/pick": [f"{here}/pick", f"{HOME}/{second}/pick"],
        f"{HOME}/{place}/picks/{{pick_id:uuid}}": [one],
        f"{HOME}/{place}/picks/{{pick_id:uuid}}/instead": [f"{one}/instead"],
        f"{HOME}/{place}/picks/{{pick_id:uuid}}/missing": [f"{one}/missing"],
        f"{HOME}/{place}/returns": [f"{here}/returns"],
        "/staff/warehouse/scraps/missing/{missing_id:uuid}": [f"/staff/warehouse/scraps/missing/{lost}"],
        "/staff/warehouse/scraps/new/{lot:str}/{bin_code:str}": [scrap_form],
        "/staff/warehouse/scraps/{scrap_id:uuid}": [scrap],
    }


async def write_list(page: Page) -> str:
    """Write an allocation list down and set its goods aside; return its page."""
    await page.goto(f"{HOME}/allocate")
    await page.get_by_label("从哪个仓库").select_option(index=0)
    await page.get_by_label("名单用途").fill("演示名单")
    await page.get_by_label("或从表格复制粘贴").fill(LIST)
    await page.get_by_role("button", name="登记名单").click()
    await expect(page).to_have_url(re.compile("/lists/[0-9a-f-]{36}$"))
    await page.get_by_role("button", name="预留现有库存").click()
    await expect(page.get_by_text("已预留 2")).to_be_visible()
    return _path(page)


async def _numbers(platform: Platform) -> list[str]:
    connection = await asyncpg.connect(platform.database_url)
    rows = await connection.fetch(
        "SELECT number FROM goods_order WHERE batch IS NOT NULL ORDER BY number DESC LIMIT 2"
    )
    await connection.close()
    return [row["number"] for row in reversed(rows)]


async def _picks(platform: Platform, number: str) -> list[UUID]:
    connection = await asyncpg.connect(platform.database_url)
    rows = await connection.fetch(
        """SELECT p.id FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
             JOIN goods_order AS o ON o.id = line.goods_order WHERE o.number = $1 ORDER BY p.id""",
        number,
    )
    await connection.close()
    return [row["id"] for row in rows]


async def _own(platform: Platform, number: str) -> str:
    gateways.use(settings.load(os.environ))  # the keys of a demonstration, as the platform has them
    connection = await asyncpg.connect(platform.database_url)
    order_id = await connection.fetchval("SELECT id FROM goods_order WHERE number = $1", number)
    await connection.close()
    return f"/o/{crypto.secret_link(order_id, purpose=LINK)}"


async def write_off(page: Page, platform: Platform) -> tuple[str, str]:
    """Propose to write one mask off; return the page of the form and that of the proposal."""
    connection = await asyncpg.connect(platform.database_url)
    row = await connection.fetchrow(
        """SELECT l.number, b.code FROM stock_lot AS l JOIN goods_item AS i ON i.id = l.item
             JOIN stock_balance AS s ON s.lot = l.id JOIN stock_bin AS b ON b.id = s.bin
            WHERE i.code = 'MASKS50' AND s.on_hand > 0 AND b.purpose = 'shelf' LIMIT 1"""
    )
    await connection.close()
    form = f"/staff/warehouse/scraps/new/{row['number']}/{row['code']}"
    await page.goto(form)
    await page.get_by_label("数量").fill("1")
    await page.get_by_label("损坏或变质").check()
    await page.get_by_label("情况说明").fill("外包装破损，无法发放")
    await page.get_by_label("照片").set_input_files(
        {"name": "mask.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    await page.get_by_label("或志愿者").fill("演示志愿者")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page).to_have_url(re.compile("/scraps/[0-9a-f-]{36}$"))
    return form, _path(page)


def a_picture() -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "silver").save(file, "PNG")
    return file.getvalue()
