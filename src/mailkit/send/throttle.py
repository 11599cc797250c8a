"""How fast to send: the generic cell rate algorithm (GCRA), as a rule without a clock.

How to think about it. The whole state is one instant: when the next message would arrive if
all came evenly. A message that comes after it is on time; one that comes before it may pass
only as far ahead as the burst allows, else it waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from mailkit.checks import at_least
from mailkit.errors import InvalidValue

__all__ = ["Limits", "Rate", "positive", "take"]

_TICK: Final = timedelta(microseconds=1)


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
        burst: How many may go at once after a pause; 1 spreads them evenly.

    >>> Rate(600, per=timedelta(minutes=1)).period
    datetime.timedelta(microseconds=100000)
    """

    count: int = attrs.field(validator=at_least(1))
    per: timedelta = attrs.field(kw_only=True, validator=positive)
    burst: int = attrs.field(default=1, kw_only=True, validator=at_least(1))

    @property
    def period(self) -> timedelta:
        """The time between two messages, rounded up to a microsecond so that the limit is never exceeded."""
        return -(-(self.per // _TICK) // self.count) * _TICK


@attrs.frozen(kw_only=True)
class Limits:
    """How fast a sender may go.

    Attributes:
        overall: For all messages of the sender together; no limit if None.

    >>> Limits(overall=Rate(20, per=timedelta(hours=1))).overall.burst
    1
    """

    overall: Rate | None = None


def take(arrival: datetime | None, now: datetime, rate: Rate) -> tuple[datetime, timedelta]:
    """Take a place for one message, and say how long to wait before sending it.

    Args:
        arrival: The state that the last call gave; None at the beginning.
        now: The present instant.
        rate: The rate to keep.

    Returns:
        The new state, and the wait; zero if the message may go now.

    >>> from datetime import UTC
    >>> now, rate = datetime(2026, 3, 1, tzinfo=UTC), Rate(1, per=timedelta(seconds=10))
    >>> state, wait = take(None, now, rate)
    >>> str(wait), str(take(state, now, rate)[1])
    ('0:00:00', '0:00:10')
    """
    expected = now if arrival is None else max(arrival, now)
    tolerance = rate.period * (rate.burst - 1)
    return expected + rate.period, max(timedelta(0), expected - tolerance - now)
