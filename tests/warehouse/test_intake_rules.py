"""The gate: what may come in by its dates and its kind, before anyone drives."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.kernel.errors import Conflict, Invalid
from cishan.warehouse.rules import intake as rules
from cishan.warehouse.rules import offers
from cishan.warehouse.rules.intake import Condition, Judged, Policy, Shelf, Sort, Verdict
from cishan.warehouse.rules.offers import Fate, Grade, Graded, State, Step, Valued
from cishan.warehouse.rules.stock import Basis

DAY = date(2026, 8, 1)
POLICY = Policy(
    effective_from=date(2026, 1, 1),
    source="本会规定",
    least_days=180,
    least_days_short=90,
    short_life_days=180,
    food_percent=60,
    fresh_days=90,
    list_days=7,
)


def _judge(
    shelf: Shelf | None = None,
    *,
    sort: Sort = Sort.FOOD,
    condition: Condition = Condition.NEW,
    opened: bool = False,
    cold: bool = False,
    site_is_cold: bool | None = True,
) -> Judged:
    return rules.judge(
        sort=sort,
        condition=condition,
        opened=opened,
        cold_chain=cold,
        shelf=shelf or Shelf(),
        policy=POLICY,
        today=DAY,
        site_is_cold=site_is_cold,
    )


def _made(day: str, life: int) -> Shelf:
    return rules.shelf(made_on=date.fromisoformat(day), life_days=life, expires_on=None, usual_days=None)


def test_rice_of_january_is_refused_in_august() -> None:
    judged = _judge(_made("2026-01-10", 365))
    assert (judged.verdict, judged.left_days, judged.left_percent) == (Verdict.REFUSED, 162, 44)
    assert judged.values["least"] == 180


@pytest.mark.parametrize(
    ("life", "left", "verdict"),
    [
        (365, 219, Verdict.WELCOME),  # 60.0 %
        (365, 218, Verdict.REFUSED),  # 59.7 %
        (400, 240, Verdict.WELCOME),
        (180, 108, Verdict.WELCOME),  # short life: 90 days, and 60 %
        (180, 107, Verdict.REFUSED),
        (150, 90, Verdict.WELCOME),
        (150, 89, Verdict.REFUSED),
        (181, 180, Verdict.WELCOME),
        (181, 179, Verdict.REFUSED),  # longer than a short life: 180 days
        (90, 90, Verdict.WELCOME),
        (89, 89, Verdict.FRESH),
        (30, 1, Verdict.FRESH),
        (30, 0, Verdict.REFUSED),
        (30, -1, Verdict.REFUSED),
    ],
)
def test_the_stricter_of_days_and_percent_counts_for_food(life: int, left: int, verdict: Verdict) -> None:
    expires = DAY + timedelta(days=left)
    shelf = Shelf(made_on=expires - timedelta(days=life), life_days=life, expires_on=expires)
    assert _judge(shelf).verdict is verdict


def test_the_percent_is_asked_of_food_alone() -> None:
    shelf = Shelf(made_on=None, life_days=1080, expires_on=DAY + timedelta(days=181))
    assert _judge(shelf, sort=Sort.OTHER).verdict is Verdict.WELCOME
    assert _judge(shelf).verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (_judge(sort=Sort.MEDICINE), "medicine"),
        (_judge(sort=Sort.UNDERWEAR, condition=Condition.GOOD), "underwear"),
        (_judge(_made("2026-07-01", 365), opened=True), "opened"),
        (_judge(_made("2026-07-01", 365), condition=Condition.USED), "unopened"),
        (_judge(_made("2026-07-01", 365), cold=True, site_is_cold=False), "cold"),
        (_judge(Shelf(life_days=365)), "made"),
        (_judge(_made("2024-07-01", 365)), "expired"),
    ],
)
def test_what_may_never_come_is_refused_with_its_reason(judged: Judged, words: str) -> None:
    assert judged.verdict is Verdict.REFUSED
    assert words in judged.why


def test_new_underwear_and_cold_food_for_a_cold_store_are_welcome() -> None:
    assert _judge(sort=Sort.UNDERWEAR).verdict is Verdict.WELCOME
    assert _judge(_made("2026-07-01", 365), cold=True).verdict is Verdict.WELCOME
    assert _judge(_made("2026-07-01", 365), cold=True, site_is_cold=None).verdict is Verdict.WELCOME


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("旧内衣一包", Sort.UNDERWEAR),
        ("感冒药", Sort.MEDICINE),
        ("急救药箱", Sort.OTHER),
        ("Antibiotic capsules", Sort.MEDICINE),
        ("棉被", Sort.OTHER),
    ],
)
def test_a_name_can_only_make_us_more_careful(name: str, sort: Sort) -> None:
    assert rules.sort_of(name, is_food=False) is sort
    assert rules.sort_of(name, is_food=False, said=Sort.MEDICINE) is Sort.MEDICINE
    assert rules.sort_of(name, is_food=True) is Sort.FOOD


def test_dates_are_made_whole_from_what_is_known() -> None:
    made, expires = date(2026, 1, 10), date(2027, 1, 10)
    by_life = rules.shelf(made_on=made, life_days=365, expires_on=None, usual_days=30)
    by_end = rules.shelf(made_on=made, life_days=None, expires_on=expires, usual_days=30)
    by_use = rules.shelf(made_on=made, life_days=None, expires_on=None, usual_days=365)
    assert by_life == by_end == by_use == Shelf(made_on=made, life_days=365, expires_on=expires)
    alone = rules.shelf(made_on=None, life_days=None, expires_on=expires, usual_days=400)
    assert alone == Shelf(made_on=None, life_days=400, expires_on=expires)


days = st.integers(min_value=-400, max_value=2_000)


@given(
    life=st.integers(min_value=1, max_value=2_000), left=days, more=st.integers(min_value=0, max_value=800)
)
def test_what_keeps_longer_is_never_judged_worse(life: int, left: int, more: int) -> None:
    def asked(days: int) -> Verdict:
        return _judge(Shelf(life_days=life, expires_on=DAY + timedelta(days=days))).verdict

    worse = [Verdict.REFUSED, Verdict.FRESH, Verdict.WELCOME]
    assert worse.index(asked(left)) <= worse.index(asked(left + more))


@given(life=st.integers(min_value=1, max_value=2_000), left=days)
def test_what_is_welcome_keeps_the_promise_of_the_policy(life: int, left: int) -> None:
    judged = _judge(Shelf(life_days=life, expires_on=DAY + timedelta(days=left)))
    if judged.verdict is Verdict.WELCOME:
        assert left >= (90 if life <= 180 else 180)
        assert left * 100 >= life * 60
        assert life >= 90
    if judged.verdict is Verdict.FRESH:
        assert life < 90
        assert left > 0


def test_every_step_is_due_only_where_the_table_says() -> None:
    for state in State:
        for step in Step:
            if (state, step) in offers.MOVES:
                assert offers.after(state, step) is offers.MOVES[state, step]
            else:
                with pytest.raises(Conflict, match="not due"):
                    offers.after(state, step)


def _graded(quantity: int, grade: Grade = Grade.A, **more: object) -> Graded:
    return Graded(line=LINE, grade=grade, quantity=quantity, **more)  # type: ignore[arg-type]


LINE = UUID(int=1)


def test_a_grading_says_of_every_piece_what_it_is() -> None:
    offers.require_whole({LINE: 5}, [_graded(3), _graded(2, Grade.B)])
    with pytest.raises(Invalid, match="5 were counted, and the grades sum to 4"):
        offers.require_whole({LINE: 5}, [_graded(4)])
    with pytest.raises(Invalid, match="not fit"):
        offers.require_whole({LINE: 5}, [_graded(5, Grade.X)])
    with pytest.raises(Invalid, match="not fit"):
        offers.require_whole({LINE: 5}, [_graded(5, Grade.X, reason="破损")])
    offers.require_whole({LINE: 5}, [_graded(5, Grade.X, reason="破损", fate=Fate.RETURNED)])


def _value(basis: Basis, value_fen: int, source: str = "发票 1") -> Valued:
    return Valued(graded=LINE, basis=basis, value_fen=value_fen, source=source)


@pytest.mark.parametrize(
    ("valued", "has_voucher"),
    [
        (_value(Basis.VOUCHER, 100), False),
        (_value(Basis.VOUCHER, 9), True),
        (_value(Basis.FAIR, 0), True),
        (_value(Basis.FAIR, 100, " "), True),
        (_value(Basis.MEMO, 1), True),
    ],
)
def test_a_value_that_its_basis_does_not_bear_is_refused(valued: Valued, has_voucher: bool) -> None:
    with pytest.raises(Invalid):
        offers.require_value(valued, 10, has_voucher=has_voucher)


def test_values_with_their_basis_stand() -> None:
    offers.require_value(_value(Basis.VOUCHER, 10), 10, has_voucher=True)
    offers.require_value(_value(Basis.FAIR, 10), 10, has_voucher=False)
    offers.require_value(_value(Basis.MEMO, 0, ""), 10, has_voucher=False)
