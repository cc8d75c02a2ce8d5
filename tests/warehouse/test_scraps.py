"""Writing off: a maker, a witness and photos; checkers; and nobody is given the goods meanwhile."""

import re
from uuid import UUID

import httpx
import pytest

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Decision
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import orders, picks, scraps, stock
from cishan.warehouse.actions.locking import lock as lock_lots
from cishan.warehouse.actions.scraps import Proposed
from cishan.warehouse.queries.scraps import scrap_by_id
from cishan.warehouse.rules.orders import Second
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.scraps import SCRAP, Ground
from cishan.warehouse.rules.stock import LotState
from seeds import approvals as seeds
from tests.identity.staffing import CITY, a_member, sign_in
from tests.warehouse.ordering import brought, everything, requested, reserved
from tests.warehouse.stocking import a_bin, booked, stock_of
from tests.warehouse.test_orders import a_shelf
from tests.warehouse.test_picks import first, there

pytestmark = pytest.mark.usefixtures("config", "db")


async def a_checker(
    name: str = "checker", role: Role = Role.FINANCE_CHECKER, *, region: str = CITY
) -> Acting:
    person = await a_member(name, role, region=region)
    (grant,) = await fetch("SELECT id FROM role_grant WHERE person = {}", person)
    return Acting(person, grant["id"], role)


async def told() -> Proposed:
    return Proposed(words="受潮发霉", witness=Second(name="李某某"), photos=await brought("photo", SCRAP))


async def proposed(quantity: int = 4) -> tuple[UUID, UUID, UUID, UUID, Acting]:
    await seeds.load()
    site, item, lot, keeper = await a_shelf()
    scrap_id = await scraps.propose(
        await told(),
        lot_id=lot,
        bin_id=(await a_bin(site)).id,
        quantity=quantity,
        ground=Ground.DAMAGED,
        by=keeper,
        request=ids.new_id(),
    )
    return scrap_id, site, item, lot, keeper


async def approval_of(scrap_id: UUID) -> UUID:
    found: UUID = await fetch_value(
        "SELECT id FROM approval WHERE subject_id = {} ORDER BY round DESC LIMIT 1", str(scrap_id)
    )
    return found


async def test_goods_are_written_off_at_their_cost_after_the_check_and_held_till_then() -> None:
    scrap_id, site, item, lot, keeper = await proposed()
    assert await there(lot, Purpose.QUARANTINE) == (4, 0)
    assert (await scrap_by_id(scrap_id)).value_fen == 24000
    done = await orders.reserve([await requested(site, keeper, (item, 10))], by=keeper, request=ids.new_id())
    assert done.pieces == 6
    await approvals.check(await approval_of(scrap_id), await a_checker(), Decision.PASS)
    assert await stock_of(lot) == (6, 6, 36000)
    assert (await booked("1201"), await booked("5901")) == (36000, 24000)
    assert (await scrap_by_id(scrap_id)).state == "scrapped"


async def test_the_maker_does_not_check_and_a_refusal_leaves_the_goods_in_quarantine() -> None:
    scrap_id, _, _, lot, _ = await proposed()
    await approvals.check(await approval_of(scrap_id), await a_checker(), Decision.REJECT, "可清洗后使用")
    assert (await scrap_by_id(scrap_id)).state == "refused"
    assert await there(lot, Purpose.QUARANTINE) == (4, 0)
    assert await booked("5901") == 0


async def test_a_returned_proposal_is_laid_before_the_checkers_again_or_given_up() -> None:
    scrap_id, _, _, _, keeper = await proposed()
    with pytest.raises(Conflict, match="before its checkers"):
        await scraps.drop(scrap_id, by=keeper, reason="算了")
    checker = await a_checker()
    await approvals.check(await approval_of(scrap_id), checker, Decision.RETURN, "照片不清楚")
    await scraps.propose_again(scrap_id, by=keeper, reason="已补照片")
    await approvals.withdraw(await approval_of(scrap_id), keeper)
    await scraps.drop(scrap_id, by=keeper, reason="算了")
    assert (await scrap_by_id(scrap_id)).state == "refused"


