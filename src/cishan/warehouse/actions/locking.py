"""Locking lots that nobody may use any more: expired by the calendar, or called back.

The database refuses to hand out expired goods from midnight on, whether this has run or not; this writes it
down, breaks promises that cannot be kept, and tells the keepers.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan import gateways
from cishan.approvals.rules import Acting
from cishan.identity.queries.posts import people_with
from cishan.identity.rules.roles import Role
from cishan.kernel import clock
from cishan.notify import actions as notify
from cishan.notify.rules import GoodsLocked, LockedLot
from cishan.notify.rules.events import GOODS_LOCKED
from cishan.plumbing.db import atomic, fetch
from cishan.warehouse.actions import stock
from cishan.warehouse.actions.taking_back import EXPIRED, Lost, allot_again, hold, promised, take_back
from cishan.warehouse.queries.stock import lots
from cishan.warehouse.rules.stock import LOT, LotState

AT_ONCE = 200
"""Lots of one transaction."""
_OVER = "SELECT id FROM stock_lot WHERE state = 'open' AND on_hand > 0 AND expires_on < {}"


async def lock_expired() -> int:
    """Lock every lot in the house whose last day of use has passed; return how many. Again: none."""
    total = 0
    while locked := await _lock_some():
        total += locked
    return total


async def _lock_some() -> int:
    async with atomic():
        today = clock.today()
        found = [row["id"] for row in await fetch(f"{_OVER} ORDER BY id LIMIT {{}}", today, AT_ONCE)]
        await hold(found)
        still = await fetch(f"{_OVER} AND id = ANY({{}}::uuid[]) ORDER BY id", today, found)
        expired = [row["id"] for row in still]
        lost = await lock(expired, LotState.EXPIRED, by=None, event="expire", reason="", why=EXPIRED)
        await tell_keepers(expired, "expired", url="/staff/near-expiry")
        await allot_again(lost, by=None)
    return len(expired)


async def lock(
    lot_ids: Sequence[UUID], state: LotState, *, by: Acting | None, event: str, reason: str, why: str
) -> list[Lost]:
    """Lock lots and take back what was promised of them; return what orders lost."""
    lost: list[Lost] = []
    for lot_id in sorted(lot_ids):
        await stock.set_state(lot_id, state, by=by, reason=reason, event=event)
    for lot_id in sorted(lot_ids):
        pieces = await promised([lot_id])
        if pieces:
            key = ",".join(f"{bin_id}:{quantity}" for _, bin_id, quantity in pieces)
            lost += await take_back(
                pieces,
                by=by,
                subject=(LOT, lot_id),
                request=uuid5(NAMESPACE_URL, f"{event}:{lot_id}:{clock.now().isoformat()}:{key}"),
                why=why,
                reason=reason,
            )
    return lost


async def tell_keepers(lot_ids: Sequence[UUID], cause: Literal["expired", "recalled"], *, url: str) -> None:
    """Write to the keepers of every site where some of the lots lie, in the running transaction."""
    rows = await fetch(
        """SELECT w.id AS site, w.region, s.lot,
                  string_agg(b.code, '、' ORDER BY b.walk_order, b.code) AS bins,
                  sum(s.on_hand)::int AS on_hand
             FROM stock_balance AS s JOIN stock_bin AS b ON b.id = s.bin JOIN stock_site AS w ON w.id = b.site
            WHERE s.lot = ANY({}::uuid[]) AND s.on_hand > 0 GROUP BY w.id, s.lot ORDER BY w.id, s.lot""",
        list(lot_ids),
    )
    known = await lots({row["lot"] for row in rows})
    for site in dict.fromkeys(row["site"] for row in rows):
        mine = [row for row in rows if row["site"] == site]
        letter = GoodsLocked(
            cause=cause,
            lots=tuple(
                LockedLot(
                    number=known[row["lot"]].number,
                    item=known[row["lot"]].item_name,
                    left=f"{row['on_hand']} {known[row['lot']].unit}",
                    where=row["bins"],
                )
                for row in mine[:50]
            ),
            url=f"{gateways.settings().public_url}{url}",
        )
        told = uuid5(NAMESPACE_URL, ",".join(str(row["lot"]) for row in mine))
        for person in await people_with(Role.WAREHOUSE_KEEPER, mine[0]["region"]):
            await notify.tell(
                key=f"goods locked:{cause}:{site}:{told}:{clock.today().isoformat()}",
                person_id=person,
                event=GOODS_LOCKED,
                letter=letter,
            )
