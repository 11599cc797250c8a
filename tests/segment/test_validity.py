"""Until an answer's end nothing changes, and it is otherwise at its end: laws over random segments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, nodes
from mailkit.segment.lasting.validity import Judgement, judge
from mailkit.segment.spans import INSTANT, LATEST
from mailkit.testing.segments import SegmentCase, segment_cases

FAR, NEAR = timedelta(days=800), timedelta(days=90)


def is_in(case: SegmentCase, person: dict[str, Any], at: datetime) -> bool:
    return case.segment.matches(person, events=case.events, now=at)


def interesting(case: SegmentCase, person: dict[str, Any]) -> set[datetime]:
    """Instants at which something might change, and those around them."""
    known = [event.at for event in case.events] + [case.now]
    known += [value for value in person.values() if isinstance(value, datetime)]
    spans = [timedelta(days=days) for days in (0, 1, 2, 7, 14, 28, 29, 30, 31, 59, 60, 61, 62, 90, 365)]
    found = {at + sign * span for at in known for span in spans for sign in (1, -1)}
    hours = [case.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour) for hour in range(30)]
    months = [datetime(year, month, 1, tzinfo=case.now.tzinfo) for year in (2024, 2026) for month in range(1, 13)]
    return {at + sign * INSTANT for at in {*found, *hours, *months} for sign in (-1, 0, 1)}


def judged(case: SegmentCase, person: dict[str, Any], at: datetime) -> Judgement:
    theirs = [event for event in case.events if event.person == person["id"]]
    return judge(case.segment.node, person, theirs, now=at)


def may_be_early(node: nodes.Node) -> bool:
    """Whether what clocks show is asked of now, which may change for long without changing the answer."""
    return any(isinstance(inner, nodes.PartOf) and any(map(is_now, nodes.walk(inner.of))) for inner in nodes.walk(node))


def is_now(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Now)


AHEAD = st.lists(st.timedeltas(timedelta(0), FAR), max_size=20)


@settings(max_examples=15)
@given(segment_cases(), AHEAD)
def test_until_then_nothing_changes_and_then_it_is_otherwise(case: SegmentCase, ahead: list[timedelta]) -> None:
    nothing_changes_until_then(case, ahead)


@pytest.mark.slow
@settings(max_examples=400)
@given(segment_cases(), AHEAD)
def test_so_it_is_with_many(case: SegmentCase, ahead: list[timedelta]) -> None:
    nothing_changes_until_then(case, ahead)


def nothing_changes_until_then(case: SegmentCase, ahead: list[timedelta]) -> None:
    for person in case.people:
        found = judged(case, person, case.now)
        assert found.is_true is is_in(case, person, case.now)
        until = found.until or LATEST
        tried = {case.now + some for some in ahead} | interesting(case, person) | {until - INSTANT}
        for at in tried:
            if case.now < at < until:
                assert is_in(case, person, at) is found.is_true, at
        if found.until is not None and found.until < case.now + NEAR and not may_be_early(case.segment.node):
            assert is_in(case, person, until) is not found.is_true, until


@settings(max_examples=10)
@given(segment_cases())
def test_parts_stand_as_the_segments_that_they_are(case: SegmentCase) -> None:
    def check(found: Judgement, person: dict[str, Any]) -> None:
        assert found.is_true is Segment(found.node).matches(person, events=case.events, now=case.now)
        for part in found.parts:
            check(part, person)

    for person in case.people:
        check(judged(case, person, case.now), person)
