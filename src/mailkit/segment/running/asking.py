"""One record at a time, as of one instant: what `Segment.prepare` gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from threading import RLock
from typing import Any, TypeAlias

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.compiled.codegen import Program
from mailkit.segment.compiled.places import Shape
from mailkit.segment.compiled.plans import bound, kind_of
from mailkit.segment.compiled.programs import asking
from mailkit.segment.running.evaluate import asks_about_events
from mailkit.segment.running.runs import Run

__all__ = ["Ask", "prepared"]

Ask: TypeAlias = Callable[..., bool]
"""Says of a record, and a list of his events if there are any, whether the person is in the segment."""
Programs: TypeAlias = "dict[Shape, Program | None]"


def prepared(node: nodes.Condition, *, now: datetime | None, assume_zone: tzinfo | str | None) -> Ask:
    """A function that says of a record and the person's events whether the condition is true of him.

    Raises:
        SegmentError: The condition cannot be asked, or `assume_zone` is no zone.
    """
    programs: Programs = {}
    asker = _Asker(node, now, assume_zone, programs)
    if now is None:
        return lambda person, events=None: _Asker(node, None, assume_zone, programs).ask(person, events)
    return asker.function({}, is_event=False)


class _Asker:
    """The functions of one condition as of one instant, for records and events of several shapes."""

    def __init__(
        self, node: nodes.Condition, now: datetime | None, assume_zone: tzinfo | str | None, programs: Programs
    ) -> None:
        self._node, self._programs = node, programs
        self._events: Any = ()
        self._run = Run((node,), events=lambda record: self._events, now=now, key="id", assume_zone=assume_zone)
        self._lock = RLock()  # there is one person at hand for all closures
        self._functions: dict[tuple[type, bool], Ask] = {}

    def ask(self, person: Any, events: Any = None) -> bool:
        """The answer for a record and events of any shape."""
        return self.function(person, is_event=_are_ours(events))(person, events)

    def function(self, like: Any, *, is_event: bool) -> Ask:
        """The function for records such as this one, and for events of ours or for mappings."""
        key = (type(like), is_event)
        if key not in self._functions:
            shape = Shape(record=kind_of(like), event="event" if is_event else "dict", source="given")
            if shape not in self._programs:
                self._programs[shape] = asking(self._node, shape)
            self._functions[key] = self._bound(self._programs[shape], like, is_event) or self._by_closures
        return self._functions[key]

    def _bound(self, program: Program | None, like: Any, is_event: bool) -> Ask | None:
        slow = self._by_closures if is_event else self._by_other
        found = None if program is None else bound(program, self._run, like, SLOW=slow, OTHER=self.ask)
        return found if found is None or "TURN" not in found.__code__.co_names else self._by_closures

    def _by_other(self, person: Any, events: Any) -> bool:
        """The answer where events are not mappings as expected."""
        return self.ask(person, events) if _are_ours(events) else self._by_closures(person, events)

    def _by_closures(self, person: Any, events: Any = None) -> bool:
        if events is None:
            if asks_about_events(self._node):
                mend = "give the person's, and [] if there are none"
                raise SegmentError(f"this asks about events: {mend}", text=nodes.sentence(self._node))
            events = ()
        with self._lock:
            self._events = events
            return self._run.which(person) == 0


def _are_ours(events: Any) -> bool:
    from mailkit.event import Event

    return isinstance(events, list | tuple) and bool(events) and isinstance(events[0], Event)
