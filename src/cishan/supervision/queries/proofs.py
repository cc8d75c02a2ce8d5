"""How the chain of the history stands, and what checks of it found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cishan import gateways
from cishan.audit import actions as audit
from cishan.audit import queries as history
from cishan.audit.rules import Anchor, Sealed
from cishan.identity.queries.names import names_of
from cishan.plumbing.db import fetch

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """A check of the history."""

    id: UUID
    asked_at: datetime
    asked_by: UUID
    first_place: int
    last_place: int
    finished_at: datetime | None
    rows_read: int
    anchors_held: int
    findings: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the chain stands."""

    last: Sealed | None
    anchors: int
    anchor: Anchor | None
    """The newest."""
    checks: tuple[Check, ...]


async def standing() -> Standing:
    """Return how the chain stands, with the newest checks first."""
    anchors = audit.anchors_in(gateways.settings().data_dir / "anchors")
    rows = await fetch("SELECT * FROM history_check ORDER BY asked_at DESC, id DESC LIMIT {}", SHOWN)
    names = await names_of({row["asked_by"] for row in rows})
    return Standing(
        last=await history.last_block(),
        anchors=len(anchors),
        anchor=anchors[-1] if anchors else None,
        checks=tuple(_check(row, names) for row in rows),
    )


def _check(row: dict[str, Any], names: Mapping[UUID, str]) -> Check:
    findings = tuple(json.loads(row["findings"]))
    return Check(**{**row, "findings": findings}, who=names.get(row["asked_by"], ""))
