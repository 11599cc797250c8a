"""Comparisons with a constant, so that a column of one type of number asks what Python would of any.

Python compares a whole number and a float exactly, and a float beside a Decimal by its digits;
engines convert one to the other's type and round. So the constant is moved instead, to the
nearest number of the column's own type on the right side: of whole numbers, x < 2.5 is x <= 2.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from mailkit.segment.nodes import Operator
from mailkit.segment.values import digits

__all__ = ["MIRRORED", "Threshold", "against_float", "against_whole", "fraction", "within_64_bits"]

Threshold: TypeAlias = "tuple[Operator, int] | bool"
"""How a known number stands to another one of its type; a truth value if it does so, or not, whatever it is."""

MIRRORED: Final = {
    Operator.EQ: Operator.EQ,
    Operator.NE: Operator.NE,
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


def fraction(number: float | Decimal, *, by_digits: bool) -> Fraction:
    """The exact number; of a float beside decimals that which its digits show.

    >>> fraction(0.1, by_digits=True), fraction(0.5, by_digits=False)
    (Fraction(1, 10), Fraction(1, 2))
    """
    return Fraction(digits(number) if by_digits and isinstance(number, float) else number)


def against_whole(operator: Operator, number: Fraction) -> Threshold:
    """How a whole number must stand to another, if it is to stand so to this.

    >>> against_whole(Operator.LT, Fraction(5, 2)), against_whole(Operator.EQ, Fraction(5, 2))
    ((<Operator.LE: '<='>, 2), False)
    """
    if number.denominator == 1:
        return operator, number.numerator
    if operator in (Operator.EQ, Operator.NE):
        return operator is Operator.NE
    is_less = operator in (Operator.LT, Operator.LE)
    return Operator.LE if is_less else Operator.GT, math.floor(number)


def within_64_bits(threshold: Threshold) -> Threshold:
    """The same for a number of 64 bits, which is less or more than one of more bits.

    >>> within_64_bits((Operator.LT, 10**30))
    True
    """
    if isinstance(threshold, bool) or _LEAST <= threshold[1] <= _MOST:
        return threshold
    operator, number = threshold
    if operator in (Operator.EQ, Operator.NE):
        return operator is Operator.NE
    return (operator in (Operator.LT, Operator.LE)) == (number > _MOST)


def against_float(operator: Operator, number: float | Decimal) -> tuple[Operator, float] | bool:
    """How a float must stand to another, if it is to stand so to this number.

    >>> against_float(Operator.LT, 2**53 + 1)
    (<Operator.LE: '<='>, 9007199254740992.0)
    """
    if isinstance(number, float):
        return operator, number + 0.0  # without a sign of zero
    below = _at_most(number)
    if below is not None and _shown(below, number) == number:
        return operator, below + 0.0
    if operator in (Operator.EQ, Operator.NE):
        return operator is Operator.NE
    is_less = operator in (Operator.LT, Operator.LE)
    if below is None:  # only minus infinity is less
        return Operator.LE if is_less else Operator.GT, -math.inf
    return Operator.LE if is_less else Operator.GT, below


def _shown(number: float, beside: int | Decimal) -> Fraction:
    return fraction(number, by_digits=isinstance(beside, Decimal))


def _at_most(number: int | Decimal) -> float | None:
    """The greatest finite float that is not more; None if all are more."""
    exact = Fraction(number)
    if exact >= Fraction(sys.float_info.max):
        return sys.float_info.max
    if exact < -Fraction(sys.float_info.max):
        return None
    near = exact.numerator / exact.denominator
    # What is rounded to a float is less than the digits of the next one: they would be rounded to that.
    return math.nextafter(near, -math.inf) if _shown(near, number) > exact else near
