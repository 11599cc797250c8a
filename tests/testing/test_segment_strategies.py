"""What the strategies for segments promise: all nodes are met, none is an error, and what is left out is out."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, nodes
from mailkit.segment.nodes import Function, Part, TextMatch
from mailkit.testing.strategies import SegmentCase, segment_cases, segments

QUICK = settings(max_examples=3000, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
CONDITIONS = set(get_args(nodes.Condition)) - {nodes.Member}
OTHERS = {*get_args(nodes.Value), *get_args(nodes.Window), nodes.Step}


def has(segment: Segment, wanted: object) -> bool:
    for node in nodes.walk(segment.node):
        words = (getattr(node, name, None) for name in ("function", "part", "match"))
        if node.__class__ is wanted or any(word is wanted for word in words):
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [*CONDITIONS, *OTHERS, *Function, *Part, *TextMatch], ids=str)
def test_everything_is_met(wanted: object) -> None:
    assert has(find(segments(), lambda segment: has(segment, wanted), settings=QUICK), wanted)


@given(segment_cases())
def test_no_case_is_an_error_and_people_are_known_by_their_ids(case: SegmentCase) -> None:
    found = case.segment.filter(case.people, events=case.events, now=case.now)
    assert {person["id"] for person in found} <= {person["id"] for person in case.people}
    assert len({person["id"] for person in case.people}) == len(case.people)


LEFT_OUT = [
    nodes.Begin,
    nodes.PartOf,
    nodes.Aggregate,
    nodes.Between,
    nodes.Shift,
    Function.AVG,
    Function.DISTINCT,
    Part.DATE,
    Part.CLOCK,
    TextMatch.MATCHES,
    nodes.Folded,
]


@given(st.lists(st.sampled_from(LEFT_OUT), min_size=1, max_size=3), st.data())
@settings(max_examples=20)
def test_what_is_left_out_is_not_met(without: list, data: st.DataObject) -> None:
    segment = data.draw(segments(without=[*without, "own zones"]))
    assert not any(has(segment, left_out) for left_out in without)
    assert not any(isinstance(getattr(node, "zone", None), nodes.Field) for node in nodes.walk(segment.node))


@given(segments(without=[*TextMatch, *Function, *Part, nodes.Begin, nodes.Shift, nodes.Folded]))
@settings(max_examples=20)
def test_much_may_be_left_out(segment: Segment) -> None:
    assert not any(has(segment, word) for word in [*TextMatch, *Function, *Part])
