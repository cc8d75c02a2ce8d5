"""A booking that was wrong is taken back out, wholly and once, after somebody else agreed."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from cishan import settings
from cishan.approvals.rules import Acting
from cishan.kernel.errors import Conflict, Forbidden, Invalid
from cishan.ledger.queries.proofs import prove as prove_books
from cishan.plumbing.db import atomic, fetch, fetch_value
from cishan.warehouse.actions import places, receiving, reversals, stock
from cishan.warehouse.queries import arrivals, intake, proofs
from cishan.warehouse.queries import reversals as queries
from cishan.warehouse.queries.places import first_bin
from cishan.warehouse.rules.offers import OfferView, State
from cishan.warehouse.rules.places import Purpose
from cishan.warehouse.rules.reversals import Wrong
from cishan.warehouse.rules.stock import Basis, Cause, Delta, LotState
from tests.conftest import as_owner
from tests.identity.staffing import a_federation
from tests.warehouse import offering, ordering
from tests.warehouse.offering import a_house, counted, graded, line, the_keeper, valued
from tests.warehouse.stocking import AGENCY, FUND, GENERAL, OTHER_FUND, a_keeper, booked, freeze, move

REASON = "发票看错一位，价值多记"


@pytest.fixture(autouse=True)
def _configured(config: settings.Settings) -> None:
    """The platform has its settings, and so its keys."""


async def _keepers() -> tuple[Acting, Acting]:
    """Return the two who valued and booked in `a_booked_offer`."""
    return await the_keeper("zhou"), await the_keeper("wu")


async def _proposed(found: OfferView, by: Acting, wrong: Wrong = Wrong.VALUE, fund: str = "") -> UUID:
    return await reversals.propose(found.id, wrong=wrong, fund=fund, reason=REASON, request=uuid4(), by=by)


async def _reversed(found: OfferView, wrong: Wrong = Wrong.VALUE, fund: str = "") -> OfferView:
    first, second = await _keepers()
    await reversals.agree(await _proposed(found, first, wrong, fund), by=second)
    return await intake.offer_by_id(found.id)


async def _all() -> dict[str, object]:
    """Return all that a refusal must leave as it was."""
    names = (
        *("goods_offer", "goods_offer_line", "goods_grade", "goods_value", "goods_booking", "goods_reversal"),
        *("stock_lot", "stock_cause", "stock_move", "stock_value", "stock_balance"),
        *("books.entry", "books.line", "audit.transition", "procrastinate_jobs"),
    )
    return {
        name: await fetch_value(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} AS t")
        for name in names
    }


async def _events(offer: UUID) -> list[tuple[str, str, str]]:
    rows = await fetch(
        "SELECT event, from_state, to_state FROM audit.transition"
        " WHERE subject_kind = 'goods_offer' AND subject_id = {} ORDER BY id",
        str(offer),
    )
    return [(row["event"], row["from_state"], row["to_state"]) for row in rows]


async def _is_sound() -> None:
    assert (await proofs.prove()).findings == ()
    assert (await prove_books()).findings == ()


async def test_all_of_a_booking_goes_back_out_and_the_books_hold_its_mirror(db: None) -> None:
    found = await offering.a_booked_offer(
        await a_house(), await line("QUILT", 20), await line("BASKETBALL", 3), fund=FUND
    )
    assert await booked("1201") == 480_000
    first, second = await _keepers()
    reversal = await _proposed(found, first)
    assert (await intake.offer_by_id(found.id)).state is State.BOOKED
    await reversals.agree(reversal, by=second, words="已核对原始发票")
    assert await fetch("SELECT DISTINCT on_hand, value_fen FROM stock_lot") == [
        {"on_hand": 0, "value_fen": 0}
    ]
    (received,) = await fetch("SELECT id FROM stock_cause WHERE kind = 'receive'")
    (undone,) = await fetch("SELECT reverses, person, reason FROM stock_cause WHERE kind = 'unreceive'")
    assert undone == {"reverses": received["id"], "person": second.person_id, "reason": REASON}
    assert (await booked("1201"), await booked("410102")) == (0, 0)
    lines = await fetch(
        """SELECT o.kind, ol.account_id = rl.account_id AND ol.amount = -rl.amount AS mirrored
             FROM books.entry AS o JOIN books.entry AS r ON r.reverses = o.id
             JOIN books.line AS ol ON ol.entry_id = o.id
             JOIN books.line AS rl ON rl.entry_id = r.id AND rl.line_no = ol.line_no"""
    )
    assert lines == [{"kind": "goods_received", "mirrored": True}] * 8
    assert (await _events(found.id))[-2:] == [
        ("ask_reversal", "booked", "booked"),
        ("reverse_value", "booked", "graded"),
    ]
    now = await intake.offer_by_id(found.id)
    assert (now.state, now.booked_at, now.value_fen) == (State.GRADED, None, 0)
    assert [(one.quantity, one.lot) for one in now.grades] == [(20, None), (3, None)]
    (told,) = await queries.of_offer(found.id)
    assert (told.state.value, told.reason, told.words, told.cost_fen) == (
        *("agreed", REASON, "已核对原始发票"),
        480_000,
    )
    assert {(one.quantity, one.cost_fen) for one in told.lots} == {(20, 240_000), (3, 240_000)}
    await _is_sound()


async def test_a_corrected_booking_makes_new_lots_of_the_right_value(db: None) -> None:
    found = await _reversed(await offering.a_booked_offer(await a_house(), fund=FUND))
    first, second = await _keepers()
    with pytest.raises(Conflict, match="not due"):
        await receiving.book(found.id, request=uuid4(), by=second)
    found = await valued(found, second, 24_000)
    with pytest.raises(Forbidden, match="You valued"):
        async with atomic():
            await receiving.book(found.id, request=uuid4(), by=second)
    assert await receiving.book(found.id, request=uuid4(), by=first) is State.BOOKED
    lots = await fetch("SELECT quantity, cost_fen, on_hand, value_fen FROM stock_lot ORDER BY created_at, id")
    assert [tuple(lot.values()) for lot in lots] == [(20, 240_000, 0, 0), (20, 24_000, 20, 24_000)]
    assert (await booked("1201"), await booked("410102")) == (24_000, -24_000)
    assert await arrivals.values_of([found.id]) == {found.id: 24_000}
    now = await intake.offer_by_id(found.id)
    assert (now.booked_round, now.value_fen) == (2, 24_000)
    (given,) = (await arrivals.given_out(found.id)).values()
    assert (given.pieces, given.left) == (0, 20)
    await _is_sound()


async def test_a_wrong_fund_keeps_the_values_and_is_booked_into_the_other(db: None) -> None:
    found = await offering.a_booked_offer(await a_house(), fund=FUND)
    first, _ = await _keepers()
    for wrong, words in (
        ("", "into which fund"),
        (FUND, "in this fund already"),
        (AGENCY, "takes no goods"),
        ("F-NONE", "takes no goods"),
    ):
        before = await _all()
        with pytest.raises(Invalid, match=words) as refused:
            await _proposed(found, first, Wrong.FUND, wrong)
        assert refused.value.field == "fund"
        assert await _all() == before
    found = await _reversed(found, Wrong.FUND, OTHER_FUND)
    assert (found.state, found.fund, found.value_fen) == (State.VALUED, OTHER_FUND, 240_000)
    with pytest.raises(Forbidden, match="You valued"):
        async with atomic():
            await receiving.book(found.id, request=uuid4(), by=first)
    await receiving.book(found.id, request=uuid4(), by=await a_keeper("zheng"))
    assert (await booked("1201", FUND), await booked("1201", OTHER_FUND)) == (0, 240_000)
    assert (await booked("410102", FUND), await booked("410102", OTHER_FUND)) == (0, -240_000)
    back = await _reversed(await intake.offer_by_id(found.id), Wrong.FUND, GENERAL)
    assert (back.state, back.fund) == (State.VALUED, "")
    await _is_sound()


async def test_a_wrong_count_is_counted_anew_by_two_and_graded_anew(db: None) -> None:
    found = await _reversed(await offering.a_booked_offer(await a_house(), fund=FUND), Wrong.COUNT)
    first, second = await _keepers()
    assert (found.state, found.grades, found.lines[0].counted) == (State.ACCEPTED, (), None)
    where = await arrivals.counting(found.id, first.person_id)
    assert (where.round, where.counted, where.i_counted, where.differed) == (2, 0, False, False)
    found = await graded(await counted(found, first, second, 18), first)
    assert [(one.quantity, one.lot) for one in found.grades] == [(18, None)]
    await receiving.book((await valued(found, first, 216_000)).id, request=uuid4(), by=second)
    lots = await fetch("SELECT quantity, on_hand, value_fen FROM stock_lot ORDER BY created_at, id")
    assert [tuple(lot.values()) for lot in lots] == [(20, 0, 0), (18, 18, 216_000)]
    assert await fetch_value("SELECT count(*) FROM goods_grade WHERE undone IS NOT NULL") == 1
    await _is_sound()


@pytest.mark.parametrize(
    ("more", "entries"),
    [({"receiver": "庆云镇敬老院"}, 2), ({"value_fen": 0, "basis": Basis.MEMO}, 0)],
    ids=["entrusted", "memo"],
)
async def test_goods_that_are_passed_on_or_without_a_value_go_back_out_too(
    db: None, more: dict[str, object], entries: int
) -> None:
    found = await offering.a_booked_offer(await a_house(), **more)  # type: ignore[arg-type]
    if found.has_receiver:
        first, _ = await _keepers()
        with pytest.raises(Invalid, match="no fund receives them"):
            await _proposed(found, first, Wrong.FUND, FUND)
    found = await _reversed(found)
    assert found.state is State.GRADED
    assert await fetch_value("SELECT on_hand FROM stock_lot") == 0
    assert (await booked("1801", AGENCY), await booked("2601", AGENCY)) == (0, 0)
    assert await fetch_value("SELECT count(*) FROM books.entry") == entries
    await _is_sound()


@pytest.mark.parametrize("state", [LotState.QUARANTINED, LotState.RECALLED, LotState.EXPIRED])
async def test_the_state_of_a_lot_does_not_matter(db: None, state: LotState) -> None:
    found = await offering.a_booked_offer(await a_house())
    lot = await fetch_value("SELECT id FROM stock_lot")
    await stock.set_state(lot, state, by=None, reason="测试", event="lock")
    assert (await _reversed(found)).state is State.GRADED
    assert await fetch_value("SELECT on_hand FROM stock_lot") == 0


async def _shelved(found: OfferView, pieces: int = 20) -> tuple[UUID, UUID]:
    """Put pieces on the shelf; return the lot and the bin."""
    (lying,) = await arrivals.lying(found.id)
    await receiving.shelve(found.id, lying.lot, "DZ-A-01", pieces, request=uuid4(), by=await the_keeper("wu"))
    return lying.lot, (await first_bin(found.site, Purpose.SHELF)).id


async def _issued(found: OfferView) -> None:
    lot, shelf = await _shelved(found)
    await move(Cause.ISSUE, Delta(lot, shelf, -1))


async def _promised(found: OfferView) -> None:
    await _shelved(found, 12)
    item = found.lines[0].item
    assert item is not None
    await ordering.reserved(found.site, await the_keeper("wu"), (item, 5))


async def _being_counted(found: OfferView) -> None:
    _, shelf = await _shelved(found, 12)
    await freeze(shelf)


async def _under_way(found: OfferView) -> None:
    lot, shelf = await _shelved(found)
    far = await places.open_site(
        code="QY", name="QY仓库", organisation_id=await a_federation("371400"), region="371400"
    )
    way = await first_bin(far, Purpose.TRANSIT)
    await move(Cause.SEND, Delta(lot, shelf, -4), Delta(lot, way.id, 4))


IN_THE_WAY: dict[str, tuple[Callable[[OfferView], Awaitable[None]], str]] = {
    "gone": (_issued, r"lot {lot}: 1 have left"),
    "reserved": (_promised, r"lot {lot}: 5 are reserved in DZ-A-01"),
    "counted": (_being_counted, r"lot {lot}: bin DZ-A-01 is being counted"),
    "under way": (_under_way, r"lot {lot}: 4 are on their way to another site"),
}


@pytest.mark.parametrize("what", IN_THE_WAY)
async def test_what_is_not_wholly_here_and_free_is_named_and_nothing_changes(db: None, what: str) -> None:
    found = await offering.a_booked_offer(await a_house())
    first, second = await _keepers()
    reversal = await _proposed(found, first)
    happens, words = IN_THE_WAY[what]
    await happens(found)
    told = words.replace("{lot}", await fetch_value("SELECT number FROM stock_lot"))
    before = await _all()
    with pytest.raises(Conflict) as refused:
        async with atomic():
            await reversals.agree(reversal, by=second)
    assert told in refused.value.message.format(**refused.value.values)
    assert await _all() == before
    await reversals.withdraw(reversal, by=first)
    before = await _all()
    with pytest.raises(Conflict) as refused:
        await _proposed(found, first)
    assert told in refused.value.message.format(**refused.value.values)
    assert await _all() == before


async def test_what_went_and_wholly_came_back_can_be_reversed(db: None) -> None:
    found = await offering.a_booked_offer(await a_house(), fund=FUND)
    lot, shelf = await _shelved(found)
    gone = await move(Cause.ISSUE, Delta(lot, shelf, -7))
    await move(Cause.RETURN, Delta(lot, shelf, 7), reverses=gone.cause_id)
    await _reversed(found)
    assert (await booked("1201"), await booked("410102"), await booked("5101")) == (0, 0, 0)
    await _is_sound()


async def test_who_proposed_does_not_agree_even_behind_the_actions(db: None) -> None:
    found = await offering.a_booked_offer(await a_house())
    first, _ = await _keepers()
    reversal = await _proposed(found, first)
    before = await _all()
    with pytest.raises(Forbidden, match="Somebody else must agree"):
        await reversals.agree(reversal, by=first)
    with pytest.raises(Forbidden, match="Somebody else must agree"):
        await reversals.refuse(reversal, by=first, words="不必")
    assert await _all() == before
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.CheckViolationError, match="goods_reversal_by_another"):
            await owner.execute(
                "UPDATE goods_reversal SET state = 'agreed', decided_by = proposed_by, decided_at = now()"
            )
        await owner.execute("ROLLBACK TO attempt")


async def test_the_same_proposal_and_the_same_agreement_count_once(db: None) -> None:
    found = await offering.a_booked_offer(await a_house())
    first, second = await _keepers()
    request = uuid4()
    ids = {
        await reversals.propose(
            found.id, wrong=Wrong.VALUE, fund="", reason=REASON, request=request, by=first
        )
        for _ in range(2)
    }
    assert len(ids) == 1
    with pytest.raises(Conflict, match="proposed already"):
        await _proposed(found, second)
    (reversal,) = ids
    third = await a_keeper("zheng")
    await reversals.agree(reversal, by=second)
    before = await _all()
    await reversals.agree(reversal, by=second)
    with pytest.raises(Conflict, match="reversed already"):
        await reversals.agree(reversal, by=third)
    with pytest.raises(Conflict, match="reversed already"):
        await reversals.withdraw(reversal, by=first)
    with pytest.raises(Conflict, match="not due"):
        await _proposed(found, first)
    assert await _all() == before


async def test_a_booking_stays_when_the_second_person_says_no_or_the_first_withdraws(db: None) -> None:
    found = await offering.a_booked_offer(await a_house())
    first, second = await _keepers()
    refused = await _proposed(found, first)
    with pytest.raises(Invalid, match="why the booking stays"):
        await reversals.refuse(refused, by=second, words=" ")
    for _ in range(2):
        await reversals.refuse(refused, by=second, words="发票无误")
    withdrawn = await _proposed(found, first)
    with pytest.raises(Forbidden, match="Only the person"):
        await reversals.withdraw(withdrawn, by=second)
    for _ in range(2):
        await reversals.withdraw(withdrawn, by=first)
    with pytest.raises(Conflict, match="decided already"):
        await reversals.agree(withdrawn, by=second)
    assert [event for event, _, _ in await _events(found.id)][-4:] == [
        *("ask_reversal", "keep_booking", "ask_reversal", "keep_booking"),
    ]
    assert (await intake.offer_by_id(found.id)).state is State.BOOKED
    assert await fetch_value("SELECT on_hand FROM stock_lot") == 20
    with pytest.raises(Invalid, match="second person can judge"):
        await reversals.propose(found.id, wrong=Wrong.VALUE, fund="", reason="  ", request=uuid4(), by=first)


async def test_the_database_refuses_a_reversal_that_nobody_agreed_to_or_of_a_part(db: None) -> None:
    found = await offering.a_booked_offer(
        await a_house(), await line("QUILT", 20), await line("BASKETBALL", 3)
    )
    keeper = await a_keeper("zheng")
    (received,) = [row["id"] for row in await fetch("SELECT id FROM stock_cause WHERE kind = 'receive'")]
    rows = await fetch("SELECT lot, bin, on_hand FROM stock_balance ORDER BY lot")
    whole = [Delta(row["lot"], row["bin"], -row["on_hand"]) for row in rows]
    before = await _all()
    for deltas, reverses, words in (
        (whole, received, "nobody agreed"),
        (whole[:1], received, "exactly these lots"),
        (whole, uuid4(), "exactly these lots"),
        ([Delta(whole[0].lot, whole[0].bin, -1), whole[1]], received, "does not change by -1"),
    ):
        with pytest.raises(asyncpg.PostgresError, match=words):
            async with atomic():
                await stock.post(
                    Cause.UNRECEIVE,
                    deltas,
                    by=keeper,
                    subject=("goods_offer", found.id),
                    request=uuid4(),
                    reason=REASON,
                    reverses=reverses,
                )
        assert await _all() == before


async def test_a_receipt_is_reversed_once_whoever_tries(db: None) -> None:
    found = await offering.a_booked_offer(await a_house())
    await _reversed(found)
    (undone,) = await fetch("SELECT id, reverses FROM stock_cause WHERE kind = 'unreceive'")
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises(asyncpg.UniqueViolationError, match="stock_cause_unreceived_once"):
            await owner.execute(
                "INSERT INTO stock_cause SELECT gen_random_uuid(), kind, at, person, acting_role,"
                " subject_kind, subject_id, gen_random_uuid(), reason, reverses FROM stock_cause"
                " WHERE kind = 'unreceive'"
            )
        await owner.execute("ROLLBACK TO attempt")
    with pytest.raises(Conflict, match="reversed already"):
        async with atomic():
            await stock.post(
                Cause.UNRECEIVE,
                [Delta(uuid4(), uuid4(), -1)],
                by=None,
                subject=("goods_offer", found.id),
                request=uuid4(),
                reason=REASON,
                reverses=undone["reverses"],
            )


BEHIND = [
    "UPDATE goods_reversal SET reason = 'x'",
    "UPDATE goods_reversal SET state = 'proposed', decided_by = NULL, decided_at = NULL",
    "DELETE FROM goods_reversal",
    "UPDATE goods_grade SET undone = NULL WHERE undone IS NOT NULL",
    "UPDATE goods_grade SET quantity = 1",
    "UPDATE goods_offer_line SET counted = NULL",
    "UPDATE goods_offer_line SET counted = 1",
    "DELETE FROM goods_booking",
    "DELETE FROM stock_cause WHERE kind = 'unreceive'",
]


@pytest.mark.parametrize("sql", BEHIND)
async def test_what_was_reversed_stays_as_it_was(db: None, sql: str) -> None:
    await _reversed(await offering.a_booked_offer(await a_house()))
    async with as_owner() as owner:
        await owner.execute("SAVEPOINT attempt")
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError)):
            await owner.execute(sql)
        await owner.execute("ROLLBACK TO attempt")
