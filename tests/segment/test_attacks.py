"""What somebody sends who means harm, or whose objects do: nothing but `SegmentError` leaves, and soon."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Index, Live, Segment, days, member, parse, previous
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Columns
from mailkit.segment.sql.dialects import Dialect

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HUGE = 10**5000
DID = ev.visit.did()


class Text(str):
    """A text as a library might wrap one, whose every method fails."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __contains__(self, other: object) -> bool:
        raise RuntimeError("no search")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def casefold(self) -> str:
        raise RuntimeError("no case")


class Zone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta:
        raise RuntimeError("no offset")

    def dst(self, when: datetime | None) -> None:
        return None


class Items(list):
    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no items")


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


SEGMENTS = [
    (f.a == "abc", Text("abc")),
    (f.a.isin(["abc", "b"]), Text("abc")),
    (f.a.contains("a"), Text("abc")),
    (f.a.casefold() == "abc", Text("abc")),
    (f.a.size() > 1, Text("abc")),
    (f.a.bucket("test") < 0.5, Text("abc")),
    (f.b.part("hour", zone=f.a) > 1, Text("UTC")),
    (f.a > NOW, datetime(2026, 1, 1, tzinfo=Zone())),
    (f.a.contains("b"), Items(["b"])),
]


@pytest.mark.parametrize(("segment", "value"), SEGMENTS, ids=[str(segment) for segment, _ in SEGMENTS])
def test_what_a_value_raises_is_told_of_its_person_and_stops_nobody(segment: Segment, value: object) -> None:
    bad = {"id": 2, "a": value, "b": NOW}
    good = {"id": 1, "a": None, "b": NOW}
    told: list[str] = []
    people = [good, bad] * 500
    assert (~segment).filter(people, now=NOW, on_error=lambda _, error: told.append(error.reason)) == [good] * 500
    assert len(told) == 500
    assert all("raised RuntimeError: no " in reason and reason.endswith("(person 2)") for reason in told)
    for ask in (segment.matches, segment.explain, segment.prepare(now=NOW)):
        with pytest.raises(SegmentError, match=r"raised RuntimeError: no .*\(person 2\)"):
            ask(bad, **({} if ask not in (segment.matches, segment.explain) else {"now": NOW}))  # type: ignore[operator]
    with pytest.raises(SegmentError, match=r"raised .* no .*\(person '?2'?\)"):
        Live(segment, [bad], now=NOW)
    about = ev.visit.where(segment).did() if "hour" not in str(segment) else segment
    visit = {"kind": "visit", "at": NOW, "person": 2, **{name: bad[name] for name in "ab"}}
    with pytest.raises(SegmentError, match=r"raised RuntimeError: no .*\(person 2\)"):
        Index([bad], events=[visit]).filter(about, now=NOW)


EVENTS: list[Any] = [
    {"kind": "visit", "at": float("nan"), "person": 2},
    {"kind": "visit", "at": datetime(2026, 1, 1, tzinfo=Zone()), "person": 2},
    {"kind": Text("visit"), "at": NOW, "person": 2},
    {"kind": "visit", "at": "today", "person": 2},
]


@pytest.mark.parametrize("event", EVENTS, ids=["nan", "zone", "kind", "text"])
def test_a_faulty_event_among_everybodys_is_told_with_whose_it_is(event: dict[str, Any]) -> None:
    people = [{"id": 1}, {"id": 2}]
    visit = {"kind": "visit", "at": NOW, "person": 1}
    with pytest.raises(SegmentError, match=r"\(person 2\)"):
        DID.filter(people, events=[visit, event], now=NOW)
    assert DID.filter(people, events=[visit, event], now=NOW, on_error=lambda *_: None) == people[:1]
    with pytest.raises(SegmentError, match=r"event|time"):
        Live(DID, people, events=[visit, event], now=NOW)


def test_an_event_whose_person_has_no_text_is_refused() -> None:
    event = {"kind": "visit", "at": NOW, "person": HUGE}
    with pytest.raises(SegmentError, match="an event's person, <int whose repr fails>, as text raised ValueError"):
        DID.filter([{"id": 1}], events=[event], now=NOW)
    with pytest.raises(SegmentError, match=r"the id, .* as text raised ValueError"):
        DID.filter([{"id": HUGE}], events=[event | {"person": 1}], now=NOW)


def test_what_another_says_is_cut_and_need_not_be_said() -> None:
    for error, told in ((RuntimeError("x" * 10_000), "x" * 200 + "…"), (Mute(), "which does not say what is wrong")):

        class Record:
            id = 7

            @property
            def a(self, error: Exception = error) -> Any:
                raise error

        with pytest.raises(SegmentError) as caught:
            (f.a == 1).matches(Record())
        assert caught.value.reason == f"reading the field 'a' raised {type(error).__name__}: {told} (person 7)"


def test_ids_that_have_no_hash_are_found_by_an_index_as_by_a_filter() -> None:
    people = [{"id": [1, 2]}, {"id": Decimal("sNaN")}, {"id": 3}]
    events = [{"kind": "visit", "at": NOW, "person": person} for person in ([1, 2], "sNaN", "3")]
    index = Index(people, events=events[:2])
    assert index.filter(DID, now=NOW) == DID.filter(people, events=events[:2], now=NOW) == people[:2]
    index.add(events[2])
    assert [person["id"] for person in index.filter(DID & f.id.is_not_null(), now=NOW)] == [[1, 2], 3]
    assert index.count(DID, now=NOW) == 3