async def test_a_proposal_needs_words_a_witness_a_photo_and_goods() -> None:
    site, _, lot, keeper = await a_shelf()
    whole, before, shelf = await told(), await everything(), (await a_bin(site)).id
    for bad, field in (
        (Proposed(words=" ", witness=whole.witness, photos=whole.photos), "words"),
        (Proposed(words="坏", witness=Second(), photos=whole.photos), "witness"),
        (Proposed(words="坏", witness=Second(person=keeper.person_id), photos=whole.photos), "witness"),
        (Proposed(words="坏", witness=whole.witness, photos=[]), "photo"),
    ):
        with pytest.raises(Invalid) as refused:
            await scraps.propose(
                bad,
                lot_id=lot,
                bin_id=shelf,
                quantity=1,
                ground=Ground.DAMAGED,
                by=keeper,
                request=ids.new_id(),
            )
        assert refused.value.field == field
    with pytest.raises(stock.Short):
        await scraps.propose(
            whole,
            lot_id=lot,
            bin_id=shelf,
            quantity=11,
            ground=Ground.DAMAGED,
            by=keeper,
            request=ids.new_id(),
        )
    assert await everything() == before


async def test_the_foot_of_the_list_adds_pieces_up_as_pieces(client: httpx.AsyncClient) -> None:
    _, site, _, lot, keeper = await proposed(4)
    shelf = (await a_bin(site)).id
    await scraps.propose(
        await told(),
        lot_id=lot,
        bin_id=shelf,
        quantity=3,
        ground=Ground.DAMAGED,
        by=keeper,
        request=ids.new_id(),
    )
    await sign_in(client, "keeper")
    page = (await client.get("/staff/warehouse/scraps")).text
    foot = page.partition("<tfoot")[2].partition("</tfoot")[0]
    assert re.findall(r'data-label="(数量|价值)">([^<]*)<', foot) == [("数量", "7"), ("价值", "¥420.00")]


async def test_what_lies_in_quarantine_is_not_proposed_twice() -> None:
    scrap_id, site, _, lot, keeper = await proposed()
    held = (await a_bin(site, Purpose.QUARANTINE)).id
    with pytest.raises(stock.Short, match="only 0"):
        await scraps.propose(
            await told(),
            lot_id=lot,
            bin_id=held,
            quantity=1,
            ground=Ground.DAMAGED,
            by=keeper,
            request=ids.new_id(),
        )
    assert (await scrap_by_id(scrap_id)).from_code != (await scrap_by_id(scrap_id)).bin_code


async def test_what_picking_did_not_find_is_written_off_as_lost() -> None:
    await seeds.load()
    site, item, lot, keeper = await a_shelf()
    order_id = await reserved(site, keeper, (item, 4))
    pick_id = await first(order_id)
    await picks.not_found(pick_id, found=3, reason="少一袋", by=keeper, request=ids.new_id())
    request = ids.new_id()
    made = [
        await scraps.propose_missing(await told(), pick_id=pick_id, by=keeper, request=request)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    with pytest.raises(Conflict, match="proposed to be written off"):
        await picks.found_again(pick_id, by=keeper, request=ids.new_id())
    await approvals.check(await approval_of(made[0]), await a_checker(), Decision.PASS)
    assert await stock_of(lot) == (9, 3, 54000)
    assert await booked("5901") == 6000


async def test_what_is_missing_is_written_off_though_its_promise_was_taken_back() -> None:
    await seeds.load()
    site, item, lot, keeper = await a_shelf()
    pick_id = await first(await reserved(site, keeper, (item, 4)))
    await picks.not_found(pick_id, found=3, reason="少一袋", by=keeper, request=ids.new_id())
    scrap_id = await scraps.propose_missing(await told(), pick_id=pick_id, by=keeper, request=ids.new_id())
    await lock_lots([lot], LotState.RECALLED, by=keeper, event="recall", reason="厂家召回", why="厂家召回")
    assert (await stock_of(lot))[:2] == (10, 0)
    await approvals.check(await approval_of(scrap_id), await a_checker(), Decision.PASS)
    assert await stock_of(lot) == (9, 0, 54000)
    assert await booked("5901") == 6000
