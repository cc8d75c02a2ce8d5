"""What a scan means while an order is picked: a line of the list, a bin, or why it is the wrong thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cishan.kernel import clock
from cishan.kernel.text import N_
from cishan.plumbing.db import fetch
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries import places, scanning
from cishan.warehouse.queries import stock as lots
from cishan.warehouse.queries.orders import PickView
from cishan.warehouse.rules import codes
from cishan.warehouse.rules.codes import Code, Kind
from cishan.warehouse.rules.orders import PickState
from cishan.warehouse.rules.stock import LotState


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was scanned: words for the picker, whether it fits, and what it chose."""

    words: str
    fits: bool
    is_bin: bool = False
    """It was a bin; what is to do there is chosen, and not confirmed."""
    bin_code: str = ""
    pick: PickView | None = None
    other_lot: str = ""
    """A usable lot of the same goods that is not the next to expire: it may be taken for a reason."""
    instead_of: UUID | None = None


def to_do(picks: Sequence[PickView]) -> list[PickView]:
    """Return what is still to pick, in walking order."""
    return [one for one in picks if one.state is PickState.RESERVED]


async def judge(text: str, picks: Sequence[PickView], *, at_bin: str = "") -> Judged:
    """Say what a scan means for a list; `at_bin` is the bin that was scanned before."""
    code = codes.read(text)
    waiting = to_do(picks)
    label = await scanning.label_by_code(code.text) if Kind.LABEL in code.kinds else None
    if label is not None and label.lot is not None:
        return await _lot(label.lot, waiting, picks, at_bin)
    if label is not None and label.bin is not None:
        return _bin((await places.bin_by_id(label.bin)).code, waiting)
    lot = await lots.lot_by_number(code.number) if Kind.LOT in code.kinds else None
    if lot is not None:
        return await _lot(lot.id, waiting, picks, at_bin)
    place = await places.bin_by_code(code.text)
    if place is not None:
        return _bin(place.code, waiting)
    return await _goods(code, waiting, at_bin)


def _bad(message: str, **values: object) -> Judged:
    return Judged(words=gettext(message).format(**values), fits=False)


def _bin(code: str, waiting: Sequence[PickView]) -> Judged:
    here = [one for one in waiting if one.bin_code == code]
    if not here:
        if not waiting:
            return _bad(N_("Everything is picked."))
        return _bad(
            N_("Wrong bin {bin}: nothing to pick there. Go to {next}."), bin=code, next=waiting[0].bin_code
        )
    words = gettext(N_("Bin {bin}: {count} lines here.")).format(bin=code, count=len(here))
    only = here[0] if len(here) == 1 else None
    return Judged(words=words, fits=True, is_bin=True, bin_code=code, pick=only)


async def _lot(lot_id: UUID, waiting: Sequence[PickView], picks: Sequence[PickView], at_bin: str) -> Judged:
    fitting = [one for one in waiting if one.lot == lot_id]
    here = [one for one in fitting if one.bin_code == at_bin] if at_bin else fitting
    if here:
        return _found(here[0])
    lot = await lots.lot_by_id(lot_id)
    if fitting:
        return _bad(
            N_("Lot {lot} is to be picked in bin {bin}, not here."), lot=lot.number, bin=fitting[0].bin_code
        )
    if any(one.lot == lot_id and one.state is PickState.PICKED for one in picks):
        return _bad(N_("Lot {lot} is picked already."), lot=lot.number)
    if lot.state is not LotState.OPEN or (lot.expires_on and lot.expires_on < clock.today()):
        return _bad(N_("Wrong lot {lot}: it may not be handed out."), lot=lot.number)
    same = next((one for one in waiting if one.item == lot.item), None)
    if same is None:
        return _bad(N_("Wrong goods: {item} is not on this list."), item=lot.item_name)
    words = gettext(N_("Wrong lot {lot}. Take {right}: it expires first."))
    return Judged(
        words=words.format(lot=lot.number, right=same.lot_number),
        fits=False,
        other_lot=lot.number,
        instead_of=same.id,
    )


async def _goods(code: Code, waiting: Sequence[PickView], at_bin: str) -> Judged:
    """A maker's barcode says what, not which lot: good enough where only one line can be meant."""
    rows = await fetch(
        """SELECT item FROM goods_barcode WHERE code = ANY({}::varchar[])
           UNION SELECT id FROM goods_item WHERE code = {} LIMIT 1""",
        list(code.spellings),
        code.text,
    )
    if not rows:
        return _bad(N_("{code} is nothing that we know."), code=code.typed[:40])
    fitting = [one for one in waiting if one.item == rows[0]["item"]]
    if not fitting:
        return _bad(N_("Wrong goods: these are not on this list."))
    here = [one for one in fitting if one.bin_code == at_bin] if at_bin else fitting
    if len(here) != 1:
        return _bad(N_("Scan the lot's own label: several lots of these goods are on the list."))
    return _found(here[0])


def _found(pick: PickView) -> Judged:
    words = gettext(N_("{item}, lot {lot}: take {count} {unit}.")).format(
        item=pick.item_name, lot=pick.lot_number, count=pick.quantity, unit=pick.unit
    )
    return Judged(words=words, fits=True, bin_code=pick.bin_code, pick=pick)
