"""Putting goods away and moving them from bin to bin."""

from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic
from cishan.warehouse.actions import stock
from cishan.warehouse.queries.catalogue import item_by_id
from cishan.warehouse.queries.lying import Lying
from cishan.warehouse.rules.catalogue import require_quantity
from cishan.warehouse.rules.places import Bin, Purpose
from cishan.warehouse.rules.stock import Cause, Delta, Lot, Posted


async def move(
    lot: Lot, source: Lying, target: Bin, quantity: int, *, by: Acting, request: UUID, reason: str = ""
) -> Posted:
    """Move pieces of a lot to another bin of the same site; the same request again changes nothing.

    Refused with the field to blame: more than is available, bins that are closed or being counted, another
    site, goods that need cooling outside a cold store.
    """
    require_quantity(quantity)
    item = await item_by_id(lot.item)
    if not target.active:
        raise Invalid(N_("Bin {bin} is out of use."), field="bin", bin=target.code)
    if target.purpose is Purpose.TRANSIT:
        raise Invalid(N_("Goods go under way by a transfer."), field="bin")
    if target.site != source.site:
        raise Invalid(N_("That lies at another site: make a transfer."), field="bin")
    if item.cold_chain and target.purpose is Purpose.SHELF:
        raise Invalid(
            N_("{item} needs cooling: choose a bin of a cold store."), field="bin", item=source.item
        )
    async with atomic():
        try:
            async with atomic():
                return await stock.post(
                    Cause.MOVE,
                    [Delta(lot.id, source.bin, -quantity), Delta(lot.id, target.id, quantity)],
                    by=by,
                    subject=("lot", lot.id),
                    request=request,
                    reason=reason,
                )
        except stock.Short as error:
            raise Invalid(error.message, field="quantity", **error.values) from error
        except stock.Frozen as error:
            blamed = "from_bin" if error.values["bin"] == source.bin_code else "bin"
            raise Invalid(error.message, field=blamed, **error.values) from error
        except Conflict as error:
            if "bin" in error.values:
                raise Invalid(error.message, field="bin", **error.values) from error
            raise
