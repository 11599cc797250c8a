"""What was answered already, kept for as long as its publishers allow."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

import attrs

from mailkit.clock import Clock, SystemClock
from mailkit.dns.lookup import Answer, NoData, NoSuchDomain, Outcome, Query
from mailkit.errors import InvalidValue

__all__ = ["Cache"]

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def _check_most(instance: object, attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue("Cache.most", value, "is not a number from 1 up")


def _check_length(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, timedelta) or value < timedelta():
        raise InvalidValue(f"Cache.{attribute.name}", value, "is not a length of time", "write timedelta(hours=1)")


@attrs.define(kw_only=True, eq=False)
class Cache:
    """Answers for some time, for one resolver or several, also across threads.

    Records are kept for their TTL, absences for as long as the zone's SOA record says (RFC 2308, 5), and
    failures not at all: another try may end better. The longest unused ones make room for new ones.

    Attributes:
        most: How many outcomes are kept.
        longest: The longest time for records, whatever their TTL.
        longest_absence: The longest time for absences.
        clock: What tells the time.

    >>> from mailkit.testing import FakeClock
    >>> clock = FakeClock()
    >>> cache = Cache(clock=clock)
    >>> cache.put(Query("example.com"), Answer(["v=spf1 -all"], 60))
    >>> clock.advance(timedelta(seconds=20))
    >>> cache.get(Query("example.com")).ttl
    40
    >>> clock.advance(timedelta(seconds=40))
    >>> cache.get(Query("example.com")) is None
    True
    """

    most: int = attrs.field(default=10_000, validator=_check_most)
    longest: timedelta = attrs.field(default=_DAY, validator=_check_length)
    longest_absence: timedelta = attrs.field(default=_HOUR, validator=_check_length)
    clock: Clock = attrs.field(factory=SystemClock)
    _kept: dict[Query, tuple[Outcome, datetime]] = attrs.field(init=False, factory=dict, repr=False)
    _lock: Lock = attrs.field(init=False, factory=Lock, repr=False)

    def get(self, query: Query) -> Outcome | None:
        """What was answered, with the time that is left to it; None if nothing is kept."""
        now = self.clock.now()
        with self._lock:
            kept = self._kept.pop(query, None)
            if kept is None or kept[1] <= now:
                return None
            self._kept[query] = kept  # it is the last that makes room now
        outcome, until = kept
        left = int((until - now).total_seconds())
        return attrs.evolve(outcome, ttl=left) if isinstance(outcome, Answer | NoData | NoSuchDomain) else None

    def put(self, query: Query, outcome: Outcome) -> None:
        """Keep an outcome, if it may be kept."""
        if not isinstance(outcome, Answer | NoData | NoSuchDomain) or not outcome.ttl or outcome.ttl < 0:
            return
        longest = self.longest if isinstance(outcome, Answer) else self.longest_absence
        until = self.clock.now() + min(timedelta(seconds=min(outcome.ttl, 1 << 31)), longest)
        with self._lock:
            self._kept.pop(query, None)
            self._kept[query] = (outcome, until)
            if len(self._kept) > self.most:
                del self._kept[next(iter(self._kept))]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
