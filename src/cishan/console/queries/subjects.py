"""What the things of clocks and histories are called, and where their pages are."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from cishan.approvals import queries as approvals
from cishan.campaigns.queries import lists as campaigns
from cishan.console.rules import THINGS
from cishan.donations.queries import desk as donations
from cishan.kernel.errors import NotFound
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Row
from cishan.warehouse.queries import (
    catalogue,
    drives,
    entitlements,
    kits,
    orders,
    recalls,
    scraps,
    sites,
    stocktakes,
    transfers,
)
from cishan.warehouse.queries import intake as offers


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


_NAMES: dict[str, Callable[[list[UUID]], Awaitable[dict[UUID, str]]]] = {
    "campaign": campaigns.titles_of,
    "donation": donations.numbers_of,
    "refund": donations.refunded_numbers,
    "goods_order": orders.numbers_of,
    "goods_list": orders.batch_titles_of,
    "goods_scrap": scraps.numbers_of,
    "goods_offer": offers.numbers_of,
    "stocktake": stocktakes.numbers_of,
    "recall": recalls.numbers_of,
    "kit": kits.names_of,
    "drive": drives.titles_of,
    "entitlement": entitlements.numbers_of,
    "transfer": transfers.numbers_of,
    "goods_item": catalogue.names_of,
    "stock_site": sites.codes_of,
    "stock_bin": sites.codes_of,
    "approval": approvals.titles_of,
}
"""What people call things, by their ids: one query for each kind."""


async def names_of(kind: str, texts: Sequence[str]) -> dict[str, str]:
    """Return what people call things of one kind, by their ids: one query."""
    ask = _NAMES.get(kind)
    return {str(k): v for k, v in (await ask(_ids(texts))).items()} if ask is not None else {}


async def name_rows(rows: list[Row]) -> None:
    """Fill in `thing`, the name of the subject of each row; one query for each kind among them."""
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row["subject"])
    names = {kind: await names_of(kind, ids) for kind, ids in sorted(kinds.items())}
    for row in rows:
        thing = THINGS.get(row["kind"])
        kind = gettext(thing.name) if thing else row["kind"]
        row["thing"] = f"{kind} {names[row['kind']].get(row['subject'], '')}".strip()


_BY_ID = {
    "kit": "/staff/kits",
    "drive": "/staff/drives",
    "entitlement": "/staff/drives/turns",
    "refund": "/staff/refunds",
    "approval": "/staff/approvals",
    "monthly_plan": "/staff/plans",
    "person": "/staff/persons",
    "goods_list": "/staff/warehouse/orders/lists",
    "goods_scrap": "/staff/warehouse/scraps",
    "stocktake": "/staff/warehouse/counts",
    "transfer": "/staff/warehouse/transfers",
    "goods_item": "/staff/warehouse/items",
    "stock_site": "/staff/warehouse/sites",
    "stock_bin": "/staff/warehouse/bins",
    "kit_lot": "/staff/kits/made",
    "lot": "/staff/warehouse/lots",
    "recall": "/staff/warehouse/recalls",
}
"""Things whose page has their id in its address."""


async def path_of(kind: str, text: str) -> str:
    """Return the path of a thing's page; raise NotFound."""
    if kind == "suspense":  # its id is the payment service's, and it has no page of its own
        return "/staff/suspense"
    ids = _ids([text])
    if not ids:
        raise NotFound(NOTHING)
    if kind in _BY_ID:
        return f"{_BY_ID[kind]}/{ids[0]}"
    match kind:
        case "campaign":
            slug = await campaigns.slug_of(ids[0])
            return f"/staff/campaigns/{_there(slug)}"
        case "donation" | "gift_message":
            number = (await donations.numbers_of(ids)).get(ids[0])
            return f"/staff/gifts/{_there(number)}"
        case "receipt":
            return f"/staff/receipts/{_there(await donations.receipt_number(ids[0]))}"
        case "goods_order":
            return f"/staff/warehouse/orders/{_there((await orders.numbers_of(ids)).get(ids[0]))}"
        case "goods_offer":
            return f"/staff/goods-offers/{_there((await offers.numbers_of(ids)).get(ids[0]))}"
        case _:
            raise NotFound(NOTHING)


NOTHING = N_("There is no page of this thing.")


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound(NOTHING)
    return found
