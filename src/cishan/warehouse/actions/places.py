"""Opening sites, zones and bins, changing and closing them."""

from collections.abc import Sequence
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.audit import actions as audit
from cishan.audit.rules import Transition
from cishan.kernel import clock, ids
from cishan.kernel.errors import Conflict, Invalid, NotFound
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection
from cishan.warehouse.rules.bin_patterns import STEP
from cishan.warehouse.rules.places import Purpose

SITE, BIN = "stock_site", "stock_bin"
"""Kinds of things in the history."""
CODE_LENGTH, WALK_LIMIT, STATE_LENGTH = 40, 1_000_000, 40

FIRST_ZONES: tuple[tuple[str, str, Purpose], ...] = (
    ("IN", "收货区", Purpose.RECEIVING),
    ("A", "货架区", Purpose.SHELF),
    ("OUT", "备货区", Purpose.PACKING),
    ("Q", "隔离区", Purpose.QUARANTINE),
    ("WAY", "在途", Purpose.TRANSIT),
)
"""What every site has from its first day: code, name and purpose of a zone with one bin each."""


async def open_site(*, code: str, name: str, organisation_id: UUID, region: str, address: str = "") -> UUID:
    """Open a warehouse with a zone and a bin for every purpose it needs; once for a code. Return its id."""
    async with atomic():
        await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('site ' || $1, 0))", code)
        found: UUID | None = await connection().fetchval("SELECT id FROM stock_site WHERE code = $1", code)
        if found is not None:
            return found
        site_id = ids.new_id()
        await connection().execute(
            """INSERT INTO stock_site (id, code, name, organisation, region, address, active, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, true, $7)""",
            site_id,
            code,
            name,
            organisation_id,
            region,
            address,
            clock.now(),
        )
        for number, (zone, label, purpose) in enumerate(FIRST_ZONES):
            await open_zone(
                site_id,
                code=zone,
                name=label,
                purpose=purpose,
                bins=[f"{code}-{zone}-01"],
                walk_from=number * 1000,
            )
        return site_id


async def open_zone(
    site: UUID, *, code: str, name: str, purpose: Purpose, bins: Sequence[str] = (), walk_from: int = 0
) -> UUID:
    """Open a zone at a site with its first bins, in the order in which one walks past them. Return its id."""
    async with atomic():
        zone_id = ids.new_id()
        await connection().execute(
            "INSERT INTO stock_zone (id, site, code, name, purpose) VALUES ($1, $2, $3, $4, $5)",
            zone_id,
            site,
            code,
            name,
            purpose,
        )
        await connection().executemany(
            """INSERT INTO stock_bin (id, site, zone, code, purpose, walk_order, active)
               VALUES ($1, $2, $3, $4, $5, $6, true)""",
            [
                (ids.new_id(), site, zone_id, bin_code, purpose, walk_from + number)
                for number, bin_code in enumerate(bins)
            ],
        )
        return zone_id


async def change_site(site_id: UUID, *, name: str, address: str, by: Acting) -> None:
    """Rename a site or say where it is; its code, its organisation and its region stay."""
    async with atomic():
        row = await connection().fetchrow(
            "SELECT name, address FROM stock_site WHERE id = $1 FOR NO KEY UPDATE", site_id
        )
        if row is None:
            raise NotFound(N_("There is no such site."))
        await connection().execute(
            "UPDATE stock_site SET name = $2, address = $3 WHERE id = $1", site_id, name, address
        )
        for event, before, after in (("rename", row["name"], name), ("readdress", row["address"], address)):
            if before != after:
                await audit.record(_step(SITE, site_id, event, before, after, by=by))


async def set_site_active(site_id: UUID, *, active: bool, by: Acting, reason: str = "") -> None:
    """Close a site in which nothing lies any more, or open it again; the same again changes nothing."""
    async with atomic():
        row = await connection().fetchrow(
            """SELECT s.active, EXISTS (SELECT FROM stock_balance AS b JOIN stock_bin AS n ON n.id = b.bin
                                         WHERE n.site = s.id AND b.on_hand > 0) AS filled
                 FROM stock_site AS s WHERE s.id = $1 FOR NO KEY UPDATE OF s""",
            site_id,
        )
        if row is None:
            raise NotFound(N_("There is no such site."))
        if row["active"] == active:
            return
        if row["filled"]:
            raise Conflict(N_("Goods lie at this site: move or hand them out first."))
        await connection().execute("UPDATE stock_site SET active = $2 WHERE id = $1", site_id, active)
        await audit.record(
            _step(SITE, site_id, "set_active", _word(row["active"]), _word(active), by=by, reason=reason)
        )


async def add_zone(site_id: UUID, *, code: str, name: str, purpose: Purpose, by: Acting) -> UUID:
    """Open a further zone without bins; the same again changes nothing."""
    async with atomic():
        site = await connection().fetchval(
            "SELECT code FROM stock_site WHERE id = $1 AND active FOR NO KEY UPDATE", site_id
        )
        if site is None:
            raise NotFound(N_("There is no such site."))
        if purpose is Purpose.TRANSIT:
            raise Invalid(N_("A site has one place for goods under way."), field="purpose")
        taken = await connection().fetchrow(
            "SELECT id, name, purpose FROM stock_zone WHERE site = $1 AND code = $2", site_id, code
        )
        if taken and (taken["name"], taken["purpose"]) == (name, purpose):
            return UUID(str(taken["id"]))
        if taken:
            raise Invalid(N_("There is a zone with this code already."), field="code")
        zone_id = await open_zone(site_id, code=code, name=name, purpose=purpose)
        await audit.record(_step(SITE, site_id, "add_zone", "", code, by=by, reason=name))
        return zone_id


