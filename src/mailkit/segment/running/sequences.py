"""Events one after another, and events again and again: `Sequence` and `Regular` over a person's history.

How to think about it. A sequence is followed over all events at once, in their order: after each
step it is known of every event whether a chain of the steps so far can end with it. So no chain
is missed, and the work grows with the events, not with the number of chains among them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from mailkit.segment import nodes
from mailkit.segment.running.subjects import Test, of_event
from mailkit.segment.running.windows import bounds
from mailkit.segment.spans import Span

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["regular", "sequence"]

Is: TypeAlias = Callable[[Any], bool]
"""Whether an event is one of those asked for, whenever it happened."""
_WHEN = attrgetter("at")


@attrs.frozen
class _Link:
    """A step, ready to be followed."""

    is_it: Is
    within: Span | None
    follow: Callable[[_Link, Maker, Sequence[Any], list[bool]], list[bool]]


def sequence(maker: Maker, node: nodes.Sequence) -> Test:
    """The function that says whether there are such events one after another."""
    limits, is_first, history = bounds(maker, node.first.window, waits=False), _is(maker, node.first), maker.history
    links = [
        _Link(_is(maker, step.events), step.within, _absent if step.is_absent else _present) for step in node.steps
    ]

    def is_in_sequence(record: Any) -> bool:
        window = limits(record)
        if window is None:
            return False
        start, end = window
        events = sorted((event for event in history() if event.at < maker.end), key=_WHEN)
        reached = [start <= event.at < end and is_first(event) for event in events]
        for link in links:
            if True not in reached:
                return False
            reached = link.follow(link, maker, events, reached)
        return True in reached

    return is_in_sequence


def _present(link: _Link, maker: Maker, events: Sequence[Any], reached: list[bool]) -> list[bool]:
    """Which events come in time after one of those reached."""
    after = [False] * len(events)
    latest: datetime | None = None  # before which the next may come; the last event's is not always the latest:
    for place, event in enumerate(events):  # 30 January 23:00 and a month is later than 31 January 01:00 and a month
        if latest is not None and event.at < latest:
            after[place] = link.is_it(event)
        if reached[place]:
            end = maker.end if link.within is None else link.within.after(event.at)
            latest = end if latest is None else max(latest, end)
    return after


def _absent(link: _Link, maker: Maker, events: Sequence[Any], reached: list[bool]) -> list[bool]:
    """Which of those reached are followed by no such event, as is known by now."""
    without = [False] * len(events)
    following: datetime | None = None
    for place in reversed(range(len(events))):
        at = events[place].at
        if reached[place] and link.within is None:
            without[place] = following is None
        elif reached[place] and link.within is not None:
            end = link.within.after(at)
            without[place] = end <= maker.now and (following is None or following >= end)
        if link.is_it(events[place]):
            following = at
    return without


def regular(maker: Maker, node: nodes.Regular) -> Test:
    """The function that says whether something happened in so many of the last periods."""
    least, history, is_it = node.least, maker.history, _is(maker, node.events)
    starts = [Span(count=number, unit=node.unit).before(maker.now) for number in range(node.of, 0, -1)]

    def is_regular(record: Any) -> bool:
        found: set[int] = set()
        for event in history():
            if event.at < maker.end:
                period = bisect_left(starts, event.at)  # so many begin before it; it is in the last of them
                if period and period not in found and is_it(event):
                    found.add(period)
                    if len(found) >= least:
                        return True
        return False

    return is_regular


def _is(maker: Maker, events: nodes.Events) -> Is:
    kind = events.kind
    if events.where is None:
        return lambda event: bool(event.kind == kind)
    where = maker.test(events.where, of_event)
    return lambda event: event.kind == kind and where(event)
