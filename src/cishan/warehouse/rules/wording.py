"""What the history of items, places and lots says, in words."""

from cishan.kernel.text import N_
from cishan.warehouse.rules.catalogue import CATEGORIES
from cishan.warehouse.rules.catalogue_sheet import TITLES

ITEM_EVENTS: dict[str, str] = {
    "add": N_("Added to the catalogue"),
    **{f"change_{name}": title for name, title in TITLES.items()},
}
ITEM_STATES: dict[str, str] = {
    **CATEGORIES,
    "yes": N_("yes"),
    "no": N_("no"),
    "f": N_("Women"),
    "m": N_("Men"),
    "active": N_("In use"),
}
PLACE_EVENTS: dict[str, str] = {
    "add": N_("Opened"),
    "rename": N_("Name"),
    "readdress": N_("Address of the site"),
    "add_zone": N_("Zone added"),
    "reorder": N_("Walking order"),
    "set_active": N_("Use of the place"),
}
PLACE_STATES: dict[str, str] = {"active": N_("In use"), "closed": N_("Out of use")}
LOT_EVENTS: dict[str, str] = {
    "quarantine": N_("Put in quarantine"),
    "release": N_("Released from quarantine"),
    "recall": N_("Called back"),
    "lift": N_("Recall lifted"),
    "found": N_("Found at a stocktake"),
    "expire": N_("Its last day of use has passed"),
}
SUBJECTS: dict[str, str] = {
    "opening": N_("Opening stock"),
    "lot": N_("Lot"),
    "transfer": N_("Transfer"),
    "goods_offer": N_("Offer of goods"),
    "goods_order": N_("Goods order"),
    "goods_scrap": N_("Scrap"),
    "kit_lot": N_("Kits"),
    "stocktake": N_("Stocktake"),
    "recall": N_("Recall"),
}
"""For what goods moved: the kinds of `stock_cause.subject_kind`."""
