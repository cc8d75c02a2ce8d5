"""Where every page of the site is: what the tests of all pages visit."""

import os
import re
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pyotp
from playwright.async_api import Browser, Page, expect

from cishan import gateways, settings
from cishan.notify.queries.wishes import unsubscribe_token
from cishan.notify.rules import events
from seeds import ACCOUNTS
from tests.browser import goods_out, walking
from tests.browser.conftest import Platform, open_context

STAFF_COOKIE, CODE_COOKIE = "session", "code"
PEOPLE = "/staff/people"
FIXED = (
    "/",
    "/about",
    "/accessibility",
    "/account",
    "/account/children",
    "/account/contacts",
    "/account/contacts/check",
    "/account/messages",
    "/account/password",
    "/account/reads",
    "/account/second-factor/check",
    "/account/security",
    "/account/security/app",
    "/account/security/passkey",
    "/campaigns",
    "/disclosure",
    "/disclosure/journal",
    "/g",
    "/give",
    "/goods/give",
    "/help",
    "/inbox",
    "/outbox",
    "/privacy",
    "/receipts",
    "/register",
    "/search",
    "/sign-in",
    "/sign-in/code",
    "/staff",
    "/staff/rules/bands",
    "/staff/approvals",
    "/staff/approvals/all",
    "/staff/approvals/mine",
    "/staff/assemblies",
    "/staff/calendar",
    "/staff/campaigns",
    "/staff/clocks",
    "/staff/rules/deadlines",
    "/staff/declarations",
    "/staff/differences",
    "/staff/drives",
    "/staff/drives/new",
    "/staff/entitlements",
    "/staff/rules/limits",
    "/staff/gifts",
    "/staff/goods-offers",
    "/staff/history",
    "/staff/history/proof",
    "/staff/jobs",
    "/staff/kits",
    "/staff/kits/new",
    "/staff/letters",
    "/staff/messages",
    "/staff/near-expiry",
    "/staff/news",
    "/staff/organisations",
    "/staff/payment-messages",
    "/staff/people",
    "/staff/people/invite",
    "/staff/plans",
    "/staff/postings",
    "/staff/receipts",
    "/staff/recalls",
    "/staff/refunds",
    "/staff/refunds/start",
    "/staff/regions",
    "/staff/scan",
    "/staff/search",
    "/staff/sign-in",
    "/staff/stocktakes",
    "/staff/suspense",
    "/staff/vouchers",
    "/staff/warehouse",
    "/staff/warehouse/labels",
    "/staff/warehouse/counts",
    "/staff/warehouse/recalls/new",
    "/staff/warehouse/bins",
    "/staff/warehouse/figures",
    "/staff/warehouse/items",
    "/staff/warehouse/items/import",
    "/staff/warehouse/items/new",
    "/staff/warehouse/levels",
    "/staff/warehouse/orders",
    "/staff/warehouse/orders/allocate",
    "/staff/warehouse/orders/new",
    "/staff/warehouse/scraps",
    "/staff/warehouse/lots",
    "/staff/warehouse/moves",
    "/staff/warehouse/move",
    "/staff/warehouse/sites",
    "/staff/warehouse/sites/new",
    "/staff/warehouse/stock",
    "/staff/warehouse/transfers",
    "/staff/warehouse/transfers/new",
    "/styleguide",
    "/transparency",
    "/warehouse",
)
"""Pages whose address has no part that changes."""

VARIANTS = (
    "/campaigns?theme=warm_winter&sort=ending&page=1",
    "/campaigns?q=没有这样的项目",
    "/give?c=heating-xiajin&c=happy-canteen-wucheng",
    "/search?q=取暖",
    "/staff/calendar?year=2027",
    "/staff/gifts?amount_min=200&paid_from=gestern&sort=-amount_fen",
    "/no-such-page",
    "/staff/scan/6901234567892",
    "/staff/warehouse/labels?codes=RICE10,DZ-A-01",
    "/display",
)
"""The same with questions in the address, and three that answer with an error (404, 404, 405)."""

