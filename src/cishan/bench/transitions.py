"""One guarded, history-writing transition (an approval's check), as a ratio to the same UPDATE alone.

Both run in a transaction of their own on the same server, in turn. The check inserts its step, which the
database judges (who acted, which post, whose turn, related to whom) and which moves the approval; it writes
the history and stops the clock. The UPDATE alone sets the same columns of a copy without triggers.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cishan import gateways, settings
from cishan.approvals import actions as approvals
from cishan.approvals.rules import Acting, ApprovalView, Band, Decision, Kind, Payee, register
from cishan.bench.servers import BenchServer, scratch
from cishan.bench.statistics import Spread, spread
from cishan.deadlines import actions as deadlines
from cishan.deadlines.rules import Rule, Unit
from cishan.identity.actions import people, posts, regions
from cishan.identity.actions.posts import NewPost
from cishan.identity.rules.regions import Level, OrganisationKind, Region
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.plumbing import crypto, db
from cishan.plumbing.db import atomic, connection

CODE, CITY = "bench_check", "371400"
BARE = "UPDATE approval_bare SET state = 'done', waits_for = '{}' WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Result:
    """What a transition costs."""

    check_ms: float
    """Median of one check."""
    update_ms: float
    """Median of the UPDATE alone."""
    ratio: Spread
    """Of the two, round by round."""

    def __str__(self) -> str:
        return f"{self.ratio!s:<18} check {self.check_ms:.2f} ms, UPDATE alone {self.update_ms:.2f} ms"


async def _nothing(_: ApprovalView, __: Acting) -> None:
    """Approving this leads to nothing: the transition alone is measured."""


register(Kind(code=CODE, title="bench", on_approved=_nothing))


async def bench_transitions(
    of: BenchServer, *, rounds: int = 7, each: int = 60, said: Callable[[str], None] = lambda _: None
) -> Result:
    """Measure rounds of so many checks next to as many updates, in a scratch database of the server."""
    crypto.use(ids.new_token())  # names are sealed; the scratch database is dropped with them
    async with scratch(of), db.pool(max_size=2):
        gateways.use(settings.load(os.environ))
        maker, checker, organisation = await _people()
        approval_ids = [await _propose(maker, organisation) for _ in range(rounds * each)]
        async with atomic():
            await connection().execute("SET LOCAL ROLE NONE")
            await connection().execute("CREATE TABLE approval_bare (LIKE approval INCLUDING ALL)")
            await connection().execute("INSERT INTO approval_bare SELECT * FROM approval")
            await connection().execute("GRANT SELECT, UPDATE ON approval_bare TO cishan_app")
        checks, updates, ratios = [], [], []
        for number in range(rounds):
            batch = approval_ids[number * each : (number + 1) * each]
            updates.append(await _updates(batch))
            checks.append(await _checks(batch, checker))
            ratios.append(checks[-1] / updates[-1])
    result = Result(statistics.median(checks), statistics.median(updates), spread(ratios))
    said(str(result))
    return result


async def _checks(batch: Sequence[UUID], checker: Acting) -> float:
    begun = time.perf_counter()
    for approval_id in batch:
        await approvals.check(approval_id, checker, Decision.PASS)
    return (time.perf_counter() - begun) * 1000 / len(batch)


async def _updates(batch: Sequence[UUID]) -> float:
    begun = time.perf_counter()
    for approval_id in batch:
        async with atomic():
            await connection().execute(BARE, approval_id)
    return (time.perf_counter() - begun) * 1000 / len(batch)


async def _propose(maker: Acting, organisation: UUID) -> UUID:
    return await approvals.propose(
        kind=CODE,
        subject_kind="bench",
        subject_id=ids.new_id(),
        title="bench",
        amount_fen=5_000,
        payee=Payee(uscc="91371400MA00000000"),
        by=maker,
        organisation_id=organisation,
        region_code=CITY,
    )


async def _people() -> tuple[Acting, Acting, UUID]:
    begins = date(2026, 1, 1)
    await regions.set_regions([Region(CITY, None, Level.CITY, "德州市", "Dezhou City")])
    organisation = await regions.set_organisation(
        code="bench", name="演示慈善总会", kind=OrganisationKind.FEDERATION, region=CITY
    )
    rule = Rule(
        code="approval.check",
        title="审批复核",
        title_en="Check a proposal",
        limit=3,
        unit=Unit.WORKING_DAYS,
        start_event="approval.proposed",
        source="本会规定",
        effective_from=begins,
    )
    await deadlines.set_rules([rule])
    band = Band(
        kind=CODE,
        from_fen=0,
        propose_roles=(Role.FINANCE_MAKER,),
        check_roles=(Role.FINANCE_CHECKER,),
        effective_from=begins,
        source="本会规定",
    )
    await approvals.set_bands([band])
    found = []
    for role in (Role.FINANCE_MAKER, Role.FINANCE_CHECKER):
        person = await people.create_account(
            username=f"bench-{role}".replace("_", "-"), name="演示", password="x" * 15, is_demo=True
        )
        post = NewPost(
            role=role,
            organisation_id=organisation,
            region=CITY,
            starts_on=clock.today() - timedelta(days=1),
            reason="bench",
        )
        found.append(Acting(person, await posts.grant(person, post, by=None), role))
    return found[0], found[1], organisation
