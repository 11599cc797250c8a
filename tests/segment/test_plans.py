"""Generated code answers as the closures do, and fails as they do, where it meets what is malformed."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import reduce
from operator import or_
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit import Event, Kind
from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, memberships, months, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.compiled.places import Shape
from mailkit.segment.compiled.plans import bound, shape_of
from mailkit.segment.compiled.programs import filtering, spreading
from mailkit.segment.running.access import read
from mailkit.segment.running.runs import Run
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
    if function is None:
        return [person for person, place in by_closures(run, people) if place == 0], len(people)
    odd = function(people)
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
    if found != expected and len(people) > 1:
        for person in people:
            agree(segment, [person], events, now, **more)
    elif found != expected:
        assert (expected[0], found[0]) == ("error", "answer"), f"{segment}"  # it was not needed, and so not met
        assert found == outcome(lambda: [id(person) for person in good(segment, people, events, now, **more)])
    return odd


def good(segment: Segment, people: list[Any], events: Any, now: datetime, **more: Any) -> list[Any]:
    """Who is in by the closures, if the events that are malformed are left out."""

    def fails(person: Any, theirs: Any) -> bool:
        return outcome(lambda: segment.filter([person], events=lambda record: theirs, now=now, **more))[0] == "error"

    def inside(person: Any) -> bool:
        by_text = {} if callable(events) else {str(key): some for key, some in events.items()}
        theirs = events(person) if callable(events) else by_text.get(str(read(person, ("id",))), ())
        left = [] if fails(person, []) else [event for event in theirs if not fails(person, [event])]
        return segment.matches(person, events=lambda record: left, now=now, **more)

    return list(filter(inside, people))


@given(
    segment_cases(), st.sampled_from(["dict", "object"]), st.sampled_from(["event", "flat", "nested"]), st.booleans()
)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30)
def test_generated_code_answers_as_the_closures_do(case: SegmentCase, record: str, form: str, is_apart: bool) -> None:
    make = {"event": lambda event: event, "flat": as_dict, "nested": as_nested}[form]
    people = case.people if record == "dict" else [SimpleNamespace(**person) for person in case.people]
    if is_apart:
        events: Any = by_person(case.events, make)
    else:
        events = [event if form == "event" else {**make(event), "person": event.person} for event in case.events]
    agree(case.segment, people, events, case.now)


@given(st.lists(segment_cases(), min_size=1, max_size=4), st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=15)
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
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30)
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
    ev.opened.none(between=(None, f.joined_at)) | ev.opened.did(between=(datetime.min.replace(tzinfo=UTC), NOW)),
    ev.opened.where(f.value >= 2, f.at > NOW - DAY, f.url.startswith("/")).did(),
    (f.age > 2) | ev.opened.did(),
]
AGES = [None, 0, 40, 2.5, float("nan"), Decimal("1.5"), Decimal("nan"), "40", True, Word.OPENED, [1], object]
CITIES = [None, "Ufa", "", 3, Word.OPENED, ["Ufa", None], b"Ufa"]
FIRST = datetime.min.replace(tzinfo=timezone(DAY / 8))
TIMES = [
    None,
    NOW,
    FIRST,
    NOW - 9 * DAY,
    NOW.replace(tzinfo=None),
    NOW.astimezone(timezone(DAY / 8)),
    date(2026, 3, 1),
    "now",
]
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
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=250)
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


class Row:
    """A record that is neither a mapping nor read by attribute, such as sqlite3.Row."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def keys(self) -> list[str]:
        return list(self._fields)

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]


def crowd(number: int) -> list[dict[str, Any]]:
    return [{"id": one, "city": ("Ufa", "Kazan", None)[one % 3], "age": one % 80} for one in range(number)]


ADULTS = (f.age >= 18) & f.city.isin(["Ufa", "Perm"]) & ev.opened.none(last=days(1))
LOG = {one: [{"kind": "opened", "at": NOW - one * DAY}] for one in range(0, 3000, 2)}


