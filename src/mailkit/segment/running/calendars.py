"""What clocks and calendars on somebody's wall show: parts of a time, beginnings of days, anniversaries.

How to think about it. An instant is one and the same everywhere; what a wall shows of it depends
on the zone, and not every time that can be written is ever shown there: clocks are put forward
over midnight, and Samoa had no 30 December 2011. So a day begins at the first instant at which
the wall shows that day *or a later one*, and it may have 23 hours, 25, or none.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.segment.nodes import Part
from mailkit.segment.spans import EARLIEST, INSTANT, LATEST, Unit
from mailkit.segment.values import instant

__all__ = ["begin", "day_of", "in_year", "is_anniversary", "part", "wall"]

_READ: Final[dict[Part, Callable[[datetime], Any]]] = {
    Part.CLOCK: lambda shown: f"{shown.hour:02}:{shown.minute:02}",
    Part.HOUR: lambda shown: shown.hour,
    Part.WEEKDAY: lambda shown: shown.isoweekday(),
    Part.DAY: lambda shown: shown.day,
    Part.MONTH: lambda shown: shown.month,
    Part.YEAR: lambda shown: shown.year,
    Part.DATE: lambda shown: shown.date(),
}
_OF_THE_CLOCK: Final = (Part.CLOCK, Part.HOUR)


def wall(at: datetime, place: tzinfo) -> datetime:
    """What clock and calendar show in a zone, as a time without one; beyond the calendar, its end.

    >>> from zoneinfo import ZoneInfo
    >>> print(wall(datetime(2026, 2, 28, 21, tzinfo=UTC), ZoneInfo("Europe/Moscow")))
    2026-03-01 00:00:00
    """
    try:
        return at.astimezone(place).replace(tzinfo=None)
    except OverflowError:
        return (LATEST if at.year > 1 else EARLIEST).replace(tzinfo=None)


def part(value: Any, which: Part, place: tzinfo, assumed: tzinfo | None) -> Any:
    """A part of a time on the clocks of a zone; of a date, which has no clock, as it is.

    Raises:
        SegmentError: The value is neither, it lacks a zone, or it is a date that was asked for its clock.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        if which in _OF_THE_CLOCK:
            raise SegmentError(f"{shorten(value)} is a date, which has no {which}; give a datetime")
        return _READ[which](datetime(value.year, value.month, value.day))  # noqa: DTZ001 - a date is in no zone
    return _READ[which](wall(instant(value, assumed), place))


def day_of(value: Any, place: tzinfo, assumed: tzinfo | None) -> date:
    """The date of a time in a zone; a date is its own.

    Raises:
        SegmentError: The value is neither, or lacks a zone.
    """
    day: date = part(value, Part.DATE, place, assumed)
    return day


def is_anniversary(born: date, today: date, *, last: int, next: int) -> bool:  # noqa: A002 - the words of the node
    """Whether an anniversary, from the first on, was in the last so many days, is today, or in the next so many.

    >>> is_anniversary(date(2000, 2, 29), date(2026, 2, 26), last=0, next=3)
    True
    """
    for year in (today.year - 1, today.year, today.year + 1):
        if born.year < year <= MAXYEAR and -last <= (in_year(born, year) - today).days <= next:
            return True
    return False


def in_year(born: date, year: int) -> date:
    """The day of a year on which it is a whole number of years since that one."""
    if (born.month, born.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return date(year, born.month, born.day)


def begin(unit: Unit, offset: int, *, now: datetime, place: tzinfo) -> datetime:
    """The instant at which a period begins in a zone, counted from the one that the wall shows now.

    >>> from zoneinfo import ZoneInfo
    >>> print(begin(Unit.MONTH, 0, now=datetime(2026, 3, 14, tzinfo=UTC), place=ZoneInfo("Europe/Moscow")))
    2026-02-28 21:00:00+00:00
    """
    try:
        return _dawn(_first_day(wall(now, place).date(), unit, offset), place)
    except (OverflowError, ValueError):  # out of the calendar, which stops as it does for spans
        return LATEST if offset > 0 else EARLIEST


def _first_day(today: date, unit: Unit, offset: int) -> date:
    match unit:
        case Unit.DAY:
            return today + timedelta(days=offset)
        case Unit.WEEK:
            return today + timedelta(days=7 * offset - today.weekday())
        case Unit.MONTH:
            year, month = divmod(today.year * 12 + today.month - 1 + offset, 12)
            return date(year, month + 1, 1)
        case _:
            return date(today.year + offset, 1, 1)


def _dawn(day: date, place: tzinfo) -> datetime:
    """The first instant at which the wall shows the day or a later one."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=place)
    first = midnight.astimezone(UTC)
    if wall(first, place) == midnight.replace(tzinfo=None):
        return first
    before = midnight.replace(fold=1).astimezone(UTC)  # midnight is skipped: the clocks are put forward in between
    while first - before > INSTANT:
        middle = before + (first - before) // 2
        if wall(middle, place).date() >= day:
            first = middle
        else:
            before = middle
    return first
