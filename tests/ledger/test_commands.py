import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.ledger.books import a_fund, a_gift, post


def cishan(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cishan.cli", *arguments],
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_books_are_proved_and_exported_from_the_terminal(racing: str, tmp_path: Path) -> None:
    await a_fund()
    await post(a_gift(gross=10_000, fee=60))
    sound = cishan("check-books")
    assert (sound.returncode, sound.stdout) == (0, "The books are sound: 1 entries, 26 proofs.\n")
    out = tmp_path / "books.beancount"
    assert cishan("export-books", "--format", "beancount", "--out", str(out)).returncode == 0
    assert "100.00 CNY" in out.read_text()
    outside = await asyncpg.connect(racing)
    await outside.execute("UPDATE books.balance SET debits = debits + 1 WHERE debits = 10000")
    await outside.close()
    broken = cishan("check-books")
    assert broken.returncode == 1
    lines = broken.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["BROKEN balances", "BROKEN funds are whole"]
    assert "keeps 10001/0/1, its lines say 10000/0/1" in lines[0]