async def add_bins(zone_id: UUID, places: Sequence[str], *, walk_from: int, by: Acting) -> list[str]:
    """Make bins in a zone, `STEP` apart in walking order; return their codes, the site's before each.

    All or none: a code that stands on another bin is named in the refusal. The same again changes nothing.
    """
    async with atomic():
        row = await connection().fetchrow(
            """SELECT z.site, z.purpose, s.code FROM stock_zone AS z JOIN stock_site AS s ON s.id = z.site
                WHERE z.id = $1 AND s.active FOR NO KEY UPDATE OF z""",
            zone_id,
        )
        if row is None:
            raise NotFound(N_("There is no such zone."))
        if row["purpose"] == Purpose.TRANSIT:
            raise Invalid(N_("A site has one place for goods under way."), field="zone")
        codes = [f"{row['code']}-{place}" for place in places]
        if max(map(len, codes)) > CODE_LENGTH:
            raise Invalid(N_("Use at most {limit} characters."), field="first", limit=CODE_LENGTH)
        there = await connection().fetch(
            "SELECT code, zone, walk_order FROM stock_bin WHERE code = ANY($1::varchar[]) ORDER BY code",
            codes,
        )
        wanted = {code: walk_from + number * STEP for number, code in enumerate(codes)}
        if max(wanted.values()) > WALK_LIMIT:
            raise Invalid(N_("Enter a smaller number."), field="walk_from")
        if len(there) == len(codes) and all(
            (one["zone"], one["walk_order"]) == (zone_id, wanted[one["code"]]) for one in there
        ):
            return codes
        if there:
            raise Invalid(
                N_("{count} of these bins exist already, {code} for one."),
                field="first",
                count=len(there),
                code=there[0]["code"],
            )
        bins = [(ids.new_id(), code) for code in codes]
        await connection().executemany(
            """INSERT INTO stock_bin (id, site, zone, code, purpose, walk_order, active)
               VALUES ($1, $2, $3, $4, $5, $6, true)""",
            [(bin_id, row["site"], zone_id, code, row["purpose"], wanted[code]) for bin_id, code in bins],
        )
        await audit.record(*(_step(BIN, bin_id, "add", "", "active", by=by) for bin_id, _ in bins))
        return codes


async def set_walk_order(bin_id: UUID, walk_order: int, *, by: Acting) -> None:
    """Say when on the way one comes past a bin."""
    if not 0 <= walk_order <= WALK_LIMIT:
        raise Invalid(N_("Enter a whole number from 0 to {limit}."), field="walk_order", limit=WALK_LIMIT)
    async with atomic():
        before = await connection().fetchval(
            "SELECT walk_order FROM stock_bin WHERE id = $1 FOR NO KEY UPDATE", bin_id
        )
        if before is None:
            raise NotFound(N_("There is no such bin."))
        if before != walk_order:
            await connection().execute(
                "UPDATE stock_bin SET walk_order = $2 WHERE id = $1", bin_id, walk_order
            )
            await audit.record(_step(BIN, bin_id, "reorder", str(before), str(walk_order), by=by))


async def set_bin_active(bin_id: UUID, *, active: bool, by: Acting, reason: str = "") -> None:
    """Take an empty bin out of use, or use it again; the same again changes nothing."""
    async with atomic():
        row = await connection().fetchrow(
            """SELECT b.active, b.site, b.purpose, b.frozen_by,
                      EXISTS (SELECT FROM stock_balance AS s WHERE s.bin = b.id AND s.on_hand > 0) AS filled,
                      (SELECT count(*) FROM stock_bin AS o
                        WHERE o.site = b.site AND o.purpose = b.purpose AND o.active) AS likes
                 FROM stock_bin AS b WHERE b.id = $1 FOR UPDATE OF b""",
            bin_id,
        )
        if row is None:
            raise NotFound(N_("There is no such bin."))
        if row["active"] == active:
            return
        if not active and row["filled"]:
            raise Conflict(N_("Goods lie in this bin: move them first."))
        if not active and row["frozen_by"] is not None:
            raise Conflict(N_("This bin is being counted now. Try again after the stocktake."))
        if not active and row["likes"] == 1:
            raise Conflict(N_("The site has no other bin for this purpose."))
        await connection().execute("UPDATE stock_bin SET active = $2 WHERE id = $1", bin_id, active)
        await audit.record(
            _step(BIN, bin_id, "set_active", _word(row["active"]), _word(active), by=by, reason=reason)
        )


def _word(active: bool) -> str:
    return "active" if active else "closed"


def _step(
    kind: str, subject: UUID, event: str, before: str, after: str, *, by: Acting, reason: str = ""
) -> Transition:
    whole = "" if max(len(before), len(after)) <= STATE_LENGTH else f"{before} → {after}"
    return Transition(
        subject_kind=kind,
        subject_id=str(subject),
        event=event,
        from_state=before[:STATE_LENGTH],
        to_state=after[:STATE_LENGTH] or "–",
        actor=str(by.person_id),
        acting_role=by.role,
        reason=reason or whole,
    )
