"""The pick list and the slip in the parcel, as A4 PDF."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cishan import gateways
from cishan.kernel.text import N_
from cishan.plumbing import crypto, i18n, pdf, qr
from cishan.plumbing.i18n import gettext
from cishan.warehouse.queries.orders import LINK, LineView, OrderView, PickView


def _common(order: OrderView) -> dict[str, Any]:
    return {
        "organisation": gateways.settings().organisation.name,
        "number": order.number,
        "site": order.site_name,
        "region": order.region_name,
        "language": "zh" if i18n.language() == i18n.CHINESE else "en",
    }


async def pick_list(order: OrderView, picks: Sequence[PickView], *, written_at: datetime) -> bytes:
    """Return the list of what is to pick in walking order; it names nobody."""
    data = {
        **_common(order),
        "code": qr.svg(order.number),
        "rows": [
            {
                "bin": one.bin_code,
                "item": one.item_name,
                "lot": one.lot_number,
                "expires": one.expires_on.isoformat() if one.expires_on else "—",
                "quantity": f"{one.quantity} {one.unit}",
            }
            for one in picks
        ],
        "words": {
            "title": gettext(N_("Pick list")),
            "bin": gettext(N_("Bin")),
            "item": gettext(N_("Kind of goods")),
            "lot": gettext(N_("Lot")),
            "expires": gettext(N_("Expires")),
            "quantity": gettext(N_("Quantity")),
            "done": gettext(N_("Picked")),
        },
    }
    return await pdf.write("warehouse/pick_list.typ", data, written_at=written_at)


async def slip(order: OrderView, lines: Sequence[LineView], *, written_at: datetime) -> bytes:
    """Return the slip that goes with the parcel: what is in it, and the receiver's link as a code."""
    settings = gateways.settings()
    link = f"{settings.public_url}/o/{crypto.secret_link(order.id, purpose=LINK)}"
    data = {
        **_common(order),
        "name": order.name,
        "parcels": str(order.parcels),
        "phone": settings.organisation.phone,
        "code": qr.svg(order.number),
        "link": qr.svg(link),
        "rows": [
            {"item": one.name, "quantity": f"{one.picked + one.issued} {one.unit}"}
            for one in lines
            if one.picked + one.issued
        ],
        "words": {
            "title": gettext(N_("Slip of goods")),
            "receiver": gettext(N_("Receiver (masked)")),
            "parcels": gettext(N_("Parcels")),
            "item": gettext(N_("Kind of goods")),
            "quantity": gettext(N_("Quantity")),
            "confirm": gettext(N_("Scan to say that it came, or what was wrong")),
            "signature": gettext(N_("Received (signature)")),
            "second": gettext(N_("Second person (signature)")),
        },
    }
    return await pdf.write("warehouse/slip.typ", data, written_at=written_at)