FOUND = (
    "/campaigns/{slug:str}",
    "/campaigns/{slug:str}/gifts",
    "/g/{token:str}",
    "/g/{token:str}/receipt",
    "/g/{token:str}/refund",
    "/give/change/{token:str}",
    "/give/check/{token:str}",
    "/give/{slug:str}",
    "/goods/{token:str}",
    "/goods/{token:str}/receipts",
    "/inbox/{message_id:uuid}",
    "/invitation/{token:str}",
    "/monthly/{token:str}",
    "/monthly/{token:str}/card",
    "/monthly/{token:str}/give",
    "/outbox/{letter_id:uuid}",
    "/receipts/{number:str}/{code:str}",
    "/staff/campaigns/{slug:str}",
    "/staff/campaigns/{slug:str}/updates",
    "/unsubscribe/{token:str}",
    "/staff/people/invitations/{invitation_id:uuid}",
    "/staff/people/posts/{grant_id:uuid}",
    "/staff/people/{person_id:uuid}",
    "/staff/people/{person_id:uuid}/posts",
    "/staff/gifts/{number:str}",
    "/staff/goods-offers/{number:str}",
    "/staff/goods-offers/{number:str}/count",
    "/staff/persons/{person_id:uuid}",
    "/staff/plans/{plan_id:uuid}",
    "/staff/receipts/{number:str}",
    "/staff/refunds/{refund_id:uuid}",
    "/staff/vouchers/{entry_id:str}",
    "/staff/approvals/{approval_id:uuid}",
    "/staff/drives/turns/{turn_id:uuid}",
    "/staff/drives/{drive_id:uuid}",
    "/staff/drives/{drive_id:uuid}/change",
    "/staff/drives/{drive_id:uuid}/people",
    "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}",
    "/staff/kits/apart/{lot_id:uuid}",
    "/staff/kits/made/{made_id:uuid}",
    "/staff/kits/{kit_id:uuid}",
    "/staff/kits/{kit_id:uuid}/assemble",
    "/staff/refunds/{refund_id:uuid}/propose",
    "/staff/suspense/{txn_id:str}/propose",
    "/staff/warehouse/bins/{bin_id:uuid}",
    "/staff/warehouse/items/{item_id:uuid}",
    "/staff/warehouse/items/{item_id:uuid}/edit",
    "/staff/warehouse/lots/{lot_id:uuid}",
    "/staff/warehouse/sites/{site_id:uuid}",
    "/staff/warehouse/sites/{site_id:uuid}/bins",
    "/staff/warehouse/sites/{site_id:uuid}/edit",
    "/staff/warehouse/transfers/{transfer_id:uuid}",
    "/staff/warehouse/labels/{code:str}",
    "/staff/warehouse/counts/{stocktake_id:uuid}",
    "/staff/warehouse/counts/{stocktake_id:uuid}/count/{count_id:uuid}",
    "/o/{token:str}",
    "/staff/warehouse/orders/lists/{batch:uuid}",
    "/staff/warehouse/orders/{number:str}",
    "/staff/warehouse/orders/{number:str}/confirm",
    "/staff/warehouse/orders/{number:str}/hand-over",
    "/staff/warehouse/orders/{number:str}/pack",
    "/staff/warehouse/orders/{number:str}/pick",
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}",
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/instead",
    "/staff/warehouse/orders/{number:str}/picks/{pick_id:uuid}/missing",
    "/staff/warehouse/orders/{number:str}/returns",
    "/staff/warehouse/scraps/missing/{missing_id:uuid}",
    "/staff/warehouse/scraps/new/{lot:str}/{bin_code:str}",
    "/staff/warehouse/scraps/{scrap_id:uuid}",
    "/staff/warehouse/recalls/{recall_id:uuid}",
)
"""Pages that `find` looks for by making gifts."""

