"""Generated code answers as the closures do, and fails as they do."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Event, Kind
from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, nodes
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.places import Shape
from mailkit.segment.plans import _shape, bound
from mailkit.segment.programs import filtering, spreading
from mailkit.segment.runs import Run
from mailkit.testing.strategies import SegmentCase, segment_cases

DAY = timedelta(days=1)


def as_dict(event: Event) -> dict[str, Any]:
    return {"kind": event.kind, "at": event.at, "value": event.value, **event.properties, "campaign": event.campaign}


def as_nested(event: Event) -> dict[str, Any]:
    return {"kind": event.kind, "at": event.at, "value": event.value, "properties": dict(event.properties)}


def by_person(events: list[Event], make: Callable[[Event], Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in events:
        found.setdefault(event.person, []).append(make(event))
    return found


def by_closures(run: Run, people: list[Any]) -> list[Any]:
    return [(id(person), run.which(person)) for person in people]


def outcome(work: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "answer", work()
    except SegmentError as error:
        return "error", str(error)


def generated(run: Run, shape: Shape, people: list[Any]) -> tuple[list[Any], int]:
    """Who is kept, and how many were left to the closures."""
    program = filtering(run.conditions[0], shape)
    assert program is not None
    kept: list[Any] = []
    function = bound(program, run, people[0], SLOW=lambda person: run.which(person) == 0, ADD=kept.append)
    odd = len(people) if function is None else function(people)
    return [id(person) for person in kept], odd


def agree(segment: Segment, people: list[Any], events: Any, now: datetime, **more: Any) -> int:
    """Hold the generated code against the closures, and give how many people were left to these."""

    def run() -> Run:
        made = Run((segment.node,), events=events, now=now, key="id", assume_zone=more.get("assume_zone"))
        made.is_checked = True
        return made

    expected = outcome(lambda: [person for person, place in by_closures(run(), people) if place == 0])
    made = run()
    for person in people:
        outcome(lambda person=person: made.find.given(person))
    odd = 0

    def answer() -> list[Any]:
        nonlocal odd
        kept, odd = generated(made, _shape(made, people[0]), people)
        return kept

    found = outcome(answer)
    assert found == expected, f"{segment}"
    return odd


@given(
    segment_cases(), st.sampled_from(["dict", "object"]), st.sampled_from(["event", "flat", "nested"]), st.booleans()
)
@settings(max_examples=150)
def test_generated_code_answers_as_the_closures_do(case: SegmentCase, record: str, form: str, is_apart: bool) -> None:
    make = {"event": lambda event: event, "flat": as_dict, "nested": as_nested}[form]
    people = case.people if record == "dict" else [SimpleNamespace(**person) for person in case.people]
    if is_apart:
        events: Any = by_person(case.events, make)
    else:
        events = [event if form == "event" else {**make(event), "person": event.person} for event in case.events]
    agree(case.segment, people, events, case.now)
