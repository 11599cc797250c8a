"""What is drawn from a property of several events: sum, mean, least, most, first, last and how many different."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from functools import reduce
from typing import Any, Final, TypeAlias

from mailkit.errors import SegmentError, shorten
from mailkit.segment.nodes import Function
from mailkit.segment.values import align, digits, instant, is_null, plain, sort

__all__ = ["draw"]

# That of a thread is the application's own, which may work with 6 digits, or round down.
_CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
Dated: TypeAlias = list[tuple[datetime, Any]]


def draw(function: Function, found: Iterable[tuple[datetime, Any]], assumed: tzinfo | None) -> Any:
    """One value out of the times and values of a property, given in the order of the events.

    Sums and means of Decimals are Decimals. No result depends on the events' order, ties in
    time apart; floats are added exactly and rounded once.

    Raises:
        SegmentError: A value is of a sort that the function does not take, or the result is beyond all numbers.
    """
    known = [(at, value) for at, value in ((at, plain(value)) for at, value in found) if not is_null(value)]
    try:
        return _DRAW[function](known, assumed)
    except SegmentError:
        raise
    except (ArithmeticError, ValueError) as error:  # beyond the range of its type, or infinity less infinity
        raise SegmentError(f"the numbers have no {function} that can be told ({type(error).__name__})") from error


def _sum(known: Dated, assumed: tzinfo | None) -> Any:
    for _, value in known:
        if sort(value) != "a number":
            raise SegmentError(f"{shorten(value)} is not a number, and only numbers have a sum or a mean")
    values = [value for _, value in known]
    if any(isinstance(value, Decimal) for value in values):
        exact = (digits(value) if isinstance(value, float) else value for value in values)
        with localcontext(_CONTEXT):
            return sum(sorted(exact))  # from the least up, so that rounding to 28 digits has one outcome
    return math.fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


def _avg(known: Dated, assumed: tzinfo | None) -> Any:
    with localcontext(_CONTEXT):
        return _sum(known, assumed) / len(known) if known else None


def _min(known: Dated, assumed: tzinfo | None) -> Any:
    def lesser(one: Any, other: Any) -> Any:
        left, right = align(one, other, assumed)
        return one if left <= right else other

    return reduce(lesser, (value for _, value in known)) if known else None


def _max(known: Dated, assumed: tzinfo | None) -> Any:
    def greater(one: Any, other: Any) -> Any:
        left, right = align(one, other, assumed)
        return one if left >= right else other

    return reduce(greater, (value for _, value in known)) if known else None


def _first(known: Dated, assumed: tzinfo | None) -> Any:
    return min(known, key=_when)[1] if known else None


def _last(known: Dated, assumed: tzinfo | None) -> Any:
    return max(reversed(known), key=_when)[1] if known else None  # of equals, max takes the one it meets first


def _distinct(known: Dated, assumed: tzinfo | None) -> int:
    different = set()
    for _, value in known:
        name = sort(value)
        if not name:
            raise SegmentError(f"{shorten(value)} is not text, a truth value, a number, a date or a time")
        if isinstance(value, float):
            value = digits(value)  # as beside a Decimal; whole numbers and Decimals that are equal count as one
        different.add((name, instant(value, assumed) if isinstance(value, datetime) else value))
    return len(different)


def _when(dated: tuple[datetime, Any]) -> datetime:
    return dated[0]


_DRAW: Final[dict[Function, Callable[[Dated, tzinfo | None], Any]]] = {
    Function.SUM: _sum,
    Function.AVG: _avg,
    Function.MIN: _min,
    Function.MAX: _max,
    Function.FIRST: _first,
    Function.LAST: _last,
    Function.DISTINCT: _distinct,
}
