"""How two values stand to each other as time passes, and until when."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, time
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.lasting.clocks import part_change
from mailkit.segment.lasting.courses import NEVER, Calendar, Course, Drift
from mailkit.segment.lasting.watching import STEPS, STEPS_OF_CLOCKS, Look, Reading, Watcher, drift_of, refined
from mailkit.segment.nodes import Part
from mailkit.segment.running.calendars import part
from mailkit.segment.running.subjects import Fetch
from mailkit.segment.spans import moved
from mailkit.segment.values import align, is_null, plain

__all__ = ["comparison"]


_COMPARE: Final[dict[nodes.Operator, Callable[[Any, Any], Any]]] = {
    one: getattr(operator, one.name.lower()) for one in nodes.Operator
}


def comparison(watcher: Watcher, node: nodes.Comparison, fetch: Fetch) -> Look:
    """The look that says how two values compare."""
    left, right = watcher.course(node.left), watcher.course(node.right)
    if left is not None and right is not None:
        return _courses_compared(watcher, node, left, right)
    if left is not None:
        return _compared_with_course(watcher, node, watcher.reading(node.right, fetch), left, course_is_left=True)
    if right is not None:
        return _compared_with_course(watcher, node, watcher.reading(node.left, fetch), right, course_is_left=False)
    compare, one, other, assumed = _COMPARE[node.operator], *_readings(watcher, node, fetch), watcher.assumed

    def compared(item: Any) -> tuple[bool, datetime]:
        value, until = one(item)
        against, until_too = other(item)
        value, against = plain(value), plain(against)
        is_known = not is_null(value) and not is_null(against)
        return is_known and bool(compare(*align(value, against, assumed))), min(until, until_too)

    clocks = any(isinstance(inner, nodes.PartOf) for inner in nodes.walk(node))
    return refined(watcher.view, compared, STEPS_OF_CLOCKS if clocks else STEPS)


def _readings(watcher: Watcher, node: nodes.Comparison, fetch: Fetch) -> tuple[Reading, Reading]:
    one, other = node.left, node.right
    if isinstance(one, nodes.PartOf) and one.part is Part.CLOCK and isinstance(other, nodes.Constant):
        return _clock(watcher, one, other.value, fetch), watcher.reading(other, fetch)
    return watcher.reading(one, fetch), watcher.reading(other, fetch)


def _clock(watcher: Watcher, node: nodes.PartOf, mark: Any, fetch: Fetch) -> Reading:
    """The clock, of which only matters when it comes to the mark and past it."""
    drift = drift_of(node.of)
    if drift is None or not isinstance(mark, str):
        return watcher.reading(node, fetch)
    minutes = {f"{minute // 60:02}:{minute % 60:02}": time(minute // 60, minute % 60) for minute in range(1440)}
    after = [at for shown, at in minutes.items() if shown > mark][:1]
    marks = [time(), *after, *([minutes[mark]] if mark in minutes else [])]
    view, where = watcher.view, watcher.maker.zone(node.zone, node)

    def clock(item: Any) -> tuple[Any, datetime]:
        place = where()
        if place is None:
            return None, NEVER
        value = drift.at(view.now)
        ahead = part_change(value, Part.CLOCK, place, marks) - value
        return part(value, Part.CLOCK, place, None), min(drift.turn(view.now), moved(view.now, ahead))

    return clock


def _compared_with_course(
    watcher: Watcher,
    node: nodes.Comparison,
    reading: Reading,
    course: Callable[[], Course | None],
    *,
    course_is_left: bool,
) -> Look:
    view, compare, assumed = watcher.view, _COMPARE[node.operator], watcher.assumed

    def compared(item: Any) -> tuple[bool, datetime]:
        value, until = reading(item)
        value, found = plain(value), course()
        if found is None or is_null(value):
            return False, until
        point, place = align(value, found.at(view.now), assumed)
        truth = compare(place, point) if course_is_left else compare(point, place)
        return bool(truth), min(until, found.change(point, view.now))

    return refined(view, compared)


def _courses_compared(
    watcher: Watcher, node: nodes.Comparison, left: Callable[[], Course | None], right: Callable[[], Course | None]
) -> Look:
    view, compare = watcher.view, _COMPARE[node.operator]

    def compared(item: Any) -> tuple[bool, datetime]:
        one, other = left(), right()
        if one is None or other is None:
            return False, NEVER
        place, point, until = one.at(view.now), other.at(view.now), min(one.turn(view.now), other.turn(view.now))
        for course, mark in ((one, point), (other, place)):
            if isinstance(course, Drift) and isinstance(other if course is one else one, Calendar):
                until = min(until, course.change(mark, view.now))
        return bool(compare(place, point)), until

    return refined(view, compared, STEPS_OF_CLOCKS)
