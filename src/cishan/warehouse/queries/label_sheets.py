"""Labels as PDF: the same for a scanner and for people."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from cishan.kernel.errors import Invalid
from cishan.kernel.text import N_
from cishan.plumbing import pdf, qr
from cishan.plumbing.i18n import gettext
from cishan.warehouse.rules.labels import MOST, PAPERS, Format, Label, address_of, pages_of


async def sheet(
    labels: Sequence[Label], paper: Format, *, start: int = 1, base: str, author: str, written_at: datetime
) -> bytes:
    """Return the labels as PDF, the first on place `start` of the first sheet; raise Invalid for too many.

    `base` is the public address of the site; `author` is whose labels they are.
    """
    if not labels:
        raise Invalid(N_("Choose what to print."))
    if len(labels) > MOST:
        raise Invalid(N_("Print at most {limit} labels at once."), limit=MOST)
    pages = pages_of(labels, PAPERS[paper], start=start)
    addresses = {label.code: address_of(label.code, base) for label in labels}
    data: dict[str, Any] = {
        "title": gettext(N_("Labels")),
        "author": author,
        "paper": asdict(PAPERS[paper]),
        "pages": [[asdict(one) if one else None for one in page] for page in pages],
        "codes": await asyncio.to_thread(_drawn, addresses),
    }
    return await pdf.write("warehouse/labels.typ", data, written_at=written_at)


def _drawn(addresses: dict[str, str]) -> dict[str, str]:
    return {code: qr.svg(address) for code, address in addresses.items()}
