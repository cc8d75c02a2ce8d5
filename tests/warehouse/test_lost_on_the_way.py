"""What a transfer lost is written off after an approval, and by nobody alone."""

from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Decision
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, DomainError, Invalid
from cishan.plumbing.db import atomic, connection, fetch_value
from cishan.plumbing.i18n import CHINESE, set_language
from cishan.warehouse.actions import lost_on_the_way, scraps, transfers
from cishan.warehouse.actions.scraps import Proposed
from cishan.warehouse.queries.scraps import of_transfer, scrap_by_id
from cishan.warehouse.queries.transfers import missing, transfer_by_id
from cishan.warehouse.rules.orders import Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.scraps import Ground
from cishan.warehouse.rules.transfers import Counted, State, Transfer
from seeds import approvals as seeds
from tests.donations.conftest import words
from tests.identity.staffing import COUNTY, a_session
from tests.warehouse.ordering import a_picture, everything
from tests.warehouse.stocking import a_bin, agree, booked, stock_of
from tests.warehouse.test_scraps import a_checker, approval_of, told
from tests.warehouse.test_transfers import Way, a_sent, a_way, where

pytestmark = pytest.mark.usefixtures("config", "db")


async def a_loss(lost: int = 3) -> tuple[Way, Transfer]:
    """Let twelve pieces leave and all but some arrive."""
    await seeds.load()
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    counted = {line.id: Counted(12 - lost, 0, "途中丢失")}
    await transfers.receive(sent.id, counted, by=way.receiver, request=ids.new_id())
    return way, await transfer_by_id(sent.id)


async def proposed(way: Way, transfer: Transfer, quantity: int, request: UUID | None = None) -> UUID:
    return await scraps.propose_lost(
        await told(),
        line_id=transfer.lines[0].id,
        quantity=quantity,
        by=way.receiver,
        request=request or ids.new_id(),
    )


async def test_missing_pieces_leave_the_stock_and_the_books_after_the_check() -> None:
    way, transfer = await a_loss()
    request = ids.new_id()
    made = [await proposed(way, transfer, 2, request) for _ in range(2)]
    assert made[0] == made[1]
    waiting = await transfer_by_id(transfer.id)
    assert (waiting.missing, waiting.lines[0].proposed, waiting.lines[0].unsettled) == (3, 2, 1)
    assert (await stock_of(way.lot), await booked("5901")) == ((20, 0, 120000), 0)
    scrap = await scrap_by_id(made[0])
    assert (scrap.ground, scrap.value_fen, scrap.transfer_number) == (
        Ground.MISSING,
        12000,
        transfer.number,
    )
    assert (scrap.bin_code, scrap.region) == ("QY-WAY-01", COUNTY)

    await approvals.check(await approval_of(made[0]), await a_checker(region=COUNTY), Decision.PASS)
    now = await transfer_by_id(transfer.id)
    assert (now.state, now.missing, now.lines[0].lost, now.lines[0].proposed) == (State.INCOMPLETE, 1, 2, 0)
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-IN-01": 9, "QY-WAY-01": 1}
    assert await stock_of(way.lot) == (18, 0, 108000)
    assert (await booked("1201"), await booked("5901")) == (108000, 12000)
    assert await fetch_value("SELECT kind FROM stock_cause ORDER BY id DESC LIMIT 1") == "lose"
    assert (await scrap_by_id(made[0])).state == "scrapped"


async def test_the_last_missing_piece_that_is_written_off_ends_the_transfer() -> None:
    way, transfer = await a_loss()
    scrap_id = await proposed(way, transfer, 3)
    await approvals.check(await approval_of(scrap_id), await a_checker(region=COUNTY), Decision.PASS)
    assert (await transfer_by_id(transfer.id)).state is State.RECEIVED
    assert await missing() == []
    assert await stock_of(way.lot) == (17, 0, 102000)


async def test_the_maker_does_not_check_and_nothing_leaves() -> None:
    way, transfer = await a_loss()
    scrap_id = await proposed(way, transfer, 3)
    before, approval = await everything(), await approval_of(scrap_id)
    with pytest.raises(DomainError):
        await approvals.check(approval, way.receiver, Decision.PASS)
    assert await everything() == before
    assert (await transfer_by_id(transfer.id)).lines[0].lost == 0


