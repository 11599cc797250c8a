"""Running a segment over plain Python: the tree becomes nested functions, made anew for each run.

How to think about it. What does not depend on the person (constants, the present, the bounds
of a window) is worked out once, when the functions are made. Each of them then takes a
person's record, and inside `where` the event instead; the events of the person at hand are
asked of `history`. Within "and" and "or", what needs no events is asked first, so that most
people's events are never looked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeAlias, assert_never

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.aggregates import draw
from mailkit.segment.histories import History
from mailkit.segment.nodes import Operator, TextMatch, walk
from mailkit.segment.spans import EARLIEST, INSTANT, moved
from mailkit.segment.subjects import Fetch, Get, of_event, of_person
from mailkit.segment.text import sentence
from mailkit.segment.values import align, by_sort, instant, is_among, is_null, plain

__all__ = ["Maker", "Test", "asks_about_events"]

Test: TypeAlias = Callable[[Any], bool]
Bounds: TypeAlias = tuple[datetime, datetime]
"""From the first instant of a window until before the first after it."""

_COMPARE: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
_SEARCH: Final[dict[TextMatch, Callable[[str, str], bool]]] = {
    TextMatch.CONTAINS: operator.contains,
    TextMatch.STARTS_WITH: str.startswith,
    TextMatch.ENDS_WITH: str.endswith,
}
# Types of values that Python compares with a constant just as we would: no float beside a Decimal,
# which is taken by its digits, and no Decimal beside a float; no times, which may lack a zone.
_DIRECT: Final[dict[type, frozenset[type]]] = {
    str: frozenset({str}),
    bool: frozenset({bool}),
    int: frozenset({int, float}),
    float: frozenset({int, float}),
    Decimal: frozenset({int}),
    date: frozenset({date}),
}


class Maker:
    """Makes functions of nodes.

    Args:
        now: The instant as of which they answer, in UTC.
        assumed: The zone of times without one; None to refuse them.
        history: Gives the events of the person at hand.
    """

    def __init__(self, *, now: datetime, assumed: tzinfo | None, history: Callable[[], History]) -> None:
        self._now = now
        self._history = history
        self._end = moved(now, INSTANT)  # windows include now itself
        self._assumed = assumed

    def test(self, node: nodes.Condition, fetch: Fetch | None = None) -> Test:
        """The function that says of a record (or, where fields are properties, an event) whether it is so."""
        fetch = fetch or of_person
        match node:
            case nodes.Comparison():
                return self._comparison(node, fetch)
            case nodes.OneOf():
                return self._one_of(node, fetch)
            case nodes.TextTest():
                return self._text_test(node, fetch)
            case nodes.IsNull():
                value = self._value(node.value, fetch)
                return lambda record: is_null(plain(value(record)))
            case nodes.Count():
                return self._count(node)
            case nodes.And():
                return _all([self.test(part, fetch) for part in _cheapest_first(node.parts)])
            case nodes.Or():
                return _any([self.test(part, fetch) for part in _cheapest_first(node.parts)])
            case nodes.Not():
                part = self.test(node.part, fetch)
                return lambda record: not part(record)
            case _ as never:
                assert_never(never)

    def _value(self, node: nodes.Value, fetch: Fetch) -> Get:
        match node:
            case nodes.Constant():
                constant = node.value
                if isinstance(constant, datetime):
                    constant = self._time(constant, node)
                return lambda record: constant
            case nodes.Now():
                return lambda record: self._now
            case nodes.Field():
                return fetch(node)
            case nodes.Shift():
                base, move = self._value(node.base, fetch), node.span.after if node.is_forward else node.span.before

                def shifted(record: Any) -> datetime | None:
                    start = self._time(base(record), node.base)
                    return None if start is None else move(start)

                return shifted
            case nodes.Aggregate():
                return self._aggregate(node)
            case _ as never:
                assert_never(never)

    def _comparison(self, node: nodes.Comparison, fetch: Fetch) -> Test:
        compare, assumed = _COMPARE[node.operator], self._assumed
        left, right = self._value(node.left, fetch), self._value(node.right, fetch)

        def judge(one: Any, other: Any) -> bool:
            one, other = plain(one), plain(other)
            if is_null(one) or is_null(other):
                return False
            try:
                return bool(compare(*align(one, other, assumed)))
            except SegmentError as error:
                _blame(error, node.left, node)

        if _varies(node.right):
            return lambda record: judge(left(record), right(record))
        constant = right(None)
        direct = _DIRECT.get(type(constant), frozenset())
        if node.operator is Operator.NE:
            direct -= {float}  # NaN is null, and Python says that it differs from everything

        def against_constant(record: Any) -> bool:
            value = left(record)
            return compare(value, constant) if type(value) in direct else judge(value, constant)

        return against_constant

    def _one_of(self, node: nodes.OneOf, fetch: Fetch) -> Test:
        get, assumed = self._value(node.value, fetch), self._assumed
        options = [self._value(option, fetch)(None) for option in node.options]
        texts, sorted_out = frozenset(option for option in options if isinstance(option, str)), by_sort(options)

        def is_one(value: Any) -> bool:
            value = plain(value)
            try:
                return not is_null(value) and is_among(value, sorted_out, assumed)
            except SegmentError as error:
                _blame(error, node.value, node)

        def one_of(record: Any) -> bool:
            value = get(record)
            return value in texts if type(value) is str and texts else is_one(value)

        return one_of

    def _text_test(self, node: nodes.TextTest, fetch: Fetch) -> Test:
        get, search = self._value(node.value, fetch), _SEARCH[node.match]
        what, assumed = self._value(node.what, fetch)(None), self._assumed
        takes_lists, is_text = node.match is TextMatch.CONTAINS, isinstance(what, str)

        def text_test(record: Any) -> bool:
            value = plain(get(record))
            if isinstance(value, str) and is_text:
                return search(value, what)
            if is_null(value):
                return False
            if takes_lists and isinstance(value, list | tuple | set | frozenset):
                try:
                    items = by_sort(item for item in map(plain, value) if not is_null(item))
                    return is_among(what, items, assumed)
                except SegmentError as error:
                    _blame(error, node.value, node)
            expected = "a text or a list" if takes_lists and is_text else "a list" if takes_lists else "a text"
            _blame(SegmentError(f"{shorten(value)} is not {expected}"), node.value, node)

        return text_test

    def _count(self, node: nodes.Count) -> Test:
        kind, least, most, history = node.events.kind, node.least, node.most, self._history
        enough = least if most is None else most + 1  # nothing changes any more from here on
        bounds = self._bounds(node.events.window, waits=most is not None)
        where = None if node.events.where is None else self.test(node.events.where, of_event)

        def count(record: Any) -> bool:
            limits = bounds(record)
            if limits is None:
                return False
            start, end = limits
            found = 0
            for event in history():
                if event.kind == kind and start <= event.at < end and (where is None or where(event)):
                    found += 1
                    if found >= enough:
                        break
            return found >= least and (most is None or found <= most)

        return count

    def _aggregate(self, node: nodes.Aggregate) -> Get:
        kind, history, get, assumed = node.events.kind, self._history, of_event(node.of), self._assumed
        where = None if node.events.where is None else self.test(node.events.where, of_event)
        bounds = self._bounds(node.events.window, waits=False)

        def aggregate(record: Any) -> Any:
            limits = bounds(record)
            if limits is None:
                return None
            start, end = limits
            found = (
                (event.at, get(event))
                for event in history()
                if event.kind == kind and start <= event.at < end and (where is None or where(event))
            )
            try:
                return draw(node.function, found, assumed)
            except SegmentError as error:
                _blame(error, node.of, node)

        return aggregate

    def _bounds(self, window: nodes.Window, *, waits: bool) -> Callable[[Any], Bounds | None]:
        """The bounds of a window; None if they are unknown, or if an open window is to be waited for."""
        match window:
            case nodes.Ever():
                return lambda record: (EARLIEST, self._end)
            case nodes.Last():
                start = moved(window.span.before(self._now), INSTANT)
                return lambda record: (start, self._end)
            case nodes.Between():
                bounds = self._between(window)
            case nodes.After():
                bounds = self._after(window, waits)
            case _ as never:
                assert_never(never)
        if _varies(window):
            return bounds
        fixed = bounds(None)
        return lambda record: fixed

    def _between(self, window: nodes.Between) -> Callable[[Any], Bounds | None]:
        start_node = window.start or nodes.Constant(value=EARLIEST)
        end_node = window.end or nodes.Constant(value=self._end)
        start, end = self._value(start_node, of_person), self._value(end_node, of_person)

        def between(record: Any) -> Bounds | None:
            first, last = self._time(start(record), start_node), self._time(end(record), end_node)
            return None if first is None or last is None else (first, min(last, self._end))

        return between

    def _after(self, window: nodes.After, waits: bool) -> Callable[[Any], Bounds | None]:
        anchor = self._value(window.anchor, of_person)

        def after(record: Any) -> Bounds | None:
            start = self._time(anchor(record), window.anchor)
            if start is None:
                return None
            end = window.span.after(start)
            return None if waits and end > self._now else (start, min(end, self._end))

        return after

    def _time(self, value: Any, node: nodes.Value) -> datetime | None:
        value = plain(value)
        if is_null(value):
            return None
        try:
            return instant(value, self._assumed)
        except SegmentError as error:
            _blame(error, node, node)


def _all(tests: list[Test]) -> Test:
    def all_are(record: Any) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not test(record):
                return False
        return True

    return all_are


def _any(tests: list[Test]) -> Test:
    def any_is(record: Any) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(record):
                return True
        return False

    return any_is


def _cheapest_first(parts: tuple[nodes.Condition, ...]) -> list[nodes.Condition]:
    return sorted(parts, key=asks_about_events)


def asks_about_events(node: nodes.Node) -> bool:
    """Whether it takes the person's events to answer."""
    return any(isinstance(inner, nodes.Events) for inner in walk(node))


def _varies(node: nodes.Node) -> bool:
    """Whether it differs from person to person."""
    return any(isinstance(inner, nodes.Field | nodes.Aggregate) for inner in walk(node))


def _blame(error: SegmentError, culprit: nodes.Value, place: nodes.Node) -> NoReturn:
    raise SegmentError(f"{sentence(culprit)}: {error.reason}", text=sentence(place)) from error
