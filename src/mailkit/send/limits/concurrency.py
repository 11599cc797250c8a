"""How many conversations a destination bears: found by feedback, as Postfix's scheduler finds it.

How to think about it. Two sums of hundredths of a full window say when to grow and when to shrink.
A success adds 1/window to the one; once a window's worth has gone well, there is room for one more.
A failure takes 1/window off the other, which stands at nothing: so the first failure acts at once,
and the next only after a window's worth of them. When some windows' worth of failures came without
one success between them, the destination is taken for dead, for a time. Only failures that speak of
the destination count: no connection, no greeting, a 421, a time-out; never an unknown user.
(Postfix's SCHEDULER_README describes this; the numbers are its own.)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs

from mailkit.checks import counted
from mailkit.send.limits.rate import positive

__all__ = ["Feedback", "Window"]

_ALMOST: Final = 1 - 1e-9
"""One, for sums of fractions that do not add up to it exactly."""


@attrs.frozen(kw_only=True)
class Feedback:
    """How to find out how many conversations a destination bears.

    Attributes:
        initial: How many at the beginning, and after it was dead.
        most: How many at most, where no shape says.
        cohorts: After how many windows' worth of failures without a success it is dead.
        dead_for: For how long.

    >>> Feedback().initial
    5
    """

    initial: int = attrs.field(default=5, validator=counted)
    most: int = attrs.field(default=20, validator=counted)
    cohorts: int = attrs.field(default=1, validator=counted)
    dead_for: timedelta = attrs.field(default=timedelta(minutes=5), validator=positive)


class Window:
    """What one destination bears, as far as is known. It changes at every answer, so it is no frozen value.

    Attributes:
        size: How many conversations may be under way.
        dead_until: Until when the destination is left alone; None if it is not.
    """

    __slots__ = ("_cohorts", "_failure", "_feedback", "_most", "_success", "dead_until", "size")

    def __init__(self, feedback: Feedback, most: int | None = None) -> None:
        self._feedback = feedback
        self._most = feedback.most if most is None else most
        self.size = min(feedback.initial, self._most)
        self.dead_until: datetime | None = None
        self._success = self._failure = self._cohorts = 0.0

    def succeeded(self, under_way: int) -> None:
        """Take in that one of so many conversations went well."""
        self._cohorts = 0.0
        size = self.size
        if size >= self._most or under_way + self._feedback.initial <= size:
            return  # what is not nearly used up need not grow
        self._success += 1 / size
        if self._success >= _ALMOST:
            self._success -= 1
            self._failure = 0.0
            self.size = size + 1

    def failed(self, now: datetime) -> None:
        """Take in that the destination could not be had, or threw us out."""
        self._failure -= 1 / self.size
        self._cohorts += 1 / self.size
        self._success = 0.0
        if self._failure < -1e-9:
            self._failure += 1
            self.size = max(1, self.size - 1)
        if self._cohorts >= self._feedback.cohorts * _ALMOST:
            self.dead_until = now + self._feedback.dead_for
            self.size = min(self._feedback.initial, self._most)
            self._success = self._failure = self._cohorts = 0.0
