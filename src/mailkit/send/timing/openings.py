"""From hours on the wall to stretches of time: the instants at which letters may go.

How to think about it. Between two changes of a zone's offset, the clock on the wall runs evenly, and
windows are plain stretches of time. So time is cut at those changes. An hour that the clock jumps over
in spring is simply not there, and one that it shows twice in autumn is there twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from mailkit.clock import utc
from mailkit.errors import InvalidValue, did_you_mean
from mailkit.send.timing.windows import Hours, Zone

__all__ = ["next_instant", "openings", "zones_of"]

Stretch = tuple[datetime, datetime]
"""From an instant up to, but not including, another; both in UTC."""

_HALF_A_DAY: Final = timedelta(hours=12)
_SECOND: Final = timedelta(seconds=1)
_SEARCHED: Final = timedelta(days=400)
"""Hours come again each week, but for dates that are closed and clocks that jump."""
_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def openings(hours: Hours, zone: Zone, begins: datetime, ends: datetime) -> Iterator[Stretch]:
    """The stretches of time in which letters may go to a person, between two instants.

    Args:
        hours: When letters may go, on the person's own clock.
        zone: Where the person lives.
        begins: From when on.
        ends: Up to when.

    Raises:
        InvalidValue: The zone is missing or unknown, and the hours have no fallback.

    >>> from mailkit.send.timing import Window
    >>> night = Hours(windows=Window(time(23), time(4)))
    >>> spring = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    >>> [str(end - begin) for begin, end in openings(night, "Europe/Berlin", *spring)]  # the clock jumps from 2 to 3
    ['4:00:00']
    """
    held: Stretch | None = None
    for begin, end in _stretches(hours, zone, utc(begins), utc(ends)):
        if held is None or held[1] < begin:
            if held is not None:
                yield held
            held = begin, end
        else:
            held = held[0], end
    if held is not None:
        yield held


def next_instant(hours: Hours, zone: Zone, now: datetime) -> datetime:
    """The first instant from now on at which a letter may go to a person; now itself if it may go now.

    It is what `Job.not_before` takes.

    Raises:
        InvalidValue: The zone is missing or unknown, and the hours have no fallback; or the hours
            of several fallbacks never meet.

    >>> from mailkit.send.timing import WEEKDAYS, Window
    >>> hours = Hours(windows=Window(time(9), time(20), weekdays=WEEKDAYS), fallback="Europe/Berlin")
    >>> friday_evening = datetime(2026, 3, 27, 21, tzinfo=UTC)
    >>> print(next_instant(hours, "America/New_York", friday_evening))  # it is afternoon there
    2026-03-27 21:00:00+00:00
    >>> print(next_instant(hours, None, friday_evening))  # on Monday it is summer in Berlin
    2026-03-30 07:00:00+00:00
    """
    now = utc(now)
    searched = _SEARCHED + 8 * timedelta(days=len(hours.closed))
    until = now + searched if now < _LAST - searched else _LAST
    for begin, _ in _stretches(hours, zone, now, until):
        return begin
    raise InvalidValue("hours", hours.fallback, "never meet", "give one fallback, or longer windows")


def zones_of(hours: Hours, zone: Zone) -> tuple[tzinfo, ...]:
    """Whose clocks count for a person: those of his zone, or of the hours' fallback.

    Raises:
        InvalidValue: The zone is missing or unknown, and the hours have no fallback.
    """
    found = _known(zone)
    if found is not None:
        return (found,)
    if not hours.fallback:
        mend = "give the hours a fallback, such as the zone of most of your readers"
        raise InvalidValue("zone", zone, "is no time zone (IANA)", mend)
    return tuple(_must_be_known(one) for one in hours.fallback)


def _known(zone: Zone) -> tzinfo | None:
    if zone is None or isinstance(zone, tzinfo):
        return zone
    from zoneinfo import ZoneInfo  # here, since a program without windows needs none

    try:
        return ZoneInfo(zone) if isinstance(zone, str) and zone else None
    except (LookupError, ValueError, OSError):  # not there, no name at all, or the name of a folder
        return None


def _must_be_known(zone: str | tzinfo) -> tzinfo:
    found = _known(zone)
    if found is None:
        from zoneinfo import available_timezones

        hint = did_you_mean(str(zone), available_timezones()).lstrip("; ")
        raise InvalidValue("Hours.fallback", zone, "is no time zone (IANA)", hint)
    return found


def _stretches(hours: Hours, zone: Zone, begins: datetime, ends: datetime) -> Iterator[Stretch]:
    """The stretches in their order; one may begin where the last one ends."""
    first, *others = zones_of(hours, zone)
    found = _in_zone(hours, first, begins, ends)
    for other in others:
        found = _both(found, _in_zone(hours, other, begins, ends))
    return found


def _in_zone(hours: Hours, zone: tzinfo, begins: datetime, ends: datetime) -> Iterator[Stretch]:
    for begin, end, offset in _steady(zone, begins, ends):
        wall, wall_end = (at.replace(tzinfo=None) + offset for at in (begin, end))
        on = wall.date()
        while _midnight(on) < wall_end:
            for opens, closes in hours.open_on(on):
                first, last = max(wall, _midnight(on) + opens), min(wall_end, _midnight(on) + closes)
                if first < last:
                    yield (first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)
            on += timedelta(days=1)


def _steady(zone: tzinfo, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Time cut into parts of up to half a day in which the zone's offset does not change."""
    at = begins
    while at < ends:
        end, offset = min(at + _HALF_A_DAY, ends), _offset(zone, at)
        if _offset(zone, end) != offset:
            end = _change(zone, at, end)
        yield at, end, offset
        at = end


def _change(zone: tzinfo, at: datetime, end: datetime) -> datetime:
    """The first instant with another offset; zones change at whole seconds."""
    before, low, high = _offset(zone, at), at.replace(microsecond=0), end
    while high - low > _SECOND:
        middle = low + max(1, (high - low) // _SECOND // 2) * _SECOND
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _both(one: Iterator[Stretch], other: Iterator[Stretch]) -> Iterator[Stretch]:
    """What is in both: it goes on with the one that ends first."""
    here, there = next(one, None), next(other, None)
    while here is not None and there is not None:
        begin, end = max(here[0], there[0]), min(here[1], there[1])
        if begin < end:
            yield begin, end
        if here[1] <= there[1]:
            here = next(one, None)
        else:
            there = next(other, None)


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time())
