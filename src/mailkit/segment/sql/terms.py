"""What a value of the tree becomes in a query: something known already, or an expression of a declared sort."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import attrs

from mailkit.segment.sorts import Sort

__all__ = ["NUMBERS", "Known", "Mean", "Operand", "Share", "Term"]

NUMBERS: Final = frozenset({Sort.INTEGER, Sort.FLOAT, Sort.DECIMAL})


@attrs.frozen
class Known:
    """A value that is the same for everybody.

    Attributes:
        value: It, as plain Python has it.
    """

    value: Any


@attrs.frozen(kw_only=True)
class Term:
    """An expression; null where the value is.

    Attributes:
        sql: The expression: an atom, or in parentheses.
        sort: Of which sort its values are.
        places: Of a decimal, how many decimal places its whole number has.
        items: Of a list, the sort of its items, which are as the engine has them.
        is_numeric: Whether it is a decimal as the engine has it, with any number of places.
        is_wide: Whether it is a sum, which may have more than 64 bits.
        is_seen: Whether it is a time that is not later than now.
    """

    sql: str
    sort: Sort
    places: int = 0
    items: Sort | None = None
    is_numeric: bool = False
    is_wide: bool = False
    is_seen: bool = False


@attrs.frozen(kw_only=True)
class Mean:
    """A sum over a number, which is only divided in a comparison; null if the number is 0.

    Attributes:
        sum: The sum.
        number: How many values were added up.
    """

    sum: Term
    number: str


@attrs.frozen(kw_only=True)
class Share:
    """A number from 0 up to below 1, as the first 13 of its hexadecimal digits.

    Attributes:
        digits: The expression that has them, a text.
    """

    digits: str


Operand: TypeAlias = Known | Term | Mean | Share
