"""Forms of goods that are offered, and of bookings that are reversed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from cishan.approvals.rules import Acting
from cishan.kernel import clock, ids
from cishan.warehouse.actions import new_offers, receiving, reversals
from cishan.warehouse.queries import arrivals, intake
from cishan.warehouse.rules.offers import NewOffer
from cishan.warehouse.rules.reversals import Wrong
from tests.warehouse import offering, stocking
from tests.warehouse.forms.world import Case, Sent, World, once

# --- offers ---------------------------------------------------------------------------------------------


async def offer(w: World, step: str = "offered") -> Any:
    found = await offering.an_offer(w.site)
    if step != "offered":
        found = await offering.accepted(found, w.ada)
    if step in {"counted", "graded", "valued", "booked"}:
        found = await offering.counted(found, w.ada, w.bea)
    if step in {"graded", "valued", "booked"}:
        found = await offering.graded(found, w.ada)
    if step in {"valued", "booked"}:
        found = await offering.valued(found, w.ada)
    if step == "booked":
        await receiving.book(found.id, request=ids.new_id(), by=w.bea)
        found = await intake.offer_by_id(found.id)
    return found


def _offer(found: Any, step: str) -> str:
    return f"/staff/goods-offers/{found.number}/{step}"


async def _answer(w: World) -> Sent:
    return Sent(_offer(await offer(w), "answer"), {"take-1": "yes"})


async def _appoint(w: World) -> Sent:
    day = clock.today() + timedelta(days=7)
    data = {"on": day.isoformat(), "begins": "09:00", "until": "11:30", "site": str(w.site)}
    return Sent(_offer(await offer(w, "accepted"), "appointment"), data)


async def _close_offer(w: World) -> Sent:
    return Sent(_offer(await offer(w, "accepted"), "close"), {"reason": "没有送来"})


async def _count(w: World) -> Sent:
    return Sent(_offer(await offer(w, "accepted"), "count"), {"request": once(), "count-1": "20"})


async def _inspect(w: World) -> Sent:
    data = {"grade-A-1": "19", "grade-X-1": "1", "why-1": "受潮", "fate-1": "returned", "short-1": ""}
    return Sent(_offer(await offer(w, "counted"), "inspect"), data)


async def _value(w: World) -> Sent:
    data = {"basis-1": "fair", "value-1": "2280", "source-1": "演示询价"}
    return Sent(_offer(await offer(w, "graded"), "value"), data)


async def _book(w: World) -> Sent:
    return Sent(_offer(await offer(w, "valued"), "book"), {"request": once()})


async def _shelve(w: World) -> Sent:
    found = await offer(w, "booked")
    (lying_there,) = await arrivals.lying(found.id)
    data = {"request": once(), "lot": str(lying_there.lot), "bin": w.shelf.code, "quantity": "19"}
    return Sent(_offer(found, "shelve"), data)


async def _look_offer(w: World) -> Sent:
    return Sent(_offer(await offer(w), "look"), {"purpose": "打电话约时间"})


async def _give(w: World) -> Sent:
    data = {
        "request": once(),
        "lines": "1",
        "item-1": str(w.item),
        "quantity-1": "20",
        "per_pack-1": "2",
        "condition-1": "new",
        "made-1": clock.today().isoformat(),
        "life-1": "12",
        "life_unit-1": "months",
        "expires-1": (clock.today() + timedelta(days=360)).isoformat(),
        "name": "爱心网友",
        "giver": "person",
        "phone": "138 0000 1234",
        "email": "giver@example.org",
        "site": str(w.site),
        "wanted_on": (clock.today() + timedelta(days=3)).isoformat(),
        "note": "周末方便",
        "do": "send",
    }
    return Sent("/goods/give", data)


async def _withdraw(w: World) -> Sent:
    new = NewOffer(lines=(await offering.line(),), giver="爱心网友", phone=offering.PHONE, site=w.site)
    return Sent((await new_offers.offer(new, request=ids.new_id())).path + "/withdraw")


# --- bookings that are reversed -------------------------------------------------------------------------


async def _reverse(w: World) -> Sent:
    data = {"request": once(), "wrong": "fund", "fund": stocking.FUND, "reason": "应记入专项基金"}
    return Sent(_offer(await offer(w, "booked"), "reversal"), data)


async def _reversal(w: World, by: Acting) -> tuple[Any, UUID]:
    found = await offer(w, "booked")
    made = await reversals.propose(
        found.id, wrong=Wrong.VALUE, fund="", reason="发票看错一位", request=ids.new_id(), by=by
    )
    return found, made


async def _agree(w: World) -> Sent:
    found, made = await _reversal(w, w.ada)
    data = {"reversal": str(made), "verdict": "agree", "words": ""}
    return Sent(_offer(found, "reversal/verdict"), data)


async def _refuse(w: World) -> Sent:
    found, made = await _reversal(w, w.ada)
    data = {"reversal": str(made), "verdict": "refuse", "words": "原入库无误"}
    return Sent(_offer(found, "reversal/verdict"), data)


async def _take_back(w: World) -> Sent:
    found, made = await _reversal(w, w.walker)
    return Sent(_offer(found, "reversal/withdrawal"), {"reversal": str(made)})


_OFFER = "/staff/goods-offers/{number:str}"

VALID: dict[str, Case] = {
    f"{_OFFER}/answer": _answer,
    f"{_OFFER}/appointment": _appoint,
    f"{_OFFER}/close": _close_offer,
    f"{_OFFER}/count": _count,
    f"{_OFFER}/inspect": _inspect,
    f"{_OFFER}/value": _value,
    f"{_OFFER}/book": _book,
    f"{_OFFER}/shelve": _shelve,
    f"{_OFFER}/look": _look_offer,
    f"{_OFFER}/reversal": _reverse,
    f"{_OFFER}/reversal/verdict": _agree,
    f"{_OFFER}/reversal/verdict#refuse": _refuse,
    f"{_OFFER}/reversal/withdrawal": _take_back,
    "/goods/give": _give,
    "/goods/{token:str}/withdraw": _withdraw,
}
