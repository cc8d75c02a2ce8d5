"""Distribution day: everybody on the list gets their goods once, before two people, and signs for them."""

from collections.abc import Sequence
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.files.actions import Brought
from cishan.kernel import clock
from cishan.kernel.errors import Conflict, Invalid
from cishan.kernel.text import N_
from cishan.plumbing.db import atomic, connection, fetch_value
from cishan.plumbing.i18n import gettext
from cishan.plumbing.web import datetime_text
from cishan.warehouse.actions import entitlements, orders
from cishan.warehouse.queries import drives as drive_queries
from cishan.warehouse.queries.drives import DriveView
from cishan.warehouse.queries.entitlements import Receiver
from cishan.warehouse.rules import drives as rules
from cishan.warehouse.rules.drives import EntitlementState
from cishan.warehouse.rules.orders import (
    HandedOut,
    Kind,
    NewOrder,
    ReceiverKind,
    Second,
    Signed,
    WantedLine,
)
from cishan.warehouse.rules.orders import Receiver as Whom

WHY_LIMIT = 200


async def hand_to(
    entitlement_id: UUID,
    *,
    by: Acting,
    second: Second,
    signature: Sequence[Brought],
    signed: Signed = Signed.SCREEN,
    collector: str = "",
    why: str = "",
    request: UUID,
) -> HandedOut:
    """Give somebody on a list what the drive gives each, all of it or nothing; the same request is once.

    `collector` is who signs if not the receiver, and `why` says why they came. Raise Conflict, with when and
    where, for who has received already; Short if the site has too little.
    """
    if collector.strip() and not why.strip():
        raise Invalid(N_("Say why another person collects."), field="why")
    async with atomic():
        found = await entitlements.locked(entitlement_id)
        drive = await drive_queries.drive_by_id(found.drive)
        new = _order(drive, found)
        if found.state is EntitlementState.GIVEN and await _asked_by(found) != request:
            require_turn(found)
        if found.state is not EntitlementState.GIVEN:
            rules.require_open(drive.state)
            require_turn(found)
        done = await orders.hand_out(
            new,
            by=by,
            second=second,
            signature=signature,
            signed=signed,
            signer=collector.strip(),
            request=request,
        )
        if not done.is_new:
            if found.order_id != done.order_id:
                raise Conflict(N_("This form was used for something else already. Open it anew."))
            return done
        reason = why.strip()[:WHY_LIMIT] if collector.strip() else ""
        await connection().execute(
            """UPDATE goods_entitlement SET state = 'given', given_at = $2, order_id = $3, reason = $4
                WHERE id = $1""",
            *(entitlement_id, clock.now(), done.order_id, reason),
        )
        await entitlements.record(found, "give", EntitlementState.GIVEN, by, reason=reason)
        return done


def require_turn(found: Receiver) -> None:
    """Refuse to give to somebody who has received, saying when and where, or who was struck off."""
    when = datetime_text(found.given_at) if found.given_at else ""
    rules.require_turn(found.state, given_at=when, given_where=found.site_name)


async def _asked_by(found: Receiver) -> UUID | None:
    request: UUID | None = await fetch_value("SELECT request FROM goods_order WHERE id = {}", found.order_id)
    return request


def _order(drive: DriveView, found: Receiver) -> NewOrder:
    return NewOrder(
        site=found.site,
        kind=Kind.DRIVE,
        drive=drive.id,
        receiver=Whom(
            kind=ReceiverKind.PERSON,
            name=found.name,
            phone=found.phone,
            region=found.region,
            tokens=found.tokens,
        ),
        lines=(WantedLine(drive.item, drive.per_person),),
        purpose=gettext(N_("{drive}, slip {slip}")).format(drive=drive.title_zh, slip=found.number),
    )
