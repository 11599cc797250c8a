"""A rate: so many letters in so much time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import attrs

from mailkit.checks import at_least
from mailkit.errors import InvalidValue

__all__ = ["TICK", "Rate", "positive"]

TICK: Final = timedelta(microseconds=1)
"""The shortest time that is told apart."""
_LATENESS: Final = timedelta(milliseconds=50)
"""By how much an event loop or a database may well be late."""


def positive(instance: object, attribute: Any, value: timedelta) -> None:
    """Refuse what is not a positive length of time; a validator."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        what = f"{type(instance).__name__}.{attribute.name}"
        raise InvalidValue(what, value, "is not a positive length of time", "write timedelta(seconds=1)")


@attrs.frozen
class Rate:
    """So many messages in a span of time.

    In any window of length w, at most `count * w / per + burst` pass.

    Attributes:
        count: How many.
        per: In which span of time.
        burst: How many may go at once after a pause; 1 spreads them evenly. It is also what lets a
            letter be a little late without a loss. So it is one, and as many as 50 ms hold, unless
            told otherwise: 1 below twenty a second, 6 for a hundred. With 1 where letters are many,
            they are kept so far apart that lateness cannot break the limit, and less of it is used.

    >>> Rate(600, per=timedelta(minutes=1)).period
    datetime.timedelta(microseconds=100000)
    >>> [Rate(count, per=timedelta(seconds=1)).burst for count in (10, 100, 1000)]
    [1, 6, 51]
    """

    count: int = attrs.field(validator=at_least(1))
    per: timedelta = attrs.field(kw_only=True, validator=positive)
    burst: int = attrs.field(kw_only=True, validator=at_least(1))

    @burst.default
    def _late(self) -> int:
        try:
            return 1 + int(self.count * (_LATENESS / self.per))
        except (TypeError, ValueError, ArithmeticError):
            return 1  # what cannot be reckoned with is refused below

    @property
    def period(self) -> timedelta:
        """The time between two messages, rounded up to a microsecond so that the limit is never exceeded."""
        return -(-(self.per // TICK) // self.count) * TICK
