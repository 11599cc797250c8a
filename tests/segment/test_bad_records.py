"""One bad record never stops the others, if that is asked for; and whatever is bad, the error says whose and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment import Segment, ago, days, distance, member, overlap, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Raising:
    """A record such as an ORM's whose session is closed."""

    id = 7

    @property
    def age(self) -> int:
        raise RuntimeError("the session is closed")


class RaisingMapping(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        raise OSError("gone")

    def __iter__(self) -> Iterator[str]:
        return iter(["id"])

    def __len__(self) -> int:
        return 1

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


def judged(segment: Segment, people: list, **more: Any) -> tuple[list, list[str]]:
    told: list[str] = []
    found = segment.filter(people, now=NOW, on_error=lambda record, error: told.append(error.reason), **more)
    count = segment.count(people, now=NOW, on_error=lambda record, error: None, **more)
    assert count == len(found)
    return found, told


GOOD = {"id": 1, "age": 34}
BAD = [
    ({"id": 2, "age": "34"}, r"age: '34' \(text\) cannot be compared with 18 \(a number\) \(person 2\)"),
    ({"id": 3}, r"the record has no field 'age'.*\(person 3\)"),
    (Raising(), r"reading the field 'age' raised RuntimeError: the session is closed \(person 7\)"),
    (RaisingMapping(), "reading the field 'age' raised OSError: gone"),
    (None, "the record has no field 'age'"),
    ({"id": 4, "age": Fraction(10**400)}, "is too large for a number"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_bad_record_is_told_and_the_others_are_judged(bad: object, reason: str, is_first: bool) -> None:
    people = [bad, GOOD] if is_first else [GOOD, bad]
    found, told = judged(f.age > 18, people)
    assert found == [GOOD]
    assert len(told) == 1
    with pytest.raises(SegmentError, match=reason) as caught:
        (f.age > 18).filter(people)
    assert caught.value.reason == told[0]
    assert caught.value.text == "age > 18"


def test_a_bad_record_is_in_no_segment_and_not_in_its_complement_either() -> None:
    bad = {"id": 2, "age": "34"}
    assert judged(~(f.age > 18), [bad])[0] == []
    told: list = []
    groups = partition(
        {"adult": f.age > 18, "child": ~(f.age > 18)}, [bad, GOOD], on_error=lambda *given: told.append(given)
    )
    assert groups == {"adult": [GOOD], "child": [], None: []}
    assert [record for record, _ in told] == [bad]
    assert isinstance(told[0][1], SegmentError)


@pytest.mark.parametrize("others", [3, 2000])
def test_who_cannot_be_judged_is_counted_apart(others: int) -> None:
    opened = {"kind": "opened", "at": NOW - DAY}
    people = [{"id": 10 + place, "age": place % 40, "city": "Ufa"} for place in range(others)]
    people.insert(2, {"id": 2, "age": "34", "city": "Ufa"})
    people.append({"id": 3, "age": 34, "city": "Ufa"})
    people.append(people[2])
    events = {person["id"]: [opened] for person in people} | {3: [{"kind": "opened", "at": None}]}
    good = [person for person in people if person["id"] > 3]
    adult, local, awake = f.age >= 1, f.city == "Ufa", ev.opened.did(last=days(7))
    told: list[Any] = []

    def note(record: Any, error: SegmentError) -> None:
        told.append(record["id"])

    found = (local & adult & awake).waterfall(people, events=events, now=NOW, on_error=note)
    assert sorted(told) == [2, 2, 3]
    assert found.unjudged == 3
    assert attrs.evolve(found, unjudged=0) == (local & adult & awake).waterfall(good, events=events, now=NOW)
    assert "; 3 more could not be judged." in str(found)
    assert "; 3 more could not be judged." in found._repr_html_()

    segments = {"adult": adult, "local": local, "awake": awake}
    shared = overlap(segments, people, events=events, now=NOW, on_error=note)
    assert shared.unjudged == 3
    assert attrs.evolve(shared, unjudged=0) == overlap(segments, good, events=events, now=NOW)
    assert "; 3 more could not be judged." in str(shared)
    assert "; 3 more could not be judged." in shared._repr_html_()


def test_a_waterfall_of_nobody_who_can_be_judged_is_empty() -> None:
    found = ((f.age > 18) & (f.age < 60)).waterfall([{"id": 2, "age": "34"}], on_error=lambda record, error: None)
    assert (found.people, found.unjudged, found.inside, found.outside) == (0, 1, (), ())


def test_on_error_may_stop_the_run_itself() -> None:
    def stop(record: object, error: SegmentError) -> None:
        raise KeyError(record["id"])  # type: ignore[index]

    with pytest.raises(KeyError, match="2"):
        (f.age > 18).filter([{"id": 2, "age": "34"}, GOOD], on_error=stop)


def test_the_error_keeps_its_cause() -> None:
    told: list[SegmentError] = []
    (f.age > 18).filter([Raising()], on_error=lambda record, error: told.append(error))
    assert isinstance(told[0].__cause__, RuntimeError)


@pytest.mark.parametrize("wrong", [True, "raise", 5])
def test_on_error_is_a_function(wrong: object) -> None:
    adult = f.age > 18
    runs = [adult.filter, adult.count, adult.waterfall, partial(partition, {}), partial(overlap, {"adult": adult})]
    for run in runs:
        with pytest.raises(SegmentError, match="cannot be called"):
            run([], on_error=wrong)


def test_a_misspelt_field_is_told_of_everybody() -> None:
    assert len(judged((f.age > 90) & (f.ege > 18), [GOOD, GOOD])[1]) == 2
    assert judged((f.age > 90) & (f.ege > 18), [])[1] == []


# What is wrong with the segment itself, or with what is said of the run, is told at once.


def test_what_is_wrong_with_the_run_is_raised_all_the_same() -> None:
    def never(record: object, error: SegmentError) -> None:
        raise AssertionError

    for segment, more, reason in [
        (ev.a.did(), {}, "give events="),
        (f.at > NOW, {"assume_zone": "Mars/Base"}, "Mars/Base"),
        (f.a == 1, {"key": ""}, "key="),
        (f.at > datetime(2026, 1, 1), {}, "no time zone"),  # noqa: DTZ001
        (member("loyal"), {}, "bind"),
        (ev.a.did(), {"events": [{"kind": "a", "at": NOW}]}, "nobody knows whose it is"),
        (ev.a.did(), {"events": ["a"]}, "is no event"),
    ]:
        with pytest.raises(SegmentError, match=reason):
            segment.filter([GOOD], on_error=never, now=NOW, **more)


# Events


def test_a_faulty_event_is_the_fault_of_its_person() -> None:
    people = [{"id": 1}, {"id": 2}, {"id": 3}]
    events: list = [
        {"kind": "a", "at": NOW, "person": 1},
        {"kind": "a", "at": None, "person": 2},
        {"kind": "a", "at": datetime(2026, 3, 1), "person": 2},  # noqa: DTZ001
        Event(kind="a", at=NOW, person="3"),
        {"kind": "a", "person": "nobody of these"},
    ]
    found, told = judged(ev.a.did(), people, events=events)
    assert found == [{"id": 1}, {"id": 3}]
    assert len(told) == 1
    assert "has no 'at' (person 2)" in told[0]
    with pytest.raises(SegmentError, match="has no 'at'"):
        ev.a.did().filter(people, events=events, now=NOW)


def test_events_asked_for_one_by_one_may_fail_one_by_one() -> None:
    def events_of(record: dict) -> Iterator[dict]:
        yield {"kind": "a", "at": NOW}
        if record["id"] == 2:
            raise TimeoutError("the log does not answer")

    found, told = judged(ev.a.did(), [{"id": 1}, {"id": 2}, {"id": 3}], events=events_of)
    assert found == [{"id": 1}, {"id": 3}]
    assert told == ["asking for the events raised TimeoutError: the log does not answer (person 2)"]
    found, told = judged(ev.a.did(), [{"id": 1}, {"id": 2}], events={1: [{"kind": "a", "at": NOW}], 2: 5})
    assert (found, len(told)) == ([{"id": 1}], 1)
    found, told = judged(ev.a.did(), [{"id": 1}], events=lambda record: "abc")
    assert told == ["a person's events are 'abc'; give a list of events (person 1)"]


def test_a_record_without_an_id_has_no_events() -> None:
    found, told = judged(ev.a.none(), [{"id": 1}, {"id": None}, {}], events=[])
    assert found == [{"id": 1}, {"id": None}, {}]  # where there are no events at all, nobody's id is asked for
    found, told = judged(ev.a.none(), [{"id": 1}, {"id": None}], events=[{"kind": "b", "at": NOW, "person": 1}])
    assert found == [{"id": 1}]
    assert "by which its events are found" in told[0]


@given(st.permutations([17, "17", 17.5, "17.5"]), st.permutations([17, "17"]))
def test_ids_of_mixed_types_are_compared_as_text(ids: list, persons: list) -> None:
    events = [{"kind": "a", "at": NOW, "person": person} for person in persons]
    people = [{"id": one} for one in ids]
    twice = ev.a.exactly(2)
    assert {repr(person["id"]) for person in twice.filter(people, events=events, now=NOW)} == {"17", "'17'"}
    by_id = {person: [{"kind": "a", "at": NOW}] for person in persons}
    assert {repr(person["id"]) for person in twice.filter(people, events=by_id, now=NOW)} == {"17", "'17'"}


def test_events_of_the_future_are_not_seen_by_anything() -> None:
    later = [{"kind": "a", "at": NOW + DAY, "value": 5}, {"kind": "b", "at": NOW + 2 * DAY}]
    for segment in (
        ev.a.did() | ev.a.did(between=(NOW, None)) | ev.a.did(within=days(9), after=NOW),
        ev.a.then(ev.b) | ev.a.then_not(ev.c),
        ev.a.regularly(1, of=1, every="year"),
        (ev.a.sum("value") > 0) | (ev.a.distinct("value") > 0) | ev.a.last("at").is_not_null(),
        ev.a.first_time(between=(ago(days(1)), None)),
    ):
        assert not segment.matches({}, events=later, now=NOW)


# Values of records that are not what is asked for


@pytest.mark.parametrize(
    ("segment", "record", "reason"),
    [
        (f.x.casefold() == "a", {"x": 5}, "x: 5 is not a text"),
        (f.x.size() > 1, {"x": 5}, "x: 5 is not a text or a list"),
        (f.x.matches("a"), {"x": 5}, "x: 5 is not a text"),
        (f.x.bucket("s") < 1, {"x": 1.5}, r"x: 1\.5 is not a text or a whole number"),
        (f.x.bucket("s") < 1, {"x": True}, "x: True is not a text or a whole number"),
        (f.x.bucket("s") < 1, {"x": 10**5000}, "is too long for an id"),
        (f.x.hour("UTC") > 1, {"x": NOW.date()}, "is a date, which has no hour"),
        (f.x.day("UTC") > 1, {"x": "2026-03-01"}, "x: '2026-03-01' .* is not a time"),
        (f.x.day(f.z) > 1, {"x": NOW, "z": "Mars"}, "z: 'Mars' is not a time zone"),
        (f.x.day(f.z) > 1, {"x": NOW, "z": "Europe/Moskow"}, "did you mean 'Europe/Moscow'"),
        (f.x.day(f.z) > 1, {"x": NOW, "z": 3}, "z: 3 is not a time zone"),
        (f.x.anniversary(zone="UTC"), {"x": "1 March"}, "x: '1 March' .* is not a time"),
        (distance(f.x, f.y, to=(0, 0)) < 1, {"x": "55", "y": 0}, "the latitude '55' is not a finite number"),
        (distance(f.x, f.y, to=(0, 0)) < 1, {"x": 0, "y": float("inf")}, "the longitude inf is not a finite number"),
        (distance(f.x, f.y, to=(0, 0)) < 1, {"x": 0, "y": 10**400}, "is not a finite number"),
        (distance(f.x, f.y, to=(0, 0)) < 1, {"x": 91, "y": 0}, "the latitude 91 is not from -90 to 90"),
        (ev.a.distinct("x") > 0, {"x": None}, "x: .*is not text, a truth value"),
    ],
)
def test_a_value_that_cannot_be_worked_with_is_told_with_its_place(segment: Segment, record: dict, reason: str) -> None:
    events = [{"kind": "a", "at": NOW, "x": [1]}]
    with pytest.raises(SegmentError, match=reason) as caught:
        segment.matches(record, events=events, now=NOW)
    assert caught.value.text
    found, told = judged(segment, [{"id": 1, **record}], events={1: events})
    assert (found, len(told)) == ([], 1)
