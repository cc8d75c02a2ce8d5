"""Planning drives, opening and closing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.deadlines import actions as deadlines
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import alone, atomic, connection
from cishan.warehouse.queries import catalogue, places
from cishan.warehouse.queries import drives as queries
from cishan.warehouse.queries import kits as kit_queries
from cishan.warehouse.queries.drives import DriveView
from cishan.warehouse.rules import drives as rules
from cishan.warehouse.rules.drives import DriveState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDrive:
    """A drive as it is planned."""

    title: str
    title_en: str = ""
    item: UUID
    per_person: int
    fund: str
    starts_on: date
    ends_on: date
    organisation: UUID
    region: str
    targets: Mapping[UUID, int]
    """How many people shall receive, by site."""


async def plan_drive(new: NewDrive, *, by: Acting, request: UUID) -> UUID:
    """Write a drive down and return its id, which the request is; the same request is the same drive."""
    await _require_plan(new)
    async with atomic():
        await alone("goods_drive numbers")
        if await connection().fetchval("SELECT id FROM goods_drive WHERE id = $1", request):
            return request
        year = clock.today().year
        count = await connection().fetchval(
            "SELECT count(*) FROM goods_drive WHERE number LIKE $1", f"D{year % 100:02}-%"
        )
        await connection().execute(
            """INSERT INTO goods_drive (id, number, title, title_en, item, per_person, fund_code, starts_on,
                                        ends_on, organisation, region, state, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'planned', $12)""",
            *(request, rules.number_of(year, count + 1), new.title, new.title_en, new.item, new.per_person),
            *(new.fund, new.starts_on, new.ends_on, new.organisation, new.region, clock.now()),
        )
        await _write_targets(request, new.targets)
        await _record(request, "plan", "", DriveState.PLANNED, by)
    return request


async def _require_plan(new: NewDrive) -> None:
    rules.require_season(new.starts_on, new.ends_on)
    if not 1 <= new.per_person <= rules.PER_PERSON_LIMIT:
        raise Invalid(
            N_("Enter a whole number from 1 to {limit}."), field="per_person", limit=rules.PER_PERSON_LIMIT
        )
    if not new.targets:
        raise Invalid(N_("Name a site and how many people shall receive there."), field="targets")
    if not all(1 <= people <= rules.TARGET_LIMIT for people in new.targets.values()):
        raise Invalid(
            N_("Enter a whole number from 1 to {limit}."), field="targets", limit=f"{rules.TARGET_LIMIT:,}"
        )
    item = await catalogue.item_by_id(new.item)
    if item.is_kit and await kit_queries.in_force(item.id) is None:
        raise Invalid(N_("Nobody wrote down yet what is in this kit."), field="item")
    for site in new.targets:
        await places.site_by_id(site)


async def _write_targets(drive_id: UUID, targets: Mapping[UUID, int]) -> None:
    await connection().executemany(
        """INSERT INTO goods_drive_site (id, drive, site, target_people) VALUES ($1, $2, $3, $4)
           ON CONFLICT (drive, site) DO UPDATE SET target_people = excluded.target_people""",
        [(ids.new_id(), drive_id, site, people) for site, people in targets.items()],
    )


async def change_drive(drive_id: UUID, new: NewDrive) -> None:
    """Change a plan; of a drive that is open only its title, its season and its sites change."""
    await _require_plan(new)
    async with atomic():
        drive = await locked(drive_id)
        rules.require_listing(drive.state)
        if drive.state is not DriveState.PLANNED and (new.item, new.per_person, new.fund) != (
            drive.item,
            drive.per_person,
            drive.fund,
        ):
            raise Conflict(N_("What an open drive hands out stays as it was opened."))
        dropped = [site.id for site in drive.sites if site.id not in new.targets]
        if await connection().fetchval(
            """SELECT EXISTS (SELECT FROM goods_entitlement
                               WHERE drive = $1 AND site = ANY($2::uuid[]) AND state <> 'struck')""",
            drive_id,
            dropped,
        ):
            raise Conflict(N_("People are on the list of a site that you took away."))
        await connection().execute(
            "DELETE FROM goods_drive_site WHERE drive = $1 AND site = ANY($2::uuid[])", drive_id, dropped
        )
        await connection().execute(
            """UPDATE goods_drive SET title = $2, title_en = $3, item = $4, per_person = $5, fund_code = $6,
                      starts_on = $7, ends_on = $8 WHERE id = $1""",
            *(drive_id, new.title, new.title_en, new.item, new.per_person, new.fund),
            *(new.starts_on, new.ends_on),
        )
        await _write_targets(drive_id, new.targets)


async def move_drive(drive_id: UUID, event: str, *, by: Acting, reason: str = "") -> DriveState:
    """Open, close or reopen a drive. A drive that is closed keeps its list; what was not given stays so."""
    async with atomic():
        drive = await locked(drive_id)
        target = rules.step(drive.state, event)
        closed_at = clock.now() if target is DriveState.CLOSED else None
        await connection().execute(
            "UPDATE goods_drive SET state = $2, closed_at = $3 WHERE id = $1", drive_id, target, closed_at
        )
        await _record(drive_id, event, drive.state, target, by, reason=reason)
        if target is DriveState.OPEN:
            day = max(drive.ends_on, clock.today())
            await deadlines.start(
                rules.CLOSE,
                subject_kind=rules.DRIVE,
                subject_id=drive_id,
                event_on=day,
                region=drive.region,
            )
        else:
            await deadlines.stop(rules.CLOSE, subject_kind=rules.DRIVE, subject_id=drive_id)
    return target


async def locked(drive_id: UUID) -> DriveView:
    """Return a drive that nobody else changes until the transaction ends; raise NotFound."""
    if not await connection().fetchval(
        "SELECT id FROM goods_drive WHERE id = $1 FOR NO KEY UPDATE", drive_id
    ):
        raise NotFound(N_("There is no such drive."))
    return await queries.drive_by_id(drive_id)


async def _record(
    drive_id: UUID, event: str, before: str, after: DriveState, by: Acting, *, reason: str = ""
) -> None:
    await audit.record(
        Transition(
            subject_kind=rules.DRIVE,
            subject_id=str(drive_id),
            event=event,
            from_state=before,
            to_state=after,
            actor=str(by.person_id),
            acting_role=by.role,
            reason=reason,
        )
    )
