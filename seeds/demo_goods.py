"""Offers of goods from invented givers, one in every state that an offer can be in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from cishan.approvals.rules import Acting
from cishan.kernel import clock
from cishan.plumbing.db import atomic
from cishan.warehouse.actions import new_offers, offers, receiving
from cishan.warehouse.queries import arrivals, catalogue, intake
from cishan.warehouse.rules.intake import Condition, Sort
from cishan.warehouse.rules.offers import (
    Decision,
    Fate,
    Grade,
    Graded,
    NewLine,
    NewOffer,
    Reason,
    State,
    Valued,
)
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.stock import Basis
from seeds.demo_staff import keepers
from seeds.demo_warehouse import days_before, item_of, site_of


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of goods, pieces, and days since they were made (None: they do not age)."""

    item: str
    pieces: int
    age: int | None = None


WAITING: tuple[tuple[str, Line, tuple[str, ...]], ...] = (
    ("DZ", Line("QUILT", 60), ()),
    ("DZ", Line("RICE10", 200, 20), ("elders",)),
    ("QY", Line("EGGS30", 40, 5), ()),
    ("QY", Line("SCHOOLBAG", 80), ("students",)),
)
"""What nobody has answered yet: site, goods, restrictions."""
FRESH_LIST = "演示-鲜食-01"


async def load() -> None:
    for number, (site, line, words) in enumerate(WAITING, 1):
        await begin(str(number), "爱心网友", (line,), site=site, words=words, wants_receipt=number == 1)
    first, second = await keepers()
    async with atomic():
        await _turned_down(first)
        await _expected(first)
        await _under_count(first, second)
        await _under_judgement(first, second)
        await _fresh(first, second)


async def _turned_down(by: Acting) -> None:
    """Decline one offer with a reason; another was withdrawn by its giver."""
    with clock.fixed(days_before(6)):
        offer = await begin("declined", "爱心网友", (Line("WASHER", 3),), site="QY")
        if offer is not None:
            lines = (await intake.offer_by_id(offer)).lines
            words = "本县仓库没有堆放大件的地方，欢迎改捐到德州市爱心仓库。"
            await offers.answer(
                offer, [Decision(line=one.id, reason=Reason.NO_ROOM, words=words) for one in lines], by=by
            )
        gone = await begin("withdrawn", "爱心网友", (Line("RADIO", 10),), site="DZ")
        if gone is not None:
            await offers.withdraw(gone, words="改送给了邻居")


async def _expected(by: Acting) -> None:
    """Make an appointment for the day after tomorrow."""
    with clock.fixed(days_before(2)):
        offer = await begin("expected", "演示食品店", (Line("CONGEE12", 60, 40), Line("GRAINS25", 90, 30)))
        if offer is not None:
            await accept(offer, by=by)
            site = (await site_of("DZ")).id
            day = clock.today() + timedelta(days=4)
            await offers.appoint(offer, on=day, from_time="09:00", until_time="11:30", site=site, by=by)


async def _under_count(first: Acting, second: Acting) -> None:
    """Let one offer be counted by one person, and another by two."""
    for key, line, by in (
        ("counted once", Line("TOOTHSET", 200, 60), (first,)),
        ("counted twice", Line("SANITARY", 240, 50), (first, second)),
    ):
        with clock.fixed(days_before(1)):
            offer = await begin(key, "爱心网友", (line,))
            if offer is None:
                continue
            await accept(offer, by=first)
        for person in by:
            await _count(key, offer, person)


async def _under_judgement(first: Acting, second: Acting) -> None:
    """Let one offer be inspected, one be valued, and one be booked and half shelved."""
    with clock.fixed(days_before(3)):
        graded = await begin("graded", "爱心网友", (Line("KETTLE", 30),))
        if graded is not None:
            await accept(graded, by=first)
            await _grade("graded", graded, first, second, torn=2)
        valued = await begin("valued", "演示电器行", (Line("RICECOOKER", 24),))
        if valued is not None:
            await accept(valued, by=first)
            await _grade("valued", valued, first, second)
            await _value(valued, first)
        booked = await begin(
            "booked", "演示文具店", (Line("LAMP", 40), Line("BASKETBALL", 20)), fund="F-FPZX"
        )
        if booked is not None:
            await accept(booked, by=first)
            await take_in("booked", booked, first, second, shelves={"LAMP": "DZ-B-08"})


