"""Means, compared without dividing: a sum of whole numbers stands so to a number of times a constant.

Python's mean of whole numbers is the float next to the quotient, and that of Decimals the
quotient in 28 digits. So the mean stands to a constant as the quotient stands to the ends of
what is rounded to that constant.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from mailkit.segment.nodes import Operator
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.dialects import Engine
from mailkit.segment.sql.exact import against_float, fraction
from mailkit.segment.sql.terms import Mean

__all__ = ["mean_against"]

Bounds: TypeAlias = "list[tuple[Operator, Fraction]]"
_MOST_VALUES: Final = 10**9
"""How many events of one person are added up at most: no list of Python's in memory has more."""
_PRECISION: Final = 28


def mean_against(mean: Mean, operator: Operator, value: float | Decimal, engine: Engine) -> str | None:
    """The comparison of a mean with a constant; None if the engine cannot do it exactly."""
    if mean.sum.sort is Sort.DECIMAL:
        bounds: Bounds | bool | None = _of_decimals(operator, value, mean.sum.places)
    else:
        bounds = _of_floats(operator, value)
    if bounds is None:
        return None
    if isinstance(bounds, bool):
        return f"{mean.number} > 0" if bounds else "1 = 0"
    parts = [_quotient(mean, one, edge, engine) for one, edge in bounds]
    if None in parts:
        return None
    joined = f" {'OR' if operator is Operator.NE else 'AND'} ".join(part for part in parts if part)
    return f"({mean.number} > 0 AND ({joined}))"


def _of_decimals(operator: Operator, value: float | Decimal, places: int) -> Bounds | None:
    """A constant is the rounding of itself, and of nothing near if 28 digits can tell them apart."""
    exact = fraction(value, by_digits=True)
    while 10**places % exact.denominator:
        places += 1
    before_the_point = len(str(abs(exact.numerator) // exact.denominator))
    # A quotient that is another number differs by one part of so many values times the places, or more.
    if before_the_point + places + len(str(_MOST_VALUES)) >= _PRECISION:
        return None
    return [(operator, exact)]


def _of_floats(operator: Operator, value: float | Decimal) -> Bounds | bool | None:
    threshold = against_float(operator, value)
    if isinstance(threshold, bool):
        return threshold
    operator, near = threshold
    if math.isinf(near) or near == 0 or abs(near) == sys.float_info.max:
        return [(operator, Fraction(0))] if near == 0 else None
    below, above = _edges(near)
    is_even = int(Fraction(near) / _step(near)) % 2 == 0  # what lies midway goes to the even one
    most, least = (Operator.LE, Operator.GE) if is_even else (Operator.LT, Operator.GT)
    match operator:
        case Operator.LE:
            return [(most, above)]
        case Operator.LT:
            return [(_opposite(least), below)]
        case Operator.GE:
            return [(least, below)]
        case Operator.GT:
            return [(_opposite(most), above)]
        case Operator.EQ:
            return [(least, below), (most, above)]
        case _:
            return [(_opposite(least), below), (_opposite(most), above)]


def _edges(near: float) -> tuple[Fraction, Fraction]:
    exact = Fraction(near)
    return (exact + Fraction(math.nextafter(near, -math.inf))) / 2, (
        exact + Fraction(math.nextafter(near, math.inf))
    ) / 2


def _step(near: float) -> Fraction:
    return Fraction(math.ulp(near))


def _opposite(operator: Operator) -> Operator:
    return {Operator.LE: Operator.GT, Operator.LT: Operator.GE, Operator.GE: Operator.LT, Operator.GT: Operator.LE}[
        operator
    ]


def _quotient(mean: Mean, operator: Operator, edge: Fraction, engine: Engine) -> str | None:
    """How sum / number stands to a fraction: sum * denominator to number * numerator, in whole numbers."""
    scaled = edge * 10**mean.sum.places
    if mean.sum.is_numeric:
        return _product(mean, operator, edge, engine)
    return _product(mean, operator, scaled, engine)


def _product(mean: Mean, operator: Operator, edge: Fraction, engine: Engine) -> str | None:
    sum_bits = 63 if engine.is_loud else 63 + _MOST_VALUES.bit_length()
    fits = edge.numerator.bit_length() <= engine.wide_bits - _MOST_VALUES.bit_length()
    if not fits or (edge.denominator > 1 and edge.denominator.bit_length() > engine.wide_bits - sum_bits):
        simple = _simple(operator, edge, engine)
        return simple and _written(mean, *simple, engine)
    return _written(mean, operator, edge, engine)


def _simple(operator: Operator, edge: Fraction, engine: Engine) -> tuple[Operator, Fraction] | None:
    """The nearest whole number, if no quotient of so few values lies between it and the edge."""
    near = round(edge)
    gap = abs(edge - near)
    if (
        operator in (Operator.EQ, Operator.NE)
        or gap == 0
        or gap * _MOST_VALUES >= 1
        or near.bit_length() > engine.wide_bits - _MOST_VALUES.bit_length()
    ):
        return None
    is_above = edge > near  # the quotient stands to the edge as to the number itself, equality going with the side
    match operator:
        case Operator.LE | Operator.LT:
            return Operator.LE if is_above else Operator.LT, Fraction(near)
        case _:
            return Operator.GT if is_above else Operator.GE, Fraction(near)


def _written(mean: Mean, operator: Operator, edge: Fraction, engine: Engine) -> str:
    number = engine.wide.format(mean.number)
    left = mean.sum.sql if edge.denominator == 1 else f"{mean.sum.sql} * {_wide(edge.denominator, engine)}"
    word = "<>" if operator is Operator.NE else operator.value
    return f"{left} {word} {number} * {_wide(edge.numerator, engine)}"


def _wide(number: int, engine: Engine) -> str:
    if number.bit_length() < 63:
        return engine.wide.format(f"({number})" if number < 0 else number)
    return engine.wide.format(f"'{number}'")
