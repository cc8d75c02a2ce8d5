"""Receivers of goods are named nowhere to who may not read names: in no page, list, paper or log."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pypdf
import pytest
import structlog

from cishan.console.queries import LISTS as LISTS_OF_STAFF
from cishan.identity.rules.permissions import Action
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.plumbing import crypto
from cishan.plumbing.db import fetch
from cishan.warehouse.queries import orders as order_queries
from tests.conftest import unhurried
from tests.identity import staffing
from tests.warehouse import offering, stocking
from tests.warehouse.every_form import VALID
from tests.warehouse.forms import counts, drives, offers, orders, transfers
from tests.warehouse.forms.world import HERE, NAME, PHONE, World, a_world
from tests.warehouse.test_every_form import undone
from tests.warehouse.test_reach import LISTS, SHOWN, filled, pages

pytestmark = pytest.mark.usefixtures("config", "db")

DIGITS = PHONE.removeprefix("+86")
SECRETS = (NAME, DIGITS, "138 0000 7766", "不存在村7号")
"""Of the address the town may be read, not the house."""
GIVER = offering.PHONE.removeprefix("+86")


async def _blind(client: httpx.AsyncClient) -> None:
    """Let a keeper of the county look, who may not read names."""
    await staffing.a_member("blind", Role.WAREHOUSE_KEEPER, name="库管丙", region=HERE)
    client.cookies.set("session", await staffing.a_session("blind"))


async def _swap(client: httpx.AsyncClient, username: str) -> None:
    client.cookies.set("session", await staffing.a_session(username))


def _said(answer: httpx.Response) -> str:
    if answer.headers.get("content-type", "") == "application/pdf":
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    return re.sub(r"(?<=\d)[- ](?=\d)", "", answer.text)


def _told(answer: httpx.Response) -> list[str]:
    text = _said(answer)
    return [one for one in SECRETS if one.replace(" ", "") in text or one in text]


@pytest.mark.parametrize("part", range(3))
async def test_pages_and_papers_of_one_thing(part: int, client: httpx.AsyncClient) -> None:
    world, wrong = await a_world(client), list[Any]()
    await _blind(client)
    for page in pages()[part::3]:
        async with undone():
            await unhurried()
            await _swap(client, "walker")
            path = await filled(page, world)
            await _swap(client, "blind")
            answer = await client.get(path)
            assert answer.status_code in {200, 303, 403}, (page, answer.status_code)
            if told := _told(answer):
                wrong.append((page, told))
    assert wrong == []
    assert SHOWN


async def _everybody(w: World) -> str:
    """Write the receiver down wherever receivers are; return the secret link of one order."""
    order = await orders.handed_over(w)
    for make in (
        orders.requested,
        orders.missing,
        orders.batch,
        drives.turn,
        counts.recall,
    ):
        await make(w)
    return f"/o/{crypto.secret_link(order, purpose=order_queries.LINK)}"


async def test_lists_searches_the_public_pages_and_the_logs(client: httpx.AsyncClient) -> None:
    world = await a_world(client)
    with structlog.testing.capture_logs() as logs:
        link = await _everybody(world)
        await _blind(client)
        wrong: list[Any] = []
        for path in (*LISTS, "/warehouse", link, "/goods/give", "/"):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            if told := _told(answer):
                wrong.append((path, told))
        for number in await fetch("SELECT number FROM goods_order"):
            found = await client.post("/staff/scan", data={"code": number["number"]})
            shown = await client.get(found.headers["location"])
            if told := _told(shown):
                wrong.append((number["number"], told))
    assert wrong == []
    assert not [one for one in logs if any(secret in str(one) for secret in SECRETS)]
    for table in ("audit.transition", "goods_order", "goods_entitlement", "message", "goods_recall_receiver"):
        rows = str(await fetch(f"SELECT * FROM {table}"))
        assert not [secret for secret in SECRETS if secret in rows], table


async def test_lists_that_a_keeper_takes_away_name_nobody(client: httpx.AsyncClient) -> None:
    world = await a_world(client)
    await drives.made_kit(replace(world, mark="K"))
    for make in (offers.offer, transfers.incomplete, orders.scrap, _everybody):
        await make(world)
    await stocking.a_lot(world.item, world.shelf.id, 3, expires_on=clock.today() + timedelta(days=9))
    await counts.stocktake(world)
    await _blind(client)
    taken, wrong = dict[str, int](), list[Any]()
    for shown in LISTS_OF_STAFF:
        if shown.action is not Action.STOCK_READ:
            continue
        answer = await client.post(f"{shown.path}/export", data={"format": "csv", "purpose": "核对"})
        if shown.export is Action.STOCK_EXPORT:
            taken[shown.of.code] = len(answer.text.splitlines()) - 1
        if answer.status_code != (200 if shown.export is Action.STOCK_EXPORT else 403):
            wrong.append((shown.path, answer.status_code))
        if told := _told(answer) + [one for one in (GIVER,) if one in _said(answer)]:
            wrong.append((shown.path, told))
    assert wrong == []
    assert {code for code, rows in taken.items() if rows < 1} == set(), "an empty list names nobody anyway"


@pytest.mark.parametrize(
    "name",
    [
        "/staff/warehouse/orders/{number:str}/look",
        "/staff/warehouse/recalls/{recall_id:uuid}/look",
        "/staff/warehouse/recalls/{recall_id:uuid}/file",
    ],
)
async def test_who_looks_is_written_down_and_who_may_not_sees_nothing(
    name: str, client: httpx.AsyncClient
) -> None:
    world = await a_world(client)
    sent = await VALID[name](world)
    reads = "SELECT reader, purpose FROM audit.sensitive_read"
    await staffing.a_member("cashier", Role.CASHIER, name="出纳丁", region=HERE)
    await _swap(client, "cashier")
    refused = await client.post(sent.path, data=sent.data)
    assert (refused.status_code, _told(refused), await fetch(reads)) == (403, [], [])
    await _swap(client, "walker")
    answer = await client.post(sent.path, data=sent.data)
    assert answer.status_code == 200
    assert {row["reader"] for row in await fetch(reads)} == {str(world.walker.person_id)}
    assert {row["purpose"] for row in await fetch(reads)} <= {"逐一电话通知", "送货前电话联系"}