NOT_PAGES = (
    "/campaigns/{slug:str}/card.png",
    "/campaigns/{slug:str}/cover.svg",
    "/campaigns/{slug:str}/qr.svg",
    "/favicon.ico",
    "/files/{file_id:uuid}",
    "/g/{token:str}/certificate.pdf",
    "/g/{token:str}/receipts/{filename:str}",
    "/g/{token:str}/status",
    "/goods/{token:str}/receipts/{filename:str}",
    "/health/live",
    "/health/ready",
    "/outbox/{letter_id:uuid}/attachments/{position:int}",
    "/outbox/{letter_id:uuid}/html",
    "/photos/{photo_id:uuid}",
    "/receipts/yearly/{contact:uuid}/{year:int}/{token:str}",
    "/robots.txt",
    "/s/{code:str}",
    "/sitemap.xml",
    "/staff/history/proof/anchors",
    "/staff/drives/list-template.csv",
    "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}/slips.pdf",
    "/staff/go/{kind:str}/{subject_id:str}",
    "/staff/scan/{code:str}",
    "/staff/refunds/open",
    "/staff/warehouse/transfers/{transfer_id:uuid}/note.pdf",
    "/staff/words",
    "/staff/warehouse/orders/{number:str}/pick-list.pdf",
    "/staff/warehouse/orders/{number:str}/slip.pdf",
    "/transparency/funds.csv",
)
"""Pictures, papers, data, parts of pages, addresses that moved, and a letter as a mail program shows it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses to visit, and the cookie that opens those of the staff."""

    by_route: dict[str, list[str]]
    staff_cookie: str
    """Of a project officer."""
    books_cookie: str
    """Of a finance maker."""
    keeper_cookie: str
    """Of a keeper of warehouses."""
    admin_cookie: str
    """Of the administrator, who showed a second factor: for what lies under PEOPLE."""
    code_cookie: str
    """Of a browser that asked for a one-time code."""

    @property
    def all(self) -> list[str]:
        """Return every address once."""
        return [*FIXED, *VARIANTS, *(path for paths in self.by_route.values() for path in paths)]

    def cookie_of(self, path: str) -> str:
        """Return the session that may open a page."""
        if path.startswith(PEOPLE):
            return self.admin_cookie
        if path.startswith(GOODS):
            return self.keeper_cookie
        return self.books_cookie if path.startswith(BOOKS) else self.staff_cookie


BOOKS = (
    *("/staff/differences", "/staff/jobs", "/staff/letters", "/staff/payment-messages"),
    *("/staff/postings", "/staff/vouchers"),
)
"""What a project officer may not see."""
GOODS = (
    *(
        "/staff/goods-offers",
        "/staff/scan",
        "/staff/warehouse",
        "/staff/kits",
        "/staff/assemblies",
        "/staff/drives",
    ),
    "/staff/entitlements",
)


