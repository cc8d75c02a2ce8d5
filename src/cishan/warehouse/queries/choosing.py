"""What somebody means who scans or types a lot, a bin and a number of pieces."""

from collections.abc import Sequence
from uuid import UUID

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch_value
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries.catalogue import by_barcode, item_by_code, item_by_id
from cishan.warehouse.queries.lying import Lying, lying
from cishan.warehouse.queries.places import bin_by_code, bin_by_id
from cishan.warehouse.queries.scanning import label_by_code
from cishan.warehouse.queries.stock import lot_by_id, lot_by_number
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.catalogue import Item
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Lot


async def lot_meant(typed: str, *, field: str = "lot") -> Lot:
    """Return the lot of a scanned or typed number; raise Invalid."""
    code = codes.read(typed)
    found = await lot_by_number(code.number or "-")
    if found is None and (label := await label_by_code(code.text)) and label.lot:
        return await lot_by_id(label.lot)
    if found is None:
        raise Invalid(N_("No lot has the number “{typed}”."), field=field, typed=typed[:40])
    return found


async def bin_meant(typed: str, *, field: str = "bin") -> Bin:
    """Return the bin of a scanned or typed code; raise Invalid."""
    code = codes.read(typed)
    found = await bin_by_code(code.text or "-")
    if found is None and (label := await label_by_code(code.text)) and label.bin:
        return await bin_by_id(label.bin)
    if found is None:
        raise Invalid(N_("No bin has the code “{typed}”."), field=field, typed=typed[:40])
    return found


async def item_coded(typed: str) -> Item | None:
    """Return the kind of goods that has this barcode, or our own code."""
    scanned = await by_barcode(typed)
    return scanned[0] if scanned else await item_by_code(codes.read(typed).text or "-")


async def item_meant(typed: str, *, field: str = "item") -> Item:
    """Return the kind of goods of a barcode, of our own code for it, or of a lot's label; raise Invalid."""
    if found := await item_coded(typed):
        return found
    try:
        lot = await lot_meant(typed, field=field)
    except Invalid:
        raise Invalid(
            N_("The catalogue does not know the barcode {code} yet."), field=field, code=typed[:40]
        ) from None
    return await item_by_id(lot.item)


async def source_meant(
    lot: Lot, typed: str, *, site: UUID | None = None, but: Bin | None = None, field: str = "from_bin"
) -> Lying:
    """Return from where of a lot to take: the bin that was named, or the one in which it lies.

    Goods under way are taken by their transfer. `but` is where they are to go: no place to take from.
    """
    places = [
        place
        for place in await lying(lot=lot.id, site=site)
        if place.purpose != Purpose.TRANSIT and (but is None or place.bin != but.id)
    ]
    if typed:
        wanted = codes.read(typed).text
        named = next((place for place in places if place.bin_code == wanted), None)
        if named is None:
            raise Invalid(
                N_("Nothing of lot {lot} lies in “{typed}”."), field=field, lot=lot.number, typed=typed[:40]
            )
        return named
    if not places:
        raise Invalid(N_("Nothing of lot {lot} lies where you could take it."), field="lot", lot=lot.number)
    if len(places) > 1:
        raise Invalid(
            N_("Lot {lot} lies in several bins; say from which: {bins}."),
            field=field,
            lot=lot.number,
            bins=_told(places),
        )
    return places[0]


def _told(places: Sequence[Lying]) -> str:
    return gettext(N_(", ")).join(f"{place.bin_code} ({place.available})" for place in places[:8])


async def was_in(lot: UUID, patterns: Sequence[str]) -> bool:
    """Tell whether anything of a lot lies or ever lay in regions like the patterns."""
    found = await fetch_value(
        """SELECT true FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin
             JOIN stock_site AS p ON p.id = b.site
            WHERE s.lot = {} AND p.region LIKE ANY({}::text[]) LIMIT 1""",
        lot,
        list(patterns),
    )
    return bool(found)
