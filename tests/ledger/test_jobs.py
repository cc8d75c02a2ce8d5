import structlog

from cishan.ledger import actions, jobs, queries
from cishan.plumbing.db import fetch_value
from tests.conftest import as_owner
from tests.ledger.books import a_fund, a_gift, post


async def test_sealing_numbers_everything_and_leaves_the_hashes_in_the_log(db: None) -> None:
    await a_fund()
    await post(a_gift("txn_1"), a_gift("txn_2"))
    with structlog.testing.capture_logs() as logs:
        await jobs.seal()
        await jobs.seal()
    kept = await fetch_value("SELECT encode(hash, 'hex') FROM books.block")
    assert [(line["event"], line["block"], line["entries"], line["hash"]) for line in logs] == [
        ("books_sealed", 1, 2, kept)
    ]
    assert await queries.unsealed() == 0


async def test_a_run_longer_than_a_block_is_sealed_in_several(db: None) -> None:
    await a_fund()
    await post(*(a_gift(f"txn_{n}") for n in range(5)))
    blocks = [await actions.seal(limit=2) for _ in range(4)]
    assert [block and (block.no, block.first_voucher, block.entries) for block in blocks] == [
        (1, 1, 2),
        (2, 3, 2),
        (3, 5, 1),
        None,
    ]


async def test_the_nightly_proof_says_sound_or_what_is_broken(db: None) -> None:
    await a_fund()
    await post(a_gift())
    with structlog.testing.capture_logs() as logs:
        await jobs.prove()
        async with as_owner() as connection:
            await connection.execute("UPDATE books.balance SET n = n + 1")
        await jobs.prove()
    assert [line["event"] for line in logs] == ["books_sound", "books_broken"]
    assert logs[1]["proof"] == "balances"


async def test_books_restored_into_another_cluster_are_sealed_on(db: None) -> None:
    await a_fund()
    await post(a_gift("txn_1"))
    await actions.seal()
    async with as_owner() as connection:  # there, transaction ids begin anew far below the last block's
        await connection.execute("SET LOCAL books.migrating = on")
        await connection.execute("ALTER TABLE books.block DISABLE TRIGGER append_only")
        await connection.execute("UPDATE books.block SET horizon = horizon + 1000000000")
        await connection.execute("ALTER TABLE books.block ENABLE ALWAYS TRIGGER append_only")
    await post(a_gift("txn_2"))
    block = await actions.seal()
    assert block is not None
    assert (block.first_voucher, block.entries) == (2, 1)
    assert await queries.unsealed() == 0