@pytest.mark.parametrize(
    "make", [dict, lambda record: SimpleNamespace(**record), lambda record: Row(**record), UserDict]
)
@pytest.mark.parametrize("is_function", [False, True])
def test_of_a_crowd_the_right_ones_are_chosen_counted_and_divided(make: Any, is_function: bool) -> None:
    people = [make(record) for record in crowd(3000)]
    events: Any = (lambda record: LOG.get(read(record, ("id",)), ())) if is_function else LOG
    inside = [
        person
        for person, one in zip(people, crowd(3000), strict=True)
        if one["age"] >= 18 and one["city"] == "Ufa" and one["id"] != 0
    ]
    segments = {"adults": ADULTS, "ufa": f.city == "Ufa", "all": f.age >= 0}
    for _ in range(2):
        assert ADULTS.filter(people, events=events, now=NOW) == inside
        assert ADULTS.count(iter(people), events=events, now=NOW) == len(inside)
    divided = partition(segments, people, events=events, now=NOW)
    together = memberships(segments, people, events=events, now=NOW)
    assert divided["adults"] == together["adults"] == inside
    assert divided["ufa"] == [person for person in together["ufa"] if person not in inside]
    assert len(together["ufa"]) == 1000
    assert together["all"] == people
    assert together[None] == divided[None] == []


def test_where_most_are_odd_the_closures_go_on() -> None:
    people = [
        {"id": one, "age": one % 80} if one < 20 else SimpleNamespace(id=one, age=one % 80) for one in range(3000)
    ]
    assert (f.age >= 40).count(people) == sum(1 for one in range(3000) if one % 80 >= 40)
    assert memberships({"old": f.age >= 40}, people)["old"] == (f.age >= 40).filter(people)


def test_one_bad_record_in_a_crowd_is_told_and_the_others_are_judged() -> None:
    people = crowd(1500)
    people[1000]["age"] = "x"
    told: list[str] = []
    assert (f.age >= 40).count(people, on_error=lambda record, error: told.append(error.reason)) == 739
    found = memberships(
        {"old": f.age >= 40, "ufa": f.city == "Ufa"}, people, on_error=lambda record, error: told.append(error.reason)
    )
    assert not any(people[1000] in some for some in found.values())
    assert told == ["age: 'x' (text) cannot be compared with 40 (a number) (person 1000)"] * 2
    with pytest.raises(SegmentError, match="person 1000"):
        (f.age >= 40).filter(people)


def test_what_is_too_large_to_be_written_is_still_answered() -> None:
    large = reduce(or_, [f.age == number for number in range(1200)])
    people = crowd(500)
    assert large.count(people) == 500
    assert memberships({"large": large}, people)["large"] == people
    assert large.prepare(now=NOW)({"age": 3}) is True


def test_limits_of_any_size_and_windows_that_have_no_start_in_the_calendar() -> None:
    people = crowd(500)
    events = {3: [{"kind": "opened", "at": NOW}] * 1001}
    assert ev.opened.at_least(1001).filter(people, events=events, now=NOW) == [people[3]]
    assert ev.opened.none(last=days(5000 * 366)).count(people, events=events, now=NOW) == 499
    assert (ev.opened.at_least(0) | ev.opened.did()).count(people, events=events, now=NOW) == 500
    months_ago = ev.opened.did(last=months(1)) & ev.opened.did(last=days(20))
    assert months_ago.filter(people, events=events, now=NOW) == [people[3]]
    assert memberships({"none": ev.opened.none(last=days(5000 * 366))}, people, events=events, now=NOW)[None] == [
        people[3]
    ]


def test_a_prepared_segment_takes_records_and_events_of_any_kind() -> None:
    ask = ADULTS.prepare(now=NOW)
    record = {"city": "Ufa", "age": 20}
    seen = [{"kind": "opened", "at": NOW}]
    for made_ in (record, SimpleNamespace(**record), Row(**record), UserDict(record)):
        assert ask(made_, []) is True
        assert (
            ask(made_, seen)
            is ask(made_, tuple(seen))
            is ask(made_, [Event(kind="opened", person="1", at=NOW)])
            is False
        )
    assert ask(record, iter(seen)) is False
    assert ADULTS.prepare()(record, seen) is True  # it is later by now
    chained = ev.opened.then(ev.purchase).prepare(now=NOW)
    assert chained(record, [*seen, {"kind": "purchase", "at": NOW}]) is True
    with pytest.raises(SegmentError, match="no field 'age'"):
        ask({"city": "Ufa"}, [])


