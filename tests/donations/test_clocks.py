"""The clocks of refunds run by themselves: three working days to decide, three more to pay."""

from datetime import date, datetime, timedelta

import pytest

from cishan.deadlines.actions import working_days
from cishan.deadlines.queries import clocks_of
from cishan.donations.actions import refunds
from cishan.donations.queries.refunds import refunds_of
from cishan.donations.rules.giving import RefundGround
from cishan.kernel import clock
from cishan.kernel.clock import CHINA
from cishan.kernel.errors import Conflict
from cishan.plumbing.db import fetch_value
from tests.approvals.refunding import approve
from tests.donations.conftest import Giver, work
from tests.donations.paid_gifts import a_gift

Standing = list[tuple[str, date, str]]


async def standing(request: object) -> Standing:
    """Return rule, last day and outcome (or 'runs') of every clock, by rule."""
    views = await clocks_of("refund", str(request))
    return sorted((v.code, v.due_on, v.outcome or "runs") for v in views)


async def test_a_request_is_decided_and_paid_within_its_clocks(giver: Giver) -> None:
    begun = await giver.paid(method="card")
    with clock.fixed(clock.now() + timedelta(hours=1)):  # a Sunday
        await giver.browser.post(f"{begun.path}/refund", data={"ground": "mis_key"})
        request = await fetch_value("SELECT id FROM refund_request")
        assert await standing(request) == [("refund.review", date(2026, 11, 25), "runs")]
    with clock.fixed(datetime(2026, 11, 26, 9, tzinfo=CHINA)):
        await approve(request, "已核实")
        assert await standing(request) == [
            ("refund.pay", date(2026, 12, 1), "runs"),
            ("refund.review", date(2026, 11, 25), "late"),
        ]
        await work()
    assert (await standing(request))[0] == ("refund.pay", date(2026, 12, 1), "met")


async def test_a_refused_request_stops_its_clock_and_starts_none(config: object, db: None) -> None:
    request = await refunds.request_refund(await a_gift(5_000), ground=RefundGround.OTHER, words="")
    await refunds.decide(request, approve=False, by="p-7", note="已执行")
    assert [(code, outcome) for code, _, outcome in await standing(request)] == [("refund.review", "met")]


async def test_a_decision_that_cannot_be_taken_leaves_the_clock_running(config: object, db: None) -> None:
    request = await refunds.request_refund(await a_gift(5_000), ground=RefundGround.OTHER, words="")
    before = await standing(request)
    with pytest.raises(Conflict):
        await refunds.decide(request, approve=True, by="p-7", note="同意")
    assert await standing(request) == before
    assert [outcome for _, _, outcome in before] == ["runs"]


async def test_a_decree_moves_the_day_that_the_giver_is_told(config: object, db: None) -> None:
    with clock.fixed(datetime(2026, 12, 30, 9, tzinfo=CHINA)):
        gift = await a_gift(5_000)
        await refunds.request_refund(gift, ground=RefundGround.OTHER, words="")
    assert [r.due_on for r in await refunds_of(gift)] == [date(2027, 1, 4)]
    off = {date(2027, 1, day) for day in (1, 2, 3, 4)}
    await working_days.write_year(2027, days_off=off, make_up_days=set(), source="国办发明电〔演示〕1号")
    assert [r.due_on for r in await refunds_of(gift)] == [date(2027, 1, 6)]
