"""When letters may go, on a reader's own clock: windows, quiet hours, and dates on which nothing goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from mailkit.errors import InvalidValue

__all__ = ["EVERY_DAY", "WEEKDAYS", "Hours", "Window", "Zone"]

Zone = str | tzinfo | None
"""A person's time zone: a name such as "Europe/Berlin" (IANA), a `tzinfo`, or None where it is not known."""

EVERY_DAY: Final = frozenset(range(7))
"""Monday (0) to Sunday (6)."""
WEEKDAYS: Final = frozenset(range(5))
"""Monday to Friday."""

Span = tuple[timedelta, timedelta]
"""From when to when on a day, counted from its midnight on the clock; the end is not in it."""

_MIDNIGHT: Final = timedelta(0)
_WHOLE_DAY: Final = timedelta(hours=24)


def _days(days: Iterable[int]) -> frozenset[int]:
    return frozenset(days)


@attrs.frozen
class Window:
    """A stretch of a day on the clock on the wall, from its begin up to, but not including, its end.

    One that ends no later than it begins goes on over midnight; `Window(time(0), time(0))` is a
    whole day.

    Attributes:
        begins: When it begins.
        ends: When it ends.
        weekdays: On which days it begins; Monday is 0.

    >>> office = Window(time(9), time(18), weekdays=WEEKDAYS)
    >>> saturday = datetime(2026, 3, 7, 12)
    >>> office.contains(saturday), office.contains(saturday - timedelta(days=1))
    (False, True)
    """

    begins: time = attrs.field()
    ends: time = attrs.field()
    weekdays: frozenset[int] = attrs.field(default=EVERY_DAY, converter=_days, kw_only=True)

    @begins.validator
    @ends.validator
    def _check_time(self, attribute: attrs.Attribute[time], value: time) -> None:
        if not isinstance(value, time) or value.tzinfo is not None:
            raise InvalidValue(f"Window.{attribute.name}", value, "is not a time without a zone", "write time(9, 30)")

    @weekdays.validator
    def _check_weekdays(self, attribute: object, weekdays: frozenset[int]) -> None:
        if not weekdays or not weekdays <= EVERY_DAY:
            raise InvalidValue("Window.weekdays", set(weekdays), "are not weekdays", "write {0, 1} for Monday, Tuesday")

    def contains(self, wall: datetime) -> bool:
        """Whether a clock that shows this date and time is within the window."""
        at = _from_midnight(wall.time())
        return any(begin <= at < end for begin, end in self.spans(wall.weekday()))

    def spans(self, weekday: int) -> list[Span]:
        """The parts of it that lie on such a day, the morning after a night among them."""
        begin, end = _from_midnight(self.begins), _from_midnight(self.ends)
        if begin < end:
            return [(begin, end)] if weekday in self.weekdays else []
        evening = [(begin, _WHOLE_DAY)] if weekday in self.weekdays else []
        morning = [(_MIDNIGHT, end)] if (weekday - 1) % 7 in self.weekdays and end else []
        return morning + evening


def _windows(windows: Window | Iterable[Window]) -> tuple[Window, ...]:
    return (windows,) if isinstance(windows, Window) else tuple(windows)


def _dates(dates: Iterable[date]) -> frozenset[date]:
    return frozenset(date(one.year, one.month, one.day) for one in dates)  # an instant is taken for its day


def _zones(zones: str | tzinfo | Iterable[str | tzinfo]) -> tuple[str | tzinfo, ...]:
    return (zones,) if isinstance(zones, str | tzinfo) else tuple(zones)


@attrs.frozen(kw_only=True)
class Hours:
    """When letters may go to a person, by the clocks where he lives.

    Attributes:
        windows: Within which windows; at any time if there is none.
        quiet: Within which not, whatever the windows say.
        closed: Dates on which nothing goes, such as holidays.
        fallback: Whose clocks count for somebody whose zone is missing or unknown: a zone, or
            several, and then letters go only while all of them allow it. Without one, such a person
            is an error.

    Raises:
        InvalidValue: Nothing could ever go.

    >>> hours = Hours(windows=Window(time(9), time(20)), quiet=Window(time(12), time(13)), closed=[date(2026, 3, 2)])
    >>> from mailkit.send.timing import next_instant
    >>> from datetime import UTC
    >>> print(next_instant(hours, "Europe/Berlin", datetime(2026, 3, 2, 8, tzinfo=UTC)))
    2026-03-03 08:00:00+00:00
    """

    windows: tuple[Window, ...] = attrs.field(default=(), converter=_windows)
    quiet: tuple[Window, ...] = attrs.field(default=(), converter=_windows)
    closed: frozenset[date] = attrs.field(default=frozenset(), converter=_dates)
    fallback: tuple[str | tzinfo, ...] = attrs.field(default=(), converter=_zones)
    week: tuple[tuple[Span, ...], ...] = attrs.field(init=False, eq=False, repr=False)
    """What is open on each weekday: made of the windows once, since every question asks it."""

    def __attrs_post_init__(self) -> None:
        week = tuple(tuple(_open_on(day, self.windows, self.quiet)) for day in range(7))
        if not any(week):
            raise InvalidValue("Hours", (self.windows, self.quiet), "are never open", "make the quiet hours shorter")
        object.__setattr__(self, "week", week)  # as attrs does in frozen classes

    def open_on(self, on: date) -> tuple[Span, ...]:
        """What is open on a date, on the clock on the wall."""
        return () if on in self.closed else self.week[on.weekday()]


def _open_on(weekday: int, windows: tuple[Window, ...], quiet: tuple[Window, ...]) -> list[Span]:
    opened = [span for window in windows for span in window.spans(weekday)] if windows else [(_MIDNIGHT, _WHOLE_DAY)]
    spans: list[Span] = []
    for begin, end in sorted(opened):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    for silence in (span for window in quiet for span in window.spans(weekday)):
        spans = [part for span in spans for part in _without(span, silence)]
    return spans


def _without(span: Span, silence: Span) -> list[Span]:
    parts = [(span[0], min(span[1], silence[0])), (max(span[0], silence[1]), span[1])]
    return [(begin, end) for begin, end in parts if begin < end]


def _from_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