async def find(browser: Browser, platform: Platform) -> Places:
    """Make a monthly gift with everything, a plain gift and one that is left, and sign the staff in."""
    context = await open_context(browser, platform, wide=False)
    page = await context.new_page()
    project = await walking.choose_project(page)
    slug = project.split("/")[-1]
    left = await _leave(page, slug)
    plain = await _give(page, slug)
    check, paid, monthly, verified = await _give_monthly(page, slug)
    await page.goto("/outbox")
    letter = await page.get_by_role("main").get_by_role("link").first.get_attribute("href")
    await _ask_refund(page, plain)
    offered = await _offer_goods(page)
    contact = await _register(page)
    staff_cookie = await sign_in(page, "demo-staff")
    message, unsubscribe = await _read_message(page), await _unsubscribe(platform)
    things = {
        kind: await _first(page, f"/staff/{kind}") for kind in ("gifts", "plans", "receipts", "refunds")
    }
    found = await _find_person(page, contact)
    to_propose, approval = await _propose_refund(page)
    held = await _hold_money(page, platform)
    books_cookie = await sign_in(page, "demo-maker")
    voucher = await _first(page, "/staff/vouchers")
    keeper_cookie = await sign_in(page, "demo-warehouse")
    label = await _print_label(page, platform)
    stock = {
        kind: await _first(page, f"/staff/warehouse/{kind}") for kind in ("items", "lots", "bins", "sites")
    }
    transfer = await _prepare_transfer(page, stock["sites"])
    stocktake, count = await _begin_to_count(page)
    recall = await _call_back(page)
    going_out = await goods_out.walk(page, platform)
    offer = await _first(page, "/staff/goods-offers")
    drives = await _drives(platform)
    code_cookie = await _ask_code(page)
    admin_cookie = await sign_in(page, "demo-admin")
    people = await _invite(page)
    await context.close()
    routes = {
        "/campaigns/{slug:str}": [project],
        "/campaigns/{slug:str}/gifts": [f"{project}/gifts"],
        "/g/{token:str}": [left, paid],
        "/g/{token:str}/receipt": [f"{plain}/receipt"],
        "/g/{token:str}/refund": [f"{plain}/refund"],
        "/give/change/{token:str}": [check.replace("check", "change")],
        "/give/check/{token:str}": [check],
        "/give/{slug:str}": [f"/give/{slug}"],
        "/goods/{token:str}": [offered],
        "/goods/{token:str}/receipts": [f"{offered}/receipts"],
        "/inbox/{message_id:uuid}": [message],
        **people,
        "/monthly/{token:str}": [monthly],
        "/monthly/{token:str}/card": [f"{monthly}/card"],
        "/monthly/{token:str}/give": [f"{monthly}/give"],
        "/outbox/{letter_id:uuid}": [letter or ""],
        "/receipts/{number:str}/{code:str}": [verified],
        "/staff/approvals/{approval_id:uuid}": [approval],
        "/staff/campaigns/{slug:str}": [f"/staff/campaigns/{slug}"],
        "/staff/gifts/{number:str}": [things["gifts"]],
        "/staff/goods-offers/{number:str}": [offer],
        "/staff/goods-offers/{number:str}/count": [f"{offer}/count"],
        "/staff/persons/{person_id:uuid}": [found],
        "/staff/plans/{plan_id:uuid}": [things["plans"]],
        "/staff/receipts/{number:str}": [things["receipts"]],
        "/staff/refunds/{refund_id:uuid}": [things["refunds"]],
        "/staff/refunds/{refund_id:uuid}/propose": [to_propose],
        "/staff/suspense/{txn_id:str}/propose": [held],
        "/staff/vouchers/{entry_id:str}": [voucher],
        "/staff/warehouse/labels/{code:str}": [label],
        "/staff/warehouse/bins/{bin_id:uuid}": [stock["bins"]],
        "/staff/warehouse/items/{item_id:uuid}": [stock["items"]],
        "/staff/warehouse/items/{item_id:uuid}/edit": [f"{stock['items']}/edit"],
        "/staff/warehouse/lots/{lot_id:uuid}": [stock["lots"]],
        "/staff/warehouse/sites/{site_id:uuid}": [stock["sites"]],
        "/staff/warehouse/sites/{site_id:uuid}/bins": [f"{stock['sites']}/bins"],
        "/staff/warehouse/sites/{site_id:uuid}/edit": [f"{stock['sites']}/edit"],
        "/staff/warehouse/transfers/{transfer_id:uuid}": [transfer],
        "/staff/warehouse/counts/{stocktake_id:uuid}": [stocktake],
        "/staff/warehouse/counts/{stocktake_id:uuid}/count/{count_id:uuid}": [count],
        **going_out,
        **drives,
        "/staff/warehouse/recalls/{recall_id:uuid}": [recall],
        "/staff/campaigns/{slug:str}/updates": [f"/staff/campaigns/{slug}/updates"],
        "/unsubscribe/{token:str}": [unsubscribe],
    }
    assert set(routes) == set(FOUND)
    return Places(routes, staff_cookie, books_cookie, keeper_cookie, admin_cookie, code_cookie)


async def _call_back(page: Page) -> str:
    """Call the rice of some days back; return the path of the recall."""
    day = date.today()
    first, last = day - timedelta(days=400), day
    await page.goto(f"/staff/warehouse/recalls/new?item=MASKS50&made_from={first}&made_to={last}")
    await page.locator("input[name=lots]").first.check()
    await page.get_by_label("生产或销售单位召回").check()
    await page.get_by_label("召回原因").fill("演示召回")
    await page.get_by_label("请领取人怎么做").fill("请停止使用并退回。")
    await page.get_by_role("button", name="锁定并召回").click()
    await expect(page).to_have_url(re.compile("/staff/warehouse/recalls/[0-9a-f-]{36}$"))
    return _path(page)


