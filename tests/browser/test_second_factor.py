"""Second factors in the browser: a passkey of a virtual authenticator, and an app without JavaScript."""

import re
from uuid import uuid4

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from cishan.identity.rules import factors as rules
from cishan.kernel import clock
from tests.browser import walking
from tests.browser.conftest import Platform, open_context, watch
from tests.browser.test_every_page import RULES
from tests.identity.showing import typed_key

CHECK = re.compile("/account/second-factor/check")
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def _enter_code(page: Page, email: str) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("手机号或电子邮箱").first.fill(email)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page).to_have_url(re.compile("/sign-in/code$"))
    code = await walking.code_for(page, email)
    await page.goto("/sign-in/code")
    await page.get_by_label("验证码").fill(code)
    await page.get_by_role("button", name="下一步").click()


async def _register(page: Page, email: str, password: str = "") -> None:
    await _enter_code(page, email)
    await expect(page).to_have_url(re.compile("/register$"))
    await page.get_by_label("您的姓名").fill("演示李某")
    if password:
        await page.get_by_label("密码").fill(password)
    for box in await page.get_by_role("checkbox").all():
        await box.check()
    await page.get_by_role("main").get_by_role("button").last.click()
    await expect(page).to_have_url(re.compile("/account$"))


async def _sign_out(page: Page) -> None:
    await page.goto("/account")
    await page.get_by_role("main").get_by_role("button", name="退出登录").click()


async def _has_no_fault(page: Page) -> None:
    found = await Axe().run(page, options=RULES)
    assert [v["id"] for v in found.response["violations"]] == [], page.url


async def _by_a_name(browser: Browser, platform: Platform, *, script: bool = True) -> BrowserContext:
    """Return a visitor who comes to the site by a name: for a number browsers make no passkeys."""
    named = Platform(
        platform.url.replace("127.0.0.1", "localhost"),
        platform.sandbox_url,
        platform.database_url,
        platform.data,
    )
    return await open_context(browser, named, wide=False, script=script)


async def test_a_passkey_is_made_is_the_second_factor_and_opens_alone(
    browser: Browser, platform: Platform
) -> None:
    context = await _by_a_name(browser, platform)
    page = await context.new_page()
    complaints = watch(page)
    devices = await context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    email, password = f"key-{uuid4().hex[:8]}@example.org", "a long sentence of mine"
    await _register(page, email, password)

    await page.goto("/account/security")
    await page.get_by_role("link", name="添加通行密钥").click()
    await page.get_by_label("给它起个名字").fill("我的手机")
    await _has_no_fault(page)
    await page.get_by_role("button", name="创建通行密钥").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您的恢复码")
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    await _has_no_fault(page)
    await page.get_by_role("link", name="我已妥善保存").click()
    await expect(page.get_by_role("main")).to_contain_text("我的手机 · 通行密钥")

    await _sign_out(page)
    await page.goto("/sign-in?next=/account/security")
    await page.get_by_role("button", name="用通行密钥登录").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("登录与安全")

    await _sign_out(page)
    await page.goto("/sign-in")
    await page.get_by_label("手机号、电子邮箱或账号").fill(email)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page).to_have_url(CHECK)
    await expect(page.get_by_role("heading", level=1)).to_have_text("还差一步")
    await _has_no_fault(page)
    await page.get_by_role("button", name="使用通行密钥").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    assert complaints == []
    await context.close()


async def test_an_app_works_without_javascript_and_a_recovery_code_in_its_place(
    browser: Browser, platform: Platform
) -> None:
    context = await open_context(browser, platform, wide=False, script=False)
    page = await context.new_page()
    email, password = f"app-{uuid4().hex[:8]}@example.org", "a long sentence of mine"
    await _register(page, email, password)
    await page.goto("/account/security")
    await page.get_by_role("link", name="添加身份验证器应用").click()
    await expect(page.locator(".qr")).to_be_visible()
    secret = typed_key(await page.content())
    await page.get_by_label("应用显示的六位数字").fill(rules.code_at(secret, rules.step_at(clock.now())))
    await page.get_by_role("button", name="添加应用").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您的恢复码")
    kept = await page.locator(".recovery-codes li").first.inner_text()

    await _sign_out(page)
    for n in (1, 2):
        await page.goto("/sign-in")
        await page.get_by_label("手机号、电子邮箱或账号").fill(email)
        await page.get_by_label("密码").fill(password)
        await page.get_by_role("button", name="登录", exact=True).click()
        await expect(page).to_have_url(CHECK)
        if n == 1:  # the next half minute's code: that of now was used to add the app
            code = rules.code_at(secret, rules.step_at(clock.now()) + 1)
            await page.get_by_label("身份验证器应用显示的六位数字").fill(code)
            await page.get_by_role("button", name="下一步").click()
        else:
            await walking.open_folded(page, "使用恢复码")
            await page.get_by_label("恢复码", exact=True).fill(kept)
            await page.get_by_role("button", name="使用这个恢复码").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
        if n == 1:
            await _sign_out(page)
    await page.goto("/account/security")
    await expect(page.get_by_role("main")).to_contain_text("10个恢复码还剩9个")
    await context.close()
