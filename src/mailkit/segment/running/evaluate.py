"""Running a segment over plain Python: the tree becomes nested functions, made anew for each run.

How to think about it. What does not depend on the person (constants, the present, the bounds
of a window) is worked out once, when the functions are made. Each of them then takes a
person's record, and inside `where` the event instead; the record and the events of the person
at hand are asked of `person` and `history`. Within "and" and "or", what needs no events is asked
first, so that most people's events are never looked for.

This is the reading of a segment by which every other way to run one is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, assert_never

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.nodes import walk
from mailkit.segment.running.calendars import begin, part
from mailkit.segment.running.comparisons import anniversary, comparison, one_of, text_test
from mailkit.segment.running.counts import aggregate, count
from mailkit.segment.running.histories import History
from mailkit.segment.running.measures import folded, kilometres, share, size
from mailkit.segment.running.remembered import remembered
from mailkit.segment.running.sequences import regular, sequence
from mailkit.segment.running.subjects import Fetch, Get, Test, blame, of_person
from mailkit.segment.spans import INSTANT, moved
from mailkit.segment.values import instant, is_null, plain, zone

__all__ = ["Maker", "Test", "asks_about_events", "cheapest_first"]


class Maker:
    """Makes functions of nodes.

    Args:
        now: The instant as of which they answer, in UTC.
        assumed: The zone of times without one; None to refuse them.
        person: Gives the record of the person at hand, whose clocks are asked for inside `where` too.
        history: Gives his events.
    """

    def __init__(
        self,
        *,
        now: datetime,
        assumed: tzinfo | None,
        person: Callable[[], Any],
        history: Callable[[], History],
    ) -> None:
        self.now, self.assumed, self.person, self.history = now, assumed, person, history
        self.end = moved(now, INSTANT)  # windows include now itself
        self._places: dict[str, tzinfo | None] = {}

    def test(self, node: nodes.Condition, fetch: Fetch | None = None) -> Test:
        """The function that says of a record (or, where fields are properties, an event) whether it is so."""
        fetch = fetch or of_person
        match node:
            case nodes.Comparison():
                return comparison(self, node, fetch)
            case nodes.OneOf():
                return one_of(self, node, fetch)
            case nodes.TextTest():
                return text_test(self, node, fetch)
            case nodes.IsNull():
                value = self.value(node.value, fetch)
                return lambda record: is_null(plain(value(record)))
            case nodes.Anniversary():
                return anniversary(self, node, fetch)
            case nodes.Count():
                return count(self, node)
            case nodes.Sequence():
                return sequence(self, node)
            case nodes.Regular():
                return regular(self, node)
            case nodes.Member():
                from mailkit.segment.binding import unbound  # here, since binding is written with the faces above

                raise unbound(node, node.name)
            case nodes.And() | nodes.Or() | nodes.Not():
                return self._joined(node, fetch)
            case _ as never:
                assert_never(never)

    def _joined(self, node: nodes.And | nodes.Or | nodes.Not, fetch: Fetch) -> Test:
        if isinstance(node, nodes.Not):
            inner = self.test(node.part, fetch)
            return lambda record: not inner(record)
        tests = [self.test(part, fetch) for part in cheapest_first(node.parts)]
        return _all(tests) if isinstance(node, nodes.And) else _any(tests)

    def value(self, node: nodes.Value, fetch: Fetch) -> Get:
        """The function that gives the value for a record (or event); null if a part of it is null."""
        match node:
            case nodes.Constant():
                constant = node.value
                if isinstance(constant, datetime):
                    constant = self.time(constant, node)
                return lambda record: constant
            case nodes.Now():
                return lambda record: self.now
            case nodes.Field():
                return fetch(node)
            case nodes.Shift():
                return self._shift(node, fetch)
            case nodes.Begin():
                return self._begin(node)
            case nodes.PartOf():
                return self._part(node, fetch)
            case nodes.Folded() | nodes.Size() | nodes.Bucket():
                return self._measure(node, fetch)
            case nodes.Distance():
                return self._distance(node, fetch)
            case nodes.Aggregate():
                return aggregate(self, node)
            case _ as never:
                assert_never(never)

    def _shift(self, node: nodes.Shift, fetch: Fetch) -> Get:
        base, move = self.value(node.base, fetch), node.span.after if node.is_forward else node.span.before

        def shifted(record: Any) -> datetime | None:
            start = self.time(base(record), node.base)
            return None if start is None else move(start)

        return shifted

    def _begin(self, node: nodes.Begin) -> Get:
        where = self.zone(node.zone, node)
        known: dict[tzinfo | None, datetime | None] = {None: None}

        def beginning(record: Any) -> datetime | None:
            place = where()
            if place not in known:
                known[place] = None if place is None else begin(node.unit, node.offset, now=self.now, place=place)
            return known[place]

        return beginning

    def _part(self, node: nodes.PartOf, fetch: Fetch) -> Get:
        get, where = self.value(node.of, fetch), self.zone(node.zone, node)

        def part_of(record: Any) -> Any:
            value = plain(get(record))
            place = None if is_null(value) else where()
            if place is None:
                return None
            try:
                return part(value, node.part, place, self.assumed)
            except SegmentError as error:
                blame(error, node.of, node)

        return part_of

    def _measure(self, node: nodes.Folded | nodes.Size | nodes.Bucket, fetch: Fetch) -> Get:
        of = node.of if isinstance(node, nodes.Bucket) else node.value
        get, work = self.value(of, fetch), _work_of(node)

        def measured(record: Any) -> Any:
            try:
                return work(get(record))
            except SegmentError as error:
                blame(error, of, node)

        return measured

    def _distance(self, node: nodes.Distance, fetch: Fetch) -> Get:
        latitude, longitude = self.value(node.latitude, fetch), self.value(node.longitude, fetch)
        to = node.to_latitude, node.to_longitude

        def distance(record: Any) -> float | None:
            one, other = latitude(record), longitude(record)
            try:
                return kilometres(one, other, to)
            except SegmentError as error:
                blame(error, node, node)

        return distance

    def zone(self, node: nodes.Zone, place: nodes.Node | None = None) -> Callable[[], tzinfo | None]:
        """The function that gives the zone of the person at hand, None if it is null; an error shows the `place`."""
        if isinstance(node, nodes.Constant):
            fixed = zone(node.value)
            return lambda: fixed
        get, places = of_person(node), self._places

        def theirs() -> tzinfo | None:
            value = plain(get(self.person()))
            if type(value) is str and value in places:
                return places[value]
            if is_null(value) or isinstance(value, tzinfo):
                return value if isinstance(value, tzinfo) else None
            if not isinstance(value, str):
                blame(SegmentError(f"{shorten(value)} is not a time zone; its name, a text, is"), node, place or node)
            try:
                return places.setdefault(value, zone(value, what=""))
            except SegmentError as error:
                blame(error, node, place or node)

        return theirs

    def time(self, value: Any, node: nodes.Value) -> datetime | None:
        """The value as an instant; None if it is null."""
        value = plain(value)
        if is_null(value):
            return None
        try:
            return instant(value, self.assumed)
        except SegmentError as error:
            blame(error, node, node)


def _work_of(node: nodes.Folded | nodes.Size | nodes.Bucket) -> Callable[[Any], Any]:
    if isinstance(node, nodes.Bucket):
        salt = node.salt
        return lambda value: share(value, salt)
    return folded if isinstance(node, nodes.Folded) else size


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


def cheapest_first(parts: tuple[nodes.Condition, ...]) -> list[nodes.Condition]:
    """Conditions in the order in which they are asked: those that need no events, then the others."""
    return sorted(parts, key=asks_about_events)


@remembered
def asks_about_events(node: nodes.Node) -> bool:
    """Whether it takes the person's events to answer."""
    return any(isinstance(inner, nodes.Events) for inner in walk(node))
