"""What the clocks of a zone show, as a table of the instants at which they were changed.

The table is read off Python's own zones, so that an engine's knowledge of zones has no say. It
is whole only as far as clocks are known to be changed: where they still are, every year, times
later than `now` cannot be asked about.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from mailkit.segment.values import zone

__all__ = ["EPOCH", "Offsets", "is_settled", "micros", "offsets"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = datetime(1800, 1, 1, tzinfo=UTC)  # clocks were set by the sun
_LAST: Final = datetime(2110, 1, 1, tzinfo=UTC)  # those changes that are written out one by one end in 2087
_SETTLED: Final = datetime(2100, 1, 1, tzinfo=UTC)

Offsets: TypeAlias = "tuple[tuple[int | None, int], ...]"
"""From which instant on (None: from the first) clocks are how far ahead of UTC; in microseconds, in order."""


def micros(instant: datetime) -> int:
    """The microseconds from 1970 to an aware time.

    >>> micros(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return (instant - EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def offsets(name: str) -> Offsets:
    """How far ahead of UTC the clocks of the zone have been, and will be until 2110.

    >>> [hours // 3_600_000_000 for _, hours in offsets("Europe/Moscow")][-3:]
    [3, 4, 3]
    """
    where = zone(name)
    assert where is not None  # of a name there is a zone, or an error
    days = _days()
    shown = [day.astimezone(where).utcoffset() for day in days]
    found: list[tuple[int | None, int]] = [(None, _offset(_FIRST, where))]
    for place, (before, after) in enumerate(pairwise(shown)):
        if before != after:
            _changes(days[place], days[place + 1], where, found)
    return tuple(found)


def is_settled(name: str) -> bool:
    """Whether the zone's clocks are known to be changed no more after the last change in the table."""
    last, _ = offsets(name)[-1]
    return last is None or last < micros(_SETTLED)


@lru_cache(maxsize=1)
def _days() -> list[datetime]:
    return [_FIRST + timedelta(days=number) for number in range((_LAST - _FIRST).days)]


def _changes(start: datetime, end: datetime, where: tzinfo, found: list[tuple[int | None, int]]) -> None:
    """Note the change between the two instants, if there is one: looked for by halves."""
    if _offset(end, where) == found[-1][1]:
        return
    before, after = start, end
    while after - before > _MICROSECOND:
        middle = before + (after - before) // 2
        if _offset(middle, where) == found[-1][1]:
            before = middle
        else:
            after = middle
    found.append((micros(after), _offset(after, where)))
    _changes(after, end, where, found)


def _offset(instant: datetime, where: tzinfo) -> int:
    ahead = instant.astimezone(where).utcoffset()
    return 0 if ahead is None else ahead // _MICROSECOND
