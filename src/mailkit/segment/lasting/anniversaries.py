"""Whether an anniversary is today or near, and until when that is the same."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime
from typing import Any

from mailkit.segment import nodes
from mailkit.segment.lasting.clocks import date_change
from mailkit.segment.lasting.courses import NEVER, drift_of
from mailkit.segment.lasting.watching import STEPS_OF_CLOCKS, Look, Watcher, refined
from mailkit.segment.running.calendars import begin, day_of, in_year, is_anniversary, wall
from mailkit.segment.running.subjects import Fetch
from mailkit.segment.spans import Unit, moved
from mailkit.segment.values import is_null, plain

__all__ = ["anniversary"]


def anniversary(watcher: Watcher, node: nodes.Anniversary, fetch: Fetch) -> Look:
    """The look that says whether an anniversary is today or near."""
    view, where, drift, assumed = watcher.view, watcher.maker.zone(node.zone, node), drift_of(node.of), watcher.assumed
    reading = watcher.reading(node.of, fetch)

    def is_near(item: Any) -> tuple[bool, datetime]:
        value, until = reading(item)
        value, place = plain(value), where()
        if place is None or is_null(value):
            return False, until if drift is None else NEVER
        born, today = day_of(value, place, assumed), wall(view.now, place).date()
        truth = is_anniversary(born, today, last=node.last, next=node.next)
        tomorrow = date_change(view.now, place)
        if drift is not None:
            ahead = date_change(value, place) - value
            return truth, min(tomorrow, drift.turn(view.now), moved(view.now, ahead))
        if wall(tomorrow, place).date() < today:  # clocks are put back to the day before
            return truth, min(until, tomorrow)
        days = _days_alike(born, today, node)
        return truth, min(until, begin(Unit.DAY, days, now=view.now, place=place))

    return refined(view, is_near, STEPS_OF_CLOCKS)


def _days_alike(born: date, today: date, node: nodes.Anniversary) -> int:
    """For how many days, today among them, the answer is surely the same."""
    next_one = max(today.year, born.year + 1)
    ahead = [366]
    for year in range(max(next_one - 1, born.year + 1), min(next_one + 2, MAXYEAR + 1)):
        away = (in_year(born, year) - today).days
        ahead += [days for days in (away - node.next, away + node.last + 1) if days > 0]
    return min(ahead)
