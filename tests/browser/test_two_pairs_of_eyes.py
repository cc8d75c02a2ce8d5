"""People are invited; one proposes, another checks, a third releases; history keeps it."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from cishan.identity.rules import factors
from cishan.kernel import clock
from tests import databases
from tests.browser import walking
from tests.browser.conftest import Platform, open_context, watch
from tests.identity.showing import typed_key

LINK = re.compile(r"http://127\.0\.0\.1:\d+(/invitation/[\w-]+)")
GIFT_NUMBER = re.compile(r"G\d{8}-[0-9A-Z]{6}")


@asynccontextmanager
async def somebody(browser: Browser, platform: Platform, *, wide: bool) -> AsyncIterator[Page]:
    """Give one person's own browser; a complaint of it fails the test."""
    context = await open_context(browser, platform, wide=wide)
    page = await context.new_page()
    complaints = watch(page)
    yield page
    await context.close()
    assert complaints == [], complaints


async def enrol(page: Page) -> None:
    """Add an authenticator app, as somebody with a telephone does."""
    await page.goto("/account/security")
    await page.get_by_role("link", name="添加身份验证器应用").click()
    await expect(page.get_by_label("应用显示的六位数字")).to_be_visible()
    secret = typed_key(await page.content())
    code = factors.code_at(secret, factors.step_at(clock.now()))
    await page.get_by_label("应用显示的六位数字").fill(code)
    await page.get_by_role("button", name="添加应用").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("您的恢复码")


async def _invite(page: Page, name: str, email: str, role: str) -> None:
    await page.goto("/staff/people/invite")
    await page.locator("[name=name]").fill(name)
    await page.get_by_label("电子邮箱或手机号").fill(email)
    await _fill_post(page, role)
    await page.get_by_label("原因").fill("理事会决议")
    await page.get_by_role("button", name="发送邀请").click()
    await expect(page.get_by_role("main")).to_contain_text(name)


async def _fill_post(page: Page, role: str) -> None:
    await page.get_by_label("岗位", exact=True).select_option(label=role)
    await page.get_by_label("机构", exact=True).select_option(label="德州市慈善总会（演示）")
    await page.get_by_label("任职区域").select_option(value="371400")
    await page.get_by_label("开始日期").fill(clock.today().isoformat())


async def _accept(page: Page, email: str) -> None:
    """Take up the post by the link of the letter, choose a password, and add the second factor."""
    await walking.letter_to(page, email, "邀请您担任")
    link = LINK.search(await page.get_by_role("main").inner_text())
    assert link, "the letter carries the link"
    await page.goto(link[1])
    await page.get_by_label("密码").fill("a long sentence of mine")
    await page.get_by_role("main").get_by_role("checkbox").check(force=True)
    await page.get_by_role("button", name="接受").click()
    await expect(page.get_by_role("heading", level=1)).not_to_contain_text("邀请")
    await enrol(page)


async def _a_paid_gift(page: Page) -> str:
    """Give 66 元 and return the number of the gift once it has arrived."""
    await walking.give(page, "heating-xiajin", "66")
    await walking.pay(page)
    await walking.see_it_arrive(page)
    found = GIFT_NUMBER.search(await page.get_by_role("main").inner_text())
    assert found, "the gift's page says its number"
    return found[0]


async def _decide(page: Page, path: str) -> None:
    await page.goto(path)
    await walking.tick(page, "同意")
    await page.get_by_role("button", name="确认决定").click()


