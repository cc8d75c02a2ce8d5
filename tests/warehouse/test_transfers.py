"""Goods under way between sites: what is sent, what arrives, and every difference explained."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import lost_on_the_way, transfers
from cishan.warehouse.queries.lying import lying
from cishan.warehouse.queries.transfers import missing, transfer_by_id
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from cishan.warehouse.rules.transfers import Counted, State, Transfer
from tests.identity.staffing import COUNTY
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, agree, an_item, booked, move, stock_of

pytestmark = pytest.mark.usefixtures("db")


class Way:
    """Two sites, a lot of twenty at the first, a sender and a receiver."""

    site: UUID
    there: UUID
    item: UUID
    lot: UUID
    shelf: UUID
    sender: Acting
    receiver: Acting


async def a_way(quantity: int = 20) -> Way:
    way = Way()
    way.site, way.there = await a_site("DZ"), await a_site("QY", region=COUNTY)
    way.shelf = (await a_bin(way.site)).id
    way.item = await an_item()
    way.lot = await a_lot(way.item, way.shelf, quantity)
    way.sender, way.receiver = await a_keeper("sender"), await a_keeper("receiver", region=COUNTY)
    return way


async def a_draft(way: Way, quantity: int = 12) -> Transfer:
    made = await transfers.draft(source=way.site, target=way.there, by=way.sender, request=ids.new_id())
    (place,) = await lying(lot=way.lot, site=way.site)
    await transfers.add_line(made.id, place, quantity, request=ids.new_id())
    return await transfer_by_id(made.id)


async def a_sent(way: Way, quantity: int = 12) -> Transfer:
    made = await a_draft(way, quantity)
    await transfers.send(made.id, by=way.sender, request=ids.new_id())
    return await transfer_by_id(made.id)


async def where(lot: UUID) -> dict[str, int]:
    return {place.bin_code: place.on_hand for place in await lying(lot=lot)}


async def test_what_arrives_whole_lies_in_the_receiving_zone_of_the_other_site() -> None:
    way = await a_way()
    sent = await a_sent(way)
    assert (sent.state, sent.sent_by) == (State.SENT, way.sender.person_id)
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-WAY-01": 12}
    (line,) = sent.lines
    state = await transfers.receive(sent.id, {line.id: Counted(12, 0)}, by=way.receiver, request=ids.new_id())
    assert state is State.RECEIVED
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-IN-01": 12}
    assert await stock_of(way.lot) == (20, 0, 120000)
    rows = await fetch(
        """SELECT event, from_state, to_state, actor FROM audit.transition
            WHERE subject_kind = 'transfer' ORDER BY id"""
    )
    assert [(row["event"], row["from_state"], row["to_state"]) for row in rows] == [
        ("draft", "", "draft"),
        ("send", "draft", "sent"),
        ("receive", "sent", "received"),
    ]
    assert [row["actor"] for row in rows] == [
        *(str(way.sender.person_id),) * 2,
        str(way.receiver.person_id),
    ]


async def test_damaged_goods_go_to_quarantine_and_missing_ones_stay_under_way() -> None:
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    counted = {line.id: Counted(7, 2, "一箱进水，三袋没有装车")}
    assert (
        await transfers.receive(sent.id, counted, by=way.receiver, request=ids.new_id()) is State.INCOMPLETE
    )
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-IN-01": 7, "QY-Q-01": 2, "QY-WAY-01": 3}
    assert [(number, short.missing) for number, short in await missing()] == [(sent.number, 3)]
    assert await missing(["371424%"]) == []

    state = await lost_on_the_way.find(line.id, 2, by=way.receiver, request=ids.new_id(), reason="在车上找到")
    assert (state, (await where(way.lot))["QY-IN-01"]) == (State.INCOMPLETE, 9)
    request = ids.new_id()
    agreed = ids.new_id()
    await agree(agreed)
    for _ in range(2):
        posted = await lost_on_the_way.write_off(
            line.id, 1, subject=("test", agreed), by=way.sender, request=request, reason="确认丢失"
        )
        assert posted.value_fen == -6000
    now = await transfer_by_id(sent.id)
    assert (now.state, now.missing, now.lines[0].found, now.lines[0].lost) == (State.RECEIVED, 0, 2, 1)
    assert await stock_of(way.lot) == (19, 0, 114000)
    assert await booked("1201") == 114000
    assert await missing() == []


async def test_a_difference_without_an_explanation_changes_nothing() -> None:
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    for counted, field in (
        (Counted(11, 0), "explanation"),
        (Counted(11, 1, "  "), "explanation"),
        (Counted(13, 0, "多"), "arrived"),
        (Counted(-1, 0, "少"), "arrived"),
    ):
        with pytest.raises(Invalid) as refused:
            await transfers.receive(sent.id, {line.id: counted}, by=way.receiver, request=ids.new_id())
        assert refused.value.field == f"{field}_{line.id}"
    with pytest.raises(Invalid, match="every line"):
        await transfers.receive(sent.id, {}, by=way.receiver, request=ids.new_id())
    assert (await transfer_by_id(sent.id)).state is State.SENT
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-WAY-01": 12}


async def test_the_database_refuses_an_unexplained_difference_and_the_sender_too() -> None:
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    for sql, values in (
        ("UPDATE stock_transfer_line SET arrived = 11, damaged = 0 WHERE id = $1", (line.id,)),
        ("UPDATE stock_transfer_line SET quantity = 11 WHERE id = $1", (line.id,)),
        ("UPDATE stock_transfer_line SET lost = 1 WHERE id = $1", (line.id,)),
        ("DELETE FROM stock_transfer_line WHERE id = $1", (line.id,)),
        (
            "UPDATE stock_transfer SET state='draft', sent_at=NULL, sent_by=NULL WHERE id = $1",
            (sent.id,),
        ),
        (
            "UPDATE stock_transfer SET state='received', received_at=now(), received_by=$2 WHERE id = $1",
            (sent.id, way.receiver.person_id),
        ),
        (
            "UPDATE stock_transfer SET state='incomplete', received_at=now(), received_by=$2 WHERE id = $1",
            (sent.id, way.sender.person_id),
        ),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with atomic():
                await connection().execute(sql, *values)
    assert await transfer_by_id(sent.id) == sent


async def test_who_sent_the_goods_does_not_receive_them() -> None:
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    with pytest.raises(Forbidden):
        await transfers.receive(sent.id, {line.id: Counted(12, 0)}, by=way.sender, request=ids.new_id())
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-WAY-01": 12}


async def test_every_form_sent_twice_is_applied_once() -> None:
    way = await a_way()
    request = ids.new_id()
    first = await transfers.draft(source=way.site, target=way.there, by=way.sender, request=request)
    again = await transfers.draft(source=way.site, target=way.there, by=way.sender, request=request)
    assert first == again
    (place,) = await lying(lot=way.lot)
    line_request, send_request, receive_request = ids.new_id(), ids.new_id(), ids.new_id()
    for _ in range(2):
        await transfers.add_line(first.id, place, 5, request=line_request)
    for _ in range(2):
        await transfers.send(first.id, by=way.sender, request=send_request)
    for _ in range(2):
        state = await transfers.receive(
            first.id, {line_request: Counted(5, 0)}, by=way.receiver, request=receive_request
        )
        assert state is State.RECEIVED
    assert await where(way.lot) == {"DZ-A-01": 15, "QY-IN-01": 5}
    with pytest.raises(Conflict):
        await transfers.draft(source=way.there, target=way.site, by=way.sender, request=request)


async def test_what_expires_first_is_proposed_first() -> None:
    way = await a_way(4)
    today = clock.today()
    sooner = await a_lot(way.item, way.shelf, 3, expires_on=today.replace(year=today.year + 1))
    made = await transfers.draft(source=way.site, target=way.there, by=way.sender, request=ids.new_id())
    request = ids.new_id()
    assert await transfers.add_first_expiring(made.id, way.item, 5, request=request) == 2
    assert await transfers.add_first_expiring(made.id, way.item, 5, request=request) == 0
    lines = (await transfer_by_id(made.id)).lines
    assert {line.lot: line.quantity for line in lines} == {sooner: 3, way.lot: 2}
    with pytest.raises(Invalid, match="Only 0 more"):
        await transfers.add_first_expiring(made.id, way.item, 3, request=ids.new_id())
    assert len((await transfer_by_id(made.id)).lines) == 2


async def test_a_line_is_refused_with_the_numbers_and_the_field() -> None:
    way = await a_way()
    made = await a_draft(way)
    (place,) = await lying(lot=way.lot)
    for quantity, field in ((21, "lot"), (0, "quantity"), (1_000_001, "quantity")):
        with pytest.raises(Invalid) as refused:
            await transfers.add_line(made.id, place, quantity, request=ids.new_id())
        assert refused.value.field == field
    await transfers.remove_line(made.id, made.lines[0].id)
    with pytest.raises(Invalid, match="asked for 21, only 20"):
        await transfers.add_line(made.id, place, 21, request=ids.new_id())
    elsewhere = replace(place, site=way.there, site_name="别处")
    with pytest.raises(Invalid, match="别处"):
        await transfers.add_line(made.id, elsewhere, 1, request=ids.new_id())
    with pytest.raises(Conflict, match="nothing on the list"):
        await transfers.send(made.id, by=way.sender, request=ids.new_id())
    assert (await transfer_by_id(made.id)).lines == ()
    assert await where(way.lot) == {"DZ-A-01": 20}


async def test_what_was_promised_meanwhile_does_not_leave() -> None:
    way = await a_way()
    made = await a_draft(way, 12)
    await move(Cause.RESERVE, Delta(way.lot, way.shelf, reserved=9))
    with pytest.raises(Conflict, match="asked for 12, only 11"):
        async with atomic():
            await transfers.send(made.id, by=way.sender, request=ids.new_id())
    assert (await transfer_by_id(made.id)).state is State.DRAFT
    assert await where(way.lot) == {"DZ-A-01": 20}


async def test_a_draft_that_is_given_up_moves_nothing() -> None:
    way = await a_way()
    made = await a_draft(way)
    with pytest.raises(Invalid):
        await transfers.cancel(made.id, by=way.sender, reason=" ")
    await transfers.cancel(made.id, by=way.sender, reason="车辆未到")
    await transfers.cancel(made.id, by=way.sender, reason="车辆未到")
    assert (await transfer_by_id(made.id)).state is State.CANCELLED
    with pytest.raises(Conflict):
        await transfers.send(made.id, by=way.sender, request=ids.new_id())
    assert await where(way.lot) == {"DZ-A-01": 20}


async def test_goods_turn_up_only_as_far_as_they_are_missing() -> None:
    way = await a_way()
    sent = await a_sent(way)
    (line,) = sent.lines
    await transfers.receive(
        sent.id, {line.id: Counted(10, 0, "少两袋")}, by=way.receiver, request=ids.new_id()
    )
    with pytest.raises(Invalid, match="only 2 are missing"):
        await lost_on_the_way.find(line.id, 3, by=way.receiver, request=ids.new_id(), reason="找到")
    with pytest.raises(Invalid):
        await lost_on_the_way.find(line.id, 1, by=way.receiver, request=ids.new_id(), reason="")
    with pytest.raises(Invalid, match="only 2 are missing"):
        async with atomic():
            await lost_on_the_way.write_off(
                line.id,
                3,
                subject=("test", ids.new_id()),
                by=way.receiver,
                request=ids.new_id(),
                reason="丢失",
            )
    assert (await where(way.lot))["QY-WAY-01"] == 2
    request = ids.new_id()
    for _ in range(2):
        state = await lost_on_the_way.find(
            line.id, 2, is_damaged=True, by=way.receiver, request=request, reason="破损后找到"
        )
        assert state is State.RECEIVED
    assert await where(way.lot) == {"DZ-A-01": 8, "QY-IN-01": 10, "QY-Q-01": 2}


async def test_a_site_sends_nothing_to_itself() -> None:
    way = await a_way()
    with pytest.raises(Invalid) as refused:
        await transfers.draft(source=way.site, target=way.site, by=way.sender, request=ids.new_id())
    assert refused.value.field == "target"
    assert (await a_bin(way.site, Purpose.TRANSIT)).code == "DZ-WAY-01"
