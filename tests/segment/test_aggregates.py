from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Kind
from mailkit.errors import SegmentError
from mailkit.segment.nodes import Function
from mailkit.segment.running.aggregates import draw

NOW = datetime(2026, 3, 1, tzinfo=UTC)
numbers = st.integers(-1000, 1000) | st.floats(-1000, 1000) | st.decimals(-1000, 1000, places=2) | st.none()


def dated(*values: object) -> list[tuple[datetime, object]]:
    return [(NOW + timedelta(hours=hour), value) for hour, value in enumerate(values)]


@given(st.lists(numbers).flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
def test_a_sum_does_not_depend_on_the_order(orders: tuple[list, list]) -> None:
    one, other = (draw(Function.SUM, dated(*values), None) for values in orders)
    assert one == other


@given(st.lists(st.floats(-1e6, 1e6)))
def test_a_sum_of_floats_is_rounded_once(values: list[float]) -> None:
    assert draw(Function.SUM, dated(*values), None) == float(sum(map(Fraction, values)))


@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=1))
def test_decimals_stay_decimals(values: list[Decimal]) -> None:
    for function in set(Function) - {Function.DISTINCT}:
        assert isinstance(draw(function, dated(*values), None), Decimal)
    assert draw(Function.SUM, dated(*values), None) == sum(values)


@given(st.lists(numbers.filter(lambda value: value is not None), min_size=1))
def test_the_least_and_the_most_are_among_the_values(values: list) -> None:
    least, most = draw(Function.MIN, dated(*values), None), draw(Function.MAX, dated(*values), None)
    assert least in values
    assert most in values
    assert all(least <= value or least == float(value) for value in values)
    assert all(most >= value or most == float(value) for value in values)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(function, 0 if function in (Function.SUM, Function.DISTINCT) else None) for function in Function],
)
@pytest.mark.parametrize("values", [[], [None, float("nan")]])
def test_nothing_sums_up_to_0_has_0_different_values_and_is_null_otherwise(
    function: Function, expected: object, values: list
) -> None:
    assert draw(function, dated(*values), None) == expected


def test_of_events_at_one_instant_the_first_given_is_first_and_the_last_given_last() -> None:
    found = [(NOW, "a"), (NOW, "b"), (NOW, "c")]
    assert draw(Function.FIRST, found, None) == "a"
    assert draw(Function.LAST, found, None) == "c"


def test_floats_and_decimals_add_up_by_their_digits() -> None:
    assert draw(Function.SUM, dated(Decimal("0.1"), 0.2, 1), None) == Decimal("1.3")
    assert draw(Function.AVG, dated(1, 2), None) == 1.5


def test_texts_and_times_have_a_least_and_a_most() -> None:
    assert draw(Function.MAX, dated("a", "c", "b"), None) == "c"
    assert draw(Function.MIN, dated(NOW, date(2026, 2, 28)), UTC) == date(2026, 2, 28)


@pytest.mark.parametrize("values", [["a"], [True], [1, "a"], [NOW]])
def test_what_is_no_number_has_no_sum(values: list) -> None:
    for function in (Function.SUM, Function.AVG):
        with pytest.raises(SegmentError, match="is not a number"):
            draw(function, dated(*values), None)


def test_numbers_beyond_all_bounds_have_no_sum() -> None:
    for values in (
        [1e308, 1e308],
        [float("inf"), float("-inf")],
        [10**400, 1.5],
        [Decimal("inf"), Decimal("-inf")],
        [Decimal("9e999999"), Decimal("9e999999")],
    ):
        with pytest.raises(SegmentError, match="have no sum that can be told"):
            draw(Function.SUM, dated(*values), None)
    with pytest.raises(SegmentError, match="have no avg that can be told"):
        draw(Function.AVG, dated(10**400), None)


def test_values_of_two_sorts_have_no_least() -> None:
    with pytest.raises(SegmentError, match="cannot be compared"):
        draw(Function.MIN, dated(1, "a"), None)


class Shown(float):
    def __repr__(self) -> str:
        return f"Shown({float(self)})"


def test_a_float_that_shows_itself_in_its_own_way_is_taken_by_its_digits() -> None:
    assert draw(Function.SUM, dated(Decimal("0.1"), Shown(0.2)), None) == Decimal("0.3")


@given(st.lists(st.sampled_from(["a", "A", 1, 2, 0.5, True, False, None, date(2026, 3, 1)])))
def test_different_values_are_counted_once(values: list) -> None:
    different = {(type(value) is bool, value) for value in values if value is not None}
    assert draw(Function.DISTINCT, dated(*values), None) == len(different)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1.0, Decimal(1), Decimal("1.00")], 1),
        ([0.1, Decimal("0.1")], 1),
        ([True, 1, "1"], 3),
        ([NOW, NOW.astimezone(timezone(timedelta(hours=3)))], 1),
        ([NOW, NOW.date()], 2),
        ([0.0, -0.0, 0], 1),
        ([None, float("nan"), Decimal("nan")], 0),
        ([10**30, 1e30, Decimal("1e30")], 1),
        ([float("inf"), Decimal("inf")], 1),
        ([Kind.OPENED, "opened"], 1),
    ],
)
def test_sorts_are_kept_apart_and_equal_numbers_are_one(values: list, expected: int) -> None:
    assert draw(Function.DISTINCT, dated(*values), None) == expected


def test_what_is_of_no_sort_is_not_counted() -> None:
    with pytest.raises(SegmentError, match="is not text, a truth value"):
        draw(Function.DISTINCT, dated([1]), None)
    with pytest.raises(SegmentError, match="no time zone"):
        draw(Function.DISTINCT, dated(datetime(2026, 3, 1)), None)  # noqa: DTZ001
