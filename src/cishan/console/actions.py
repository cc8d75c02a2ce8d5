"""What the desk writes: that somebody took a list away, or looked at what is usually masked, and what for."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from cishan.audit import actions as audit
from cishan.audit.rules import Read, Transition
from cishan.identity.rules.roles import Staff
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, NotFound
from cishan.kernel.text import N_
from cishan.notify.actions import delivery
from cishan.payments import actions as payment_actions
from cishan.payments import queries as payments
from cishan.plumbing import jobs, sheets
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


def acting_role(staff: Staff) -> str:
    """Return the role by which the running request was allowed."""
    return staff.acting.role if staff.acting else ""


async def export(
    of: List,
    wish: Wish,
    *scope: Condition,
    form: sheets.Format,
    by: Staff,
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
                    reader=str(by.person_id),
                    acting_role=acting_role(by),
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


async def look(
    by: Staff, *, kind: str, subject_id: UUID | str, fields: tuple[str, ...], purpose: str
) -> None:
    """Write down that somebody looks behind a mask and what for; refuse the one look too many of a day."""
    await audit.look(
        Read(
            subject_kind=kind,
            subject_id=str(subject_id),
            fields=fields,
            reader=str(by.person_id),
            acting_role=acting_role(by),
            purpose=purpose,
        )
    )


async def replay(event_id: str, *, by: Staff) -> None:
    """Have a parked message worked off once more, and write down who wished it."""
    async with atomic():
        state = await payments.state_of(event_id)
        if state is None:
            raise NotFound(N_("There is no such message."))
        if state != "parked":
            raise Conflict(N_("This message is not parked any more."))
        await audit.record(_tried(by, "payment_message", event_id, "parked"))
        await payment_actions.replay(event_id)


async def retry_job(job_id: str, *, by: Staff) -> None:
    """Put a job that gave up back into the queue, and write down who wished it."""
    number = int(job_id) if job_id.isascii() and job_id.isdigit() and len(job_id) < 18 else 0
    async with atomic():
        if not await jobs.retry(number):
            raise Conflict(N_("This job has not given up, or is tried again already."))
        await audit.record(_tried(by, "job", job_id, "failed"))


async def retry_letter(letter_id: str, *, by: Staff) -> None:
    """Have a letter that was given up delivered after all, and write down who wished it."""
    try:
        wanted = UUID(letter_id)
    except ValueError:
        raise NotFound(N_("There is no such letter.")) from None
    async with atomic():
        await delivery.try_again(wanted)
        await audit.record(_tried(by, "letter", str(wanted), "failed"))


def _tried(by: Staff, kind: str, subject_id: str, state: str) -> Transition:
    return Transition(
        subject_kind=kind,
        subject_id=subject_id[:80],
        event="try_again",
        from_state=state,
        to_state="waiting",
        actor=str(by.person_id),
        acting_role=acting_role(by),
    )
