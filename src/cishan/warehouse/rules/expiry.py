"""Goods near the end of their life: what to do with them first."""

from enum import StrEnum

from cishan.kernel.text import N_


class Urgency(StrEnum):
    """How soon the last day of use comes."""

    NOW = "now"
    SOON = "soon"
    LATER = "later"


NOW_DAYS, SOON_DAYS = 7, 30
URGENCIES: dict[str, str] = {
    Urgency.NOW: N_("Hand out this week"),
    Urgency.SOON: N_("Plan it now"),
    Urgency.LATER: N_("Keep in view"),
}
URGENCY_TONES: dict[str, str] = {Urgency.NOW: "bad", Urgency.SOON: "warn", Urgency.LATER: "plain"}
FRESH = N_("Hand it out from where it came in, today")
ORDERED = N_("Waiting requests want {wanted}: reserve for them")
NOBODY = N_("Nobody asks for it: offer it to sites and drives")
PROMISED = N_("All of it is reserved: see that it is fetched in time")


def urgency(days_left: int) -> Urgency:
    """Say how urgent goods with so many days left are."""
    if days_left <= NOW_DAYS:
        return Urgency.NOW
    return Urgency.SOON if days_left <= SOON_DAYS else Urgency.LATER
