"""Errors planted behind the application's back are all named, and a sound stock has none."""

import os
import subprocess
import sys

import asyncpg
import pytest

from cishan.plumbing.db import fetch_value
from cishan.settings import ROOT
from cishan.warehouse.queries import proofs
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Cause, Delta
from tests.conftest import as_owner
from tests.warehouse import ordering
from tests.warehouse.counting import a_house, approved, both_count, opened
from tests.warehouse.stocking import AGENCY, a_bin, a_lot, move

BALANCE = "UPDATE stock_balance SET {} WHERE lot = '<lot>'"
PLANTED = {
    "moves": (
        BALANCE.format("on_hand = on_hand + 1"),
        "lot <number> in DZ-A-01: the balance says 8 there, the moves say 7",
    ),
    "promises": (
        BALANCE.format("reserved = reserved - 1"),
        "lot <number> in DZ-A-01: the balance promises 2, the moves 3",
    ),
    "orders": (
        "UPDATE goods_pick SET state = 'released'",
        "lot <number> in DZ-A-01: 3 are promised, the orders hold 0",
    ),
    "never below nought": (
        "ALTER TABLE stock_balance DROP CONSTRAINT stock_balance_holds; " + BALANCE.format("on_hand = 2"),
        "lot <number> in DZ-A-01: 2 there and 3 promised",
    ),
    "lots": (
        "UPDATE stock_lot SET on_hand = 6 WHERE id = '<lot>'",
        "lot <number> says 6 pieces, its bins hold 7",
    ),
    "values": (
        "UPDATE stock_lot SET value_fen = value_fen - 5 WHERE id = '<lot>'",
        "lot <number> says 41995 分, its causes say 42000",
    ),
    "value goes with goods": (
        "ALTER TABLE stock_lot DROP CONSTRAINT stock_lot_value_goes_with_goods;"
        " UPDATE stock_lot SET value_fen = 0 WHERE id = '<lot>'",
        "lot <number>: 7 pieces worth 0 分 of 42000",
    ),
    "bins that stand still": (
        "UPDATE stock_bin SET frozen_by = (SELECT id FROM stocktake) WHERE code = 'DZ-A-01'",
        "bin DZ-A-01 stands still for stocktake PD",
    ),
    "reversals": (
        "UPDATE stock_move SET on_hand = -1"
        " WHERE cause = (SELECT id FROM stock_cause WHERE kind = 'unreceive')",
        "5 pieces worth 30000 分 came in, the reversal took out 1 worth 30000",
    ),
    "agreed reversals": (
        "UPDATE goods_reversal SET state = 'refused', words = '测试'",
        "the receipt ",
    ),
    "books": (
        "UPDATE books.balance SET debits = debits + 9 WHERE account_id = (SELECT id FROM books.account"
        " WHERE gl_code = '1201' AND unit = 'CNY' AND counterparty = '<number>')",
        "lot <number> of fund F-NDXD: the stock says 42000 分, the books 42009",
    ),
}


async def a_stock_with_everything() -> tuple[str, str]:
    """Receive, move, reserve, count with a loss, entrust, reverse; return id and number of a lot."""
    house = await a_house()
    gone = await a_lot(house.item, house.shelf, 4)
    stocktake = await opened(house)
    await both_count(house, stocktake, {gone: 3})
    await approved(house, stocktake)
    packing = await a_bin(house.site, Purpose.RECEIVING)
    await move(Cause.MOVE, Delta(gone, house.shelf, -3), Delta(gone, packing.id, 3))
    lot = await a_lot(house.item, house.shelf, 7)
    await a_lot(house.item, packing.id, 2, fund=AGENCY)
    undone = await a_lot(house.item, house.shelf, 5)
    received = await fetch_value("SELECT cause FROM stock_move WHERE lot = {}", undone)
    await move(Cause.UNRECEIVE, Delta(undone, house.shelf, -5), reverses=received)
    await ordering.reserved(house.site, house.ada, (house.item, 3))
    return str(lot), str(await fetch_value("SELECT number FROM stock_lot WHERE id = {}", lot))


@pytest.mark.usefixtures("config", "db")
async def test_a_sound_stock_passes_every_proof() -> None:
    await a_stock_with_everything()
    report = await proofs.prove()
    assert (report.findings, report.lots, report.proofs) == ((), 4, len(proofs.PROOFS) + 1)


@pytest.mark.usefixtures("config", "db")
@pytest.mark.parametrize("proof", PLANTED)
async def test_a_planted_error_is_named(proof: str, caplog: pytest.LogCaptureFixture) -> None:
    lot, number = await a_stock_with_everything()
    sql, words = PLANTED[proof]
    async with as_owner() as owner:
        await owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("SET LOCAL books.migrating = on")
        for table in (
            "goods_pick",
            "stock_bin",
            "stock_lot",
            "stock_balance",
            "stock_move",
            "goods_reversal",
        ):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await owner.execute("ALTER TABLE books.balance DISABLE TRIGGER ALL")
        await owner.execute(sql.replace("<lot>", lot).replace("<number>", number))
    found = {one.proof: one for one in (await proofs.prove()).findings}
    assert proof in found
    assert words.replace("<number>", number) in found[proof].first


def test_every_proof_has_a_planted_error() -> None:
    assert set(PLANTED) == {*proofs.PROOFS, proofs.BOOKS}


async def test_the_command_names_what_is_broken_and_exits_with_one(racing: str) -> None:
    await a_stock_with_everything()
    sound = _check()
    assert (sound.returncode, sound.stdout) == (
        0,
        f"The stock is sound: 4 lots, {len(proofs.PROOFS) + 1} proofs.\n",
    )
    outside = await asyncpg.connect(racing)
    await outside.execute("UPDATE stock_balance SET reserved = reserved - 1 WHERE reserved = 3")
    await outside.close()
    broken = _check()
    assert broken.returncode == 1
    assert [line.split(":")[0] for line in broken.stdout.splitlines()] == ["BROKEN promises", "BROKEN orders"]


def _check() -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cishan.cli", "check-stock"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
