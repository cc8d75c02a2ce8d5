"""Stocktakes and who takes part in them, as tests need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, Decision
from cishan.identity.rules.roles import Role
from cishan.kernel import ids
from cishan.plumbing.db import fetch, fetch_value
from cishan.warehouse.actions import stocktake_endings, stocktakes
from cishan.warehouse.queries import stocktakes as queries
from seeds import approvals as bands
from seeds import deadlines
from tests.identity.staffing import CITY, a_federation, a_member
from tests.warehouse.stocking import a_bin, a_keeper, a_site, an_item


@dataclass
class House:
    """A site with a shelf, an item, two keepers, and the third who judges."""

    site: UUID
    shelf: UUID
    item: UUID
    ada: Acting
    bea: Acting
    checker: Acting
    organisation: UUID


async def acting_as(username: str, role: Role) -> Acting:
    """Make a member of the staff and return how they act."""
    person = await a_member(username, role, name=username)
    grant = await fetch_value("SELECT id FROM role_grant WHERE person = {}", person)
    return Acting(person, grant, role)


async def a_house() -> House:
    await deadlines.load()
    site = await a_site()
    await bands.load()
    return House(
        site,
        (await a_bin(site)).id,
        await an_item(),
        await a_keeper("ada-keeper"),
        await a_keeper("bea-keeper"),
        await acting_as("cleo-checker", Role.FINANCE_CHECKER),
        await a_federation(CITY),
    )


async def opened(house: House, *bins: UUID) -> UUID:
    return await stocktakes.open_stocktake(
        house.site, bins or [house.shelf], note="年度盘点", by=house.ada, request=ids.new_id()
    )


async def number_of(lot: UUID) -> str:
    return str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


async def counted(stocktake: UUID, bin_id: UUID, by: Acting, found: Mapping[UUID, int] | None = None) -> None:
    """Let somebody count a bin to its end."""
    count = await stocktakes.begin_count(stocktake, bin_id, by=by)
    for lot, quantity in (found or {}).items():
        await stocktakes.enter(
            count.id, scan=await number_of(lot), quantity=quantity, by=by, request=ids.new_id()
        )
    await stocktakes.end_count(count.id, by=by)


async def both_count(
    house: House, stocktake: UUID, found: Mapping[UUID, int], bin_id: UUID | None = None
) -> None:
    for one in (house.ada, house.bea):
        await counted(stocktake, bin_id or house.shelf, one, found)


async def proposed(house: House, stocktake: UUID) -> UUID:
    """Explain every difference and lay them before the checkers; return the approval."""
    lines = await queries.variances(await queries.stocktake_by_id(stocktake))
    words = {line.id: "搬运时破损" for line in lines if line.difference}
    await stocktake_endings.explain(stocktake, words, by=house.ada)
    return await stocktake_endings.propose(stocktake, by=house.ada, organisation_id=house.organisation)


async def approved(house: House, stocktake: UUID) -> None:
    await approvals.check(await proposed(house, stocktake), house.checker, Decision.PASS)


async def state_of(stocktake: UUID) -> str:
    return str(await fetch_value("SELECT state FROM stocktake WHERE id = {}", stocktake))


async def frozen(stocktake: UUID) -> int:
    return int(await fetch_value("SELECT count(*) FROM stock_bin WHERE frozen_by = {}", stocktake))


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all that a step of a stocktake or recall may write: a refusal leaves it as it was."""
    tables = {
        "stocktake": "id, state, round, amount_fen",
        "stocktake_line": "id, counted, explanation",
        "stocktake_count": "id, ended_at",
        "stocktake_entry": "id, quantity",
        "stocktake_unlabelled": "id, counted, explanation, lot",
        "stocktake_unlabelled_entry": "id, quantity",
        "stock_bin": "id, frozen_by",
        "stock_lot": "id, state, on_hand, value_fen",
        "stock_balance": "lot, bin, on_hand, reserved",
        "stock_cause": "id, kind",
        "goods_recall": "id, state",
        "goods_recall_receiver": "id, state, told_at",
        "goods_pick": "id, state, quantity",
        "approval": "id, state",
        "audit.transition": "id, event",
        "letter": "id, state",
    }
    return {name: await fetch(f"SELECT {what} FROM {name} ORDER BY 1, 2") for name, what in tables.items()}
