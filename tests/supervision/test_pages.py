"""The history is searched, taken away and proved; everybody sees who looked at their own data."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from cishan.audit import actions as audit
from cishan.audit.rules import Read, Transition
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing import jobs
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.settings import Settings
from tests.audit.test_verify import guards_down
from tests.donations.conftest import words
from tests.identity import staffing

GIFT = ids.new_id()


@pytest.fixture
async def auditor(client: httpx.AsyncClient) -> AsyncIterator[tuple[httpx.AsyncClient, UUID]]:
    """A browser in which the auditor of the city is signed in, and two steps in the history."""
    person = await staffing.a_member("eva", Role.AUDITOR, name="钱审计")
    await staffing.sign_in(client, "eva")
    async with atomic():
        await audit.record(
            Transition(
                subject_kind="donation",
                subject_id=str(GIFT),
                event="settle",
                from_state="awaiting_payment",
                to_state="paid",
                actor="stripe",
            ),
            Transition(
                subject_kind="campaign",
                subject_id="c-1",
                event="suspend",
                from_state="live",
                to_state="suspended",
                actor=str(person),
                acting_role="auditor",
                reason="核查中",
            ),
        )
    yield client, person


async def test_steps_are_shown_in_words_and_found_by_thing_person_and_day(
    auditor: tuple[httpx.AsyncClient, UUID],
) -> None:
    browser, person = auditor
    page = words((await browser.get("/staff/history?kind=campaign")).text)
    assert "募捐中 → 已暂停" in page and "钱审计" in page and "核查中" in page and "审计员" in page
    settled, suspended = "支付机构告知付款结果", "核查中"
    for query, found in (
        (f"subject={GIFT}", [settled]),
        (f"subject={ids.new_id()}", []),
        (f"kind=donation&subject={GIFT}", [settled]),
        (f"actor={person}&kind=campaign", [suspended]),
        ("actor=stripe", [settled]),
        ("actor=stripe&at_from=2020-01-01&at_to=2020-01-02", []),
        ("request_id=nothing", []),
    ):
        page = words((await browser.get(f"/staff/history?{query}")).text)
        assert [word for word in (settled, suspended) if word in page] == found, query
    assert (await browser.get("/staff/history")).headers["cache-control"] == "no-store"


async def test_an_export_says_what_for_and_is_itself_noted(
    auditor: tuple[httpx.AsyncClient, UUID],
) -> None:
    browser, person = auditor
    refused = await browser.post("/staff/history/export", data={"format": "csv"})
    assert refused.status_code == 422
    assert await fetch_value("SELECT count(*) FROM audit.sensitive_read") == 0
    taken = await browser.post(
        "/staff/history/export?kind=donation", data={"format": "csv", "purpose": "年度审计"}
    )
    assert taken.status_code == 200
    lines = taken.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and str(GIFT) in lines[1]
    (look,) = await fetch("SELECT subject_id, reader, acting_role, purpose FROM audit.sensitive_read")
    assert (look["subject_id"], look["reader"], look["acting_role"]) == ("history", str(person), "auditor")
    assert look["purpose"].startswith("年度审计")


async def test_the_proof_is_asked_for_worked_off_and_kept(
    auditor: tuple[httpx.AsyncClient, UUID], config: Settings
) -> None:
    browser, person = auditor
    async with atomic():
        await audit.seal()
    assert (await browser.post("/staff/history/proof", data={"rows": "10000"})).status_code == 303
    assert "核验中" in words((await browser.get("/staff/history/proof")).text)
    await jobs.work_off()
    page = words((await browser.get("/staff/history/proof")).text)
    assert "完好" in page and "钱审计" in page
    (row,) = await fetch("SELECT asked_by, rows_read, findings, first_place FROM history_check")
    assert (row["asked_by"], row["first_place"], json.loads(row["findings"])) == (person, 1, [])
    assert row["rows_read"] == await fetch_value("SELECT count(*) FROM audit.seal") > 1


async def test_a_row_changed_behind_the_back_is_named_on_the_page(
    auditor: tuple[httpx.AsyncClient, UUID],
) -> None:
    browser, _ = auditor
    async with atomic():
        await audit.seal()
    number = await fetch_value("SELECT id FROM audit.transition WHERE subject_id = 'c-1'")
    async with guards_down() as owner:
        await owner.execute("UPDATE audit.transition SET reason = 'other' WHERE id = $1", number)
    await browser.post("/staff/history/proof", data={"rows": "100000"})
    await jobs.work_off()
    page = words((await browser.get("/staff/history/proof")).text)
    assert "有异常" in page and f"transition {number} was changed" in page


@pytest.mark.parametrize("rows", ["", "7", "x", "-1", "99999999999999999999"])
async def test_another_number_of_rows_is_refused(auditor: tuple[httpx.AsyncClient, UUID], rows: str) -> None:
    reply = await auditor[0].post("/staff/history/proof", data={"rows": rows})
    assert reply.status_code == 422
    assert await fetch_value("SELECT count(*) FROM history_check") == 0


async def test_the_anchor_file_is_taken_away_as_it_stands(
    auditor: tuple[httpx.AsyncClient, UUID], config: Settings
) -> None:
    folder = config.data_dir / "anchors"
    (folder / "history.jsonl").unlink(missing_ok=True)
    async with atomic():
        await audit.seal()
    await audit.anchor(folder)
    reply = await auditor[0].get("/staff/history/proof/anchors")
    assert reply.content == (folder / "history.jsonl").read_bytes()
    assert reply.headers["content-disposition"] == 'attachment; filename="history.jsonl"'
    (folder / "history.jsonl").unlink()


@pytest.mark.parametrize("path", ["/staff/history", "/staff/history/proof", "/staff/history/proof/anchors"])
async def test_the_whole_history_is_for_posts_of_the_whole_city(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 303
    await staffing.a_member("ada", Role.PROJECT_OFFICER, region=staffing.COUNTY)
    await staffing.sign_in(client, "ada")
    assert (await client.get(path)).status_code == 403


async def test_everybody_sees_who_looked_at_their_own_data(client: httpx.AsyncClient) -> None:
    reader = await staffing.a_member("eva", Role.AUDITOR, name="钱审计")
    me = await staffing.a_member("bea", Role.CASHIER, name="孙出纳")
    await staffing.sign_in(client, "bea")
    assert "至今没有人查看过" in (await client.get("/account/reads")).text
    async with atomic():
        for subject in (me, ids.new_id()):
            await audit.record_read(
                Read(
                    subject_kind="person",
                    subject_id=str(subject),
                    fields=("phone", "id_number"),
                    reader=str(reader),
                    purpose=f"回访核实 {subject}",
                    acting_role="auditor",
                )
            )
    page = words((await client.get("/account/reads")).text)
    assert "手机号、身份证号" in page and f"回访核实 {me}" in page and "审计员" in page
    assert page.count("回访核实") == 1
    assert "钱审计" not in page and "钱" in page
