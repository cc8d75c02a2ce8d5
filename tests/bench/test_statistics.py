"""What a bench says in few numbers is what was measured."""

from cishan.bench.statistics import percentile, spread


def test_the_spread_names_the_middle_and_both_ends() -> None:
    assert str(spread([1.5, 0.25, 3.0])) == "1.50 [0.25–3.00]"
    assert spread([1.0, 2.0]).median == 1.5


def test_a_percentile_is_a_value_that_so_many_do_not_exceed() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert [percentile(hundred, p) for p in (50, 95, 99, 100)] == [50.0, 95.0, 99.0, 100.0]
    assert [percentile([7.0], p) for p in (1, 50, 99)] == [7.0, 7.0, 7.0]
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
