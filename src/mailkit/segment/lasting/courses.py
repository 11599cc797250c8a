"""How times that depend on now move on as time passes, and when they come past another.

How to think about it. "30 days ago" and "the start of this month" are functions of now. A
*course* is such a function: it says where it is at an instant, and when it next changes sides
with a fixed time: from before it to at it, from at it to after it. Months make that harder than
it sounds: on 29, 30 and 31 March, "a month ago" begins the 28th of February anew, so a course
can fall back at midnight. That is why everything here is asked for the *next* change only.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final, Protocol

import attrs

from mailkit.segment import nodes
from mailkit.segment.lasting.clocks import date_change
from mailkit.segment.running.calendars import begin, wall
from mailkit.segment.spans import EARLIEST, INSTANT, LATEST, Span, Unit, moved

__all__ = ["NEVER", "Calendar", "Course", "Drift", "drift_of"]

NEVER: Final = LATEST
"""Not while the calendar lasts. Its last instant is taken for one that never comes."""
_SLACK: Final = timedelta(days=4)
"""No month is this much longer than another, nor are any number of them together."""
_DAY: Final = timedelta(days=1)
_WALK: Final = 64
"""So many midnights are looked at; then it is said that there may be a change."""
_MOST: Final = 4_000_000
"""More periods than the calendar has days."""


class Course(Protocol):
    """A time that moves on with now."""

    def at(self, now: datetime) -> datetime:
        """Where it is."""

    def change(self, point: datetime, now: datetime) -> datetime:
        """The first instant after now at which it may be on another side of the point; never later than it is."""

    def turn(self, now: datetime) -> datetime:
        """Until when it surely moves evenly, as fast as now or not at all."""


@attrs.frozen
class Drift:
    """Now, or a time so long before or after it.

    Attributes:
        shifts: What leads there from now: spans, and whether they are added.
    """

    shifts: tuple[tuple[Span, bool], ...]
    _uneven: int = attrs.field(init=False)

    @_uneven.default
    def _count_uneven(self) -> int:
        return sum(span.unit in (Unit.MONTH, Unit.YEAR) for span, _ in self.shifts)

    @property
    def is_even(self) -> bool:
        """Whether it moves as fast as now does, and never falls back."""
        return not self._uneven

    @property
    def slack(self) -> timedelta:
        """How much less or more than now does it may move at most."""
        return _SLACK * self._uneven

    def at(self, now: datetime) -> datetime:
        """Where it is."""
        for span, is_forward in self.shifts:
            now = span.after(now) if is_forward else span.before(now)
        return now

    def change(self, point: datetime, now: datetime) -> datetime:
        """The first instant after now at which it may be on another side of the point."""
        place = self.at(now)
        if place < point:
            return self._reach(point, place, now)
        if place == point:
            return moved(now, INSTANT)
        return self._fall(point, now) if self._uneven else NEVER

    def turn(self, now: datetime) -> datetime:
        """Until when it surely moves as fast as now does, or stays at an end of the calendar."""
        soonest, place = NEVER, now
        for span, is_forward in self.shifts:
            if span.unit in (Unit.MONTH, Unit.YEAR):
                soonest = min(soonest, moved(now, _to_midnight(place)))
            place = span.after(place) if is_forward else span.before(place)
            if place in (EARLIEST, LATEST):  # how long it stays there is not worth telling
                soonest = min(soonest, moved(now, _DAY))
        return min(soonest, moved(now, LATEST - place)) if place < LATEST else soonest

    def _reach(self, point: datetime, place: datetime, now: datetime) -> datetime:
        if not self._uneven:
            return moved(now, point - place)
        if point - place > self.slack:
            now = moved(now, point - place - self.slack)
            place = self.at(now)
        for _ in range(_WALK):  # pragma: no branch - it is some midnights away, but may be at an end of the calendar
            if place >= point or now >= NEVER:
                break
            end, ahead = self.turn(now), moved(now, point - place)
            if ahead < end:
                return ahead
            now = end
            place = self.at(now)
        return now

    def _fall(self, point: datetime, now: datetime) -> datetime:
        for _ in range(_WALK):
            place = self.at(now)
            if place < point or now >= NEVER:
                break
            if place - point > self.slack:
                return NEVER
            now = self.turn(now)
        return now


def drift_of(node: nodes.Value) -> Drift | None:
    """The course of now, or of a time so long before or after it; None of another value."""
    shifts = []
    while isinstance(node, nodes.Shift):
        shifts.append((node.span, node.is_forward))
        node = node.base
    return Drift(tuple(reversed(shifts))) if isinstance(node, nodes.Now) else None


def _to_midnight(place: datetime) -> timedelta:
    return _DAY - timedelta(
        hours=place.hour, minutes=place.minute, seconds=place.second, microseconds=place.microsecond
    )


@attrs.frozen
class Calendar:
    """The beginning of a period of the calendar, counted from the one that has now in it.

    Attributes:
        unit: Which periods.
        offset: Which of them.
        zone: Where.
    """

    unit: Unit
    offset: int
    zone: tzinfo

    def at(self, now: datetime) -> datetime:
        """Where it is."""
        return self._at(0, now)

    def change(self, point: datetime, now: datetime) -> datetime:
        """The first instant after now at which it may be on another side of the point."""
        place, back = self.at(now), self._back(now)
        if place > point:
            return back
        # It steps from period to period, so the one with which it comes past the point is searched for.
        low, high, is_at = 0, 1, place == point
        while high < _MOST and self._is_before(high, point, now, is_at):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_before(middle, point, now, is_at) else (low, middle)
        return min(back, begin(self.unit, high, now=now, place=self.zone))

    def turn(self, now: datetime) -> datetime:
        """Until when it surely stays where it is."""
        return min(self._back(now), begin(self.unit, 1, now=now, place=self.zone))

    def _at(self, ahead: int, now: datetime) -> datetime:
        return begin(self.unit, self.offset + ahead, now=now, place=self.zone)

    def _is_before(self, ahead: int, point: datetime, now: datetime, is_at: bool) -> bool:
        place = self._at(ahead, now)
        return place < NEVER and (place <= point if is_at else place < point)

    def _back(self, now: datetime) -> datetime:
        """When clocks that are put back lead to the day before, which is minutes after midnight if ever."""
        change = date_change(now, self.zone)
        return change if wall(change, self.zone).date() < wall(now, self.zone).date() else NEVER
