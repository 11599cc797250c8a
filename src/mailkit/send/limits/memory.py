"""A meter for one process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from mailkit.send.limits.slots import give_back, idle_from, reserve
from mailkit.send.meter import Allotment, Reservation, Toll

__all__ = ["MemoryMeter"]

_NONE: Final = timedelta(0)
_SURE: Final = 10_000
"""Microseconds: a shorter slot is easily missed by who waits for it, so it is given when its time has come. Within one
process nothing is lost by that but the lateness of asking; where asking takes a turn of a database, more would be."""
_FEW: Final = 1_000
"""So many states are kept without a look at which may be forgotten."""


class MemoryMeter:
    """Keeps limits for all senders of one process that are given this meter; it forgets when the process ends.

    >>> import asyncio
    >>> from datetime import UTC
    >>> from mailkit.send.limits.rate import Rate
    >>> meter, now = MemoryMeter(), datetime(2026, 3, 1, tzinfo=UTC)
    >>> toll = Toll(key="all", rate=Rate(100, per=timedelta(seconds=1), burst=3))
    >>> reservation = asyncio.run(meter.reserve([toll], count=5, now=now, horizon=timedelta(0)))
    >>> len(reservation.slots), str(reservation.again_at - now)
    (2, '0:00:00.010000')
    """

    def __init__(self) -> None:
        self._states: dict[str, int] = {}
        self._idle_from: dict[str, datetime] = {}
        self._enough = _FEW

    async def reserve(
        self, tolls: Sequence[Toll | Allotment], *, count: int, now: datetime, horizon: timedelta
    ) -> Reservation:
        """Reserve slots that pass all these limits; see `Meter.reserve`."""
        return self.reserve_now(tolls, count=count, now=now, horizon=horizon)

    def reserve_now(
        self, tolls: Sequence[Toll | Allotment], *, count: int, now: datetime, horizon: timedelta
    ) -> Reservation:
        """What `reserve` does, without an event loop."""
        if any(isinstance(toll, Toll) and toll.length < _SURE for toll in tolls):
            horizon = _NONE
        states = [self._states.get(toll.key) for toll in tolls]
        new, reservation = reserve(tolls, states, count=count, now=now, horizon=horizon)
        for toll, state in zip(tolls, new, strict=True):
            if toll.key not in self._states:
                self._forget(now)
            self._states[toll.key] = state
            self._idle_from[toll.key] = idle_from(toll, state)
        return reservation

    async def give_back(self, tolls: Sequence[Toll | Allotment], *, count: int) -> None:
        """Give back to the allotments among these; see `Meter.give_back`."""
        for toll in tolls:
            if isinstance(toll, Allotment):
                state = give_back(toll, self._states.get(toll.key), count)
                if state is not None:
                    self._states[toll.key] = state

    def _forget(self, now: datetime) -> None:
        """Drop the states that say nothing any more, once there are twice as many as were left last time."""
        if len(self._states) < self._enough:
            return
        for key in [key for key, instant in self._idle_from.items() if instant <= now]:
            del self._states[key], self._idle_from[key]
        self._enough = max(_FEW, 2 * len(self._states))
