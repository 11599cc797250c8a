"""Which of several conditions are true of each person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from mailkit.segment.compiled.plans import spread
from mailkit.segment.running.histories import EventSource
from mailkit.segment.running.runs import Run, records
from mailkit.segment.segments import Segment

__all__ = ["answers", "kept"]

P = TypeVar("P")


def answers(
    segments: Iterable[Segment],
    people: Iterable[P],
    *,
    events: EventSource | None,
    now: datetime | None,
    key: str,
    assume_zone: tzinfo | str | None,
) -> list[tuple[P, tuple[bool, ...]]]:
    """Each person with an answer for every segment, all as of one instant, in one pass."""
    everybody = list(records(people))
    conditions = tuple(segment.node for segment in segments)
    run = Run(conditions, events=events, now=now, key=key, assume_zone=assume_zone)
    columns = [_marks(everybody, inside) for inside in spread(run, everybody)[:-1]]
    return list(zip(everybody, zip(*columns, strict=True), strict=True))


def kept(events: Any) -> Any:
    """The events so that they can be gone through several times."""
    if isinstance(events, Mapping):
        return {who: _lasting(theirs) for who, theirs in events.items()}
    return events if callable(events) else _lasting(events)


def _lasting(events: Any) -> Any:
    return list(events) if isinstance(events, Iterable) and not isinstance(events, Sized) else events


def _marks(everybody: list[P], inside: list[P]) -> list[bool]:
    """Whether each is among those inside, who stand in the same order."""
    nobody = object()
    left = iter(inside)
    awaited: object = next(left, nobody)
    marks = []
    for person in everybody:
        marks.append(person is awaited)
        if marks[-1]:
            awaited = next(left, nobody)
    return marks
