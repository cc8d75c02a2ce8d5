"""Orders and papers, as tests of what goes out need them."""

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from PIL import Image

from cishan.approvals.rules import Acting
from cishan.files import actions as files
from cishan.files.actions import Brought
from cishan.kernel import ids
from cishan.plumbing.db import fetch
from cishan.plumbing.uploads import Upload
from cishan.warehouse.actions import orders
from cishan.warehouse.rules.orders import ORDER, Kind, NewOrder, Receiver, ReceiverKind, WantedLine
from cishan.warehouse.rules.restrictions import tokens_of
from seeds import deadlines
from tests.identity.staffing import CITY

NAME, PHONE, ADDRESS = "张某某", "+8613800000001", "庆云县庆云镇演示村1号"


def an_order(site: UUID, *wanted: tuple[UUID, int], **more: Any) -> NewOrder:
    """Return what one receiver shall get."""
    receiver = Receiver(
        kind=more.pop("receiver_kind", ReceiverKind.PERSON),
        name=more.pop("name", NAME),
        phone=more.pop("phone", PHONE),
        address=more.pop("address", ADDRESS),
        region=more.pop("region", CITY),
        tokens=tokens_of(age=more.pop("age", 70), sex="f", region=CITY),
    )
    return NewOrder(
        site=site,
        kind=more.pop("kind", Kind.REQUEST),
        receiver=receiver,
        lines=tuple(WantedLine(item, quantity) for item, quantity in wanted),
        **more,
    )


async def requested(site: UUID, by: Acting, *wanted: tuple[UUID, int], **more: Any) -> UUID:
    """Write an order down and return its id."""
    placed = await orders.request_goods(an_order(site, *wanted, **more), by=by, request=ids.new_id())
    return placed.order_ids[0]


async def reserved(site: UUID, by: Acting, *wanted: tuple[UUID, int], **more: Any) -> UUID:
    """Write an order down, set its goods aside, and return its id."""
    order_id = await requested(site, by, *wanted, **more)
    await orders.reserve([order_id], by=by, request=ids.new_id())
    return order_id


async def clocks() -> None:
    """Make the deadlines and the regions known."""
    await deadlines.load()


def a_picture(colour: str = "white") -> Upload:
    """Return a small picture, as a canvas or a camera sends it."""
    file = io.BytesIO()
    Image.new("RGB", (60, 30), colour).save(file, "PNG")
    return Upload("signature.png", file.getvalue())


async def brought(purpose: str = "signature", owner: str = ORDER) -> list[Brought]:
    """Return a picture that lies with the storage."""
    return await files.bring([a_picture()], owner_kind=owner, purpose=purpose, field=purpose)


async def state_of(order_id: UUID) -> str:
    (row,) = await fetch("SELECT state FROM goods_order WHERE id = {}", order_id)
    return str(row["state"])


async def picks(order_id: UUID) -> list[tuple[str, int]]:
    """Return state and pieces of what is or was set aside, in the order in which it was."""
    rows = await fetch(
        """SELECT p.state, p.quantity FROM goods_pick AS p JOIN goods_order_line AS line ON line.id = p.line
            WHERE line.goods_order = {} ORDER BY p.id""",
        order_id,
    )
    return [(row["state"], row["quantity"]) for row in rows]


async def history(order_id: UUID) -> list[tuple[str, str]]:
    rows = await fetch(
        "SELECT event, to_state FROM audit.transition WHERE subject_kind = 'goods_order' AND subject_id = {}"
        " ORDER BY id",
        str(order_id),
    )
    return [(row["event"], row["to_state"]) for row in rows]


async def everything() -> dict[str, Sequence[dict[str, Any]]]:
    """Return all that a step of an order may write: a refusal leaves it as it was."""
    tables = {
        "goods_order": "id, state, parcels",
        "goods_pick": "id, state, quantity, bin, returned",
        "goods_handover": "id",
        "goods_return": "id",
        "goods_scrap": "id, state",
        "stock_balance": "lot, bin, on_hand, reserved",
        "stock_cause": "id",
        "stored_file": "id",
        "audit.transition": "id",
        "letter": "id",
    }
    return {
        name: await fetch(f"SELECT {what} FROM {name} ORDER BY 1, 2")
        if "," in what
        else await fetch(f"SELECT {what} FROM {name} ORDER BY 1")
        for name, what in tables.items()
    }