def _asks(what: str) -> dict[str, Any]:
    visit: dict[str, Any] = {"kind": "visit"}
    match what:
        case "span":
            window = {"type": "last", "span": {"count": HUGE, "unit": "day"}}
            return {"type": "count", "least": 1, "events": {**visit, "window": window}}
        case "most":
            return {"type": "count", "most": HUGE, "events": visit}
        case "regular":
            return {"type": "regular", "least": 1, "of": HUGE, "unit": "day", "events": visit}
        case _:
            begin = {"type": "begin", "unit": "day", "offset": HUGE, "zone": "UTC"}
            return {"type": "comparison", "left": {"type": "now"}, "operator": "<", "right": begin}


@pytest.mark.parametrize("what", ["span", "most", "regular", "begin"])
def test_a_number_that_python_does_not_write_is_refused(what: str) -> None:
    with pytest.raises(SegmentError, match="<int whose repr fails> is not a"):
        Segment.from_json({"mailkit.segment": 1, "condition": _asks(what)})


@pytest.mark.parametrize("make", [days, lambda count: previous(count, "day", zone="UTC"), ev.visit.at_least])
def test_nor_is_it_taken_from_python(make: Callable[[int], object]) -> None:
    with pytest.raises(SegmentError, match=r"<int whose repr fails> is not a|whole number"):
        make(HUGE)


@pytest.mark.parametrize("digits", ["9" * 100_000, "NaN" + "9" * 5000, "1e999999"])
def test_a_decimal_is_refused_in_few_words(digits: str) -> None:
    with pytest.raises(SegmentError) as caught:
        parse(f'price = decimal "{digits}"')
    assert len(caught.value.reason) < 300


@pytest.mark.parametrize("given", [5, "abc", {"loyal": 5}, {5: DID}, None])
def test_what_are_no_segments_by_name_bind_nothing(given: Any) -> None:
    with pytest.raises(SegmentError):
        member("loyal").bind(given)


def test_of_many_names_few_are_told() -> None:
    with pytest.raises(SegmentError) as caught:
        member("xyz").bind({f"segment {number}": DID for number in range(5000)})
    assert len(caught.value.reason) < 300


@pytest.mark.parametrize("events", [5, "visit", {1: 5}, lambda record: 5])
def test_what_are_no_events_are_refused_by_live_segments_too(events: Any) -> None:
    with pytest.raises(SegmentError, match="events"):
        Live(DID, [{"id": 1}], events=events, now=NOW)


@pytest.mark.parametrize(
    "value", ['["zone", "Europe"]', '["zone", "../UTC"]', "[" * 900 + "]" * 900, '["decimal", ""]']
)
def test_a_state_that_was_tampered_with_is_refused(value: str) -> None:
    segment = f.a == 1
    saved = Live(segment, [{"id": 7, "a": 1}], now=NOW).save()
    with pytest.raises(SegmentError, match="what was saved is damaged: reading it raised"):
        Live.load(saved.replace('{"a": 1}', f'{{"a": {value}}}'), segment)


def test_a_number_that_cannot_be_saved_is_told() -> None:
    live = Live(f.a > 1, [{"id": 7, "a": HUGE}], now=NOW)
    with pytest.raises(SegmentError, match="writing what is kept raised ValueError"):
        live.save()


def test_a_record_that_has_itself_in_it_is_refused_by_live_segments() -> None:
    knot: list[Any] = []
    knot.append(knot)
    with pytest.raises(SegmentError, match=r"reading the record raised RecursionError.*\(person 7\)"):
        Live(f.a == 1, [{"id": 7, "a": knot}], now=NOW)


def test_many_values_are_written_in_one_pass_over_the_query() -> None:
    """Each parameter by itself was searched for in the text: twice as many took four times as long."""
    texts = [str(number) for number in range(20_000)]
    asked = f.city.isin(texts).to_sql(Dialect.SPARK, columns=Columns(fields={"city": "text"}))
    assert list(asked.parameters.values()) == texts
    assert list(f.city.isin(["1"]).to_sql(Dialect.SPARK, columns=Columns(fields={"city": "text"})).parameters) == ["p1"]


def test_threads_may_share_an_index() -> None:
    """What was added is put in order when it is first asked about, which two threads must not do at once."""
    people = [{"id": number} for number in range(500)]
    events = [{"kind": "visit", "at": NOW - timedelta(days=n % 90), "person": n % 500} for n in range(2000)]
    twice = ev.visit.at_least(2, last=days(60))
    expected = twice.filter(people, events=events, now=NOW)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            index, begin, found = Index(people, events=events), Barrier(4), list[Any]()

            def ask(index: Any = index, begin: Barrier = begin, found: list[Any] = found) -> None:
                begin.wait()
                found.append(index.filter(twice, now=NOW))
                index.add(*[{"kind": "visit", "at": NOW + timedelta(days=1), "person": n} for n in range(50)])

            threads = [Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [expected] * 4
    finally:
        sys.setswitchinterval(before)
