"""Who checks what amounts: defaults of the house, to be changed by new versions."""

from pathlib import Path

from cishan.approvals import actions
from cishan.approvals.commands import bands_in
from cishan.approvals.rules import Band

DATA = Path(__file__).parent / "data" / "approval_bands.json"


def bands() -> list[Band]:
    """Return the bands of the data file."""
    return bands_in(DATA.read_text())


async def load() -> None:
    await actions.set_bands(bands())
