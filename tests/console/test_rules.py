"""Rules that are data: shown with their versions, taken away as files, and written by commands alone."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cishan.deadlines import actions
from cishan.donations.actions import limits
from cishan.donations.queries.limits import limits_in_force
from cishan.donations.rules.giving import LimitKind
from cishan.donations.rules.limits import Limit
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import fetch, fetch_value
from seeds import approvals, deadlines
from tests.console.conftest import Enter
from tests.donations.conftest import words
from tests.identity import staffing


async def test_deadlines_are_shown_with_their_version_and_source(enter: Enter) -> None:
    await deadlines.load()
    old = next(rule for rule in deadlines.rules() if rule.code == "wish.deliver")
    later = clock.today() + timedelta(days=30)
    new = type(old)(
        **{f: getattr(old, f) for f in old.__slots__ if f not in {"limit", "effective_from"}},
        limit=10,
        effective_from=later,
    )
    await actions.set_rules([new])
    client = await enter(Role.GRID_WORKER)
    page = words((await client.get("/staff/rules/deadlines?code=wish.deliver")).text)
    assert "wish.deliver" in page and "2 行" in page and later.isoformat() in page
    assert "生效中" in page and "尚未生效" in page and "cishan deadline-rules" in page
    waiting = words((await client.get("/staff/rules/deadlines?code=wish.deliver&standing=later")).text)
    assert "1 行" in waiting
    with clock.fixed(clock.now() + timedelta(days=31)):
        client.cookies.set("session", await staffing.a_session("ada"))
        over = words((await client.get("/staff/rules/deadlines?code=wish.deliver&standing=over")).text)
        assert "1 行" in over and "已被替代或失效" in over


async def test_bands_name_their_roles_in_the_readers_language(enter: Enter) -> None:
    await approvals.load()
    client = await enter(Role.FINANCE_MAKER)
    page = words((await client.get("/staff/rules/bands?kind=refund")).text)
    assert "3 行" in page and "¥50,000.00" in page
    assert "项目专员、财务经办" in page and "≥ 3" in page
    assert "出纳" in page and "本会规定" in page
    english = words((await client.get("/staff/rules/bands?kind=refund&lang=en")).text)
    assert "Council member ≥ 3" in english
    answer = await client.post("/staff/rules/bands/export?kind=refund", data={"format": "csv", "purpose": ""})
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert (len(rows), rows[3][2]) == (4, "50000.00")


async def test_limits_are_for_those_of_the_whole_city_who_see_gifts(enter: Enter) -> None:
    client = await enter(Role.FINANCE_MAKER)
    page = words((await client.get("/staff/rules/limits")).text)
    assert "单笔最低金额" in page and "低于一元" in page and "cishan gift-limit" in page
    assert f"{await fetch_value('SELECT count(*) FROM gift_limit')} 行" in page
    keeper = await enter(Role.WAREHOUSE_KEEPER, username="bea")
    assert (await keeper.get("/staff/rules/limits")).status_code == 403
    county = await enter(Role.FINANCE_MAKER, username="cem", region=staffing.COUNTY)
    assert "单笔最低金额" not in words((await county.get("/staff/rules/limits")).text).partition("筛选")[0]


async def test_a_limit_has_versions_and_none_changes(db: None) -> None:
    before = (await limits_in_force())[LimitKind.GIFT_MAX]
    today = clock.today()
    new = Limit(LimitKind.GIFT_MAX, 7_000_000)
    for _ in range(2):
        await limits.set_limit(new, effective_from=today + timedelta(days=1), reason="理事会决议")
    assert (await limits_in_force())[LimitKind.GIFT_MAX] == before
    with clock.fixed(clock.now() + timedelta(days=1)):
        assert (await limits_in_force())[LimitKind.GIFT_MAX] == new
    rows = await fetch("SELECT * FROM gift_limit ORDER BY id")
    for limit, day, reason, kind in (
        (Limit(LimitKind.GIFT_MAX, 8_000_000), today + timedelta(days=1), "x", Conflict),
        (new, today - timedelta(days=1), "x", Invalid),
        (new, today + timedelta(days=2), " ", Invalid),
    ):
        with pytest.raises(kind):
            await limits.set_limit(limit, effective_from=day, reason=reason)
    assert await fetch("SELECT * FROM gift_limit ORDER BY id") == rows


async def _counts() -> list[int]:
    return [
        await fetch_value(f"SELECT count(*) FROM {table}")
        for table in ("deadline_rule", "approval_band", "gift_limit")
    ]


def told(*words_typed: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cishan.cli", *words_typed],
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


async def test_the_commands_that_the_pages_name_write_new_versions(racing: str, tmp_path: Path) -> None:
    day = (clock.today() + timedelta(days=40)).isoformat()
    rule, band = json.loads(deadlines.DATA.read_text())[0], json.loads(approvals.DATA.read_text())[0]
    (tmp_path / "rules.json").write_text(json.dumps([{**rule, "limit": 7, "effective_from": day}]))
    (tmp_path / "bands.json").write_text(json.dumps([{**band, "effective_from": day}]))
    (tmp_path / "bad.json").write_text('[{"code": 1}]')
    assert told("deadline-rules", str(tmp_path / "rules.json"))[0] == 0
    assert told("approval-bands", str(tmp_path / "bands.json"))[0] == 0
    limit = ("gift-limit", "gift_max", "--yuan", "70000", "--from", day, "--reason", "理事会决议")
    assert told(*limit)[0] == 0
    written = [
        await fetch_value(f"SELECT limit_count::int FROM deadline_rule WHERE effective_from = '{day}'"),
        await fetch_value(f"SELECT from_fen::int FROM approval_band WHERE effective_from = '{day}'"),
        await fetch_value(f"SELECT amount_fen FROM gift_limit WHERE effective_from = '{day}'"),
    ]
    assert written == [7, 0, 7_000_000]
    counts = await _counts()
    for wrong in (
        ("deadline-rules", str(tmp_path / "bad.json")),
        ("approval-bands", str(tmp_path / "bad.json")),
        (*limit[:2], "--times", "3", *limit[4:]),
        (*limit[:3], "80000", *limit[4:]),
        ("gift-limit", "gift_count", *limit[2:]),
    ):
        code, said = told(*wrong)
        assert code != 0 and "Traceback" not in said, (wrong, said)
    assert await _counts() == counts