async def test_a_refusal_leaves_the_pieces_missing_and_they_may_turn_up() -> None:
    way, transfer = await a_loss()
    scrap_id = await proposed(way, transfer, 3)
    (line,) = transfer.lines
    with pytest.raises(Invalid, match="3 missing pieces are proposed") as refused:
        await lost_on_the_way.find(line.id, 1, by=way.receiver, request=ids.new_id(), reason="在车上")
    assert refused.value.field == "found"
    await approvals.check(
        await approval_of(scrap_id), await a_checker(region=COUNTY), Decision.REJECT, "请再找一遍"
    )
    now = await transfer_by_id(transfer.id)
    assert (now.state, now.lines[0].unsettled, now.lines[0].lost) == (State.INCOMPLETE, 3, 0)
    assert (await stock_of(way.lot), await booked("5901")) == ((20, 0, 120000), 0)
    await lost_on_the_way.find(line.id, 3, by=way.receiver, request=ids.new_id(), reason="在车上")
    assert (await transfer_by_id(transfer.id)).state is State.RECEIVED


async def test_a_proposal_that_cannot_be_changes_nothing() -> None:
    way, transfer = await a_loss()
    first = await proposed(way, transfer, 2)
    whole, before, line = await told(), await everything(), transfer.lines[0].id
    for said, quantity, field in (
        (whole, 2, "quantity"),
        (whole, 4, "quantity"),
        (whole, 0, "quantity"),
        (Proposed(words=" ", witness=whole.witness, photos=whole.photos), 1, "words"),
        (Proposed(words="丢", witness=Second(), photos=whole.photos), 1, "witness"),
        (Proposed(words="丢", witness=whole.witness, photos=[]), 1, "photo"),
    ):
        with pytest.raises(Invalid) as refused:
            await scraps.propose_lost(
                said, line_id=line, quantity=quantity, by=way.receiver, request=ids.new_id()
            )
        assert refused.value.field == field
    with pytest.raises(Conflict, match="page of their transfer"):
        await scraps.propose(
            whole,
            lot_id=way.lot,
            bin_id=(await a_bin(way.there, Purpose.TRANSIT)).id,
            quantity=1,
            ground=Ground.DAMAGED,
            by=way.receiver,
            request=ids.new_id(),
        )
    assert await everything() == before
    assert [scrap.id for scrap in await of_transfer(transfer.id)] == [first]


async def test_the_database_keeps_the_line_and_takes_no_loss_that_was_not_approved() -> None:
    way, transfer = await a_loss()
    scrap_id = await proposed(way, transfer, 2)
    for sql in (
        "UPDATE goods_scrap SET transfer_line = NULL WHERE id = $1",
        "UPDATE goods_scrap SET ground = 'damaged' WHERE id = $1",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            async with atomic():
                await connection().execute(sql, scrap_id)
    other = ids.new_id()
    await agree(other)
    with pytest.raises(asyncpg.PostgresError, match="was not approved"):
        async with atomic():
            await lost_on_the_way.write_off(
                transfer.lines[0].id,
                1,
                subject=("goods_scrap", scrap_id),
                by=way.receiver,
                request=ids.new_id(),
                reason="丢失",
            )
            await connection().execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert await stock_of(way.lot) == (20, 0, 120000)


async def test_a_write_off_is_proposed_from_the_page_of_the_transfer(client: httpx.AsyncClient) -> None:
    set_language(CHINESE)
    _, transfer = await a_loss()
    here, line = f"/staff/warehouse/transfers/{transfer.id}", transfer.lines[0].id
    form = f"/staff/warehouse/scraps/missing/{line}"
    client.cookies.set("session", await a_session("receiver"))
    assert form in (await client.get(here)).text
    shown = words((await client.get(form)).text)
    assert transfer.number in shown and "途中丢失" in shown
    said = {
        "request": str(uuid4()),
        "quantity": "4",
        "ground": "missing",
        "words": "途中丢失",
        "volunteer": "李某某",
    }
    photo = {"photo": ("a.png", a_picture().data, "image/png")}
    refused = await client.post(form, data=said, files=photo)
    assert refused.status_code == 422 and 'href="#field-quantity"' in refused.text
    assert await fetch_value("SELECT count(*) FROM goods_scrap") == 0
    for _ in range(2):
        answer = await client.post(form, data={**said, "quantity": "3"}, files=photo)
        assert answer.status_code == 303
    (scrap,) = await of_transfer(transfer.id)
    shown = (await client.get(here)).text
    assert scrap.number in shown and "待复核" in shown and form not in shown
    assert here in (await client.get(answer.headers["location"])).text
    await a_checker("looker", Role.AUDITOR)
    client.cookies.set("session", await a_session("looker"))
    assert (await client.get(here)).status_code == 200
    assert (await client.get(form)).status_code in (403, 404)
