"""Who checks what amounts: defaults of the house, to be changed by new versions."""

import json
from datetime import date
from pathlib import Path

from cishan.approvals import actions
from cishan.approvals.rules import Band

DATA = Path(__file__).parent / "data" / "approval_bands.json"


def bands() -> list[Band]:
    """Return the bands of the data file."""
    return [
        Band(
            **{
                **given,
                "propose_roles": tuple(given["propose_roles"]),
                "check_roles": tuple(given["check_roles"]),
                "effective_from": date.fromisoformat(given["effective_from"]),
                "effective_to": date.fromisoformat(given["effective_to"])
                if given.get("effective_to")
                else None,
            }
        )
        for given in json.loads(DATA.read_text())
    ]


async def load() -> None:
    await actions.set_bands(bands())
