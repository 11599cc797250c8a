"""What clocks and calendars show of a time that moves on with now, and until when that makes no difference.

How to think about it. A clock changes every minute, and hardly ever does it matter. So where a
part is compared, only that is awaited by which it comes to the other value and past it; and where
no value that the part can have makes a difference, as with the hour 99, nothing is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.frozen import attributes, evolve
from mailkit.segment.lasting.clocks import part_change
from mailkit.segment.lasting.courses import NEVER, Drift, drift_of
from mailkit.segment.lasting.watching import Look, Reading, Watcher, moves
from mailkit.segment.nodes import Part
from mailkit.segment.running.calendars import part
from mailkit.segment.running.subjects import Fetch, of_person
from mailkit.segment.spans import moved
from mailkit.segment.values import is_null, plain

__all__ = ["compared_part", "part_of", "settled"]

_SHOWN: Final[dict[Part, Sequence[Any]]] = {
    Part.CLOCK: [f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)],
    Part.HOUR: range(24),
    Part.WEEKDAY: range(1, 8),
    Part.DAY: range(1, 32),
    Part.MONTH: range(1, 13),
}
"""Everything that a part can be, in order, if it comes again and again."""
_MINUTES: Final = {Part.CLOCK: 1, Part.HOUR: 60}
_STAND_IN: Final = nodes.Field(path=("shown",))
_SLACK: Final = timedelta(days=3)
"""More than clocks were ever put forward or back, which is by a day where a zone changed sides of the date line."""
_DAY: Final = timedelta(days=1)


def part_of(watcher: Watcher, node: nodes.PartOf, fetch: Fetch) -> Reading:
    """The reading of a part of any time."""
    view, where, drift = watcher.view, watcher.maker.zone(node.zone, node), drift_of(node.of)
    of, assumed = watcher.reading(node.of, fetch), watcher.assumed

    def read(item: Any) -> tuple[Any, datetime]:
        value, until = of(item)
        place = None if is_null(plain(value)) else where()
        if place is None:
            return None, NEVER if drift is not None else until
        if drift is not None:
            until = _change(drift, view.now, node.part, place)
        return part(plain(value), node.part, place, assumed), until

    return read


def _change(drift: Drift, now: datetime, which: Part, place: tzinfo, marks: Sequence[time] = ()) -> datetime:
    """The first instant after now at which the part of a time that moves on with it may be another one there."""
    value = drift.at(now)
    return min(drift.turn(now), moved(now, part_change(value, which, place, marks) - value))


def compared_part(watcher: Watcher, node: nodes.PartOf, mark_of: Reading) -> Reading:
    """The reading of a part of a time that moves on with now, of which only matters when it comes to a mark and past.

    Args:
        watcher: What makes readings.
        node: The part.
        mark_of: What it is compared with, which does not move.
    """
    view, where, drift = watcher.view, watcher.maker.zone(node.zone, node), drift_of(node.of)
    assert drift is not None
    which, until_past = node.part, _past_days if node.part in (Part.DATE, Part.YEAR) else _past_times

    def read(item: Any) -> tuple[Any, datetime]:
        place = where()
        if place is None:
            return None, NEVER
        return part(drift.at(view.now), which, place, None), until_past(drift, view.now, which, place, mark_of(item)[0])

    return read


def _past_times(drift: Drift, now: datetime, which: Part, place: tzinfo, mark: Any) -> datetime:
    """When a part that comes again and again comes to the mark or past it."""
    shown = _SHOWN[which]
    if type(mark) is not type(shown[0]):
        return _change(drift, now, which, place)
    passed = {bisect_left(shown, mark), bisect_right(shown, mark)} - {0, len(shown)}
    if not passed:
        return NEVER
    marks = [time(*divmod(_MINUTES[which] * number, 60)) for number in (0, *passed)] if which in _MINUTES else []
    return _change(drift, now, which, place, marks)


def _past_days(drift: Drift, now: datetime, which: Part, place: tzinfo, mark: Any) -> datetime:
    """When a date or year comes to the mark or past it; what is long past never comes again."""
    value, slack = drift.at(now), _SLACK + drift.slack
    today = part(value, Part.DATE, place, None)
    if which is Part.DATE and type(mark) is date:
        days = [mark, *([mark + _DAY] if mark < date.max else [])]
    elif which is Part.YEAR and type(mark) is int:
        days = [date(year, 1, 1) for year in (mark, mark + 1) if MINYEAR <= year <= MAXYEAR]
    else:
        return _change(drift, now, which, place)
    ahead = min((day - today for day in days if day - today >= -slack), default=None)
    if ahead is None:
        return NEVER
    return moved(now, ahead - slack) if ahead > slack else _change(drift, now, which, place)


def settled(watcher: Watcher, node: nodes.Condition) -> Look | None:
    """The look at a condition to which it makes no difference what a part of now is; None if it does, or more does."""
    asked = [inner for inner in nodes.walk(node) if isinstance(inner, nodes.PartOf) and drift_of(inner.of) is not None]
    shown = _SHOWN.get(asked[0].part) if asked else None
    if shown is None or any(other != asked[0] for other in asked):
        return None
    rest = _replaced(node, asked[0])
    if moves(rest) or sum(isinstance(inner, nodes.Field) for inner in nodes.walk(rest)) != len(asked):
        return None
    test, where = watcher.maker.test(rest, of_person), watcher.maker.zone(asked[0].zone, node)
    name = _STAND_IN.path[0]
    try:
        answers, without = {test({name: value}) for value in shown}, test({name: None})
    except SegmentError:  # which is to be told of a person
        return None
    if len(answers) > 1:
        return None
    (always,) = answers
    return lambda item: (without if where() is None else always, NEVER)


def _replaced(node: Any, part: nodes.PartOf) -> Any:
    """The condition or value with a field in the place of the part."""
    if node == part:
        return _STAND_IN
    inner = ((attribute.name, getattr(node, attribute.name)) for attribute in attributes(node))
    return evolve(node, **{name: _replaced(value, part) for name, value in inner if isinstance(value, nodes.Value)})