async def _fresh(first: Acting, second: Acting) -> None:
    """Let fresh goods wait in receiving for the list of this week, and others be on their way."""
    with clock.fixed(days_before(1)):
        coming = await begin("fresh coming", "演示果园", (Line("APPLES5", 60, 3),))
        if coming is not None:
            await accept(coming, by=first)
        here = await begin("fresh here", "演示养鸡场", (Line("EGGS30", 80, 2),), fund="F-CSC")
        if here is not None:
            await accept(here, by=first)
            await take_in("fresh here", here, first, second, shelves={})


async def begin(
    key: str,
    giver: str,
    lines: tuple[Line, ...],
    *,
    site: str = "DZ",
    fund: str = "",
    words: tuple[str, ...] = (),
    wants_receipt: bool = False,
) -> UUID | None:
    """Offer new goods as an invented giver; return the offer, or None if it went on its way before."""
    new = NewOffer(
        lines=tuple([await _line(line) for line in lines]),
        giver=giver,
        email=f"goods-{key.replace(' ', '-').replace('/', '-')}@example.com",
        restrictions=words,
        site=(await site_of(site)).id,
        fund=fund,
        wants_receipt=wants_receipt,
    )
    offer = (await new_offers.offer(new, request=_id(key))).id
    return offer if (await intake.offer_by_id(offer)).state is State.OFFERED else None


async def _line(line: Line) -> NewLine:
    return NewLine(
        item=(await item_of(line.item)).id,
        words="",
        sort=Sort.OTHER,
        quantity=line.pieces,
        per_pack=1,
        made_on=None if line.age is None else clock.today() - timedelta(days=line.age),
        life_days=None,
        expires_on=None,
        condition=Condition.NEW,
        opened=False,
    )


async def accept(offer: UUID, *, by: Acting) -> None:
    """Accept all of an offer; fresh goods for a list of this week."""
    found = await intake.offer_by_id(offer)
    decisions = [
        Decision(
            line=line.id,
            fresh_list=FRESH_LIST if line.is_fresh else "",
            hand_out_by=clock.today() + timedelta(days=4) if line.is_fresh else None,
        )
        for line in found.lines
    ]
    await offers.answer(offer, decisions, by=by)


async def take_in(
    key: str, offer: UUID, first: Acting, second: Acting, *, shelves: Mapping[str, str]
) -> None:
    """Count, inspect, value and book what was accepted, and shelve what has a bin, by the goods' code."""
    await _grade(key, offer, first, second)
    await _value(offer, first)
    await receiving.book(offer, request=_id(f"{key}/book"), by=second)
    codes = {(await item_of(code)).id: bin_code for code, bin_code in shelves.items()}
    lines = {line.id: line for line in (await intake.offer_by_id(offer)).lines}
    of_lot = {one.lot: lines[one.line].item for one in (await intake.offer_by_id(offer)).grades}
    for one in await arrivals.lying(offer):
        item = of_lot[one.lot]
        bin_code = codes.get(item) if item else None
        if one.purpose == Purpose.RECEIVING and bin_code:
            await receiving.shelve(
                offer, one.lot, bin_code, one.free, request=_id(f"{key}/{bin_code}/{one.lot}"), by=first
            )


async def _count(key: str, offer: UUID, by: Acting) -> None:
    told = {line.id: line.quantity for line in (await intake.offer_by_id(offer)).accepted}
    await receiving.count(offer, told, request=_id(f"{key}/count/{by.person_id}"), by=by)


async def _grade(key: str, offer: UUID, first: Acting, second: Acting, *, torn: int = 0) -> None:
    """Let two people count what came, and one find it new but for some torn pieces."""
    for by in (first, second):
        await _count(key, offer, by)
    told = []
    for line in (await intake.offer_by_id(offer)).accepted:
        told.append(Graded(line=line.id, grade=Grade.A, quantity=line.quantity - torn))
        if torn:
            told.append(
                Graded(line=line.id, grade=Grade.X, quantity=torn, reason="外壳开裂", fate=Fate.RETURNED)
            )
    await receiving.grade(offer, told, {}, by=second)


async def _value(offer: UUID, by: Acting) -> None:
    """Value goods a tenth below what the catalogue says, which is a shop's price."""
    found = await intake.offer_by_id(offer)
    items = {line.id: line.item for line in found.lines if line.item}
    known = await catalogue.items(list(items.values()))
    worth = {item.id: item.typical_value_fen for item in known}
    values = [
        Valued(
            graded=one.id,
            basis=Basis.FAIR,
            value_fen=worth[items[one.line]] * one.quantity * 9 // 10,
            source="演示商店标价",
        )
        for one in found.grades
        if one.grade != Grade.X
    ]
    await receiving.value(offer, values, by=by)


def _id(key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"cishan/demo-goods/{key}")
