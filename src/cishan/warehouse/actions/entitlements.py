"""The list of a drive: people come onto it, are struck off it, or are noted as absent."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

import asyncpg

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.identity.queries import regions as region_queries
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_, fold
from cishan.plumbing import crypto
from cishan.plumbing.db import atomic, connection, fetch
from cishan.warehouse.actions import drives
from cishan.warehouse.queries import drives as drive_queries
from cishan.warehouse.queries import entitlements as queries
from cishan.warehouse.queries.drives import DriveView, SitePlan
from cishan.warehouse.queries.entitlements import Receiver
from cishan.warehouse.rules import drives as rules
from cishan.warehouse.rules.drives import EntitlementState
from cishan.warehouse.rules.entitlements import Entry, RowError
from cishan.warehouse.tables.drives import (
    CONTACT,
    CONTACT_PURPOSE,
    ID_NUMBER,
    ID_PURPOSE,
    NAME,
)

TWICE = N_("This person is on the list already, with slip {number}.")


class ListRefused(Exception):
    """A list with errors, of which nothing was written: each with its row."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(f"{len(errors)} rows are wrong")
        self.errors = tuple(errors)


async def add_people(
    drive_id: UUID,
    entries: Sequence[tuple[int, Entry]],
    *,
    sites: Collection[UUID] | None = None,
    request: UUID | None = None,
) -> list[UUID]:
    """Put people onto the list of a drive, all or none; return the ids of their turns.

    Raise ListRefused that names every row that cannot be: somebody who is on the list already, a site or a
    region that is not there. `sites` are those for which the caller may write; None: all of the drive.
    The same `request` again changes nothing.
    """
    async with atomic():
        drive = await drives.locked(drive_id)
        new = [uuid5(request, str(number)) if request else ids.new_id() for number, _ in entries]
        if request and await fetch("SELECT FROM goods_entitlement WHERE id = ANY({}::uuid[]) LIMIT 1", new):
            return new
        rules.require_listing(drive.state)
        known = await _known(drive_id)
        if len(known.numbers) + len(entries) > rules.LIST_LIMIT:
            limit = f"{rules.LIST_LIMIT:,}"
            raise Invalid(N_("A list may have {limit} people at most."), field="list", limit=limit)
        codes = await region_queries.names({entry.region for _, entry in entries if entry.region})
        errors: list[RowError] = []
        rows: list[tuple[UUID, SitePlan, Entry]] = []
        for row_id, (number, entry) in zip(new, entries, strict=True):
            try:
                site = _site_of(drive, entry.site, sites)
                _require_region(entry.region, codes)
                known.require_new(entry)
            except Invalid as error:
                errors.append(RowError(number, error.message, tuple(error.values.items())))
                continue
            rows.append((row_id, site, entry))
        if errors:
            raise ListRefused(errors)
        await _insert(drive, rows, known.next)
    return [row_id for row_id, _, _ in rows]


async def add_person(drive_id: UUID, entry: Entry, *, site: UUID, request: UUID | None = None) -> UUID:
    """Put one person onto the list by hand; raise Invalid if they stand there already."""
    drive = await drive_queries.drive_by_id(drive_id)
    plan = drive.site(site)
    try:
        (added,) = await add_people(drive_id, [(1, replace(entry, site=plan.code))], request=request)
    except ListRefused as refused:
        first = refused.errors[0]
        raise Invalid(first.message, field="name", **dict(first.values)) from refused
    return added


class _Known:
    """Who is on a list, by their blind indexes under every key that we have."""

    def __init__(self, rows: Sequence[asyncpg.Record]) -> None:
        self.numbers = [row["number"] for row in rows]
        alive = [row for row in rows if row["state"] != EntitlementState.STRUCK]
        self.by_id = {row["id_index"]: row["number"] for row in alive if row["id_index"]}
        self.by_contact = {row["contact_index"]: row["number"] for row in alive if row["contact_index"]}
        self.next = 1 + max((int(number.rpartition("-")[2]) for number in self.numbers), default=0)

    def require_new(self, entry: Entry) -> None:
        """Refuse somebody who stands there by either way to tell them."""
        for text, purpose, held in (
            (entry.id_number, ID_PURPOSE, self.by_id),
            (entry.contact, CONTACT_PURPOSE, self.by_contact),
        ):
            for index in crypto.blind_indexes(text, purpose=purpose) if text else ():
                if index in held:
                    raise Invalid(TWICE, field="name", number=held[index])


async def _known(drive_id: UUID) -> _Known:
    return _Known(
        await connection().fetch(
            "SELECT number, state, id_index, contact_index FROM goods_entitlement WHERE drive = $1", drive_id
        )
    )


def _site_of(drive: DriveView, wanted: str, allowed: Collection[UUID] | None) -> SitePlan:
    if not wanted and len(drive.sites) > 1:
        raise Invalid(N_("Say at which site: the drive hands out at several."), field="site")
    fitting = [one for one in drive.sites if not wanted or fold(wanted) in {fold(one.code), fold(one.name)}]
    if not fitting:
        raise Invalid(N_("The drive hands out nothing at “{site}”."), field="site", site=wanted[:40])
    if allowed is not None and fitting[0].id not in allowed:
        raise Invalid(N_("Your post does not reach the site {site}."), field="site", site=fitting[0].name)
    return fitting[0]


