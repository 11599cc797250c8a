"""The sorts of values as they are declared, of a record's fields or of a table's columns."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Sort"]


class Sort(StrEnum):
    """Of which sort a field's values are. The three sorts of numbers are compared with each other, no others are."""

    TEXT = "text"
    """Text; also an address, a domain or a UUID, which stand for their text."""
    TRUTH = "truth"
    """True or false."""
    INTEGER = "integer"
    """A whole number; in a table, of 64 bits."""
    FLOAT = "float"
    """A number of IEEE 754 with 64 bits; NaN is null."""
    DECIMAL = "decimal"
    """A number whose decimal digits count, such as money."""
    DATE = "date"
    """A day of the calendar."""
    TIME = "time"
    """An instant."""
    LIST = "list"
    """Several values of one sort."""
