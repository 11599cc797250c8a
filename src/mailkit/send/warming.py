"""Warm-up as a sender keeps it: the identity that has a place sends, and what came of letters is told to the plan.

How to think about it. `Warming` stands before the limits. Asked for a lane's identity, it gives
the one that has a place today; asked for room, it gives no more than there are places. So the letters
that find no place go by the overflow, or back to the outbox. A letter takes a place with its
first try only, and what came of it counts for the identity and the day of that try.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from mailkit.send.dispatcher_pools import Held
from mailkit.send.dispatcher_shaping import Shaping
from mailkit.send.jobs import JobState
from mailkit.send.meter import Allotment, Toll
from mailkit.send.outbox import Lane, Settlement
from mailkit.send.transport import Delivery
from mailkit.send.warmup.routes import Warmup

__all__ = ["Warming"]

_MOST_KEPT: Final = 100_000
"""Of how many letters that are put off it is remembered by which identity they went first."""
_NEVER_LEFT: Final = (JobState.QUEUED, JobState.FAILED)
"""What is settled so went to no provider."""


class Warming:
    """A warm-up, before the limits that hold in any case.

    Args:
        warmup: The plans, and how far they have come.
        limits: What is asked about everything else.
    """

    def __init__(self, warmup: Warmup, limits: Shaping) -> None:
        self.warmup, self._limits = warmup, limits
        self._under_way: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._first: dict[int, tuple[str, datetime]] = {}  # by which identity a job went first, and when

    # -- what the dispatcher asks

    def identity_for(self, lane: Lane, now: datetime) -> str:
        """The identity that has a place; the lane's own while it waits for one."""
        own = self._limits.identity_for(lane, now)
        found = self.warmup.route(own, lane.provider, now=now)
        return found if isinstance(found, str) else own

    def room(self, identity: str, provider: str, now: datetime) -> int:
        """As many as the limits allow, and no more than have a place."""
        room = self._limits.room(identity, provider, now)
        places = self.warmup.places(identity, provider, now=now)
        return room if places is None else min(room, self._under_way[identity, provider] + places)

    def again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """When both the limits and the plan let letters go again."""
        asked = (
            self._limits.again_at(identity, provider, now),
            self.warmup.again_at(identity, provider, now=now),
        )
        return max((instant for instant in asked if instant is not None), default=None)

    def tolls(self, lane: Lane, identity: str, now: datetime) -> Sequence[Toll | Allotment]:
        """Those of the limits: a plan's places come evenly over the day by themselves."""
        return self._limits.tolls(lane, identity, now)

    def began(self, identity: str, provider: str) -> None:
        """Take in that a letter has begun."""
        self._under_way[identity, provider] += 1
        self._limits.began(identity, provider)

    def ended(self, identity: str, provider: str) -> None:
        """Take in that a letter which had begun has ended."""
        self._under_way[identity, provider] -= 1
        self._limits.ended(identity, provider)

    def heard(
        self, identity: str, provider: str, delivery: Delivery, *, under_way: int, now: datetime, campaign: str = ""
    ) -> Sequence[object]:
        """What the limits make of it; the plan hears what the job was settled as (`settled`)."""
        return self._limits.heard(identity, provider, delivery, under_way=under_way, now=now, campaign=campaign)

    def shares(self, lanes: Sequence[Lane], most: Mapping[int, int], space: int) -> Mapping[int, int]:
        """As the limits deal."""
        return self._limits.shares(lanes, most, space)

    def unused(self, lane: Lane, count: int) -> None:
        """As the limits keep count of it."""
        self._limits.unused(lane, count)

    # -- what a run tells

    def ask_for_places(self, lanes: Iterable[Lane], now: datetime) -> None:
        """Let a shared warm-up know which places are wanted, before letters are leased for them."""
        for lane in lanes:
            if lane.due <= now:
                self.identity_for(lane, now)

    def carried(self, held: Held, now: datetime) -> None:
        """A letter begins, in the same turn in which there was a place for it."""
        way = held.stream.way
        if not held.lease.tries:
            self.warmup.take(way.identity, way.provider, now)

    def settled(self, held: Held, settlement: Settlement | None, now: datetime) -> None:
        """What came of a letter; None if nobody knows."""
        way, number = held.stream.way, held.lease.number
        if not held.lease.tries:
            if settlement is not None and settlement.state in _NEVER_LEFT:
                self.warmup.give_back(way.identity, way.provider, now)
                return
            self.warmup.sent(way.identity, way.provider, now, has_place=True)
        event = None if settlement is None else settlement.event
        if settlement is None or event is None:
            return
        if settlement.state is JobState.DEFERRED:  # a reply about how we send: it speaks of whoever sent now
            self.warmup.heard(way.identity, way.provider, event, now)
            if not held.lease.tries:
                self._remember(number, way.identity, now)
            return
        identity, sent_at = self._first.pop(number, (way.identity, None))
        self.warmup.heard(identity, way.provider, event, now, sent_at=sent_at)

    def _remember(self, number: int, identity: str, now: datetime) -> None:
        if len(self._first) >= _MOST_KEPT:
            del self._first[next(iter(self._first))]
        self._first[number] = identity, now
