"""Events one after another, and events again and again: how it is, and until when it stays so.

The rules are those of `sequences`. What makes an answer change as time passes: an event that is
known of comes into view, the first step leaves its window, the time for what must not come is
over, or an event moves from one period to the one before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from mailkit.segment import nodes
from mailkit.segment.lasting.courses import NEVER, Drift
from mailkit.segment.lasting.spells import matching, spell
from mailkit.segment.lasting.timelines import Row, first_after
from mailkit.segment.lasting.watching import Look, Watcher, refined
from mailkit.segment.spans import Span

__all__ = ["chains", "regular", "sequence"]

Chain: TypeAlias = tuple[Row, ...]
"""Events that came one after another; it stands for all that end with its last."""
_Found: TypeAlias = tuple[list[Chain], datetime]


def sequence(watcher: Watcher, node: nodes.Sequence) -> Look:
    """The look that says whether there are such events one after another."""
    follow = chains(watcher, node)

    def is_in_sequence(item: Any) -> tuple[bool, datetime]:
        found, until = follow(item)
        return bool(found), until

    return refined(watcher.view, is_in_sequence)


def chains(watcher: Watcher, node: nodes.Sequence) -> Callable[[Any], _Found]:
    """The function that gives one chain for each event that may be the last of one, and until when they stay."""
    view, first, is_first = watcher.view, spell(watcher, node.first), watcher.where(node.first)
    steps = [(step, watcher.where(step.events)) for step in node.steps]

    def follow(item: Any) -> _Found:
        found = first(item)
        if found.rows is None:
            return [], found.until
        rows, until = matching(found.rows, is_first)
        reached: list[Chain] = [(row,) for row in rows]
        until = min(until, found.until)
        for step, where in steps:
            if not reached:
                break
            theirs = view.timeline.get(step.events.kind, [])
            seen = first_after(theirs, view.now)
            coming, until_then = matching(theirs[:seen], where)
            until = min(until, until_then, theirs[seen][0] if seen < len(theirs) else NEVER)
            if step.is_absent:
                reached, closing = _without(reached, coming, step.within, view.now)
                until = min(until, closing)
            else:
                reached = _with(reached, coming, step.within)
        return reached, until

    return follow


def _with(reached: list[Chain], coming: list[Row], within: Span | None) -> list[Chain]:
    """The chains that go on with an event that comes in time."""
    longer: list[Chain] = []
    best: Chain | None = None  # after which the next may come latest, which with months need not be the last one
    end, place = NEVER, 0
    for row in coming:
        while place < len(reached) and reached[place][-1][:2] < row[:2]:
            until = NEVER if within is None else within.after(reached[place][-1][0])
            if best is None or until >= end:
                best, end = reached[place], until
            place += 1
        if best is not None and (within is None or row[0] < end):
            longer.append((*best, row))
    return longer


def _without(reached: list[Chain], coming: list[Row], within: Span | None, now: datetime) -> _Found:
    """The chains of which it is known that no such event followed, and when that is next known of another."""
    kept, closing = [], NEVER
    for chain in reached:
        at = chain[-1][0]
        place = bisect_right(coming, chain[-1][:2], key=lambda row: row[:2])
        end = NEVER if within is None else within.after(at)
        if place < len(coming) and (within is None or coming[place][0] < end):
            continue
        if within is None or end <= now:
            kept.append(chain)
        else:
            closing = min(closing, end)
    return kept, closing


def regular(watcher: Watcher, node: nodes.Regular) -> Look:
    """The look that says whether something happened in so many of the last periods."""
    view, where, least, kind = watcher.view, watcher.where(node.events), node.least, node.events.kind
    starts = [Drift(((Span(count=number, unit=node.unit), False),)) for number in range(1, node.of + 1)]
    is_even = starts[0].is_even

    def is_regular(item: Any) -> tuple[bool, datetime]:
        rows, places = view.timeline.get(kind, []), [start.at(view.now) for start in starts]
        now, first = first_after(rows, view.now), first_after(rows, places[-1])
        until = rows[now][0] if now < len(rows) else NEVER
        kept, until_then = matching(rows[first:now], where)
        until, periods = min(until, until_then), set()
        for at, _, _ in kept:
            period = _period(places, at)
            periods.add(period)
            until = min(until, starts[period].change(at, view.now))
        if not is_even and rows:  # what has left a period may be in it again at the next midnight
            until = min([until, *(start.turn(view.now) for start in starts)])
        return len(periods) >= least, until

    return refined(view, is_regular)


def _period(places: list[datetime], at: datetime) -> int:
    """The number of the period, from 0, which is the last one; each begins after its place."""
    low, high = 0, len(places) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if places[middle] < at else (middle + 1, high)
    return low
