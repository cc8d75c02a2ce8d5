"""A log tells what happened, and of nobody."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from cishan.plumbing import logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes on stderr as JSON lines; the logging of the suite is put back afterwards."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logs.configure("json")
    yield out
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("写信给 ada@example.org 吧", "写信给 [mail] 吧"),
        ("打 13800138000 找人", "打 [phone] 找人"),
        ("tel +86 138-0013-8000.", "tel [phone]."),
        ("证件 11010519491231002X", "证件 [id]"),
        ("card 4242424242424242", "card [number]"),
        ("key sk_live_51abcDEF and whsec_abc", "key sk_live_[secret] and whsec_[secret]"),
        ("postgresql://cishan:geheim@db/cishan", "postgresql://[login]@db/cishan"),
        (
            "gift G20261122-7K3F9Q of 100000000 fen, txn_3Qx",
            "gift G20261122-7K3F9Q of 100000000 fen, txn_3Qx",
        ),
    ],
)
def test_what_names_or_admits_somebody_is_replaced(text: str, shown: str) -> None:
    assert logs.without_secrets(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/g/Zk3vQ0XyT1mN8bL2rW5c7A", "/g/…"),
        ("/g/Zk3vQ0XyT1mN8bL2rW5c7A/undo", "/g/…/undo"),
        ("/campaigns/nuan-dong-xing-dong", "/campaigns/nuan-dong-xing-dong"),
        ("/static/vendor/htmx.js", "/static/vendor/htmx.js"),
    ],
)
def test_the_secret_part_of_a_link_is_hidden(path: str, shown: str) -> None:
    assert logs.without_token(path) == shown


def test_a_line_of_any_library_is_json_and_masked_with_its_traceback(written: io.StringIO) -> None:
    try:
        raise ValueError("no such person: ada@example.org")
    except ValueError:
        logging.getLogger("somebody.else").exception("call 13800138000")
    structlog.get_logger("cishan.test").info("paid", path="/g/Zk3vQ0XyT1mN8bL2rW5c7A", amount_fen=100)
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["event"], first["level"], first["logger"]) == ("call [phone]", "error", "somebody.else")
    assert "no such person: [mail]" in first["exception"]
    assert (second["event"], second["path"], second["amount_fen"]) == ("paid", "/g/…", 100)
    assert "ada@" not in written.getvalue()
