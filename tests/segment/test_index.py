from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment import Index, Segment, days, memberships, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.compiled.index import _PLANS
from mailkit.segment.compiled.postings import Sets
from mailkit.testing.strategies import SegmentCase, segment_cases, segments

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bought(days_ago: int, person: str = "1", **more: Any) -> dict[str, Any]:
    return {"kind": "purchase", "at": NOW - timedelta(days=days_ago), "person": person, **more}


@given(segment_cases(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_an_index_answers_as_filter_does_also_after_events_were_added(case: SegmentCase, data: st.DataObject) -> None:
    later = data.draw(st.integers(0, len(case.events)))
    index = Index(case.people, events=case.events[:later])
    index.filter(case.segment, now=case.now)
    index.add(*case.events[later:])
    for segment in (case.segment, ~case.segment):
        found = segment.filter(case.people, events=case.events, now=case.now)
        assert index.filter(segment, now=case.now) == found
        assert index.count(segment, now=case.now) == len(found)


@given(segment_cases(), segments(), segments())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
def test_joined_in_every_way(case: SegmentCase, second: Segment, third: Segment) -> None:
    index = Index(case.people, events=case.events)
    named = {"one": case.segment, "two": (second | third), "three": (case.segment & ~second) | third}
    assert index.partition(named, now=case.now) == partition(named, case.people, events=case.events, now=case.now)
    together = memberships(named, case.people, events=case.events, now=case.now)
    for name, segment in named.items():
        assert together[name] == index.filter(segment, now=case.now)
    inside = [person for name in named for person in together[name]]
    assert together[None] == [person for person in case.people if person not in inside]


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)), st.integers(0, 3), st.integers(256, 300))
def test_sets_are_counted_joined_and_inverted(one: list[int], other: list[int], least: int, many: int) -> None:
    sets = Sets(5)
    few, much = sets.often(least, one), sets.often(least, other * many)
    expected_few = {number for number in range(5) if one.count(number) >= least}
    expected_much = {number for number in range(5) if other.count(number) * many >= least}
    assert sets.listed(few) == sorted(expected_few)
    assert sets.listed(sets.often(many, other * many)) == sorted(set(other))
    for left, expected_left in ((few, expected_few), (sets.inverted(few), set(range(5)) - expected_few)):
        for right, expected_right in ((much, expected_much), (sets.inverted(much), set(range(5)) - expected_much)):
            assert sets.listed(sets.both(left, right)) == sorted(expected_left & expected_right)


def test_events_come_as_they_do_to_filter_and_are_those_of_the_time_of_building() -> None:
    people = [{"id": 1}, {"id": 2}]
    once = ev.purchase.exactly(1)
    sources: list[Any] = [
        [bought(1)],
        {1: [bought(1)]},
        {"1": iter([bought(1)])},
        lambda record: [bought(1)] if record["id"] == 1 else [],
        [Event(kind="purchase", person="1", at=NOW)],
    ]
    for source in sources:
        assert Index(people, events=source).filter(once, now=NOW) == [{"id": 1}]
    theirs = {1: [bought(1)], 2: []}
    index = Index(people, events=theirs)
    theirs[2].append(bought(1))
    assert index.filter(once, now=NOW) == [{"id": 1}]
    assert len(index) == 2
    assert Index([], events=[]).filter(once) == []


def test_people_of_one_id_have_the_same_events() -> None:
    people = [{"id": 1, "n": 1}, {"id": "1", "n": 2}, {"id": 1, "n": 3}]
    index = Index(people, events=[bought(1)])
    index.add(bought(2), bought(3, "stranger"))
    for segment in (ev.purchase.exactly(2), (f.n > 0) & (ev.purchase.last("at") >= NOW - timedelta(days=1))):
        assert index.filter(segment, now=NOW) == people


def test_what_is_wrong_is_told_as_filter_tells_it() -> None:
    people: list[dict[str, Any]] = [{"id": 1, "age": 3}, {"id": 2, "age": "x"}]
    index = Index(people, events=[bought(1), bought(1, "2", value="x")])
    for segment in (
        (f.age > 2) & ev.purchase.did(),
        f.agee > 2,
        ev.purchase.where(f.value > 3).did(),
        (f.age > 2) | ev.purchase.none(),
    ):
        with pytest.raises(SegmentError) as plain:
            segment.filter(people, events=[bought(1), bought(1, "2", value="x")], now=NOW)
        with pytest.raises(SegmentError) as indexed:
            index.filter(segment, now=NOW)
        assert str(indexed.value) == str(plain.value)
    assert index.filter((f.age > 2) & ev.purchase.where(f.value.is_null()).did(), now=NOW) == people[:1]


def test_what_cannot_be_taken_in_is_refused() -> None:
    with pytest.raises(SegmentError, match="no 'kind'"):
        Index([{"id": 1}], events={1: [{"at": NOW}]})
    with pytest.raises(SegmentError, match="nothing in the field 'id'"):
        Index([{"name": "Anna"}], events=[])
    index = Index([{"id": 1}], events=[])
    with pytest.raises(SegmentError, match="has no 'person'"):
        index.add(bought(1), {"kind": "purchase", "at": NOW})
    assert index.count(ev.purchase.did(), now=NOW) == 0
    with pytest.raises(SegmentError, match="is not a segment"):
        index.filter(3)  # type: ignore[arg-type]


def test_not_and_one_aggregate_alone_are_asked_of_records() -> None:
    people = [{"id": 1, "age": 3}, {"id": 2, "age": 5}]
    index = Index(people, events=[bought(1)])
    assert index.filter(~(f.age > 3), now=NOW) == people[:1]
    assert index.filter(ev.purchase.did(), now=NOW) == people[:1]
    assert index.filter(~ev.purchase.did(), now=NOW) == people[1:]
    assert index.filter((f.age > 1) & (f.age > 3), now=NOW) == people[1:]
    assert index.filter((f.age > 3) | (ev.purchase.did() & (f.age > 9)), now=NOW) == people[1:]
    assert index.filter((f.age > 2) & (ev.purchase.did() | ev.purchase.none()), now=NOW) == people


def test_only_so_much_generated_code_is_kept() -> None:
    index = Index([{"id": 1, "n": 5}], events=[])
    for number in range(_PLANS + 2):
        assert index.count((f.n > number) & ev.purchase.none(), now=NOW) == (number < 5)
    assert len(index._plans) < _PLANS


def many() -> Iterator[dict[str, Any]]:
    for number in range(20_001):
        yield bought(number % 365, str(number % 100))


@pytest.mark.parametrize("has_numpy", [True, False])
def test_a_large_index_is_asked_as_a_small_one(has_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    people = [{"id": number} for number in range(100)]
    events = list(many())
    index = Index(people, events=events)
    for segment in (
        ev.purchase.at_least(30, last=days(90)) & ~ev.purchase.none(last=days(2)),
        ev.purchase.exactly(1, last=days(1)) | ev.purchase.where(f.at > NOW - timedelta(days=3)).did(),
        ev.visit.did(within=days(3), after=NOW) | ev.visit.none(within=days(3), after=NOW),
    ):
        assert index.filter(segment, now=NOW) == segment.filter(people, events=events, now=NOW)
