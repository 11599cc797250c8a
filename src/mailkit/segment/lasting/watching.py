"""From conditions to functions that say how it is, and until when it stays so if nothing more happens.

How to think about it. A *look* gives (truth, until), a *reading* (value, until). `until` is the
first instant after now at which the answer may be another one: never later than it really is,
and sometimes earlier, whereupon one looks again. What does not depend on now is not rebuilt
here: it is run as `evaluate` runs it, and holds for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, Final, TypeAlias, assert_never

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.frozen import attributes, evolve
from mailkit.segment.lasting.courses import NEVER, Calendar, Course, drift_of
from mailkit.segment.lasting.timelines import Timeline
from mailkit.segment.running.evaluate import Maker, asks_about_events
from mailkit.segment.running.subjects import Fetch, of_event, of_person
from mailkit.segment.spans import INSTANT, moved

__all__ = ["Look", "Reading", "View", "Watcher", "moves", "refined"]

Look: TypeAlias = Callable[[Any], tuple[bool, datetime]]
"""From a record, or inside `where` an event, to how it is and until when."""
Reading: TypeAlias = Callable[[Any], tuple[Any, datetime]]
"""From a record, or inside `where` an event, to a value and until when it is that."""

STEPS: Final = 16
STEPS_OF_CLOCKS: Final = 48
_LOOKS: Final = 256
"""So many looks ahead are taken for one answer, or one explanation, which is some milliseconds."""
_LEAST: Final = 4
_ROWS: Final = 64
"""Of more events each look takes longer, so fewer are taken."""


@attrs.define
class View:
    """The person at hand, as of when he is looked at, and how often it may still be looked ahead."""

    now: datetime = NEVER
    record: Any = None
    timeline: Timeline = attrs.field(factory=dict)
    steps: int | None = None

    def allowed(self) -> int:
        """How often it may be looked ahead: the more events each look has to do with, the fewer times."""
        if self.steps is None:
            self.steps = max(_LEAST, _LOOKS // (1 + sum(map(len, self.timeline.values())) // _ROWS))
        return self.steps


def moves(node: nodes.Node) -> bool:
    """Whether it may change as time passes, or as more happens."""
    moving = nodes.Now | nodes.Begin | nodes.Events | nodes.Anniversary
    return any(isinstance(inner, moving) for inner in nodes.walk(node))


def refined(view: View, look: Look, steps: int = STEPS) -> Look:
    """The same look, which looks ahead a few times in search of the instant at which the answer is another.

    Looks within looks share what the view allows, so that together they do not take long.
    """

    def look_ahead(item: Any) -> tuple[bool, datetime]:
        truth, until = look(item)
        if until is NEVER:
            return truth, until
        now = view.now
        try:
            for _ in range(steps):
                allowed = view.allowed()
                if until >= NEVER or allowed <= 0:
                    break
                view.steps = allowed - 1
                view.now = until
                again, later = look(item)
                if again is not truth:
                    break
                until = later
        except SegmentError:  # it is no longer to be told then, which is another answer
            pass
        finally:
            view.now = now
        return truth, until

    return look_ahead


class Watcher:
    """Makes looks and readings of nodes.

    Args:
        assumed: The zone of times without one; None to refuse them.
    """

    def __init__(self, assumed: tzinfo | None) -> None:
        self.view, self.assumed = View(), assumed
        self.maker = Maker(now=NEVER, assumed=assumed, person=lambda: self.view.record, history=lambda: ())

    def look(self, node: nodes.Condition, fetch: Fetch = of_person) -> Look:
        """The function that says how it is, and until when."""
        if not moves(node):
            test = self.maker.test(node, fetch)
            return lambda item: (test(item), NEVER)
        match node:
            case nodes.And() | nodes.Or():
                parts = [self.look(part, fetch) for part in sorted(node.parts, key=asks_about_events)]
                return _all(parts) if isinstance(node, nodes.And) else _any(parts)
            case nodes.Not():
                inner = self.look(node.part, fetch)
                return lambda item: _other(*inner(item))
            case nodes.Comparison() | nodes.OneOf() | nodes.TextTest() | nodes.IsNull():
                from mailkit.segment.lasting.contrasts import comparison, question
                from mailkit.segment.lasting.showings import settled

                look = settled(self, node)
                if look is not None:
                    return look
                return (
                    comparison(self, node, fetch) if isinstance(node, nodes.Comparison) else question(self, node, fetch)
                )
            case nodes.Anniversary():
                from mailkit.segment.lasting.anniversaries import anniversary

                return anniversary(self, node, fetch)
            case nodes.Count():
                from mailkit.segment.lasting.spells import count

                return count(self, node)
            case nodes.Sequence() | nodes.Regular():
                from mailkit.segment.lasting.series import regular, sequence

                return sequence(self, node) if isinstance(node, nodes.Sequence) else regular(self, node)
            case nodes.Member():  # pragma: no cover - it does not move, and the interpreter has refused it
                raise AssertionError(node)
            case _ as never:
                assert_never(never)

    def reading(self, node: nodes.Value, fetch: Fetch = of_person) -> Reading:
        """The function that gives a value, and until when it is that."""
        if not moves(node):
            get = self.maker.value(node, fetch)
            return lambda item: (get(item), NEVER)
        course = self.course(node)
        if course is not None:
            return self._along(course)
        match node:
            case nodes.Shift():
                base, move = self.reading(node.base, fetch), node.span.after if node.is_forward else node.span.before

                def shifted(item: Any) -> tuple[Any, datetime]:
                    value, until = base(item)
                    start = self.maker.time(value, node.base)
                    return None if start is None else move(start), until

                return shifted
            case nodes.PartOf():
                from mailkit.segment.lasting.showings import part_of

                return part_of(self, node, fetch)
            case nodes.Aggregate():
                from mailkit.segment.lasting.spells import aggregate

                return aggregate(self, node)
            case _:
                return self._measured(node, fetch)

    def course(self, node: nodes.Value) -> Callable[[], Course | None] | None:
        """The function that gives the course of a value that moves on with now by itself; None if it does not."""
        drift = drift_of(node)
        if drift is not None:
            return lambda: drift
        if not isinstance(node, nodes.Begin):
            return None
        where = self.maker.zone(node.zone, node)
        known: dict[tzinfo | None, Calendar | None] = {None: None}

        def calendar() -> Calendar | None:
            place = where()
            if place not in known:
                known[place] = None if place is None else Calendar(node.unit, node.offset, place)
            return known[place]

        return calendar

    def where(self, events: nodes.Events) -> Look | None:
        """The look at an event that says whether it is one of those asked for; None if all of the kind are."""
        return None if events.where is None else self.look(events.where, of_event)

    def _along(self, course: Callable[[], Course | None]) -> Reading:
        view = self.view

        def read(item: Any) -> tuple[Any, datetime]:
            found = course()
            if found is None:
                return None, NEVER
            is_steady = isinstance(found, Calendar)
            return found.at(view.now), found.turn(view.now) if is_steady else moved(view.now, INSTANT)

        return read

    def _measured(self, node: nodes.Value, fetch: Fetch) -> Reading:
        """Of values that are read first, and then measured as `evaluate` does."""
        names = [
            attribute.name for attribute in attributes(node) if isinstance(getattr(node, attribute.name), nodes.Value)
        ]
        readings = [self.reading(getattr(node, name), fetch) for name in names]
        measure = self.maker.value(evolve(node, **{name: nodes.Field(path=(name,)) for name in names}), of_person)

        def measured(item: Any) -> tuple[Any, datetime]:
            found = [reading(item) for reading in readings]
            value = measure(dict(zip(names, (value for value, _ in found), strict=True)))
            return value, min(until for _, until in found)

        return measured


def _other(truth: bool, until: datetime) -> tuple[bool, datetime]:
    return not truth, until


def _all(parts: list[Look]) -> Look:
    def all_are(item: Any) -> tuple[bool, datetime]:
        soonest, latest = NEVER, None
        for look in parts:
            try:
                truth, until = look(item)
            except SegmentError:
                if latest is None:
                    raise
                break  # as long as the part before is false, nobody asks this one
            if truth:
                soonest = min(soonest, until)
            elif until is NEVER:
                return False, NEVER
            else:
                latest = until if latest is None else max(latest, until)
        return (True, soonest) if latest is None else (False, latest)

    return all_are


def _any(parts: list[Look]) -> Look:
    def any_is(item: Any) -> tuple[bool, datetime]:
        soonest, latest = NEVER, None
        for look in parts:
            try:
                truth, until = look(item)
            except SegmentError:
                if latest is None:
                    raise
                break
            if not truth:
                soonest = min(soonest, until)
            elif until is NEVER:
                return True, NEVER
            else:
                latest = until if latest is None else max(latest, until)
        return (False, soonest) if latest is None else (True, latest)

    return any_is
