"""Offers of goods that wait for an answer, from invented givers."""

from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.kernel import clock
from cishan.warehouse.actions import offers
from cishan.warehouse.queries.catalogue import item_by_code
from cishan.warehouse.queries.places import site_by_code
from cishan.warehouse.rules.intake import Condition, Sort
from cishan.warehouse.rules.offers import NewLine, NewOffer

OFFERS: tuple[tuple[str, str, int, int | None, tuple[str, ...]], ...] = (
    ("DZ", "QUILT", 60, None, ()),
    ("DZ", "RICE10", 200, 20, ("elders",)),
    ("QY", "EGGS30", 40, 5, ()),
    ("QY", "SCHOOLBAG", 80, None, ("students",)),
)
"""Site, kind of goods, pieces, days since they were made (None: they do not age), restrictions."""


async def load() -> None:
    for number, (site_code, item_code, pieces, age, words) in enumerate(OFFERS, 1):
        site, item = await site_by_code(site_code), await item_by_code(item_code)
        if site is None or item is None:
            raise LookupError(f"{site_code} or {item_code} comes with the data before")
        line = NewLine(
            item=item.id,
            words="",
            sort=Sort.OTHER,
            quantity=pieces,
            per_pack=1,
            made_on=None if age is None else clock.today() - timedelta(days=age),
            life_days=None,
            expires_on=None,
            condition=Condition.NEW,
            opened=False,
        )
        new = NewOffer(
            lines=(line,),
            giver="爱心网友",
            email=f"goods-{number}@example.com",
            restrictions=words,
            site=site.id,
            wants_receipt=number == 1,
        )
        await offers.offer(new, request=_id(number))


def _id(number: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-goods/{number}")
