"""Labels that are printed ahead: bound once, replaced when damaged, and what a scan of them leads to."""

import asyncpg
import pytest

from cishan.kernel import ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import labels
from cishan.warehouse.queries import labels as printed
from cishan.warehouse.queries.choosing import bin_meant, lot_meant
from cishan.warehouse.queries.stock import lot_by_id
from cishan.warehouse.rules import codes
from tests.warehouse.stocking import a_bin, a_keeper, a_lot, a_site, an_item

pytestmark = pytest.mark.usefixtures("db")


async def _rows() -> list[tuple[str, object, object, bool]]:
    found = await fetch(
        "SELECT code, lot, bin, retired_at IS NOT NULL AS gone FROM stock_label ORDER BY code"
    )
    return [(row["code"], row["lot"], row["bin"], row["gone"]) for row in found]


async def test_labels_are_printed_with_codes_of_their_own() -> None:
    keeper = await a_keeper()
    made = await labels.print_ahead(30, by=keeper.person_id, request=ids.new_id())
    assert len(set(made)) == 30
    assert all(codes.is_label(code) for code in made)
    assert sorted(made) == [row[0] for row in await _rows()]
    found, missing = await printed.labels_of(made, ["%"])
    assert [label.code for label in found] == made
    assert missing == []


async def test_the_same_request_prints_the_same_labels() -> None:
    keeper, request = await a_keeper(), ids.new_id()
    made = await labels.print_ahead(5, by=keeper.person_id, request=request)
    assert await labels.print_ahead(5, by=keeper.person_id, request=request) == made
    assert len(await _rows()) == 5


async def test_a_label_is_bound_once_and_binding_it_again_to_the_same_changes_nothing() -> None:
    keeper, site = await a_keeper(), await a_site()
    shelf = await a_bin(site)
    lot = await lot_by_id(await a_lot(await an_item(), shelf.id))
    (label,) = await labels.print_ahead(1, by=keeper.person_id, request=ids.new_id())

    assert await labels.bind(label, f" {lot.number.lower()}\n", by=keeper.person_id) == (lot.id, None)
    assert await labels.bind(label, lot.number, by=keeper.person_id) == (lot.id, None)
    before = await _rows()
    with pytest.raises(Conflict, match="taken already"):
        await labels.bind(label, shelf.code, by=keeper.person_id)
    assert await _rows() == before == [(label, lot.id, None, False)]


async def test_a_damaged_label_is_replaced_and_still_leads_to_its_goods() -> None:
    keeper = await a_keeper()
    shelf = await a_bin(await a_site())
    old, new, third = sorted(await labels.print_ahead(3, by=keeper.person_id, request=ids.new_id()))
    await labels.bind(old, shelf.code, by=keeper.person_id)
    for wrong in (third, new, "Q2222222A", "大米", ""):
        with pytest.raises(Invalid, match="stands for anything") as refused:
            await labels.replace(wrong, new, by=keeper.person_id)
        assert refused.value.field == "replaces"
    assert await _rows() == [
        (old, None, shelf.id, False),
        (new, None, None, False),
        (third, None, None, False),
    ]

    for _ in range(2):
        assert await labels.replace(old.lower(), new, by=keeper.person_id) == (None, shelf.id)
    await labels.bind(third, (await a_bin(await a_site("QY"))).code, by=keeper.person_id)
    before = await _rows()
    with pytest.raises(Conflict, match="taken already"):
        await labels.replace(old, third, by=keeper.person_id)
    assert await _rows() == before
    for _ in range(2):
        await labels.retire(new, by=keeper.person_id)
    assert (await _rows())[:2] == [(old, None, shelf.id, True), (new, None, shelf.id, True)]


async def test_whoever_asks_for_a_lot_or_a_bin_takes_the_label_stuck_on_it() -> None:
    keeper = await a_keeper()
    shelf = await a_bin(await a_site())
    lot = await lot_by_id(await a_lot(await an_item(), shelf.id))
    on_lot, on_bin, blank = await labels.print_ahead(3, by=keeper.person_id, request=ids.new_id())
    await labels.bind(on_lot, lot.number, by=keeper.person_id)
    await labels.bind(on_bin, shelf.code, by=keeper.person_id)
    assert (await lot_meant(on_lot.lower())).id == lot.id
    assert (await bin_meant(on_bin)).id == shelf.id
    for wrong in (on_bin, blank):
        with pytest.raises(Invalid):
            await lot_meant(wrong)


async def test_a_label_is_bound_only_to_what_exists() -> None:
    keeper = await a_keeper()
    (label,) = await labels.print_ahead(1, by=keeper.person_id, request=ids.new_id())
    for to in ("L261122-0001A", "NO-SUCH-BIN", "大米", ""):
        with pytest.raises(Invalid) as refused:
            await labels.bind(label, to, by=keeper.person_id)
        assert refused.value.field == "to"
    assert await _rows() == [(label, None, None, False)]
    shelf = await a_bin(await a_site())
    with pytest.raises(NotFound):
        await labels.bind("Q2222222A", shelf.code, by=keeper.person_id)
    with pytest.raises(Invalid):
        await labels.print_ahead(0, by=keeper.person_id, request=ids.new_id())


async def test_the_database_itself_keeps_a_label_to_what_it_was_bound_to() -> None:
    keeper, site = await a_keeper(), await a_site()
    shelf = await a_bin(site)
    lot = await a_lot(await an_item(), shelf.id)
    (label,) = await labels.print_ahead(1, by=keeper.person_id, request=ids.new_id())
    await labels.bind(label, shelf.code, by=keeper.person_id)
    for change in (
        f"lot = '{lot}', bin = NULL",
        "lot = NULL, bin = NULL, bound_at = NULL",
        "code = 'Q2222222A'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with atomic():
                await connection().execute(f"UPDATE stock_label SET {change}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with atomic():
            await connection().execute("DELETE FROM stock_label")
