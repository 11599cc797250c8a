"""Until when clocks and calendars show the same.

Clocks are put forward and back, at midnight in some places, and in a few so that a day begins
twice. So nothing here counts hours: an instant is tried, and what is shown at it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from mailkit.segment.nodes import Part
from mailkit.segment.running.calendars import part, wall
from mailkit.segment.spans import INSTANT, LATEST, moved

__all__ = ["date_change", "part_change"]

_DAY: Final = timedelta(days=1)
_WALK: Final = 8
"""So many steps are taken to find a change; then it is said that there may be one."""


def date_change(at: datetime, place: tzinfo) -> datetime:
    """The first instant after this one at which the date there is another."""
    return part_change(at, Part.DATE, place)


def part_change(at: datetime, which: Part, place: tzinfo, marks: Sequence[time] = ()) -> datetime:
    """The first instant after this one at which that part may be another there; never later than it is.

    Args:
        at: After which.
        which: The part.
        place: The zone.
        marks: If it is the clock or the hour, the only times of day at which it matters that it is another.
    """
    before = part(at, which, place, UTC)
    for _ in range(_WALK):
        shown = wall(at, place)
        end = moved(at, _next(shown, which, marks) - shown)
        if end - at > 3 * _DAY:  # nothing that clocks do in between can matter
            at = end - 2 * _DAY
            continue
        at = min(end, _offset_change(at, end, place))
        if at == LATEST or part(at, which, place, UTC) != before:
            break
    return at


def _next(shown: datetime, which: Part, marks: Sequence[time]) -> datetime:
    """When a part of what is shown becomes another one, on the same clock."""
    day = datetime.combine(shown.date(), time())
    try:
        match which:
            case Part.CLOCK | Part.HOUR if marks:
                ahead = [when for mark in marks if (when := datetime.combine(day.date(), mark)) > shown]
                return min(ahead, default=day + _DAY)
            case Part.CLOCK:
                return shown.replace(second=0, microsecond=0) + timedelta(minutes=1)
            case Part.HOUR:
                return shown.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            case Part.MONTH:
                return (day.replace(day=28) + 4 * _DAY).replace(day=1)
            case Part.YEAR:
                return day.replace(year=shown.year + 1, month=1, day=1)
            case _:
                return day + _DAY
    except (OverflowError, ValueError):
        return datetime.max  # noqa: DTZ901 - what a wall shows has no zone


def _offset_change(start: datetime, end: datetime, place: tzinfo) -> datetime:
    """When clocks are changed between two instants at most some days apart; the end if they are not."""
    offset = _offset(start, place)
    if _offset(end, place) == offset:
        return end
    low, high = start, end
    while high - low > INSTANT:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, place) == offset else (low, middle)
    return high


def _offset(at: datetime, place: tzinfo) -> Any:
    return wall(at, place) - at.replace(tzinfo=None)