async def _begin_to_count(page: Page) -> tuple[str, str]:
    """Freeze a bin and begin to count it; return the paths of the stocktake and of the count."""
    await page.goto("/staff/warehouse/counts")
    await page.get_by_label("其他货位").fill("DZ-B-12")
    await page.get_by_role("button", name="冻结货位并开始盘点").click()
    await expect(page).to_have_url(re.compile("/staff/warehouse/counts/[0-9a-f-]{36}$"))
    stocktake = _path(page)
    await page.get_by_role("button", name="清点货位 DZ-B-12").click()
    await expect(page).to_have_url(re.compile("/count/"))
    return stocktake, _path(page)


def _path(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3]


async def _offer_goods(page: Page) -> str:
    await page.goto("/goods/give")
    await page.get_by_label("物资", exact=True).select_option(label="棉被1.5×2m (床)")
    await page.get_by_label("数量（件或箱）").fill("20")
    await walking.tick(page, "全新未使用")
    await page.locator("#field-site").select_option(index=1)
    await page.get_by_label("您的姓名").fill("爱心网友")
    await page.locator("#field-phone").fill("13800001234")
    await page.get_by_role("button", name="提交捐赠意向").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您的物资捐赠意向")
    return _path(page)


async def _leave(page: Page, slug: str) -> str:
    await walking.give(page, slug, "20")
    await walking.pay(page, "放弃，返回上一页")
    await expect(page.locator("#gift-status")).to_be_visible()
    return _path(page)


async def _give(page: Page, slug: str) -> str:
    await walking.give(page, slug, "20")
    await walking.pay(page)
    await walking.see_it_arrive(page)
    return _path(page).split("?")[0]