def cishan(platform: Platform, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line on the platform's data."""
    environ = {
        **os.environ,
        "DATABASE_URL": platform.database_url,
        "CISHAN_DATA": str(platform.data),
        "PUBLIC_URL": platform.url,
    }
    command = [sys.executable, "-m", "cishan.cli", *words]
    return subprocess.run(
        command, check=False, env=environ, cwd=databases.ROOT, capture_output=True, text=True
    )


async def test_nobody_checks_their_own_proposal_and_history_keeps_both(
    browser: Browser, platform: Platform
) -> None:
    admin_mail, maker_mail, checker_mail, cashier_mail = (
        f"{who}-{uuid4().hex[:8]}@example.org" for who in ("admin", "maker", "checker", "cashier")
    )
    invited = cishan(platform, "invite-admin", "演示管理丁", admin_mail)
    assert invited.returncode == 0, invited.stderr
    async with (
        somebody(browser, platform, wide=True) as admin,
        somebody(browser, platform, wide=False) as maker,
        somebody(browser, platform, wide=True) as checker,
        somebody(browser, platform, wide=False) as cashier,
    ):
        await _accept(admin, admin_mail)
        await _invite(admin, "演示经办甲", maker_mail, "财务经办")
        await _invite(admin, "演示复核乙", checker_mail, "财务复核")
        await _invite(admin, "演示出纳丙", cashier_mail, "出纳")
        await _accept(maker, maker_mail)
        await _accept(checker, checker_mail)
        await _accept(cashier, cashier_mail)

        number = await _a_paid_gift(maker)
        await maker.goto("/staff/refunds")
        await maker.get_by_role("link", name="代捐赠人提交退款").click()
        await maker.get_by_label("捐赠编号").fill(number)
        await maker.get_by_label("退款事由").select_option(label="重复支付")
        await maker.get_by_label("退款理由").fill("来电说明重复付款，已核对流水。")
        await maker.get_by_role("button", name="提交复核").click()
        await expect(maker).to_have_url(re.compile("/staff/approvals/[0-9a-f-]{36}$"))
        path = "/staff/approvals/" + maker.url.rsplit("/", 1)[1]
        await _own_check_is_refused(admin, maker, path, platform)

        await _decide(checker, path)
        await expect(checker.get_by_role("main")).to_contain_text("待放行")
        await _decide(cashier, path)
        await expect(cashier.get_by_role("main")).to_contain_text("已批准")
        said = await cashier.get_by_role("main").inner_text()
        assert [name for name in ("演示经办甲", "演示复核乙", "演示出纳丙") if name not in said] == []

        approval_id = path.rsplit("/", 1)[1]
        await _is_refused_by_the_database(platform, approval_id)
        await _is_found_out(platform, approval_id)


async def _is_refused_by_the_database(platform: Platform, approval_id: str) -> None:
    """Write the maker's own check with the application's rights and none of its code."""
    connection = await asyncpg.connect(platform.database_url, server_settings={"role": "cishan_app"})
    try:
        copied = """
            INSERT INTO approval_step (id, approval, position, stage, decision, person, role_grant,
                                       acting_role, at)
            SELECT gen_random_uuid(), $1, 9, 'check', 'pass', s.person, s.role_grant, s.acting_role, now()
              FROM approval_step AS s WHERE s.approval = $1 AND s.stage = 'propose'"""
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(copied, UUID(approval_id))
        assert refused.value.sqlstate in {"AP001", "AP006"}
    finally:
        await connection.close()


async def _is_found_out(platform: Platform, approval_id: str) -> None:
    """Prove the history, change the checker's step behind the application's back, and have it named."""
    whole = cishan(platform, "verify-history")
    assert (whole.returncode, whole.stdout.split(":")[0]) == (0, "The history is whole"), whole.stdout
    owner = await asyncpg.connect(platform.database_url)
    try:
        step = await owner.fetchrow(
            "SELECT id, reason FROM audit.transition WHERE subject_kind = 'approval' AND subject_id = $1"
            " ORDER BY id DESC LIMIT 1",
            approval_id,
        )
        assert step is not None
        await _change(owner, step["id"], "another reason")
        broken = cishan(platform, "verify-history")
        assert broken.returncode == 1
        assert f"BROKEN transition {step['id']} was changed" in broken.stdout
        await _change(owner, step["id"], step["reason"])
        assert cishan(platform, "verify-history").returncode == 0
    finally:
        await owner.close()


async def _change(owner: "asyncpg.Connection[asyncpg.Record]", step: int, reason: str) -> None:
    async with owner.transaction():
        await owner.execute("ALTER TABLE audit.transition DISABLE TRIGGER ALL")
        await owner.execute("UPDATE audit.transition SET reason = $1 WHERE id = $2", reason, step)
        await owner.execute("ALTER TABLE audit.transition ENABLE TRIGGER ALL")
        for trigger in ("append_only", "stamp"):
            await owner.execute(f"ALTER TABLE audit.transition ENABLE ALWAYS TRIGGER {trigger}")


async def _own_check_is_refused(admin: Page, maker: Page, path: str, platform: Platform) -> None:
    """Let the maker hold the checker's post too: nothing is offered, and the database refuses."""
    await admin.goto("/staff/people")
    await admin.get_by_role("link", name="演示经办甲").first.click()
    await admin.get_by_role("link", name="授予岗位").first.click()
    await _fill_post(admin, "财务复核")
    await admin.get_by_label("原因").fill("演示：兼任")
    await admin.get_by_role("button", name="授予岗位").click()
    await expect(admin.get_by_role("main")).to_contain_text("财务复核")
    await maker.goto(path)
    await expect(maker.get_by_role("main")).to_contain_text("须由他人复核")
    await expect(maker.get_by_role("button", name="确认决定")).to_have_count(0)
    answer = await maker.request.post(
        f"{path}/check", form={"decision": "pass", "reason": ""}, headers={"Origin": platform.url}
    )
    assert answer.status == 403
    assert "须由他人复核" in await answer.text() or "同一人不能办理两次" in await answer.text()
