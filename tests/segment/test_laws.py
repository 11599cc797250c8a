"""Laws that hold of every segment, over trees of every kind of node."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, nodes, partition
from mailkit.segment.nodes import walk
from mailkit.testing.strategies import SegmentCase, segment_cases, segments

FEWER = settings(max_examples=settings.default.max_examples // 3)  # these trees are large, and take long to draw


def found(case: SegmentCase, segment: Segment | None = None, **more: Any) -> list[str]:
    who = {"people": case.people, "events": case.events, "now": case.now, **more}
    return [person["id"] for person in (case.segment if segment is None else segment).filter(who.pop("people"), **who)]


@FEWER
@given(segment_cases())
def test_everybody_is_in_a_segment_or_in_its_complement_and_in_one_only(case: SegmentCase) -> None:
    inside, outside = found(case), found(case, ~case.segment)
    assert sorted([*inside, *outside]) == [person["id"] for person in case.people]


@FEWER
@given(segment_cases(), segments())
def test_a_partition_puts_everybody_under_the_first_that_he_is_in(case: SegmentCase, other: Segment) -> None:
    divided = partition({"one": case.segment, "other": other}, case.people, events=case.events, now=case.now)
    one, both = found(case), found(case, case.segment | other)
    ids = {name: [person["id"] for person in people] for name, people in divided.items()}
    assert ids == {
        "one": one,
        "other": [who for who in both if who not in one],
        None: [person["id"] for person in case.people if person["id"] not in both],
    }


@FEWER
@given(segment_cases())
def test_counting_matching_and_filtering_agree(case: SegmentCase) -> None:
    inside = found(case)
    assert case.segment.count(case.people, events=case.events, now=case.now) == len(inside)
    for person in case.people:
        theirs = [event for event in case.events if event.person == person["id"]]
        assert case.segment.matches(person, events=theirs, now=case.now) is (person["id"] in inside)


@FEWER
@given(segment_cases())
def test_what_is_later_than_now_is_not_seen(case: SegmentCase) -> None:
    assert found(case) == found(case, events=[event for event in case.events if event.at <= case.now])


@FEWER
@given(segment_cases(), st.randoms(use_true_random=False))
def test_late_events_change_nothing_where_no_two_are_at_one_instant(case: SegmentCase, chance: random.Random) -> None:
    assume(len({event.at for event in case.events}) == len(case.events))
    assert found(case) == found(case, events=chance.sample(case.events, len(case.events)))


@FEWER
@given(segment_cases())
def test_of_the_order_given_only_that_of_events_at_one_instant_matters(case: SegmentCase) -> None:
    assert found(case) == found(case, events=sorted(case.events, key=lambda event: event.at))


@FEWER
@given(segment_cases(), st.sampled_from([timezone(timedelta(hours=14)), ZoneInfo("America/St_Johns")]))
def test_in_which_zone_an_instant_is_written_does_not_matter(case: SegmentCase, zone: Any) -> None:
    def elsewhere(value: Any) -> Any:
        return value.astimezone(zone) if isinstance(value, datetime) else value

    people = [{name: elsewhere(value) for name, value in person.items()} for person in case.people]
    events = [attrs.evolve(event, at=elsewhere(event.at)) for event in case.events]
    assert found(case) == found(case, people=people, events=events, now=elsewhere(case.now))


@FEWER
@given(segment_cases())
def test_in_which_form_events_are_given_does_not_matter(case: SegmentCase) -> None:
    theirs = {person["id"]: [event for event in case.events if event.person == person["id"]] for person in case.people}
    flat = [
        {
            "kind": event.kind,
            "at": event.at,
            "person": event.person,
            "value": event.value,
            "campaign": event.campaign,
            **event.properties,
        }
        for event in case.events
    ]
    forms = (iter(case.events), theirs, lambda person: iter(theirs[person["id"]]), flat)
    assert all(found(case) == found(case, events=form) for form in forms)


def leaves(node: nodes.Node) -> Iterator[nodes.Node]:
    """What is asked of the person, and not of his events."""
    match node:
        case nodes.And() | nodes.Or():
            for part in node.parts:
                yield from leaves(part)
        case nodes.Not():
            yield from leaves(node.part)
        case _:
            yield node


@FEWER
@given(segment_cases())
def test_what_asks_about_a_null_value_is_false(case: SegmentCase) -> None:
    nothing = dict.fromkeys(case.people[0]) | {"id": "1"}
    for node in leaves(case.segment.node):
        asked = {
            nodes.Comparison: lambda node: (node.left, node.right),
            nodes.OneOf: lambda node: (node.value,),
            nodes.TextTest: lambda node: (node.value,),
            nodes.Anniversary: lambda node: (node.of, node.zone),
        }.get(type(node), lambda node: ())(node)
        if any(isinstance(value, nodes.Field) and value.path != ("id",) for value in asked):
            assert not Segment(node).matches(nothing, events=[], now=case.now)


@FEWER
@given(segment_cases())
def test_did_and_none_are_opposites_but_where_a_window_is_waited_for(case: SegmentCase) -> None:
    for node in walk(case.segment.node):
        if isinstance(node, nodes.Count):
            did = Segment(nodes.Count(events=node.events, least=1))
            none = Segment(nodes.Count(events=node.events, most=0))
            inside, outside = found(case, did), found(case, none)
            assert not set(inside) & set(outside)
            if isinstance(node.events.window, nodes.Ever | nodes.Last):
                assert sorted([*inside, *outside]) == [person["id"] for person in case.people]


@FEWER
@given(segment_cases(), st.integers(0, 3))
def test_an_upper_and_a_lower_limit_meet(case: SegmentCase, limit: int) -> None:
    for node in walk(case.segment.node):
        if isinstance(node, nodes.Events) and isinstance(node.window, nodes.Ever | nodes.Last):
            below = Segment(nodes.Count(events=node, most=limit))
            above = Segment(nodes.Count(events=node, least=limit + 1))
            assert found(case, below) == found(case, ~above)
