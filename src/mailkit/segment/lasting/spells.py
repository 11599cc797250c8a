"""Which events are in a window, and until when they are the same: counting, and drawing values from them.

How to think about it. Between two things that happen, events come into a window and leave it
only in the order of their times. So of all of a person's events, three or four tell when that
happens next: those that stand just within and just outside of the window's ends, and the first
that is known of and still ahead of now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias, assert_never

import attrs

from mailkit.segment import nodes
from mailkit.segment.lasting.courses import NEVER, Course, Drift
from mailkit.segment.lasting.timelines import Row, first_after, first_from
from mailkit.segment.lasting.watching import Look, Reading, View, Watcher, refined
from mailkit.segment.running.aggregates import draw
from mailkit.segment.running.subjects import of_event
from mailkit.segment.spans import EARLIEST, INSTANT, LATEST, moved

__all__ = ["Spell", "SpellOf", "aggregate", "count", "matching", "spell"]


@attrs.frozen
class Spell:
    """A person's events in a window.

    Attributes:
        rows: Those of the kind, whatever else is asked of them; None if the window is unknown or not yet closed.
        until: The first instant at which they may be others; never later than it is.
        start: From when the window is.
        end: Until before when.
    """

    rows: list[Row] | None
    until: datetime
    start: datetime = EARLIEST
    end: datetime = NEVER


SpellOf: TypeAlias = Callable[[Any], Spell]
_Bound: TypeAlias = Callable[[Any], tuple[datetime | None, datetime, Course | None]]
"""Where a bound is, until when it is there if it does not move evenly, and its course if it does."""


def spell(watcher: Watcher, events: nodes.Events, *, waits: bool = False) -> SpellOf:
    """The function that gives the events of the kind that are in the window."""
    match events.window:
        case nodes.Ever():
            return _ever(watcher.view, events.kind)
        case nodes.Last(span=span):
            return _last(watcher.view, events.kind, Drift(((span, False),)))
        case nodes.Between() as window:
            open_start: _Bound = lambda item: (EARLIEST, NEVER, None)  # noqa: E731
            open_end: _Bound = lambda item: (NEVER, NEVER, None)  # noqa: E731
            start = open_start if window.start is None else _bound(watcher, window.start)
            end = open_end if window.end is None else _bound(watcher, window.end)
            return _between(watcher.view, events.kind, start, end, is_lasting=_is_lasting(window))
        case nodes.After() as window:
            closing = nodes.Shift(base=window.anchor, span=window.span, is_forward=True)
            start, end = _bound(watcher, window.anchor), _bound(watcher, closing)
            found = _between(watcher.view, events.kind, start, end, is_lasting=_is_lasting(window) and not waits)
            return _waiting(watcher.view, found, end) if waits else found
        case _ as never:
            assert_never(never)


def _ever(view: View, kind: str) -> SpellOf:
    def ever(item: Any) -> Spell:
        rows = view.timeline.get(kind, [])
        now = first_after(rows, view.now)
        return Spell(rows[:now], _next(rows, now), end=moved(view.now, INSTANT))

    return ever


def _next(rows: list[Row], place: int) -> datetime:
    return rows[place][0] if place < len(rows) else NEVER


def _last(view: View, kind: str, start: Drift) -> SpellOf:
    def last(item: Any) -> Spell:
        rows, since = view.timeline.get(kind, []), start.at(view.now)
        now, first = first_after(rows, view.now), first_after(rows, since)
        until = _next(rows, now)
        for at, _, _ in rows[max(first - 1, 0) : min(first + 1, now)]:
            until = min(until, start.change(at, view.now)) if at != since else min(until, _again(start, at, view.now))
        return Spell(rows[first:now], until, moved(since, INSTANT), moved(view.now, INSTANT))

    return last


def _again(start: Drift, at: datetime, now: datetime) -> datetime:
    """When one that has just left the window may be in it again, since months are uneven."""
    return NEVER if start.is_even else start.turn(now)


def _bound(watcher: Watcher, node: nodes.Value) -> _Bound:
    course = watcher.course(node)
    if course is not None:
        view, known = watcher.view, course

        def moving(item: Any) -> tuple[datetime | None, datetime, Course | None]:
            found = known()
            return (None, NEVER, None) if found is None else (found.at(view.now), NEVER, found)

        return moving
    reading, maker = watcher.reading(node), watcher.maker

    def steady(item: Any) -> tuple[datetime | None, datetime, Course | None]:
        value, until = reading(item)
        return maker.time(value, node), until, None

    return steady


def _is_lasting(window: nodes.Window) -> bool:
    """Whether it stays known of a window where it is, or that this is unknown, until more happens."""
    return not any(isinstance(node, nodes.Aggregate) for node in nodes.walk(window))


def _between(view: View, kind: str, start_of: _Bound, end_of: _Bound, *, is_lasting: bool) -> SpellOf:
    def between(item: Any) -> Spell:
        start, until, start_course = start_of(item)
        end, until_too, end_course = end_of(item)
        until = min(until, until_too)
        if start is None or end is None:
            return Spell(None, NEVER if is_lasting else until)
        rows = view.timeline.get(kind, [])
        if not rows:
            return Spell([], NEVER if is_lasting else until, start, end)
        now, first, last = first_after(rows, view.now), first_from(rows, start), first_from(rows, end)
        until = min(until, _next(rows, now))
        for course, place in ((start_course, first), (end_course, last)):
            if course is not None:
                for at, _, _ in rows[max(place - 1, 0) : place + 1]:
                    until = min(until, course.change(at, view.now))
        return Spell(rows[first : min(last, now)], until, start, end)

    return between


def _waiting(view: View, found: SpellOf, end_of: _Bound) -> SpellOf:
    def waiting(item: Any) -> Spell:
        spell = found(item)
        if spell.rows is None or spell.end <= view.now:
            return spell
        _, until, course = end_of(item)
        until = min(until, spell.end if course is None else course.turn(view.now))
        return Spell(None, until, spell.start, spell.end)

    return waiting


def matching(rows: list[Row], where: Look | None) -> tuple[list[Row], datetime]:
    """Those of the events of which it is true, and until when that surely stays so."""
    if where is None:
        return rows, NEVER
    kept, until = [], NEVER
    for row in rows:
        truth, until_then = where(row[2])
        until = min(until, until_then)
        if truth:
            kept.append(row)
    return kept, until


def count(watcher: Watcher, node: nodes.Count) -> Look:
    """The look that says whether so many events happened."""
    window = node.events.window
    if isinstance(window, nodes.Last) and Drift(((window.span, False),)).is_even:
        end = window.span.after(EARLIEST)
        if end < LATEST:
            return _count_last(watcher, node, end - EARLIEST)
    found, where = spell(watcher, node.events, waits=node.most is not None), watcher.where(node.events)
    least, most = node.least, node.most

    def has_so_many(item: Any) -> tuple[bool, datetime]:
        spell = found(item)
        if spell.rows is None:
            return False, spell.until
        rows, until = matching(spell.rows, where)
        return least <= len(rows) and (most is None or len(rows) <= most), min(until, spell.until)

    return refined(watcher.view, has_so_many)


def _count_last(watcher: Watcher, node: nodes.Count, length: timedelta) -> Look:
    """The same for the last so many days, where it is told at once which event's leaving matters."""
    view, where, kind = watcher.view, watcher.where(node.events), node.events.kind
    least, most = node.least, node.most

    def has_so_many(item: Any) -> tuple[bool, datetime]:
        rows = view.timeline.get(kind)
        if not rows:
            return least == 0, NEVER
        now = first_after(rows, view.now)
        ahead, until = rows[now][0] if now < len(rows) else NEVER, NEVER
        rows = rows[first_after(rows, moved(view.now, -length)) : now]
        if where is not None:
            rows, until = matching(rows, where)
        number = len(rows)
        if number < least:
            return False, min(ahead, until)
        if most is not None and number > most:
            return False, min(until, moved(rows[number - most - 1][0], length))
        return True, min(ahead, until, moved(rows[number - least][0], length) if least else NEVER)

    return refined(view, has_so_many) if where is not None else has_so_many


def aggregate(watcher: Watcher, node: nodes.Aggregate) -> Reading:
    """The reading of one value drawn from a property of the events; null if the window is unknown."""
    found, where = spell(watcher, node.events), watcher.where(node.events)
    get, assumed = of_event(node.of), watcher.assumed

    def drawn(item: Any) -> tuple[Any, datetime]:
        spell = found(item)
        if spell.rows is None:
            return None, spell.until
        rows, until = matching(spell.rows, where)
        return draw(node.function, ((at, get(event)) for at, _, event in rows), assumed), min(until, spell.until)

    return drawn
