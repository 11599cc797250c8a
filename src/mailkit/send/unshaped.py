"""TEMP: no limits but the overall rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from mailkit.send.meter import Reservation, Slot, Toll
from mailkit.send.outbox import Lane
from mailkit.send.throttle import Limits, take
from mailkit.send.transport import Delivery


class Unshaped:
    """TEMP."""

    def __init__(self, limits: Limits) -> None:
        self._tolls = (Toll(key="overall", rate=limits.overall),) if limits.overall else ()

    def identity_for(self, lane: Lane, now: datetime) -> str:
        """TEMP."""
        return lane.identity

    def tolls(self, lane: Lane, identity: str, now: datetime) -> Sequence[Toll]:
        """TEMP."""
        return self._tolls

    def room(self, identity: str, provider: str, now: datetime) -> int:
        """TEMP."""
        return 10**9

    def again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """TEMP."""
        return None

    def heard(self, identity: str, provider: str, delivery: Delivery, *, under_way: int, now: datetime) -> None:
        """TEMP."""

    def shares(self, lanes: Sequence[Lane], most: Mapping[int, int], space: int) -> Mapping[int, int]:
        """TEMP."""
        found = {}
        for lane in sorted(lanes, key=lambda lane: -lane.priority):
            found[lane.number] = min(space, most[lane.number])
            space -= found[lane.number]
        return found


class TempMeter:
    """TEMP."""

    def __init__(self) -> None:
        self._arrival: datetime | None = None

    async def reserve(self, tolls: Sequence[Toll], *, count: int, now: datetime, horizon: timedelta) -> Reservation:
        """TEMP."""
        rate = tolls[0].rate
        slots: list[Slot] = []
        while len(slots) < count:
            arrival, wait = take(self._arrival, now, rate)
            if wait > horizon:
                return Reservation(slots=tuple(slots), again_at=now + wait)
            self._arrival = arrival
            slots.append(Slot(begins_at=now + wait, ends_at=now + wait + rate.period))
        return Reservation(slots=tuple(slots))