def _require_region(code: str, known: Collection[str]) -> None:
    if code and code not in known:
        raise Invalid(N_("There is no place with the division code {code}."), field="region", code=code)


async def _insert(drive: DriveView, rows: Sequence[tuple[UUID, SitePlan, Entry]], first: int) -> None:
    now, today = clock.now(), clock.today()
    await connection().executemany(
        """INSERT INTO goods_entitlement (id, drive, site, number, name_enc, id_number_enc, id_index,
                                          contact_enc, contact_index, region, tokens, state, listed_at,
                                          reason)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'listed', $12, '')""",
        [
            (
                row_id,
                drive.id,
                site.id,
                rules.slip_number(drive.number, number),
                crypto.seal(entry.name, place=NAME, row=row_id),
                crypto.seal(entry.id_number, place=ID_NUMBER, row=row_id) if entry.id_number else None,
                crypto.blind_index(entry.id_number, purpose=ID_PURPOSE) if entry.id_number else None,
                crypto.seal(entry.contact, place=CONTACT, row=row_id) if entry.contact else None,
                crypto.blind_index(entry.contact, purpose=CONTACT_PURPOSE) if entry.contact else None,
                entry.region or site.region,
                list(entry.tokens(today=today, region=site.region)),
                now,
            )
            for number, (row_id, site, entry) in enumerate(rows, start=first)
        ],
    )


async def strike(entitlement_id: UUID, *, reason: str, by: Acting) -> None:
    """Take somebody off the list, with a reason; who has received stays on it."""
    if not reason.strip():
        raise Invalid(N_("Say why this person is struck off."), field="reason")
    async with atomic():
        found = await locked(entitlement_id)
        if found.state is EntitlementState.STRUCK:
            return
        drive = await drive_queries.drive_by_id(found.drive)
        rules.require_listing(drive.state)
        if found.state is EntitlementState.GIVEN:
            raise Conflict(N_("This person has received and stays on the list."))
        await connection().execute(
            "UPDATE goods_entitlement SET state = 'struck', reason = $2 WHERE id = $1", entitlement_id, reason
        )
        await record(found, "strike", EntitlementState.STRUCK, by, reason=reason)


async def note_absent(entitlement_id: UUID, *, come_on: date | None = None, by: Acting) -> None:
    """Note that somebody did not come today, and the later day on which they shall; again changes the day."""
    async with atomic():
        found = await locked(entitlement_id)
        drive = await drive_queries.drive_by_id(found.drive)
        rules.require_open(drive.state)
        rules.require_turn(found.state)
        day = rules.later_day(come_on, today=clock.today(), ends_on=drive.ends_on)
        await connection().execute(
            "UPDATE goods_entitlement SET state = 'absent', absent_on = $2, come_on = $3 WHERE id = $1",
            entitlement_id,
            clock.today(),
            day,
        )
        if found.state is not EntitlementState.ABSENT:
            await record(found, "absent", EntitlementState.ABSENT, by)


async def note_all_absent(drive_id: UUID, site: UUID, *, come_on: date | None = None, by: Acting) -> int:
    """Note at the end of a day everybody of a site who has neither come nor been noted; return how many."""
    async with atomic():
        drive = await drives.locked(drive_id)
        rules.require_open(drive.state)
        day = rules.later_day(come_on, today=clock.today(), ends_on=drive.ends_on)
        rows = await fetch(
            """UPDATE goods_entitlement SET state = 'absent', absent_on = {}, come_on = {}
                WHERE drive = {} AND site = {} AND state = 'listed' RETURNING id""",
            clock.today(),
            day,
            drive_id,
            site,
        )
        await audit.record(
            *(
                _transition(row["id"], "absent", EntitlementState.LISTED, EntitlementState.ABSENT, by)
                for row in rows
            )
        )
    return len(rows)


async def locked(entitlement_id: UUID) -> Receiver:
    """Return somebody's turn that nobody else takes until the transaction ends; raise NotFound."""
    await connection().execute(
        "SELECT FROM goods_entitlement WHERE id = $1 FOR NO KEY UPDATE", entitlement_id
    )
    return await queries.receiver(entitlement_id)


async def record(
    found: Receiver, event: str, after: EntitlementState, by: Acting, *, reason: str = ""
) -> None:
    """Write a step of somebody's turn into the history."""
    await audit.record(_transition(found.id, event, found.state, after, by, reason=reason))


def _transition(
    row_id: UUID,
    event: str,
    before: EntitlementState,
    after: EntitlementState,
    by: Acting,
    *,
    reason: str = "",
) -> Transition:
    return Transition(
        subject_kind=rules.ENTITLEMENT,
        subject_id=str(row_id),
        event=event,
        from_state=before,
        to_state=after,
        actor=str(by.person_id),
        acting_role=by.role,
        reason=reason,
    )
