"""Lengths of time as people say them: 90 days, 3 months.

A day is 24 hours and a week seven of them, wherever the person lives; a month is a month of
the calendar, so 31 January and one month is 28 or 29 February, and a year is twelve months.
Months are counted in UTC. What would fall out of the calendar stops at its first or last
instant: "in the last 5,000 years" is a long way of saying "ever".
"""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.frozen import field, frozen

__all__ = [
    "EARLIEST",
    "INSTANT",
    "LATEST",
    "Span",
    "Unit",
    "as_span",
    "days",
    "hours",
    "minutes",
    "months",
    "moved",
    "weeks",
    "years",
]

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)
INSTANT: Final = datetime.resolution
"""The shortest time there is: a microsecond. (a, b] is [a + INSTANT, b + INSTANT)."""


class Unit(StrEnum):
    """What a span counts."""

    SECOND = "second"
    """60 of them are a minute; leap seconds are not counted."""
    MINUTE = "minute"
    """60 seconds."""
    HOUR = "hour"
    """60 minutes."""
    DAY = "day"
    """24 hours, also when clocks are changed."""
    WEEK = "week"
    """7 days."""
    MONTH = "month"
    """A month of the calendar, in UTC."""
    YEAR = "year"
    """12 months."""


_LENGTHS: Final = {
    Unit.SECOND: timedelta(seconds=1),
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
}
_MONTHS: Final = {Unit.MONTH: 1, Unit.YEAR: 12}
LONGEST: Final = 14_000
"""So many bits a number may have: Python writes and reads no more than 4,300 digits."""


def is_whole(value: object, *, least: int | None = None) -> bool:
    """Whether it is a whole number, not less than `least`, of which Python writes and reads all digits.

    >>> is_whole(5), is_whole(True), is_whole(5.0), is_whole(10**5000)
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int) or value.bit_length() > LONGEST:
        return False
    return least is None or value >= least


def _count(instance: object, attribute: object, value: int) -> None:
    if not is_whole(value, least=1):
        raise SegmentError(f"{shorten(value)} is not a number of days, months …: a whole number from 1 up is")


def _unit(value: str) -> Unit:
    try:
        return Unit(value)
    except ValueError as error:
        mend = did_you_mean(str(value), map(str, Unit)) or f"; there are {', '.join(Unit)}"
        raise SegmentError(f"{shorten(value)} is not a unit of time{mend}") from error


@frozen
class Span:
    """A length of time.

    Attributes:
        count: How many; a whole number from 1 up.
        unit: Of what.

    >>> print(months(3))
    3 months
    >>> print(months(1).after(datetime(2026, 1, 31, tzinfo=UTC)))
    2026-02-28 00:00:00+00:00
    """

    count: int = field(validator=_count)
    unit: Unit = field(converter=_unit)

    if TYPE_CHECKING:  # what is converted, checkers do not see

        def __init__(self, *, count: int, unit: str) -> None: ...

    def after(self, start: datetime) -> datetime:
        """The instant that is this long after `start`, an aware time in UTC."""
        return self._from(start, self.count)

    def before(self, end: datetime) -> datetime:
        """The instant that is this long before `end`, an aware time in UTC."""
        return self._from(end, -self.count)

    def _from(self, instant: datetime, count: int) -> datetime:
        if self.unit in _MONTHS:
            return _months_later(instant, count * _MONTHS[self.unit])
        try:
            length = _LENGTHS[self.unit] * count
        except OverflowError:
            length = timedelta.max if count > 0 else timedelta.min
        return moved(instant, length)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("s" if self.count > 1 else "")


def moved(instant: datetime, length: timedelta) -> datetime:
    """The instant that much later, within the calendar."""
    try:
        return instant + length
    except OverflowError:
        return LATEST if length > timedelta(0) else EARLIEST


def _months_later(instant: datetime, months: int) -> datetime:
    from calendar import monthrange  # here, since it brings the names of the months in all languages

    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return LATEST if months > 0 else EARLIEST
    day = min(instant.day, monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)


def as_span(value: object, *, what: str) -> Span:
    """The value as a span; a `timedelta` of whole seconds is one too.

    Raises:
        SegmentError: It is no length of time, or none that takes any time; `what` names it.
    """
    if isinstance(value, Span):
        return value
    if not isinstance(value, timedelta):
        raise SegmentError(f"{what} {shorten(value)} is not a length of time; write e.g. days(7) or months(3)")
    for unit in (Unit.DAY, Unit.HOUR, Unit.MINUTE, Unit.SECOND):
        if value > timedelta(0) and not value % _LENGTHS[unit]:
            return Span(count=value // _LENGTHS[unit], unit=unit)
    raise SegmentError(f"{what} {shorten(value)} is not a whole number of seconds from 1 up")


def minutes(count: int) -> Span:
    """So many minutes.

    >>> print(minutes(30))
    30 minutes
    """
    return Span(count=count, unit=Unit.MINUTE)


def hours(count: int) -> Span:
    """So many hours.

    >>> print(hours(1))
    1 hour
    """
    return Span(count=count, unit=Unit.HOUR)


def days(count: int) -> Span:
    """So many days of 24 hours.

    >>> print(days(2).after(datetime(2026, 2, 27, 18, tzinfo=UTC)))
    2026-03-01 18:00:00+00:00
    """
    return Span(count=count, unit=Unit.DAY)


def weeks(count: int) -> Span:
    """So many weeks of seven days.

    >>> print(weeks(1).before(datetime(2026, 3, 1, tzinfo=UTC)))
    2026-02-22 00:00:00+00:00
    """
    return Span(count=count, unit=Unit.WEEK)


def months(count: int) -> Span:
    """So many months of the calendar: the same day of the month, or the month's last.

    >>> print(months(1).before(datetime(2026, 3, 31, tzinfo=UTC)))
    2026-02-28 00:00:00+00:00
    """
    return Span(count=count, unit=Unit.MONTH)


def years(count: int) -> Span:
    """So many years of the calendar.

    >>> print(years(1).after(datetime(2024, 2, 29, tzinfo=UTC)))
    2025-02-28 00:00:00+00:00
    """
    return Span(count=count, unit=Unit.YEAR)
