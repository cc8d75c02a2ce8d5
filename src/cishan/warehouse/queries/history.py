"""The history of a thing of the warehouse in words."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from cishan.audit import queries as audit
from cishan.identity.queries import telling
from cishan.identity.queries.telling import Told
from cishan.warehouse.rules import drives, kits, recalls, stocktakes, transfers
from cishan.warehouse.rules.stock import LOT_STATES
from cishan.warehouse.rules.wording import (
    ITEM_EVENTS,
    ITEM_STATES,
    LOT_EVENTS,
    PLACE_EVENTS,
    PLACE_STATES,
)

_WORDS: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "goods_item": (ITEM_EVENTS, ITEM_STATES),
    "stock_site": (PLACE_EVENTS, PLACE_STATES),
    "stock_bin": (PLACE_EVENTS, PLACE_STATES),
    "lot": (LOT_EVENTS, LOT_STATES),
    "transfer": (transfers.EVENTS, transfers.STATES),
    "stocktake": (stocktakes.EVENTS, stocktakes.STATES),
    "recall": (recalls.EVENTS, recalls.STATES),
    "kit": (kits.EVENTS, kits.KIT_STATES),
    "drive": (drives.EVENTS, drives.DRIVE_STATES),
}


async def is_last_step(kind: str, subject: UUID, event: str, by: UUID, *, reason: str = "") -> bool:
    """Tell whether the last step of a thing is this one of this person: the same form was sent again."""
    steps = await audit.history_of(kind, subject, limit=1)
    return any(
        (step.event, step.actor, step.reason.strip()) == (event, str(by), reason.strip()) for step in steps
    )


async def history_of(kind: str, subject: UUID, *, limit: int = 50) -> list[Told]:
    """Return the steps of a thing, the newest first: two queries."""
    events, states = _WORDS[kind]
    steps = await audit.history_of(kind, str(subject), limit=limit)
    return await telling.told(steps, event=partial(telling.word, events), state=partial(telling.word, states))
