"""A person's events by kind and in order, as it takes to say until when an answer holds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

__all__ = ["Row", "Timeline", "first_after", "first_from", "timeline"]

Row: TypeAlias = tuple[datetime, int, Any]
"""When it happened, its place among all events given, and the event."""
Timeline: TypeAlias = dict[str, list[Row]]
"""For each kind of event, a person's in order: by time, and at one instant as they were given."""

_BEHIND_ALL: Final = float("inf")


def timeline(events: Iterable[Any]) -> Timeline:
    """The events, given in any order, by kind and in order.

    >>> from datetime import UTC, datetime
    >>> from mailkit import Event
    >>> made = timeline(Event(kind="opened", person="1", at=datetime(2026, 3, day, tzinfo=UTC)) for day in (2, 1))
    >>> [at.day for at, place, event in made["opened"]]
    [1, 2]
    """
    made: Timeline = {}
    for place, event in enumerate(events):
        made.setdefault(event.kind, []).append((event.at, place, event))
    for rows in made.values():
        rows.sort(key=_order)
    return made


def _order(row: Row) -> tuple[datetime, int]:
    return row[0], row[1]


def first_after(rows: list[Row], at: datetime) -> int:
    """The place of the first that happened after the instant."""
    if not rows or rows[-1][0] <= at:  # most often all of them are past
        return len(rows)
    return bisect_right(rows, (at, _BEHIND_ALL))


def first_from(rows: list[Row], at: datetime) -> int:
    """The place of the first that happened at the instant or after it."""
    return bisect_left(rows, (at,))