@pytest.mark.parametrize("now", [NOW, None])
def test_a_prepared_segment_refuses_to_take_no_events_given_for_none_that_happened(now: datetime | None) -> None:
    ask = ev.purchase.none(last=days(90)).prepare(now=now)
    for record in ({}, {"city": "Ufa"}, SimpleNamespace(city="Ufa")):
        with pytest.raises(
            SegmentError, match=r"this asks about events: give the person's, and \[\] if there are none"
        ):
            ask(record)
        assert ask(record, []) is True
    assert (f.city == "Ufa").prepare(now=now)({"city": "Ufa"}) is True


@pytest.mark.parametrize("make", [as_dict, as_nested, lambda event: event])
def test_properties_are_read_off_events_of_every_shape(make: Any) -> None:
    bought = Event(
        kind="purchase", person="1", at=NOW, value=5, currency="EUR", campaign="spring", properties={"sku": "A1"}
    )
    asked = [f.sku == "A1", f.value >= 5, f.at > NOW - DAY, f.colour.is_null(), f.sku.length.is_null()]
    people = crowd(500)
    for one in asked:
        segment = ev.purchase.where(one).did(last=days(9)) & ev.opened.none(last=days(9))
        assert segment.filter(people, events={number: [make(bought)] for number in (3, 4)}, now=NOW) == people[3:5]
        assert segment.prepare(now=NOW)(people[3], [make(bought)]) is True


@pytest.mark.parametrize("kind", [Kind.OPENED, Word.OPENED, Colour.OPENED])
def test_kinds_that_are_members_of_enumerations_stand_for_their_values(kind: Any) -> None:
    people = crowd(500)
    events = {30: [{"kind": kind, "at": NOW}]}
    assert ev.opened.did(last=days(1)).filter(people, events=events, now=NOW) == people[30:31]
    assert ev["Word.OPENED"].did(last=days(1)).filter(people, events=events, now=NOW) == []


def test_in_one_pass_people_are_told_apart_by_texts_first() -> None:
    people = [*crowd(500), {"id": 500, "city": Word.OPENED, "age": 1}, {"id": 501, "city": "Ufa", "age": None}]
    segments = {
        "ufa": f.city == "Ufa",
        "both": f.city.isin(["Ufa", "Kazan", "Ufa"]) & (f.age > 40),
        "word": f.city.isin(["opened"]),
        "numbers": f.city.isin([]),
    }
    found = memberships(segments, people)
    assert {name: some for name, some in found.items() if name} == {
        name: segment.filter(people) for name, segment in segments.items()
    }


def test_what_is_behind_the_event_that_settled_the_answer_is_not_looked_at() -> None:
    people, bad = crowd(900), {"kind": "opened", "at": NOW.replace(tzinfo=None)}
    seen, old = {"kind": "opened", "at": NOW}, {"kind": 3, "at": NOW - 99 * DAY}
    did, none = ev.opened.did(last=days(30)), ev.opened.none(last=days(30))
    for segment, inside in ((did, [people[800]]), (none, [*people[:800], *people[801:]]), (~none, [people[800]])):
        assert segment.filter(people, events={800: [old, seen, bad]}, now=NOW) == inside
        with pytest.raises(SegmentError, match=r"no time zone.*\(person 800\)"):
            segment.filter(people, events={800: [bad, seen]}, now=NOW)


class NotATime(datetime):
    """As that of pandas: it is neither before nor after anything."""

    def __eq__(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("at", [None, "now", date(2026, 3, 1), NOW.replace(tzinfo=None), NotATime(2026, 3, 1)])
@pytest.mark.parametrize("window", [{}, {"last": days(30)}, {"between": (None, NOW)}])
def test_what_is_no_time_is_not_compared_in_silence(at: Any, window: Any) -> None:
    people, log = crowd(900), {800: [{"kind": "opened", "at": at}]}
    for segment in (ev.opened.did(**window), ev.opened.none(**window), ev.opened.at_least(2, **window)):
        with pytest.raises(SegmentError, match=r"\(person 800\)"):
            segment.filter(people, events=log, now=NOW)
