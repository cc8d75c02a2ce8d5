"""Offers of goods at any step, as tests need them."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from cishan.approvals.rules import Acting
from cishan.plumbing.db import fetch
from cishan.warehouse.actions import new_offers, offers, receiving
from cishan.warehouse.queries import catalogue, intake
from cishan.warehouse.rules.intake import Condition, Sort
from cishan.warehouse.rules.offers import (
    Decision,
    Fate,
    Grade,
    Graded,
    NewLine,
    NewOffer,
    OfferView,
    Valued,
)
from cishan.warehouse.rules.stock import Basis
from seeds import deadlines, warehouse
from tests.warehouse import stocking
from tests.warehouse.stocking import a_keeper

DAY = datetime.fromisoformat("2026-08-01T02:00:00+00:00")
PHONE, EMAIL = "+8613800001234", "giver@example.org"


async def a_house(code: str = "DZ") -> UUID:
    """Make a catalogue, the clocks and one warehouse; return its id."""
    await warehouse.load()
    await deadlines.load()
    return await stocking.a_site(code)


async def line(code: str = "QUILT", quantity: int = 20, **more: Any) -> NewLine:
    """Return a line of an item of the catalogue."""
    item = await catalogue.item_by_code(code)
    assert item is not None
    plain = NewLine(
        item=item.id,
        words="",
        sort=Sort.OTHER,
        quantity=quantity,
        per_pack=1,
        made_on=None,
        life_days=None,
        expires_on=None,
        condition=Condition.NEW,
        opened=False,
    )
    return replace(plain, **more)


async def an_offer(site: UUID, *lines: NewLine, **more: Any) -> OfferView:
    """Offer goods and return the offer."""
    new = NewOffer(lines=lines or (await line(),), giver="爱心网友", phone=PHONE, site=site, **more)
    written = await new_offers.offer(new, request=uuid4())
    return await intake.offer_by_id(written.id)


async def accepted(found: OfferView, by: Acting, **more: Any) -> OfferView:
    """Accept every line."""
    await offers.answer(found.id, [Decision(line=one.id, **more) for one in found.lines], by=by)
    return await intake.offer_by_id(found.id)


async def counted(found: OfferView, first: Acting, second: Acting, quantity: int | None = None) -> OfferView:
    """Let two people count the same."""
    pieces = {one.id: one.quantity if quantity is None else quantity for one in found.accepted}
    for by in (first, second):
        await receiving.count(found.id, pieces, request=uuid4(), by=by)
    return await intake.offer_by_id(found.id)


async def graded(found: OfferView, by: Acting, grade: Grade = Grade.A) -> OfferView:
    """Find every piece to be of one grade."""
    pieces = [
        Graded(
            line=one.id,
            grade=grade,
            quantity=one.counted or 0,
            reason="破损" if grade is Grade.X else "",
            fate=Fate.SCRAPPED if grade is Grade.X else None,
        )
        for one in found.accepted
    ]
    await receiving.grade(found.id, pieces, {one.id: "途中破损" for one in found.accepted}, by=by)
    return await intake.offer_by_id(found.id)


async def valued(
    found: OfferView, by: Acting, value_fen: int = 240_000, basis: Basis = Basis.FAIR
) -> OfferView:
    """Value every grade the same."""
    source = "" if basis is Basis.MEMO else "演示市场询价 2026-08-01"
    values = [
        Valued(graded=one.id, basis=basis, value_fen=value_fen, source=source)
        for one in found.grades
        if one.grade != Grade.X
    ]
    await receiving.value(found.id, values, by=by)
    return await intake.offer_by_id(found.id)


async def a_booked_offer(
    site: UUID, *lines: NewLine, value_fen: int = 240_000, basis: Basis = Basis.FAIR, **more: Any
) -> OfferView:
    """Take an offer all the way into the books."""
    first, second = await a_keeper("zhou"), await a_keeper("wu")
    found = await accepted(await an_offer(site, *lines, **more), first)
    found = await graded(await counted(found, first, second), first)
    found = await valued(found, first, value_fen, basis)
    await receiving.book(found.id, request=uuid4(), by=second)
    return await intake.offer_by_id(found.id)


def day(text: str) -> date:
    """Return a day."""
    return date.fromisoformat(text)


async def the_keeper(username: str) -> Acting:
    """Return how a keeper acts who was made before, as "zhou", who values, and "wu", who books."""
    (row,) = await fetch(
        "SELECT g.id, g.person, g.role FROM role_grant AS g JOIN account AS a ON a.person = g.person"
        " WHERE a.username = {}",
        username,
    )
    return Acting(row["person"], row["id"], row["role"])
