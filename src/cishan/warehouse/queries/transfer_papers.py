"""The paper that travels with a transfer: what was sent, room for what arrives, two signatures."""

import asyncio

from cishan import gateways
from cishan.identity.queries.names import names_of
from cishan.kernel import clock, masking
from cishan.kernel.text import N_
from cishan.plumbing import pdf, qr
from cishan.plumbing.i18n import gettext
from cishan.warehouse.rules.labels import address_of
from cishan.warehouse.rules.transfers import STATES, Transfer


async def note(transfer: Transfer) -> bytes:
    """Return the transfer note as PDF; people stand on it by their family names."""
    settings = gateways.settings()
    people = await names_of({one for one in (transfer.sent_by, transfer.received_by) if one})
    word = {
        "title": gettext(N_("Transfer note")),
        "from": gettext(N_("From site")),
        "to": gettext(N_("To site")),
        "state": gettext(N_("State")),
        "note": gettext(N_("Note")),
        "item": gettext(N_("Goods item")),
        "lot": gettext(N_("Lot")),
        "bin": gettext(N_("Bin")),
        "sent": gettext(N_("Pieces sent")),
        "good": gettext(N_("In good order")),
        "damaged": gettext(N_("Damaged")),
        "missing": gettext(N_("Pieces short")),
        "explanation": gettext(N_("Explanation")),
        "sender": gettext(N_("Handed over by (signature)")),
        "receiver": gettext(N_("Counted and taken over by (signature)")),
        "sum": gettext(N_("Together")),
    }
    names = {key: masking.family_name(name) for key, name in people.items()}
    data = {
        "word": word,
        "author": settings.organisation.name,
        "number": transfer.number,
        "code": await asyncio.to_thread(qr.svg, address_of(transfer.number, settings.public_url)),
        "from": f"{transfer.source_code} {transfer.source_name}",
        "to": f"{transfer.target_code} {transfer.target_name}",
        "state": gettext(STATES[transfer.state]),
        "note": transfer.note,
        "sent_at": f"{clock.china_day(transfer.sent_at):%Y-%m-%d}" if transfer.sent_at else "",
        "received_at": f"{clock.china_day(transfer.received_at):%Y-%m-%d}" if transfer.received_at else "",
        "sender": names.get(transfer.sent_by, "") if transfer.sent_by else "",
        "receiver": names.get(transfer.received_by, "") if transfer.received_by else "",
        "pieces": transfer.pieces,
        "lines": [
            {
                "item": line.item,
                "code": line.item_code,
                "lot": line.lot_number,
                "bin": line.bin_code,
                "quantity": f"{line.quantity} {line.unit}",
                "arrived": "" if line.arrived is None else str(line.arrived + line.found),
                "damaged": "" if line.damaged is None else str(line.damaged),
                "missing": "" if line.arrived is None else str(line.missing + line.lost),
                "explanation": line.explanation,
            }
            for line in transfer.lines
        ],
    }
    return await pdf.write("warehouse/transfer_note.typ", data, written_at=transfer.created_at)
