"""Which of several conditions are true of each person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from mailkit.errors import SegmentError
from mailkit.segment.compiled.plans import spread
from mailkit.segment.running.histories import EventSource
from mailkit.segment.running.runs import OnError, Run, records
from mailkit.segment.segments import Segment

__all__ = ["answers", "besides", "kept"]

P = TypeVar("P")


def answers(
    segments: Iterable[Segment],
    people: Iterable[P],
    *,
    events: EventSource | None,
    now: datetime | None,
    key: str,
    assume_zone: tzinfo | str | None,
    on_error: OnError | None,
) -> tuple[list[tuple[P, tuple[bool, ...]]], int]:
    """Each person with an answer for every segment, all as of one instant, in one pass; and how many had none."""
    everybody, conditions = list(records(people)), tuple(segment.node for segment in segments)
    unjudged: set[int] = set()
    run = Run(
        conditions,
        events=events,
        now=now,
        key=key,
        assume_zone=assume_zone,
        on_error=_noting(on_error, unjudged) if callable(on_error) else on_error,
    )
    found = spread(run, everybody)[:-1]
    judged = [person for person in everybody if id(person) not in unjudged] if unjudged else everybody
    columns = [_marks(judged, inside) for inside in found]
    return list(zip(judged, zip(*columns, strict=True), strict=True)), len(everybody) - len(judged)


def _noting(on_error: OnError, unjudged: set[int]) -> OnError:
    """The same, which notes of which records it was told, while they are alive."""

    def note(record: Any, error: SegmentError) -> None:
        unjudged.add(id(record))
        on_error(record, error)

    return note


def besides(unjudged: int) -> str:
    """How many could not be judged, to stand behind a number of people."""
    return f"; {unjudged:,} more could not be judged" if unjudged else ""


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
