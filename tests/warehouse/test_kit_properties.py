"""Whatever is put together and taken apart in whatever order: no 分 and no piece is made or lost."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.kernel import ids
from cishan.kernel.errors import Conflict
from cishan.plumbing.db import atomic, engine, fetch, fetch_value
from cishan.warehouse.actions import assembling, kits
from cishan.warehouse.queries import kits as queries
from cishan.warehouse.rules.catalogue import Category
from cishan.warehouse.rules.kits import Part
from tests.warehouse import stocking
from tests.warehouse.stocking import FUND, OTHER_FUND

LOT = st.tuples(
    st.integers(1, 40),  # pieces
    st.integers(0, 400),  # 分 a piece and a bit, 0: only noted
    st.sampled_from([None, date(2027, 5, 1), date(2028, 5, 1)]),
    st.sampled_from([FUND, FUND, OTHER_FUND]),
)
STEP = st.tuples(st.sampled_from(["assemble", "apart"]), st.integers(1, 9), st.integers(0, 5))


@pytest.mark.usefixtures("config", "db")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(LOT, min_size=1, max_size=4), st.lists(LOT, min_size=1, max_size=4), st.lists(STEP, max_size=10)
)
async def test_kits_keep_every_fen_and_every_piece(
    blankets: list[tuple[int, int, date | None, str]],
    coats: list[tuple[int, int, date | None, str]],
    steps: list[tuple[str, int, int]],
) -> None:
    transaction = engine().transaction_exists()
    assert transaction
    try:
        async with atomic():
            await _walk(blankets, coats, steps)
            raise _Undone
    except _Undone:
        pass


class _Undone(Exception):
    """Takes an example back, so that the next begins anew."""


async def _walk(
    blankets: list[tuple[int, int, date | None, str]],
    coats: list[tuple[int, int, date | None, str]],
    steps: list[tuple[str, int, int]],
) -> None:
    site = await stocking.a_site()
    shelf = (await stocking.a_bin(site)).id
    blanket = await stocking.an_item("BLANKET", category=Category.BEDDING, life=None)
    coat = await stocking.an_item("COAT", category=Category.CLOTHING, life=None)
    kit = await stocking.an_item("WARM", category=Category.KIT, life=None)
    version, by = await kits.set_kit(kit, [Part(blanket, 2), Part(coat, 1)]), await stocking.a_keeper()
    for item, lots in ((blanket, blankets), (coat, coats)):
        for n, (count, fen, expires_on, fund) in enumerate(lots):
            cost = count * fen + n if fen else 0
            await stocking.a_lot(item, shelf, count, cost_fen=cost, fund=fund, expires_on=expires_on)
    pieces = {blanket: sum(lot[0] for lot in blankets), coat: sum(lot[0] for lot in coats)}
    worth = await _worth()
    for what, quantity, which in steps:
        made = await fetch("SELECT id FROM stock_lot WHERE source = 'kit' AND on_hand > 0 ORDER BY id")
        try:
            async with atomic():
                if what == "assemble":
                    await assembling.assemble(
                        version,
                        site=site,
                        bin_id=shelf,
                        quantity=quantity,
                        fund=FUND,
                        by=by,
                        request=ids.new_id(),
                    )
                elif made:
                    await assembling.disassemble(
                        made[which % len(made)]["id"],
                        from_bin=shelf,
                        to_bin=shelf,
                        quantity=quantity,
                        by=by,
                        request=ids.new_id(),
                    )
        except Conflict:
            continue  # too little is there, or it would be worth less than 1 分 apiece: nothing moved
        finally:
            assert await _worth() == worth
            in_kits = await _pieces(kit)
            assert await _pieces(blanket) + 2 * in_kits == pieces[blanket]
            assert await _pieces(coat) + in_kits == pieces[coat]
    # Whatever left a lot for kits is written down at both ends.
    apart = await fetch_value("SELECT coalesce(sum(value_fen), 0)::bigint FROM goods_lot_part")
    whole = await fetch_value("SELECT coalesce(sum(cost_fen), 0)::bigint FROM stock_lot WHERE source = 'kit'")
    assert apart == whole
    given = [
        row["id"] for row in await fetch("SELECT id FROM stock_lot WHERE source = 'opening' ORDER BY id")
    ]
    made_of = set(await queries.kit_lots_with(given))
    assert made_of == {row["id"] for row in await fetch("SELECT id FROM stock_lot WHERE source <> 'opening'")}


async def _worth() -> dict[str, int]:
    rows = await fetch("SELECT fund_code, sum(value_fen)::bigint AS fen FROM stock_lot GROUP BY fund_code")
    found = {row["fund_code"]: row["fen"] for row in rows}
    for fund, fen in found.items():
        assert await stocking.booked("1201", fund) == fen
    return {fund: fen for fund, fen in found.items() if fen}


async def _pieces(item: object) -> int:
    found = await fetch_value("SELECT coalesce(sum(on_hand), 0)::bigint FROM stock_lot WHERE item = {}", item)
    return int(found)
