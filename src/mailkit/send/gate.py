"""Where letters pass at a rate: the rule of `throttle` with a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailkit.clock import Clock
from mailkit.send.throttle import Rate, take

__all__ = ["Gate"]


class Gate:
    """Where letters pass at a rate; it outlives a run, so that two runs do not exceed it together."""

    def __init__(self, clock: Clock, rate: Rate | None) -> None:
        self.rate = rate
        self._clock = clock
        self._arrival: datetime | None = None

    @property
    def wait(self) -> timedelta:
        """How long until the next letter may pass; zero if it may now."""
        return timedelta(0) if self.rate is None else self._take(self.rate)[1]

    def pass_one(self) -> None:
        """Take a place, at the instant of passing, so that no lag lets two pass too close together."""
        if self.rate is not None:
            self._arrival, _ = self._take(self.rate)

    def _take(self, rate: Rate) -> tuple[datetime, timedelta]:
        now = self._clock.now()
        if self._arrival is not None:  # only a clock that was set back leaves it farther off than this
            self._arrival = min(self._arrival, now + rate.period * rate.burst)
        return take(self._arrival, now, rate)
