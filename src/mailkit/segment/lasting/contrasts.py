"""How values stand to each other and to constants as time passes, and until when."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.frozen import evolve
from mailkit.segment.lasting.courses import NEVER, Calendar, Course, Drift, drift_of
from mailkit.segment.lasting.showings import compared_part
from mailkit.segment.lasting.watching import STEPS, STEPS_OF_CLOCKS, Look, Reading, Watcher, moves, refined
from mailkit.segment.running.subjects import Fetch, of_person
from mailkit.segment.values import align, instant, is_null, plain

__all__ = ["comparison", "question"]


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
    def reading(of: nodes.Value, against: nodes.Value) -> Reading:
        if isinstance(of, nodes.PartOf) and drift_of(of.of) is not None and not moves(against):
            return compared_part(watcher, of, watcher.reading(against, fetch))
        return watcher.reading(of, fetch)

    return reading(node.left, node.right), reading(node.right, node.left)


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


def question(watcher: Watcher, node: nodes.OneOf | nodes.TextTest | nodes.IsNull, fetch: Fetch) -> Look:
    """The look that says what is asked of one value."""
    stand_in: Any = nodes.Field(path=("value",))
    test = watcher.maker.test(evolve(node, value=stand_in), of_person)
    reading, drift, view, assumed = (
        watcher.reading(node.value, fetch),
        drift_of(node.value),
        watcher.view,
        watcher.assumed,
    )
    options = node.options if isinstance(node, nodes.OneOf) else ()
    times = [option.value for option in options if isinstance(option.value, date)]

    def asked(item: Any) -> tuple[bool, datetime]:
        value, until = reading(item)
        truth = test({"value": value})
        if drift is not None:
            until = min((drift.change(instant(at, assumed), view.now) for at in times), default=NEVER)
        return truth, until

    return refined(view, asked)
