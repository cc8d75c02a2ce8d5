"""What is written of a transition and of a read, and what an anchor says."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_

SYSTEM = "system"
"""The actor of what the clock or a job does by itself."""
STRIPE = "stripe"
"""The actor of what the payment service told."""
GIVER = "giver"
"""The actor of what a giver does by their secret link: no account stands behind it."""


LOOKS_PER_DAY = 30
"""How many records one person may unmask in a day (ASVS 2.4.1)."""
LOOK_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step of one thing. `actor` is a person's id, or who did it where no person did."""

    subject_kind: str
    subject_id: str
    event: str
    from_state: str
    """Empty where the thing began."""
    to_state: str
    actor: str
    acting_role: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    """Ids of files."""
    at: datetime | None = None
    """When it happened, if not now; when it was written down is the database's to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Somebody looked at sensitive fields of one record, and why."""

    subject_kind: str
    subject_id: str
    fields: tuple[str, ...]
    reader: str
    purpose: str
    acting_role: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an auditor keeps: up to this block there were so many rows, and this was the chain's hash."""

    block: int
    count: int
    hash: str
    date: date

    def line(self) -> str:
        """Return the anchor as a line of JSON."""
        told = {"block": self.block, "count": self.count, "hash": self.hash, "date": self.date.isoformat()}
        return json.dumps(told)


def read_anchors(lines: Iterable[str]) -> list[Anchor]:
    """Return the anchors of a file; raise Invalid and name the line that is none."""
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            anchor = Anchor(
                int(told["block"]), int(told["count"]), str(told["hash"]), date.fromisoformat(told["date"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(N_("Line {number} of the anchor file is no anchor."), number=number) from error
        found.append(anchor)
    return found


@dataclass(frozen=True, slots=True)
class Sealed:
    """The block that was made."""

    no: int
    count: int
    """Rows in the chain up to this block."""
    hash: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What `queries.verify` found; sound if there are no findings."""

    sealed: int
    waiting: int
    anchors: int
    findings: tuple[str, ...]
    """The first hundred, each names its row."""
    read: int = 0
    """Rows of the chain that were read."""