async def _give_monthly(page: Page, slug: str) -> tuple[str, str, str, str]:
    await page.goto(f"/give/{slug}?monthly=1")
    await walking.type_amount(page, "30")
    await walking.open_folded(page, "选择每月时", "显示名称", "致敬或缅怀", "票据与联系方式")
    await walking.tick(page, "支付宝或微信支付")
    await walking.tick(page, "显示昵称")
    await page.get_by_label("要显示的姓名或昵称").fill("河边的柳树")
    await page.get_by_label("给项目留言").fill("每月一点心意")
    await page.get_by_label("给我开具捐赠票据").check()
    await page.get_by_label("收据抬头").fill("测试李某")
    await page.get_by_label("邮箱").fill(f"places-{uuid4().hex[:8]}@example.com")
    await walking.go_on(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("付款前请核对")
    check = _path(page)
    await walking.confirm(page)
    await walking.pay(page)
    await walking.see_it_arrive(page)
    gift = _path(page).split("?")[0]
    verify = page.locator("#receipts").get_by_role("link", name=re.compile("^核验"))

    async def written(looked: Page) -> bool:
        return await verify.count() > 0

    await walking.until(page, gift, written)
    verified = await verify.first.get_attribute("href") or ""
    await page.get_by_role("link", name="管理月捐").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("月捐")
    return check, gift, _path(page), verified


async def _read_message(page: Page) -> str:
    """Return the address of a message of the staff: each was told of the post that they were given."""
    link = page.locator(".messages a").first

    async def told(looked: Page) -> bool:
        return await link.count() > 0

    await walking.until(page, "/inbox", told)
    return await link.get_attribute("href") or ""


async def _unsubscribe(platform: Platform) -> str:
    """Return the address under which somebody ends mails of one kind, as the platform's letters say it."""
    connection = await asyncpg.connect(platform.database_url)
    person_id = await connection.fetchval("SELECT id FROM person LIMIT 1")
    await connection.close()
    gateways.use(settings.load(os.environ))  # the keys of a demonstration, as the platform has them
    return f"/unsubscribe/{unsubscribe_token(person_id, events.MONTHLY_REMINDER)}"


async def _propose_refund(page: Page) -> tuple[str, str]:
    """Propose the refund that was asked for; return the paths of the proposal and of the approval."""
    await page.goto("/staff/refunds?status=requested&kind=request")
    await page.get_by_role("main").get_by_role("link", name="提交", exact=True).first.click()
    to_propose = _path(page)
    await page.get_by_label("退款理由").fill("捐赠人来电说明")
    await page.get_by_role("button", name="提交复核").click()
    await expect(page).to_have_url(re.compile("/staff/approvals/"))
    return to_propose, _path(page)


async def _hold_money(page: Page, platform: Platform) -> str:
    """Let money come that nobody asked for; return where its owner is named."""
    platform.control("gifts", count=1, amount=700, metadata={"shop": "of somebody else"})
    link = page.get_by_role("link", name="认定归属").first

    async def held(looked: Page) -> bool:
        return await link.count() > 0

    await walking.until(page, "/staff/suspense", held)
    return await link.get_attribute("href") or ""


async def _prepare_transfer(page: Page, site: str) -> str:
    """Put goods on a transfer to another site that is not sent yet; return where it is."""
    await page.goto(f"/staff/warehouse/transfers/new?source={site.rpartition('/')[2]}")
    await page.locator("#field-target").select_option(index=2)
    await page.locator("main form button[type=submit]").first.click()
    await expect(page).to_have_url(re.compile("/staff/warehouse/transfers/[0-9a-f-]{36}$"))
    return _path(page)


async def _print_label(page: Page, platform: Platform) -> str:
    """Print a label that stands for nothing yet; return where it is bound."""
    await page.goto("/staff/warehouse/labels")
    await page.get_by_role("radio", name=re.compile("空白标签")).check()
    await page.get_by_label("空白标签数量").fill("1")
    async with page.expect_download():
        await page.get_by_role("button", name="生成 PDF").click()
    connection = await asyncpg.connect(platform.database_url)
    code = await connection.fetchval("SELECT code FROM stock_label LIMIT 1")
    await connection.close()
    return f"/staff/warehouse/labels/{code}"


async def _drives(platform: Platform) -> dict[str, list[str]]:
    """Return the pages of the demonstration's drive and of its kits."""
    connection = await asyncpg.connect(platform.database_url)
    turn = await connection.fetchrow(
        "SELECT id, drive, site FROM goods_entitlement WHERE state = 'listed' ORDER BY number LIMIT 1"
    )
    made = await connection.fetchrow("SELECT id, kit, site, lot FROM goods_assembly ORDER BY at LIMIT 1")
    await connection.close()
    drive, kit = f"/staff/drives/{turn['drive']}", f"/staff/kits/{made['kit']}"
    return {
        "/staff/drives/turns/{turn_id:uuid}": [f"/staff/drives/turns/{turn['id']}"],
        "/staff/drives/{drive_id:uuid}": [drive],
        "/staff/drives/{drive_id:uuid}/change": [f"{drive}/change"],
        "/staff/drives/{drive_id:uuid}/people": [f"{drive}/people"],
        "/staff/drives/{drive_id:uuid}/sites/{site_id:uuid}": [f"{drive}/sites/{turn['site']}"],
        "/staff/kits/apart/{lot_id:uuid}": [f"/staff/kits/apart/{made['lot']}"],
        "/staff/kits/made/{made_id:uuid}": [f"/staff/kits/made/{made['id']}"],
        "/staff/kits/{kit_id:uuid}": [kit],
        "/staff/kits/{kit_id:uuid}/assemble": [
            f"{kit}/assemble?site={made['site']}&quantity=5&fund=F-NDXD",
            f"{kit}/assemble?site={made['site']}&quantity=5000&fund=F-NDXD",
        ],
    }


async def _ask_code(page: Page) -> str:
    await page.goto("/sign-in")
    await page.get_by_label("手机号或电子邮箱").fill(f"{uuid4().hex[:12]}@example.org")
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page).to_have_url(re.compile("/sign-in/code$"))
    kept = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    return kept[CODE_COOKIE]


