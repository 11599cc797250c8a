# ruff: noqa: E501 - tables are easier to read in wide rows
"""A constant moved to a column's own type asks what Python would have asked."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailkit.segment.nodes import Operator
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.dialects import ENGINES, Dialect
from mailkit.segment.sql.exact import against_float, against_whole, fraction, within_64_bits
from mailkit.segment.sql.means import mean_against
from mailkit.segment.sql.terms import Mean, Term
from mailkit.segment.values import align

COMPARE = {
    Operator.EQ: operator.eq, Operator.NE: operator.ne, Operator.LT: operator.lt,
    Operator.LE: operator.le, Operator.GT: operator.gt, Operator.GE: operator.ge,
}  # fmt: skip
operators = st.sampled_from(Operator)
wholes = st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53, 2**53 + 1])
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-100, max_value=100
) | st.sampled_from(
    [
        Decimal("0.1"),
        Decimal("0.30000000000000004"),
        Decimal("1e400"),
        Decimal("-1e400"),
        Decimal("5e-324"),
        Decimal("1e-400"),
    ]
)
floats = st.floats(allow_nan=False, allow_infinity=False)
numbers = wholes | floats | decimals | st.sampled_from([2**63, -(2**63) - 1, 10**400, -(10**400)])


def holds(threshold: Any, value: Any) -> bool:
    return threshold if isinstance(threshold, bool) else COMPARE[threshold[0]](value, threshold[1])


@given(wholes, operators, numbers)
def test_a_whole_number_stands_to_a_threshold_as_it_stands_to_the_constant(
    value: int, one: Operator, number: Any
) -> None:
    threshold = within_64_bits(against_whole(one, fraction(number, by_digits=False)))
    assert holds(threshold, value) == COMPARE[one](value, number)
    assert isinstance(threshold, bool) or -(2**63) <= threshold[1] < 2**63


@given(floats | st.just(math.inf) | st.just(-math.inf), operators, numbers)
@example(-math.inf, Operator.LT, -(10**400))
@example(-math.inf, Operator.GE, Decimal("-1e400"))
def test_a_float_stands_to_a_threshold_as_it_stands_to_the_constant(value: float, one: Operator, number: Any) -> None:
    assume(math.isfinite(value) or not isinstance(number, Decimal))
    expected = COMPARE[one](*align(value, number, None))
    assert holds(against_float(one, number), value) == expected


@given(decimals, operators, numbers)
def test_a_decimal_stands_to_a_threshold_as_it_stands_to_the_constant(
    value: Decimal, one: Operator, number: Any
) -> None:
    assume(abs(value) < 10**6 and value == round(value, 3))
    threshold = against_whole(one, fraction(number, by_digits=True) * 1000)
    assert holds(threshold, int(value.scaleb(3))) == COMPARE[one](*align(value, number, None))


GENEROUS = attrs.evolve(ENGINES[Dialect.POSTGRESQL], wide="({0})")


def judged(condition: str | None, total: int, number: int) -> bool:
    assert condition is not None
    text = (
        condition.replace("<>", "!=").replace(" = ", " == ").replace("AND", "and").replace("OR", "or").replace("'", "")
    )
    return bool(eval(text, {"__builtins__": {}}, {"s": total, "n": number}))


@given(
    st.lists(wholes, min_size=1, max_size=7),
    operators,
    st.integers(-5, 5) | floats | decimals | st.sampled_from([2**60]),
)
@example([1, 2], Operator.EQ, 1.5)
@example([1, 2], Operator.GT, 1e-5)
@example([1, 0, 0], Operator.EQ, 1 / 3)
@example([2**53, 2**53 + 1], Operator.GT, 2.0**53)
@example([0], Operator.EQ, -1.7976931348623157e308)
@example([0], Operator.LT, 1.7976931348623157e308)
def test_a_mean_of_whole_numbers_is_compared_as_the_float_that_python_makes_of_it(
    values: list[int], one: Operator, number: Any
) -> None:
    mean = Mean(sum=Term(sql="s", sort=Sort.INTEGER, is_wide=True), number="n")
    expected = COMPARE[one](*align(sum(values) / len(values), number, None))
    condition = mean_against(mean, one, number, GENEROUS)
    if condition is None:
        assert abs(float(number)) > 1e300 or number == 0
    else:
        assert judged(condition, sum(values), len(values)) == expected


@pytest.mark.parametrize("one", list(COMPARE))
@pytest.mark.parametrize("number", [0.1, 1 / 3, 2.5, -1.5])
def test_each_comparison_of_a_mean_with_a_float_is_python_s(one: Operator, number: float) -> None:
    mean = Mean(sum=Term(sql="s", sort=Sort.INTEGER, is_wide=True), number="n")
    condition = mean_against(mean, one, number, GENEROUS)
    for total, count in ((1, 10), (1, 3), (2, 3), (5, 2), (-3, 2), (0, 1), (-(2**60), 2**60 + 1)):
        assert judged(condition, total, count) == COMPARE[one](total / count, number)


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=7),
    operators,
    decimals | st.integers(-9, 9) | st.sampled_from([0.1, 2.5]),
)
def test_a_mean_of_decimals_is_compared_as_the_decimal_that_python_makes_of_it(
    values: list[int], one: Operator, number: Any
) -> None:
    mean = Mean(sum=Term(sql="s", sort=Sort.DECIMAL, places=2, is_wide=True), number="n")
    condition = mean_against(mean, one, number, GENEROUS)
    assume(condition is not None)
    exact = sum(Decimal(value).scaleb(-2) for value in values) / len(values)
    assert judged(condition, sum(values), len(values)) == COMPARE[one](*align(exact, number, None))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_mean_is_compared_with_small_whole_numbers_everywhere(dialect: Dialect) -> None:
    mean = Mean(sum=Term(sql="s", sort=Sort.INTEGER, is_wide=True), number="n")
    assert all(mean_against(mean, one, number, ENGINES[dialect]) for one in Operator if one not in (Operator.EQ, Operator.NE)
               for number in (-3, 0, 1, 2.0, 100))  # fmt: skip
    assert (mean_against(mean, Operator.GE, 0.1, ENGINES[dialect]) is None) == (
        dialect not in (Dialect.DUCKDB, Dialect.POSTGRESQL, Dialect.CLICKHOUSE)
    )


def test_a_mean_equals_a_decimal_only_if_a_float_shows_it() -> None:
    mean = Mean(sum=Term(sql="s", sort=Sort.INTEGER, is_wide=True), number="n")
    never = Decimal("0.10000000000000000000001")
    assert mean_against(mean, Operator.EQ, never, GENEROUS) == "1 = 0"
    assert mean_against(mean, Operator.NE, never, GENEROUS) == "n > 0"
    assert fraction(0.1, by_digits=True) == Fraction(1, 10)
