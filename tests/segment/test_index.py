from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
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


@given(st.lists(st.booleans(), min_size=5, max_size=5), st.lists(st.integers(0, 4)), st.booleans(), st.booleans())
def test_masks_are_joined_with_sets_and_with_each_other(
    mask: list[bool], numbers: list[int], is_inverted: bool, is_other_inverted: bool
) -> None:
    sets = Sets(5)
    one, other = sets.masked(bytes(mask)), sets.often(1, numbers)
    inside, among = {number for number in range(5) if mask[number]}, set(numbers)
    if is_inverted:
        one, inside = sets.inverted(one), set(range(5)) - inside
    if is_other_inverted:
        other, among = sets.inverted(other), set(range(5)) - among
    reverse = sets.masked(bytes(not is_in for is_in in mask))
    assert sets.listed(one) == sorted(inside)
    assert sets.listed(sets.both(one, other)) == sets.listed(sets.both(other, one)) == sorted(inside & among)
    assert sets.listed(sets.all_of([other, one, one])) == sorted(inside & among)
    assert sets.listed(sets.both(one, reverse)) == ([] if not is_inverted else sorted(inside))


VALUES = st.sampled_from([None, 0, 1, 1.0, True, 2.5, float("nan"), "1", "Ufa", date(2026, 3, 1), NOW, Decimal(1), [1]])
ABOUT_FIELDS = [
    f.a == 1,
    f.a != 2.5,
    f.a.is_null(),
    f.a.isin([1, "Ufa"]),
    f.a.contains("f"),
    ~(f.a >= 1),
    (f.a >= 1) | (f.b == "Ufa"),
    (f.a == 1) & (f.b != 1),
    f.a == f.b,
    f.a.date(f.b) == date(2026, 3, 1),
    f.a.optional().is_null(),
    f.a.casefold() == "ufa",
    f.a.bucket("x") < 0.5,
]


@given(
    st.lists(st.fixed_dictionaries({"b": VALUES}, optional={"a": VALUES}), min_size=1, max_size=4),
    st.sampled_from(ABOUT_FIELDS),
    st.sampled_from([None, ev.purchase.none(), ev.purchase.did()]),
    st.booleans(),
)
@settings(max_examples=150)
def test_what_is_asked_of_values_is_answered_as_if_it_were_asked_of_records(
    fields: list[dict[str, Any]], about: Segment, happened: Segment | None, is_any: bool
) -> None:
    people = [{"id": number, **record} for number, record in enumerate(fields)]
    events = [bought(1, "0"), bought(1, "2")]
    segment = about if happened is None else about | happened if is_any else about & happened
    index = Index(people, events=events)
    try:
        expected = segment.filter(people, events=events, now=NOW)
    except SegmentError:
        return  # or not: of whom the rest leaves nothing open, nothing is asked
    assert index.filter(segment, now=NOW) == index.filter(segment, now=NOW) == expected


def test_fields_with_few_values_are_read_once() -> None:
    people = [{"id": number, "city": "Ufa", "spent": number} for number in range(400)]
    index = Index(people, events=[])
    assert index.count((f.city == "Ufa") & (f.spent >= 300)) == 100
    people[399].update(city="Perm", spent=0)
    assert index.count(f.city == "Ufa") == 400
    assert index.count(f.spent >= 300) == 99  # there are too many of these
    assert Index(people, events=[]).count(f.city == "Ufa") == 399


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
        (f.id > 50) & ev.purchase.did(last=days(2)),
        ~(f.id > 50) | (ev.purchase.did(last=days(2)) & (f.id.bucket("a") < 0.5)),
        ev.visit.did(within=days(3), after=NOW) | ev.visit.none(within=days(3), after=NOW),
    ):
        assert index.filter(segment, now=NOW) == segment.filter(people, events=events, now=NOW)