async def _invite(page: Page) -> dict[str, list[str]]:
    """Let the administrator set up a second factor and invite somebody; return the pages of people."""
    await page.goto("/account/security/app")
    secret = (await page.locator("code.typed-key").inner_text()).replace(" ", "")
    await page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    await page.locator("form[action='/account/security/app'] button").click()
    await expect(page.locator("[name=offer]")).to_have_count(0)
    await page.goto(f"{PEOPLE}/invite")
    await page.get_by_label("姓名").fill("演示新人")
    await page.get_by_label("电子邮箱或手机号").fill(f"invited-{uuid4().hex[:8]}@example.com")
    await page.get_by_label("岗位", exact=True).select_option("council")
    await page.get_by_label("机构", exact=True).select_option(index=1)
    await page.get_by_label("任职区域").select_option("371400")
    await page.get_by_label("原因").fill("演示")
    await page.get_by_role("button", name="发送邀请").click()
    await expect(page).to_have_url(re.compile("/staff/people#invitations$"))
    sent = await page.get_by_role("link", name="演示新人").first.get_attribute("href") or ""
    person = await page.get_by_role("link", name="演示·审计").first.get_attribute("href") or ""
    await page.goto(person)
    held = await page.get_by_role("main").get_by_role("link", name="审计员").first.get_attribute("href") or ""

    async def arrived(looked: Page) -> bool:
        return await looked.get_by_role("link", name=re.compile("邀请您担任一个岗位")).count() > 0

    await walking.until(page, "/outbox", arrived)
    await page.get_by_role("link", name=re.compile("邀请您担任一个岗位")).first.click()
    words = await page.get_by_role("main").inner_text()
    link = re.search(r"/invitation/[A-Za-z0-9_-]{43}", words)
    assert link
    return {
        "/invitation/{token:str}": [link[0]],
        "/staff/people/invitations/{invitation_id:uuid}": [sent],
        "/staff/people/posts/{grant_id:uuid}": [held],
        "/staff/people/{person_id:uuid}": [person],
        "/staff/people/{person_id:uuid}/posts": [f"{person}/posts"],
    }


async def _ask_refund(page: Page, gift: str) -> None:
    await page.goto(f"{gift}/refund")
    await page.locator("main form input[type=radio]").first.check()
    await page.locator("main form button[type=submit]").click()
    await expect(page).to_have_url(re.compile(f"{gift}(#refunds)?$"))


async def _first(page: Page, path: str) -> str:
    await page.goto(path)
    return await page.locator("[data-list] tbody th a").first.get_attribute("href") or ""


async def _register(page: Page) -> str:
    contact = f"{uuid4().hex[:12]}@example.org"
    await page.goto("/sign-in")
    await page.get_by_label("手机号或电子邮箱").fill(contact)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page).to_have_url(re.compile("/sign-in/code$"))
    code = await walking.code_for(page, contact)
    await page.goto("/sign-in/code")
    await page.get_by_label("验证码").fill(code)
    await page.locator("main form button[type=submit]").first.click()
    await expect(page).to_have_url(re.compile("/register"))
    await page.get_by_label("您的姓名").fill("张某某")
    for box in await page.locator("main form input[type=checkbox]").all():
        await box.check()
    await page.locator("main form button[type=submit]").click()
    await expect(page).to_have_url(re.compile("/account$"))
    return contact


async def _find_person(page: Page, contact: str) -> str:
    await page.goto("/staff/search")
    await page.locator("#field-q").fill(contact)
    await page.locator("main form button[type=submit]").click()
    await page.locator("#field-purpose").fill("来电核对")
    await page.locator("main form button[type=submit]").click()
    await expect(page).to_have_url(re.compile("/staff/persons/"))
    return _path(page)


async def sign_in(page: Page, username: str) -> str:
    """Sign in as staff of the demonstration and return the cookie."""
    password = next(password for _, login, password in ACCOUNTS if login == username)
    await page.context.clear_cookies(name=STAFF_COOKIE)  # or signing in would end the session before
    await page.goto("/staff/sign-in")
    await page.get_by_label("账号").fill(username)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录").click()
    await expect(page).to_have_url(re.compile("/staff$"))
    kept = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    return kept[STAFF_COOKIE]
