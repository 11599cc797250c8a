"""The jobs that a run holds, in the order in which they are begun: a rule without I/O.

How to think about it. A *pool* is what carries letters away, with its jobs in *tiers* by priority. In
a tier, *streams* take turns. A stream is what waits of one lane, for one way; if it may not go now,
it sleeps, and costs nobody else a look. Of the letters to one address
the first goes, and the others are parked until what came of it is written down.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs

from mailkit.send.meter import Allotment, Reservation, Slot
from mailkit.send.outbox import Lane, Lease

__all__ = ["TURNS", "Held", "Pool", "Stream", "Way"]

TURNS: Final = 10
"""Of so many letters in a row, one is of those that are less urgent if any waits: their least share is a tenth."""
_FIRST_PACE: Final = 32
_LEAST_PACE: Final = 4
_MOST_PACE: Final = 500
"""How many slots a stream holds: a few hundred cost one turn, but those that are not used in time are lost."""


class Held:
    """A job in hand. By hand, and not with attrs: one is made for each letter.

    Attributes:
        lease: The right to it.
        stream: Where it waits or has waited.
        raw: Its finished bytes, once it is prepared.
        address: What tells its recipient's address from others.
        latest: When it must have begun; later it is given back, as its lease ends soon.
        checked: At which state of the gate it was let pass.
        began_at: When its delivery began.
    """

    __slots__ = ("address", "began_at", "checked", "latest", "lease", "raw", "stream")

    def __init__(self, lease: Lease, stream: Stream, latest: datetime) -> None:
        self.lease, self.stream, self.latest = lease, stream, latest
        self.raw = b""
        self.address: str = lease.job.envelope.recipient.address.key
        self.checked = -1
        self.began_at: datetime | None = None


@attrs.define(eq=False, kw_only=True)
class Way:
    """Letters of one identity to one provider, in whatever lane they wait.

    Attributes:
        identity: The sending identity.
        provider: Who runs the mailboxes.
        held: How many jobs are in hand, begun or not.
        under_way: How many of them have begun and not ended.
        sleepers: The streams that wait until there is room.
    """

    identity: str
    provider: str
    held: int = 0
    under_way: int = 0
    sleepers: list[Stream] = attrs.field(factory=list)


@attrs.define(eq=False, kw_only=True)
class Stream:
    """What waits of one lane, for one way.

    Attributes:
        lane: The lane.
        way: The way.
        pool: What carries it away.
        is_tolled: Whether its letters pass limits, and so need slots.
        waiting: The jobs, in order.
        slots: When they may pass, in order.
        allotments: The quotas that its slots are counted in.
        unused: How many slots are to be given back to them.
        ask_at: When to ask for more slots; at once if None.
    pace: How many slots it holds at most: fewer while some are missed, more while none is.
    is_bound: Whether the slots given last begin one after another: then it is the limit that says how fast it goes, and
        what is missed is missed by accident, and not because there were too many.
    used: How many slots were used since it last asked for some.
    missed: How many were missed meanwhile.
        place: Where it is: "nowhere" with no job, "listed" among those that may go, or "asleep".
    """

    lane: Lane
    way: Way
    pool: Pool
    is_tolled: bool = False
    waiting: deque[Held] = attrs.field(factory=deque)
    slots: deque[Slot] = attrs.field(factory=deque)
    allotments: tuple[Allotment, ...] = ()
    unused: int = 0
    ask_at: datetime | None = None
    pace: int = _FIRST_PACE
    is_bound: bool = False
    used: int = 0
    missed: int = 0
    place: str = "nowhere"

    @property
    def rank(self) -> tuple[int, bool]:
        """Its place by urgency: higher priority first, and transactional letters first among equals."""
        return -self.lane.priority, not self.lane.is_transactional

    def drop_missed(self, now: datetime) -> None:
        """Throw away the slots that are over."""
        while self.slots and self.slots[0].ends_at <= now:
            self.slots.popleft()
            self.unused += 1
            self.missed += 1

    def take_in(self, reservation: Reservation) -> None:
        """Keep the slots that were given, and know when to ask for more."""
        slots = reservation.slots
        self.slots.extend(slots)
        self.ask_at = reservation.again_at
        self.is_bound = bool(slots) and slots[0].begins_at < slots[-1].begins_at

    def lacks(self) -> int:
        """How many slots to ask for: as many as were used in time lately, so that none is taken from others in vain."""
        wanted = min(len(self.waiting), self.pace)
        if 2 * len(self.slots) > wanted:
            return 0
        if 4 * self.missed > self.used and not self.is_bound:
            self.pace = max(_LEAST_PACE, self.pace // 2)
        elif not self.missed and 2 * self.used >= self.pace:
            self.pace = min(_MOST_PACE, 2 * self.pace)
        self.used = self.missed = 0
        return min(len(self.waiting), self.pace) - len(self.slots)

    def may_pass(self, now: datetime) -> bool:
        """Whether the limits let a letter pass now."""
        if not self.is_tolled:
            return True
        self.drop_missed(now)
        return bool(self.slots) and self.slots[0].begins_at <= now


@attrs.define(eq=False)
class _Tier:
    """Streams of one priority; they take turns."""

    rank: tuple[int, bool]
    streams: deque[Stream] = attrs.field(factory=deque)
    in_a_row: int = 0


@attrs.define(eq=False, kw_only=True)
class Pool:
    """What carries letters away, and the jobs in hand that are meant for it.

    Attributes:
        name: The identity that it is for; empty if it is for all that have none of their own.
        capacity: How many letters may be under way in it at once.
        target: How many jobs should be in hand and ready; it grows while they go fast.
        leased_at: When jobs were leased for it last.
        ready: How many jobs may go, but for the want of a free place.
        preparing: How many are being rendered and signed.
        under_way: How many have begun.
    """

    name: str
    capacity: int
    target: int
    leased_at: datetime | None = None
    ready: int = 0
    preparing: int = 0
    under_way: int = 0
    _tiers: list[_Tier] = attrs.field(factory=list)

    def put(self, held: Held) -> None:
        """Let a job wait in its stream, at the end."""
        held.stream.waiting.append(held)
        self._count_in(held.stream)

    def put_first(self, held: Held) -> None:
        """Let a job wait in its stream, before all others."""
        held.stream.waiting.appendleft(held)
        self._count_in(held.stream)

    def _count_in(self, stream: Stream) -> None:
        if stream.place == "listed":
            self.ready += 1
        elif stream.place == "nowhere":
            self.wake(stream)

    def wake(self, stream: Stream) -> None:
        """List a stream among those that may go."""
        if stream.place == "listed" or not stream.waiting:
            return
        stream.place = "listed"
        self.ready += len(stream.waiting)
        self._tier(stream).streams.append(stream)

    def empty(self, stream: Stream) -> list[Held]:
        """Take all jobs out of a stream that wait in it."""
        found = list(stream.waiting)
        stream.waiting.clear()
        if stream.place == "listed":
            self.ready -= len(found)
            self._tier(stream).streams.remove(stream)
        stream.place = "nowhere"
        return found

    def take(self, choose: Callable[[Stream], Held | None]) -> Held | None:
        """The next job, as `choose` takes it out of a stream; None if no stream may go.

        Higher priority first, and transactional letters first among equals; but after nine in a row
        of one tier, one of a lower tier goes if it can.
        """
        if len(self._tiers) == 1:
            return self._from_tier(self._tiers[0], choose)
        return self._take(0, choose)

    def _take(self, place: int, choose: Callable[[Stream], Held | None]) -> Held | None:
        if place == len(self._tiers):
            return None
        tier = self._tiers[place]
        if tier.in_a_row >= TURNS - 1:
            found = self._take(place + 1, choose)
            if found is not None:
                tier.in_a_row = 0
                return found
        found = self._from_tier(tier, choose)
        if found is not None:
            tier.in_a_row += 1
            return found
        return self._take(place + 1, choose)

    def _from_tier(self, tier: _Tier, choose: Callable[[Stream], Held | None]) -> Held | None:
        streams = tier.streams
        while streams:
            stream = streams[0]
            before = len(stream.waiting)
            found = choose(stream)
            self.ready -= before - len(stream.waiting)
            if not stream.waiting:
                streams.popleft()
                stream.place = "nowhere"
            elif found is None:
                streams.popleft()
                stream.place = "asleep"
                self.ready -= len(stream.waiting)
            else:
                streams.rotate(-1)
            if found is not None:
                return found
        return None

    def _tier(self, stream: Stream) -> _Tier:
        rank = stream.rank
        for tier in self._tiers:
            if tier.rank == rank:
                return tier
        tier = _Tier(rank)
        insort(self._tiers, tier, key=lambda one: one.rank)
        return tier
