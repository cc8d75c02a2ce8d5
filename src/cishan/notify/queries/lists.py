"""The list of staff over letters: whether they went out, never what they say or to whom."""

import re

from cishan.kernel.text import N_
from cishan.notify.rules import LetterState
from cishan.plumbing.db import fetch_value
from cishan.plumbing.lists import Choice, Column, Days, Flag, Kind, List, Row, View

LETTER_WORDS: dict[str, str] = {
    LetterState.WAITING: N_("Waits to be sent"),
    LetterState.SENT: N_("Sent"),
    LetterState.FAILED: N_("Given up"),
    LetterState.KEPT: N_("In the outbox alone"),
}
LETTER_TONES: dict[str, str] = {
    LetterState.WAITING: "calm",
    LetterState.SENT: "good",
    LetterState.FAILED: "bad",
    LetterState.KEPT: "plain",
}
_PERSONAL = re.compile(r"[^\s<>\"',;:]+@[^\s<>\"',;:]+|\+?\d[\d -]{6,}\d")


async def _without_addresses(rows: list[Row]) -> None:
    for row in rows:
        row["why"] = _PERSONAL.sub("…", row["last_error"])


LETTERS = List(
    code="letters",
    title=N_("Letters"),
    source="letter",
    key="letter.id",
    order="-created_at",
    more=_without_addresses,
    views=(
        View(N_("Given up"), "state=failed"),
        View(N_("Trouble with sending"), "trouble=1&sort=-tries"),
    ),
    columns=(
        Column(code="template", title=N_("Letter"), sql="letter.template"),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="letter.state",
            words=LETTER_WORDS,
            tones=LETTER_TONES,
        ),
        Column(code="created_at", title=N_("Written"), kind=Kind.MOMENT, sql="letter.created_at", sorts=True),
        Column(code="tries", title=N_("Tries"), kind=Kind.NUMBER, sql="letter.tries", sorts=True),
        Column(
            code="next_try_at",
            title=N_("Next try"),
            kind=Kind.MOMENT,
            sql="letter.next_try_at",
            sorts=True,
            nulls=True,
        ),
        Column(code="why", title=N_("What the server said"), wide=True),
        Column(code="last_error", title="", sql="letter.last_error", on_screen=False, in_file=False),
        Column(code="id", title=N_("Number"), sql="letter.id", on_screen=False),
    ),
    filters=(
        Choice(code="state", title=N_("State"), sql="letter.state = {}", words=LETTER_WORDS),
        Days(code="written", title=N_("Written"), sql="letter.created_at", moments=True),
        Flag(
            code="trouble",
            title=N_("Trouble with sending"),
            sql="letter.tries > 1 AND letter.state IN ('waiting', 'failed')",
        ),
    ),
    empty=N_("No letter fits these filters."),
)


async def count_failed() -> int:
    """Count the letters that were given up."""
    return int(await fetch_value("SELECT count(*) FROM letter WHERE state = 'failed'"))
