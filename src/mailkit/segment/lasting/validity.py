"""How it stands with one person, and until when that holds if nothing more happens.

Every condition is true or false until an instant that can be told: "at least two in 60 days"
until the last but one is 60 days old, "none in 90 days" until the first after which there is
none, "and" until the earliest of its parts changes if it is true. `judge` tells that instant
for a condition and for everything in it, with the values and events that decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.frozen import evolve
from mailkit.segment.lasting.courses import NEVER
from mailkit.segment.lasting.series import chains
from mailkit.segment.lasting.spells import matching, spell
from mailkit.segment.lasting.timelines import Row, Timeline, timeline
from mailkit.segment.lasting.watching import Look, Watcher, refined
from mailkit.segment.running.evaluate import Maker
from mailkit.segment.spans import Span
from mailkit.segment.values import plain

__all__ = ["Judge", "Judgement", "World", "judge"]

_STEPS: Final = 32
_LEAST: Final = 4


@attrs.frozen(kw_only=True)
class Judgement:
    """How one condition stands with one person as of an instant.

    Attributes:
        node: The condition.
        is_true: How it stands.
        until: The first instant after now at which it is otherwise though nothing more happens; None if
            never. The calendar's last instant is taken for one that never comes.
        is_exact: Whether it is otherwise at that instant. It need not be where many changes lead to none, as with
            "from 9 to 10 o'clock and from 10 to 11": then it is an earlier one, at which one has to look again.
        values: The values that it speaks of: of a comparison left and right, else the one that is asked about.
        events: The events that count: those in the window for which `where` is true; of a sequence one chain.
        start: From when the window is of which it speaks; None if it speaks of none, or it is unknown.
        end: Until before when.
        parts: How the parts stand of which it is joined, in their order. One that is an error, and is not asked for
            since another decides, is left out.
    """

    node: nodes.Condition
    is_true: bool
    until: datetime | None
    is_exact: bool = True
    values: tuple[Any, ...] = ()
    events: tuple[Any, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    parts: tuple[Judgement, ...] = ()


def judge(
    node: nodes.Condition,
    record: Any,
    events: Iterable[Any] = (),
    *,
    now: datetime,
    assumed: tzinfo | None = None,
) -> Judgement:
    """How the condition stands with a person, why, and until when.

    Args:
        node: The condition.
        record: The person's record.
        events: His events, in any order, also such as are ahead of now: they come into view in their time.
        now: As of when, in UTC.
        assumed: The zone of times without one; None to refuse them.

    Raises:
        SegmentError: As in `Segment.filter`; also where that stops before it comes to the event in error.

    >>> from datetime import UTC
    >>> from mailkit import Event
    >>> from mailkit.segment import days, event as ev
    >>> opened = Event(kind="opened", person="1", at=datetime(2026, 3, 1, tzinfo=UTC))
    >>> found = judge(ev.opened.did(last=days(60)).node, {}, [opened], now=datetime(2026, 3, 10, tzinfo=UTC))
    >>> print(found.is_true, found.until)
    True 2026-04-30 00:00:00+00:00
    """
    return Judge(node, assumed).judge(record, timeline(events), now)


class World(NamedTuple):
    """What is known of one person as of an instant: his record, his events, and the instant."""

    record: Any
    events: Timeline
    now: datetime


class Judge:
    """Judges one person after another by one condition.

    Args:
        node: The condition.
        assumed: The zone of times without one; None to refuse them.
    """

    def __init__(self, node: nodes.Condition, assumed: tzinfo | None = None) -> None:
        self.node, self._assumed = node, assumed
        self._watcher = Watcher(assumed)
        self._look = self._watcher.look(node)
        self._looks: dict[int, tuple[Look, Look]] = {}
        self.kinds = sorted({inner.kind for inner in nodes.walk(node) if isinstance(inner, nodes.Events)})

    def look(self, record: Any, events: Timeline, now: datetime) -> tuple[bool, datetime]:
        """How it stands, and until when at the least; `courses.NEVER` if for ever.

        Raises:
            SegmentError: As `judge` does.
        """
        view = self._watcher.view
        view.record, view.timeline, view.now, view.steps = record, events, now, None
        try:
            return self._look(record)
        except SegmentError as error:
            raise self._in_full(error) from error.__cause__

    def judge(self, record: Any, events: Timeline, now: datetime) -> Judgement:
        """How it stands, why, and until when.

        Raises:
            SegmentError: As `judge` does.
        """
        self.look(record, events, now)
        self._watcher.view.steps = None
        return self._judgement(self.node, self._watcher.view.allowed())

    def turned(self, before: World, after: World, *, is_true: bool) -> nodes.Condition:
        """The innermost condition that is otherwise than it was before, and by which the whole is now `is_true`.

        Of parts joined by "and", all are true if the whole is, and a false one is enough; so it only takes to
        look for a part that was false before, or is now. With "or" it is the other way round.
        """
        node = self.node
        while parts := _parts(node):
            if isinstance(node, nodes.Not):
                node, is_true = node.part, not is_true
                continue
            decides = isinstance(node, nodes.Or)
            turned = self._first(parts, after if is_true is decides else before, decides)
            if turned is None:
                return node
            node = turned
        return node

    def _first(self, parts: Iterable[nodes.Condition], world: World, wanted: bool) -> nodes.Condition | None:
        """The first of the conditions that is so."""
        view = self._watcher.view
        view.record, view.timeline, view.now = world
        view.steps = 0
        for part in parts:
            try:
                if self._looks_at(part)[0](view.record)[0] is wanted:
                    return part
            except SegmentError:
                continue
        return None

    def forget(self) -> None:
        """Forget who was judged last."""
        self._watcher.view.record, self._watcher.view.timeline = None, {}

    def _looks_at(self, node: nodes.Condition) -> tuple[Look, Look]:
        """A look at a part of the condition, and one that looks ahead until it is otherwise."""
        if id(node) not in self._looks:  # the nodes live as long as the condition does
            look = self._watcher.look(node)
            self._looks[id(node)] = look, refined(self._watcher.view, look, _STEPS)
        return self._looks[id(node)]

    def _judgement(self, node: nodes.Condition, steps: int) -> Judgement:
        view, (_, look_ahead) = self._watcher.view, self._looks_at(node)
        now, view.steps = view.now, steps
        truth, until = look_ahead(view.record)
        world = World(view.record, view.timeline, until)
        is_exact = until >= NEVER or self._first([node], world, truth) is None
        view.now = now
        found = []
        parts = _parts(node)
        for part in parts:
            try:
                found.append(self._judgement(part, max(_LEAST, steps // len(parts))))
            except SegmentError:
                continue
        return Judgement(
            node=node,
            is_true=truth,
            until=None if until >= NEVER else until,
            is_exact=is_exact,
            parts=tuple(found),
            **self._told(node),
        )

    def _told(self, node: nodes.Condition) -> dict[str, Any]:
        watcher, record = self._watcher, self._watcher.view.record
        match node:
            case nodes.Comparison():
                return self._of_values(node.left, node.right)
            case nodes.OneOf() | nodes.TextTest() | nodes.IsNull():
                return self._of_values(node.value)
            case nodes.Anniversary():
                return self._of_values(node.of)
            case nodes.Count():
                return self._of_events(node.events)
            case nodes.Regular():
                span = Span(count=node.of, unit=node.unit)
                return self._of_events(evolve(node.events, window=nodes.Last(span=span)))
            case nodes.Sequence():
                found, _ = chains(watcher, node)(record)
                return self._of_events(node.first) | {"events": tuple(row[2] for row in found[-1]) if found else ()}
            case _:
                return {}

    def _of_values(self, *values: nodes.Value) -> dict[str, Any]:
        read = tuple(plain(self._watcher.reading(value)(self._watcher.view.record)[0]) for value in values)
        inner = [node for value in values for node in nodes.walk(value) if isinstance(node, nodes.Aggregate)]
        told = self._of_events(inner[0].events) if inner else {}
        for other in inner[1:]:
            told["events"] += self._of_events(other.events)["events"]
        return told | {"values": read}

    def _of_events(self, events: nodes.Events) -> dict[str, Any]:
        record = self._watcher.view.record
        found = spell(self._watcher, events)(record)
        if found.rows is None:
            return {"events": ()}
        rows, _ = matching(found.rows, self._watcher.where(events))
        return {"events": tuple(row[2] for row in rows), "start": found.start, "end": found.end}

    def _in_full(self, error: SegmentError) -> SegmentError:
        """The error as the interpreter tells it, which names the value and the place."""
        view = self._watcher.view
        rows: list[Row] = sorted((row for rows in view.timeline.values() for row in rows), key=lambda row: row[1])
        history = [row[2] for row in rows]
        maker = Maker(now=view.now, assumed=self._assumed, person=lambda: view.record, history=lambda: history)
        try:
            maker.test(self.node)(view.record)
        except SegmentError as told:
            return told
        return error


def _parts(node: nodes.Condition) -> tuple[nodes.Condition, ...]:
    if isinstance(node, nodes.And | nodes.Or):
        return node.parts
    return (node.part,) if isinstance(node, nodes.Not) else ()
