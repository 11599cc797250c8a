"""Generated code answers as the closures do, and fails as they do."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Event, Kind
from mailkit.errors import SegmentError
from mailkit.segment import Segment, days
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.places import Shape
from mailkit.segment.plans import bound, shape_of
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
        kept, odd = generated(made, shape_of(made, people[0]), people)
        return kept

    found = outcome(answer)
    assert found == expected, f"{segment}"
    return odd


@given(
    segment_cases(), st.sampled_from(["dict", "object"]), st.sampled_from(["event", "flat", "nested"]), st.booleans()
)
@settings(max_examples=30)
def test_generated_code_answers_as_the_closures_do(case: SegmentCase, record: str, form: str, is_apart: bool) -> None:
    make = {"event": lambda event: event, "flat": as_dict, "nested": as_nested}[form]
    people = case.people if record == "dict" else [SimpleNamespace(**person) for person in case.people]
    if is_apart:
        events: Any = by_person(case.events, make)
    else:
        events = [event if form == "event" else {**make(event), "person": event.person} for event in case.events]
    agree(case.segment, people, events, case.now)


@given(st.lists(segment_cases(), min_size=1, max_size=4), st.booleans())
@settings(max_examples=15)
def test_several_in_one_pass_are_each_by_itself(cases: list[SegmentCase], to_first: bool) -> None:
    people, events, now = cases[0].people, cases[0].events, cases[0].now
    conditions = tuple(case.segment.node for case in [*cases, *cases])  # so that what they share is asked once
    run = Run(conditions, events=by_person(events, as_dict), now=now, key="id", assume_zone=None)
    expected: list[list[Any]] = [[] for _ in (*conditions, None)]
    for person in people:
        for place in [run.which(person)] if to_first else run.places(person):
            expected[place].append(person)
    program = spreading(conditions, shape_of(run, people[0]), to_first=to_first)
    assert program is not None
    lists: list[list[Any]] = [[] for _ in (*conditions, None)]

    def slow(person: Any) -> None:
        for place in [run.which(person)] if to_first else run.places(person):
            lists[place].append(person)

    own = {f"ADD{place}": some.append for place, some in enumerate(lists)}
    function = bound(program, run, people[0], SLOW=slow, **own)
    if function is not None:
        function(people)
        assert lists == expected


@given(segment_cases(), st.sampled_from(["event", "flat"]), st.booleans())
@settings(max_examples=30)
def test_a_prepared_segment_answers_as_matches_does(case: SegmentCase, form: str, is_object: bool) -> None:
    ask = case.segment.prepare(now=case.now)
    for person in case.people:
        record: Any = SimpleNamespace(**person) if is_object else person
        theirs = [as_dict(event) if form == "flat" else event for event in case.events if event.person == person["id"]]
        assert ask(record, theirs) == case.segment.matches(record, events=theirs, now=case.now)


class Colour(Enum):
    OPENED = "opened"


class Word(str, Enum):  # noqa: UP042 - its text is "Word.OPENED", and yet it equals "opened"
    OPENED = "opened"


class Own(dict):  # type: ignore[type-arg]
    pass


class Failing:
    @property
    def age(self) -> int:
        raise RuntimeError("no age")


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = [
    f.age >= 18,
    f.age != 3,
    f.city == "Ufa",
    f.city.isin(["Ufa", "Kazan"]),
    f.age.isin([1, 2.5, "x"]),
    f.city.startswith("U") | f.city.contains("a") | f.city.endswith("n"),
    f.city.is_null(),
    f.joined_at > NOW - DAY,
    f.joined_at <= date(2026, 3, 1),
    f.is_vip == True,  # noqa: E712
    ~(f.age.optional() < 30) | (f.address.country == "DE"),
    ev.opened.did(last=days(30)),
    ev.opened.none(last=days(5000 * 366)),
    ev.opened.at_least(2) & (f.age > 1),
    ev.opened.at_most(1, within=days(3), after=f.joined_at),
    ev.opened.exactly(1, between=(NOW - 3 * DAY, NOW)),
    ev.opened.where(f.value >= 2, f.at > NOW - DAY, f.url.startswith("/")).did(),
    (f.age > 2) | ev.opened.did(),
]
AGES = [None, 0, 40, 2.5, float("nan"), Decimal("1.5"), Decimal("nan"), "40", True, Word.OPENED, [1], object]
CITIES = [None, "Ufa", "", 3, Word.OPENED, ["Ufa", None], b"Ufa"]
TIMES = [None, NOW, NOW - 9 * DAY, NOW.replace(tzinfo=None), NOW.astimezone(timezone(DAY / 8)), date(2026, 3, 1), "now"]
RECORDS = st.fixed_dictionaries(
    {"id": st.sampled_from([1, 1, 1, "1", None])},
    optional={
        "age": st.sampled_from(AGES),
        "city": st.sampled_from(CITIES),
        "joined_at": st.sampled_from(TIMES),
        "is_vip": st.sampled_from([True, False, None, 1, "yes"]),
        "address": st.sampled_from([None, {"country": "DE"}, {}, "x"]),
    },
)
AFFAIRS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["opened", "opened", "opened", Kind.OPENED, Word.OPENED, Colour.OPENED, 3, None]),
        "at": st.sampled_from([NOW, *TIMES]),
        "value": st.sampled_from([1, 2.5, Decimal(3), "x", None]),
        "url": st.sampled_from(["/a", None, 3]),
        "properties": st.sampled_from([None, {}, {"value": 5}, {"at": 1}]),
    },
)
GOOD = st.just({"kind": "opened", "at": NOW - DAY, "value": 3, "url": "/a"})
HISTORIES = st.lists(
    GOOD | AFFAIRS | AFFAIRS.map(Own) | st.sampled_from([3, None, "opened"]), max_size=3
) | st.sampled_from(["opened", 3, (), ({"kind": "opened", "at": NOW},)])


@given(
    st.sampled_from(ASKED),
    st.lists(RECORDS, min_size=1, max_size=3),
    HISTORIES,
    st.sampled_from([dict, Own, UserDict, lambda record: SimpleNamespace(**record)]),
    st.sampled_from([None, "Europe/Moscow"]),
    st.booleans(),
)
@settings(max_examples=250)
def test_what_is_malformed_is_told_in_the_same_words(
    segment: Segment, records: list[dict], history: Any, make: Any, assume_zone: str | None, is_function: bool
) -> None:
    people = [make(record) for record in records]
    events: Any = (lambda person: history) if is_function else {1: history, 2: []}
    agree(segment, people, events, NOW, assume_zone=assume_zone)


def test_records_that_raise_are_told_in_the_same_words() -> None:
    for segment in ASKED[:2]:
        agree(segment, [Failing(), Failing()], {}, NOW)
    with pytest.raises(SegmentError, match="reading the field 'age' raised RuntimeError: no age"):
        ASKED[0].filter([Failing()] * 900)
