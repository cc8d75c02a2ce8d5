"""What the desk writes: that somebody took a list away, or looked at what is usually masked, and what for."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO

from cishan.audit import actions as audit
from cishan.audit.rules import Read
from cishan.kernel import clock
from cishan.plumbing import sheets
from cishan.plumbing.db import atomic
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Condition, List, Wish
from cishan.plumbing.lists.fetching import all_of

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A spreadsheet that is written and has no name on the disk: who reads it to its end closes it."""

    file: IO[bytes]
    name: str
    media_type: str
    rows: int

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file and close it."""
        with self.file:
            while piece := await asyncio.to_thread(self.file.read, _PIECE):
                yield piece


async def export(
    of: List,
    wish: Wish,
    *scope: Condition,
    form: sheets.Format,
    reader: str,
    acting_role: str,
    purpose: str,
) -> Taken:
    """Write all rows of a wish into a file, and into the log of reads who took them and what for."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - `Taken.pieces` closes it
    try:
        sheet, rows = sheets.open_sheet(of, file, form), 0
        async with atomic():
            async for batch in all_of(of, wish, *scope):
                await asyncio.to_thread(sheet.rows, batch)
                rows += len(batch)
            told = f"{purpose} · {wish.query(sort='')} · {rows}"
            await audit.record_read(
                Read(
                    subject_kind="list",
                    subject_id=of.code,
                    fields=tuple(column.code for column in sheets.columns_of(of)),
                    reader=reader,
                    acting_role=acting_role,
                    purpose=told[:500],
                )
            )
        await asyncio.to_thread(sheet.close)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    name = f"{gettext(of.title)}-{clock.today().isoformat()}.{form}"
    return Taken(file, name, sheets.MEDIA_TYPES[form], rows)
