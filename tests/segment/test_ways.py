"""However a segment is run, the answer is one: few people and many, prepared, indexed, live, explained."""

import enum
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mailkit.segment import Index, Live, Segment, days, memberships, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = 450


class Mixed(str, enum.Enum):  # noqa: UP042 - as enumerations of texts were written before StrEnum
    OPENED = "opened"


class Plain(enum.Enum):
    OPENED = "opened"


def ways(segment: Segment, person: Any, events: list[Any]) -> Iterator[bool]:
    """Whether the person is in, by every way to ask."""
    theirs = {"events": lambda record: events, "now": NOW}
    yield bool(segment.filter([person], **theirs))
    yield len(segment.filter([person] * MANY, **theirs)) == MANY
    yield segment.matches(person, events=events, now=NOW)
    yield segment.prepare(now=NOW)(person, events)
    yield bool(partition({"x": segment}, [person], **theirs)["x"])
    yield bool(memberships({"x": segment, "y": segment}, [person] * MANY, **theirs)["x"])
    yield bool(Index([person], events=theirs["events"]).filter(segment, now=NOW))
    yield bool(Live(segment, [person], **theirs).members)
    yield segment.explain(person, events=events, now=NOW).is_in


CASES: dict[str, tuple[Segment, dict[str, Any], list[Any], bool]] = {
    "a whole number among decimals and others": (
        f.age.isin([Decimal(3), 0.5]), {"age": 3}, [], True,
    ),
    "a whole number among decimals, texts and truth values": (
        f.age.isin(["3", True, Decimal("3.0")]), {"age": 3}, [], True,
    ),
    "a whole number that is not among decimals": (
        f.age.isin([Decimal("3.1"), 0.5]), {"age": 3}, [], False,
    ),
    "nothing within a field that is NaN": (
        f.address.city.is_null(), {"address": float("nan")}, [], True,
    ),
    "an event whose kind is a member of an enumeration": (
        ev.opened.did(last=days(1)), {}, [{"kind": Plain.OPENED, "at": NOW}], True,
    ),
    "an event whose kind is such a text": (
        ev.opened.did(last=days(1)), {}, [{"kind": Mixed.OPENED, "at": NOW}], True,
    ),
    "a segment that names a kind by such a text": (
        ev[Mixed.OPENED].did(), {}, [{"kind": "opened", "at": NOW}], True,
    ),
    "a condition on such a kind": (
        ev.opened.where(f.kind == "opened").did(), {}, [{"kind": Mixed.OPENED, "at": NOW}], True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_way_gives_the_answer_that_the_page_states(name: str) -> None:
    segment, person, events, expected = CASES[name]
    assert set(ways(segment, {"id": 1, **person}, events)) == {expected}


@pytest.mark.parametrize("identity", [Plain.OPENED, Mixed.OPENED, uuid.UUID(int=7), 17, "17", 17.0])
def test_an_id_of_whichever_sort_is_found_in_every_way(identity: Any) -> None:
    person, opened, did = {"id": identity}, {"kind": "opened", "at": NOW}, ev.opened.did()
    for events in ([{**opened, "person": identity}], [{**opened, "person": str(identity)}], {identity: [opened]}):
        assert did.filter([person], events=events, now=NOW) == [person]
        assert len(did.filter([person] * MANY, events=events, now=NOW)) == MANY
        assert Index([person], events=events).filter(did, now=NOW) == [person]
        assert sorted(Live(did, [person], events=events, now=NOW).members) == [str(identity)]


def test_a_time_of_numpy_that_is_none_is_null() -> None:
    numpy = pytest.importorskip("numpy")
    never = {"id": 1, "seen_at": numpy.datetime64("NaT")}
    assert set(ways(f.seen_at.is_null(), never, [])) == {True}
    assert set(ways(f.seen_at < NOW, never, [])) == {False}
    assert set(ways(f.is_vip == True, {"id": 1, "is_vip": numpy.bool_(True)}, [])) == {True}  # noqa: E712


def test_a_kind_that_is_a_member_of_an_enumeration_is_written_as_its_value() -> None:
    assert str(ev[Mixed.OPENED].did()) == str(ev[Plain.OPENED].did()) == "any opened"
