"""Writing goods off: why, and how far a proposal has come."""

from enum import StrEnum

from cishan.kernel.text import N_

SCRAP = "goods_scrap"
"""The kind of thing of a write-off's history and files."""
KIND = "stock_scrap"
"""The kind of its approval."""


class Ground(StrEnum):
    """Why goods are written off."""

    EXPIRED = "expired"
    DAMAGED = "damaged"
    RECALLED = "recalled"
    MISSING = "missing"
    """Not found where the books say they are."""
    OTHER = "other"


GROUNDS: dict[str, str] = {
    Ground.EXPIRED: N_("Expired"),
    Ground.DAMAGED: N_("Damaged or spoilt"),
    Ground.RECALLED: N_("Recalled"),
    Ground.MISSING: N_("Not found"),
    Ground.OTHER: N_("Something else"),
}
CHOOSABLE = (Ground.EXPIRED, Ground.DAMAGED, Ground.RECALLED, Ground.OTHER)
"""For goods that are there; what is missing is known from picking or from a transfer."""


class ScrapState(StrEnum):
    """How far a proposal has come."""

    PROPOSED = "proposed"
    SCRAPPED = "scrapped"
    REFUSED = "refused"


SCRAP_STATES: dict[str, str] = {
    ScrapState.PROPOSED: N_("Waits for approval"),
    ScrapState.SCRAPPED: N_("Written off"),
    ScrapState.REFUSED: N_("Not written off"),
}
SCRAP_EVENTS: dict[str, str] = {
    "propose": N_("Write-off proposed"),
    "scrap": N_("Written off"),
    "refuse": N_("Not written off"),
}
"""What the history calls the steps."""
SCRAP_TONES: dict[str, str] = {
    ScrapState.PROPOSED: "warn",
    ScrapState.SCRAPPED: "plain",
    ScrapState.REFUSED: "bad",
}
