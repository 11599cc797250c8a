"""What a run does next: a rule without I/O, without a clock, and without tasks.

How to think about it. The dispatcher is told what is so: the lanes, what is paused, the jobs leased,
the slots given, what has begun and what came of it. It answers what to do: how many jobs to lease
from which lanes, for which streams to ask for slots, which job to begin now, which to give back,
and when to ask again. Every job that it was told of comes out in one of three ways: it is begun and
then released, it is dropped, or it is given back.

What may not go is not held: a way that is shut for a while, and what is paused or must wait long
for its slot, goes back to the outbox, so that it takes no place from others.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from mailkit.send.dispatcher_pools import TURNS, Held, Pool, Stream, Way
from mailkit.send.dispatcher_shaping import Shaping
from mailkit.send.meter import Allotment, Reservation, Toll
from mailkit.send.outbox import Lane, Lease
from mailkit.send.returns.reply import Phase
from mailkit.send.transport import Accepted, Delivery, Lost
from mailkit.send.unlimited import Unlimited

__all__ = ["Dispatcher"]

_LARGEST_TARGET: Final = 500
"""How many jobs are held ready at most, however fast they go."""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAST: Final = timedelta(seconds=1)
_PATIENCE: Final = timedelta(seconds=2)
"""A job that must wait longer than this for its slot or its way is given back meanwhile."""
_PARKED_FOR: Final = timedelta(seconds=5)
"""When to come again for jobs to an address to which too many others wait already."""


class Dispatcher:
    """The state of a run.

    Args:
        capacities: How many letters may be under way at once, by the identity whose transport it is; ""
            is for all identities that have none of their own.
        shaping: What the limits say.
        lease_for: How long leases last.
    """

    def __init__(self, capacities: Mapping[str, int], shaping: Shaping, *, lease_for: timedelta) -> None:
        self.shaping = shaping
        self._is_limited = not isinstance(shaping, Unlimited)  # else it need not be asked and told for each letter
        self.pools: dict[str, Pool] = {
            name: Pool(name=name, capacity=capacity, target=min(2 * capacity, _LARGEST_TARGET))
            for name, capacity in capacities.items()
        }
        self._lease_for, self._patience = lease_for, min(_PATIENCE, lease_for / 20)
        self._lanes: dict[int, Lane] = {}
        self._dry: set[int] = set()
        self._shut_until: dict[int, datetime] = {}
        self._paused: frozenset[str | None] = frozenset()
        self._streams: dict[tuple[int, str], Stream] = {}
        self._ways: dict[tuple[str, str], Way] = {}
        self._in_hand: dict[tuple[int, int], Held] = {}
        self._busy: set[str] = set()
        self._parked: dict[str, deque[Held]] = {}
        self._is_parked = 0
        self._returning: list[tuple[Held, datetime | None]] = []
        self._now = _BEGINNING
        self._turn = 0

    # -- what is so

    def lanes_are(self, lanes: Iterable[Lane], paused: frozenset[str | None]) -> None:
        """Take in the lanes in which jobs wait, and what is paused."""
        self._lanes = {lane.number: lane for lane in lanes}
        self._dry.clear()
        self._paused = paused

    def leased(self, leases: Sequence[Lease], wanted: Mapping[int, int], now: datetime) -> list[Held]:
        """Take in jobs that were leased as `wanted` said; give them, to be prepared."""
        counts = Counter(lease.lane for lease in leases)
        for number, count in wanted.items():
            if counts[number] < count:
                self._dry.add(number)
                self.shaping.unused(self._lanes[number], count - counts[number])
        latest = now + self._lease_for * 3 / 4
        streams = {number: self._stream(self._lanes[number], now) for number in counts}
        held = [Held(lease, streams[lease.lane], latest) for lease in leases]
        for one in held:
            self._in_hand[one.lease.number, one.lease.epoch] = one
            one.stream.way.held += 1
            one.stream.pool.preparing += 1
        return held

    def prepared(self, held: Held) -> None:
        """Take in that a job has its bytes: it may begin."""
        held.stream.pool.preparing -= 1
        held.stream.pool.put(held)

    def reserved(self, stream: Stream, reservation: Reservation) -> None:
        """Take in slots for a stream."""
        stream.take_in(reservation)
        stream.pool.wake(stream)

    def ended(self, held: Held, delivery: Delivery | None, now: datetime) -> Sequence[object]:
        """Take in that what had begun has ended, with what came of it; None if nothing was delivered.

        Gives the measures that were taken against a provider's answer, to be told.
        """
        way, pool = held.stream.way, held.stream.pool
        taken = self._heard(held.stream, delivery, now) if self._is_limited else ()
        way.under_way -= 1
        way.held -= 1
        pool.under_way -= 1
        if way.sleepers:
            for stream in way.sleepers:
                pool.wake(stream)
            way.sleepers.clear()
        return taken

    def released(self, held: Held) -> None:
        """Take in that what came of a begun job is written down: the next letter to its address may go."""
        del self._in_hand[held.lease.number, held.lease.epoch]
        self._busy.discard(held.address)
        parked = self._parked.get(held.address)
        if parked is None:
            return
        after = parked.popleft()
        if not parked:
            del self._parked[held.address]
        self._is_parked -= 1
        after.stream.pool.put_first(after)

    def dropped(self, held: Held) -> None:
        """Take in that a job which was being prepared has come to an end."""
        held.stream.pool.preparing -= 1
        self._forget(held)

    # -- what to do

    def wanted(self, now: datetime) -> dict[int, int]:
        """From which lanes to lease how many jobs now; from none if nothing is wanted."""
        wanted: dict[int, int] = {}
        for pool in self.pools.values():
            space = pool.target - pool.ready - pool.preparing
            if 2 * space < pool.target:
                continue
            most = self._most_from_each(pool, space, now)
            if most:
                self._adapt(pool, now)
                wanted.update(self.shaping.shares([self._lanes[number] for number in most], most, space))
        return {number: count for number, count in wanted.items() if count > 0}

    def to_reserve(self, now: datetime) -> list[tuple[Stream, Sequence[Toll | Allotment], int]]:
        """For which streams to ask for slots, by which limits, and how many.

        The most urgent first, since whoever asks first gets the next slot; every tenth time the least
        urgent, so that they have their least share of a limit too. Equals take turns.
        """
        asks = []
        for stream in self._in_turn():
            if not stream.waiting or (stream.ask_at is not None and now < stream.ask_at):
                continue
            tolls = self.shaping.tolls(stream.lane, stream.way.identity, now)
            stream.is_tolled = bool(tolls)
            stream.drop_missed(now)
            stream.allotments = tuple(toll for toll in tolls if isinstance(toll, Allotment))
            count = stream.lacks() if tolls else 0
            if count > 0:
                asks.append((stream, tolls, count))
        return asks

    @property
    def horizon(self) -> timedelta:
        """How far ahead to ask for slots: what begins later is not waited for with jobs in hand."""
        return self._patience

    def next(self, pool: Pool, now: datetime) -> Held | None:
        """The job to begin now; None if none may. It is under way then, until `ended`."""
        self._now = now
        return pool.take(self._choose)

    def to_return(self, now: datetime) -> list[tuple[Held, datetime | None]]:
        """What to give back, each with when it is due again; None leaves that to the job."""
        is_all_paused = None in self._paused
        for stream in self._streams.values():
            if not stream.waiting:
                continue
            if is_all_paused or stream.lane.campaign in self._paused or self._is_shut(stream.way, now):
                self._return(stream, 0)
            elif stream.ask_at is not None and stream.ask_at - now > self._patience:
                self._shut_until[stream.lane.number] = stream.ask_at
                self._return(stream, len(stream.slots))
        if self._paused:
            self._return_parked(is_all_paused)
        returning, self._returning = self._returning, []
        for held, _ in returning:
            self._forget(held)
        return returning

    def unused(self, now: datetime) -> list[tuple[Sequence[Allotment], int]]:
        """What to give back to quotas: slots that were missed, or used in vain."""
        found: list[tuple[Sequence[Allotment], int]] = []
        for stream in self._streams.values():
            stream.drop_missed(now)
            if stream.unused and stream.allotments:
                found.append((stream.allotments, stream.unused))
                self._open_again(stream.lane.account)
            stream.unused = 0
        return found

    def _open_again(self, account: str) -> None:
        """Ask for an account's slots at once, as its quota has got some back."""
        for stream in self._streams.values():
            if stream.lane.account == account:
                stream.ask_at = None
        for number, lane in self._lanes.items():
            if lane.account == account:
                self._shut_until.pop(number, None)

    def everything(self) -> list[Held]:
        """All jobs that have not begun, to be given back as the run ends; those being prepared are still to come."""
        for stream in self._streams.values():
            self._return(stream, 0)
            stream.unused += len(stream.slots)
            stream.slots.clear()
        self._return_parked(is_all=True)
        returning, self._returning = self._returning, []
        for held, _ in returning:
            self._forget(held)
        return [held for held, _ in returning]

    def wake(self, now: datetime) -> None:
        """Let streams go on that slept for a slot which begins now, or for a way that has room again."""
        for stream in self._streams.values():
            if stream.place == "asleep" and stream.may_pass(now) and self._has_room(stream.way, now):
                stream.pool.wake(stream)

    def ask_at(self, now: datetime) -> datetime | None:
        """The next instant at which time alone changes something, or now if it has meanwhile; None if there is none."""
        instants = [lane.due for lane in self._lanes.values() if lane.due > now]
        instants += [until for number, until in self._shut_until.items() if number in self._lanes and until > now]
        for stream in self._streams.values():
            if stream.waiting and stream.is_tolled:
                has_begun = bool(stream.slots) and stream.slots[0].begins_at <= now
                if stream.place == "asleep" and has_begun and self._has_room(stream.way, now):
                    return now  # it began after `wake` had looked
                instants += [slot.begins_at for slot in list(stream.slots)[:1]]
                instants += [stream.ask_at] if stream.ask_at is not None else []
        for lane in self._lanes.values():
            again_at = self._again_at(lane, now) if lane.due <= now else None
            instants += [again_at] if again_at is not None else []
        return min((instant for instant in instants if instant > now), default=None)

    @property
    def in_hand(self) -> int:
        """How many jobs are in hand, begun or not."""
        return len(self._in_hand)

    @property
    def under_way(self) -> int:
        """How many have begun and not ended."""
        return sum(pool.under_way for pool in self.pools.values())

    def is_thirsty(self, pool: Pool) -> bool:
        """Whether more jobs should be leased for a pool, as far as is known cheaply."""
        return 2 * (pool.ready + pool.preparing) <= pool.target and len(self._dry) < len(self._lanes)

    # -- how

    def _choose(self, stream: Stream) -> Held | None:
        """Take the first job out of a stream that may begin now; None if the stream must wait."""
        now = self._now
        if self._is_limited and not self._has_room(stream.way, now):
            stream.way.sleepers.append(stream)
            return None
        if stream.is_tolled and not stream.may_pass(now):
            return None
        while stream.waiting:
            held = stream.waiting.popleft()
            if now >= held.latest:
                self._returning.append((held, None))
            elif held.address in self._busy:
                self._park(held, now)
            else:
                self._begin(held, stream)
                return held
        return None

    def _heard(self, stream: Stream, delivery: Delivery | None, now: datetime) -> Sequence[object]:
        way, shaping, campaign = stream.way, self.shaping, stream.lane.campaign
        taken: Sequence[object] = ()
        if not (isinstance(delivery, Accepted) or (isinstance(delivery, Lost) and delivery.phase is Phase.MESSAGE)):
            stream.unused += 1  # no server has taken it
        if delivery is not None:
            taken = shaping.heard(
                way.identity, way.provider, delivery, under_way=way.under_way, now=now, campaign=campaign
            )
        shaping.ended(way.identity, way.provider)
        return taken

    def _begin(self, held: Held, stream: Stream) -> None:
        if stream.is_tolled:
            stream.slots.popleft()
            stream.used += 1
        if self._is_limited:
            self.shaping.began(stream.way.identity, stream.way.provider)
        self._busy.add(held.address)
        stream.way.under_way += 1
        stream.pool.under_way += 1

    def _park(self, held: Held, now: datetime) -> None:
        """Keep a job until the letter to its address that is under way has ended; not too many such."""
        if self._is_parked >= held.stream.pool.target:
            self._returning.append((held, now + _PARKED_FOR))
            return
        self._parked.setdefault(held.address, deque()).append(held)
        self._is_parked += 1

    def _in_turn(self) -> list[Stream]:
        streams = list(self._streams.values())
        if len(streams) > 1:
            self._turn += 1
            start = self._turn % len(streams)
            streams = streams[start:] + streams[:start]
            streams.sort(key=lambda stream: stream.rank, reverse=self._turn % TURNS == 0)
        return streams

    def _most_from_each(self, pool: Pool, space: int, now: datetime) -> dict[int, int]:
        """How many jobs at most of each lane whose letters this pool may carry now."""
        most = {}
        for number, lane in self._lanes.items():
            if lane.due > now or number in self._dry:
                continue
            if self._shut_until.get(number, now) > now:
                continue
            identity = self.shaping.identity_for(lane, now)
            if self._pool_of(identity) is not pool:
                continue
            room = self.shaping.room(identity, lane.provider, now)
            way = self._way(identity, lane.provider)
            count = min(space, 2 * room - way.held, self._tolled(lane, identity, now))
            if room > 0 and count > 0:
                most[number] = count
        return most

    def _tolled(self, lane: Lane, identity: str, now: datetime) -> int:
        """How many letters of a lane its limits may let pass within the time for which one is patient."""
        rates = [toll.rate for toll in self.shaping.tolls(lane, identity, now) if isinstance(toll, Toll)]
        most = min((rate.burst + self._patience // rate.period for rate in rates), default=_LARGEST_TARGET)
        stream = self._streams.get((lane.number, identity))
        return most - (len(stream.waiting) if stream is not None else 0)

    def _adapt(self, pool: Pool, now: datetime) -> None:
        """Hold more jobs ready where they go fast, so that leasing costs less for each; fewer where they do not."""
        if pool.leased_at is not None:
            since = now - pool.leased_at
            if since < _FAST:
                pool.target = min(2 * pool.target, max(_LARGEST_TARGET, 2 * pool.capacity))
            elif since > 5 * _FAST:
                pool.target = max(pool.target // 2, min(2 * pool.capacity, _LARGEST_TARGET))
        pool.leased_at = now

    def _has_room(self, way: Way, now: datetime) -> bool:
        return way.under_way < self.shaping.room(way.identity, way.provider, now)

    def _is_shut(self, way: Way, now: datetime) -> bool:
        """Whether nothing may go this way for longer than one is patient."""
        if self.shaping.room(way.identity, way.provider, now) > 0:
            return False
        again_at = self.shaping.again_at(way.identity, way.provider, now)
        return again_at is None or again_at - now > self._patience

    def _again_at(self, lane: Lane, now: datetime) -> datetime | None:
        identity = self.shaping.identity_for(lane, now)
        if self.shaping.room(identity, lane.provider, now) > 0:
            return None
        return self.shaping.again_at(identity, lane.provider, now)

    def _return(self, stream: Stream, keeping: int) -> None:
        """Give back what waits in a stream, but for the first few."""
        found = stream.pool.empty(stream)
        for held in found[:keeping]:
            stream.pool.put(held)
        self._returning += [(held, None) for held in found[keeping:]]

    def _return_parked(self, is_all: bool) -> None:
        for address, parked in list(self._parked.items()):
            stay = deque(held for held in parked if not (is_all or held.stream.lane.campaign in self._paused))
            self._returning += [(held, None) for held in parked if held not in stay]
            self._is_parked -= len(parked) - len(stay)
            if stay:
                self._parked[address] = stay
            else:
                del self._parked[address]

    def _forget(self, held: Held) -> None:
        del self._in_hand[held.lease.number, held.lease.epoch]
        held.stream.way.held -= 1

    def _stream(self, lane: Lane, now: datetime) -> Stream:
        identity = self.shaping.identity_for(lane, now)
        stream = self._streams.get((lane.number, identity))
        if stream is None:
            way, pool = self._way(identity, lane.provider), self._pool_of(identity)
            stream = self._streams[lane.number, identity] = Stream(lane=lane, way=way, pool=pool)
            stream.is_tolled = bool(self.shaping.tolls(lane, identity, now))
        return stream

    def _way(self, identity: str, provider: str) -> Way:
        way = self._ways.get((identity, provider))
        if way is None:
            way = self._ways[identity, provider] = Way(identity=identity, provider=provider)
        return way

    def _pool_of(self, identity: str) -> Pool:
        pool = self.pools.get(identity) or self.pools.get("")
        return pool if pool is not None else next(iter(self.pools.values()))
