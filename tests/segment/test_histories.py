# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment.running.histories import EventSource, Fact, Histories, property_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def find(events: EventSource, record: Any, *, key: str = "id", is_own: bool = False, **more: Any) -> list:
    return list(Histories(key=key, assumed=more.get("assumed"), is_own=is_own).finder(events)(record))


def opened(person: object = "17", **more: object) -> dict:
    return {"kind": "opened", "at": NOW, "person": person, **more}


class Special(Event):
    pass


@given(st.lists(st.builds(lambda one: Event(kind="opened", person=str(one), at=NOW), st.integers(0, 3)), max_size=9))
def test_the_three_forms_say_the_same(events: list[Event]) -> None:
    by_id: dict[int, list[Event]] = {}
    for event in events:
        by_id.setdefault(int(event.person), []).append(event)
    for one in range(5):
        record = {"id": one}
        own = by_id.get(one, [])
        assert find(events, record) == own
        assert find(iter(events), record) == own
        assert find(by_id, record) == own
        assert find({str(one): theirs for one, theirs in by_id.items()}, record) == own
        assert find(lambda record: by_id.get(record["id"], ()), record) == own


def test_ids_are_compared_as_text() -> None:
    event = Event(kind="opened", person="17", at=NOW)
    for identity in (17, "17"):
        assert find([event], {"id": identity}) == [event]
        assert find({17: [event]}, {"id": identity}) == [event]
        assert find({"17": [event]}, {"id": identity}) == [event]
        assert find([opened(17)], {"id": identity})
    assert find({17: [event], 18: []}, {"id": "18"}) == []
    of_person = Histories(key="id", assumed=None).finder({17: [event]})
    assert [len(of_person({"id": one})) for one in ("18", "17", "19", "17", 17)] == [0, 1, 0, 1, 1]


def test_an_event_is_ours_or_a_mapping_and_both_may_be_mixed() -> None:
    ours, special = Event(kind="opened", person="17", at=NOW), Special(kind="opened", person="17", at=NOW)
    theirs = MappingProxyType(opened())
    assert find([ours, theirs, special], {"id": 17}) == [ours, Fact("opened", NOW, theirs), special]
    assert find({17: (ours, theirs, special)}, {"id": 17}) == [ours, Fact("opened", NOW, theirs), special]
    assert find(lambda record: iter([special]), {"id": 17}) == [special]


def test_another_field_may_hold_the_id() -> None:
    assert find([opened("a")], {"customer": "a"}, key="customer")


@pytest.mark.parametrize("record", [{}, {"id": None}, {"customer": 17}])
def test_a_person_without_an_id_is_told_only_if_it_is_needed(record: dict) -> None:
    for events in ([opened()], {17: [opened()]}):
        with pytest.raises(SegmentError, match="nothing in the field 'id', by which its events are found"):
            find(events, record)
    assert find([], record) == []
    assert find(lambda record: [opened()], record)


def test_events_that_name_nobody_are_somebodys_own_only_if_he_is_asked_alone() -> None:
    event = opened(None)
    assert find([event], {}, is_own=True)
    with pytest.raises(SegmentError, match="has no 'person', so nobody knows whose it is"):
        find([event], {})
    with pytest.raises(SegmentError, match="some of the events name a person and some do not"):
        find([event, opened()], {"id": 17}, is_own=True)


@pytest.mark.parametrize("events", ["opened", b"x", 7, None])
def test_what_is_no_events_is_told(events: Any) -> None:
    with pytest.raises(SegmentError, match="is not events; give a mapping from id to events"):
        find(events, {"id": 17})


@pytest.mark.parametrize("theirs", ["opened", opened(), 7])
def test_one_persons_events_are_a_list(theirs: Any) -> None:
    with pytest.raises(SegmentError, match=r"a person's events are .*; give a list"):
        find({17: theirs}, {"id": 17})


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (7, "7 is no event"),
        ({"at": NOW, "person": 17, "knd": "x"}, "has no 'kind'; did you mean 'knd'"),
        ({"kind": "opened", "person": 17, 3: 4}, "has no 'at'"),
        (opened(at="2026-03-01"), "'opened': its time '2026-03-01' \\(text\\) is not a time"),
        (opened(at=datetime(2026, 3, 1)), "'opened': its time datetime.* has no time zone"),
    ],
)
def test_a_broken_event_is_told(event: Any, expected: str) -> None:
    for events in ([event], {17: [event]}):
        with pytest.raises(SegmentError, match=expected):
            find(events, {"id": 17})


def test_a_time_without_a_zone_is_read_in_the_assumed_one() -> None:
    (fact,) = find([opened(at=datetime(2026, 3, 1))], {"id": 17}, assumed=UTC)
    assert fact.at == NOW


def test_a_property_is_sought_among_properties_then_attributes() -> None:
    event = Event(kind="clicked", person="17", at=NOW, campaign="spring", properties={"url": "/a", "step": "own"})
    names = ("url", "step", "campaign", "at", "kind", "identity", "nothing")
    assert [property_of(event, name) for name in names] == ["/a", "own", "spring", NOW, "clicked", None, None]
    fact = Fact("clicked", NOW, opened(at="?", url="/b", properties={"url": "/a"}))
    assert [property_of(fact, name) for name in ("url", "at", "person", "nothing")] == ["/a", NOW, "17", None]
    assert property_of(Fact("clicked", NOW, opened(url="/b", properties=None)), "url") == "/b"


def test_events_under_both_a_number_and_its_text_are_one_persons() -> None:
    one, other = opened(), opened(at=NOW.replace(day=2))
    for identity in (17, "17"):
        found = find({17: [one], "18": [], "17": (other,)}, {"id": identity})
        assert [fact.given for fact in found] == [one, other]


def test_an_iterator_in_a_mapping_is_read_once_and_remembered() -> None:
    finder = Histories(key="id", assumed=None).finder({17: iter([opened()]), 18: iter(())})
    assert [len(finder({"id": identity})) for identity in (17, "17", 18, 18, 19)] == [1, 1, 0, 0, 0]


def test_an_id_that_is_no_key_is_compared_as_text_too() -> None:
    assert len(find({"[1]": [opened()]}, {"id": [1]})) == 1
