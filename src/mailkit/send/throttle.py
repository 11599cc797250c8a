"""How fast to send: the generic cell rate algorithm (GCRA), as a rule without a clock.

How to think about it. The whole state is one instant: when the next message would arrive if
all came evenly. A message that comes after it is on time; one that comes before it may pass
only as far ahead as the burst allows, else it waits. What many processes share, and what keeps
several rates at once, is `mailkit.send.limits.slots`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailkit.send.limits.limits import Limits
from mailkit.send.limits.rate import Rate, positive

__all__ = ["Limits", "Rate", "positive", "take"]


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
