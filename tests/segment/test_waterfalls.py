"""The waterfall of a segment: how many people each condition leaves, and a few of them to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, event, field
from mailkit.segment.explained.waterfalls import Waterfall

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIELDS = ("a", "b", "c")
AND = (field.a == 1) & (field.b == 1) & (field.c == 1)
OR = (field.a == 1) | (field.b == 1) | (field.c == 1)


def people_of(*marks: tuple[int, ...]) -> list[dict[str, int]]:
    return [{"id": place, **dict(zip(FIELDS, one, strict=True))} for place, one in enumerate(marks)]


@settings(max_examples=40)
@given(st.lists(st.tuples(*(st.integers(0, 1) for _ in FIELDS)), max_size=20), st.booleans(), st.integers(0, 4))
def test_every_number_is_what_counting_gives(marks: list[tuple[int, ...]], is_and: bool, sample: int) -> None:
    people = people_of(*marks)
    segment = AND if is_and else OR
    found = segment.waterfall(people, sample=sample)
    assert (found.people, found.is_in) == (len(people), segment.count(people))
    parts = [field[name] == 1 for name in FIELDS]
    for place, step in enumerate(found.steps):
        so_far = parts[0]
        for part in parts[1 : place + 1]:
            so_far = so_far & part if is_and else so_far | part
        others = parts[:place] + parts[place + 1 :]
        without = others[0] & others[1] if is_and else others[0] | others[1]
        assert step.left == so_far.count(people)
        assert step.alone == parts[place].count(people)
        assert step.decides == abs(without.count(people) - found.is_in)
    assert len(found.inside) == min(sample, found.is_in)
    assert len(found.outside) == min(sample, len(people) - found.is_in)
    for one in (*found.inside, *found.outside):
        assert one.answers == tuple(part.matches(one.record) for part in parts)
        assert segment.matches(one.record) is (one in found.inside)
    str(found)


def test_whoever_is_shown_as_not_in_was_kept_out_by_different_conditions() -> None:
    found = AND.waterfall(people_of((0, 1, 1), (0, 1, 1), (1, 1, 0), (0, 0, 0), (1, 0, 1)), sample=3)
    assert [one.record["id"] for one in found.outside] == [0, 2, 4]
    assert [one.record["id"] for one in AND.waterfall(people_of(*[(0, 1, 1)] * 3), sample=2).outside] == [0, 1]


def test_the_text_tells_of_what_each_condition_brings() -> None:
    segment = (field.city == "Kazan") | event.purchase.at_least(2, last=days(90))
    bought = [{"kind": "purchase", "at": datetime(2026, 2, day, tzinfo=UTC), "person": 2} for day in (1, 2)]
    people = [{"id": 1, "city": "Kazan"}, {"id": 2, "city": "Ufa"}, {"id": 3, "city": None}]
    assert str(segment.waterfall(people, events=bought, now=NOW, sample=1)).splitlines() == [
        "2 of 3 people are in (66.7%).",
        "",
        "                                            in so far         true of  in by this alone",
        '   city = "Kazan"                                   1  33.3%        1                 1',
        "or at least 2 purchase within last 90 days          2  66.7%        1                 1",
        "",
        "In, for example:",
        "  ✓✗  id: 1, city: 'Kazan'",
        "",
        "Not in, for example:",
        "  ✗✗  id: 3, city: null",
    ]


def test_long_conditions_are_told_in_several_lines() -> None:
    cities = [f"a town called Number {number}" for number in range(8)]
    segment = (field.age > 17) & field.city.isin(cities)
    lines = str(segment.waterfall([{"city": "Kazan", "age": 3}])).splitlines()
    assert max(map(len, lines)) < 130
    assert [line.split()[0] for line in lines[3:6]] == ["everybody", "age", "and"]
    assert lines[6].startswith("      ")


def test_a_single_condition_is_one_step_and_nobody_is_no_trouble() -> None:
    found = (field.a == 1).waterfall([])
    assert (found.joint, len(found.steps), found.fields) == ("", 1, ())
    assert str(found).splitlines()[0] == "0 of 0 people are in (–)."
    assert "0 of 0" in found._repr_html_()
    assert found.sentence == "a = 1"


@attrs.frozen
class Person:
    id: int
    a: Any
    town: str = "Kazan"


@dataclass
class Customer:
    id: int
    a: Any
    at: datetime = NOW

    @property
    def costly(self) -> str:
        raise AssertionError("nobody asked for it")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (Person(1, 1), {"id": "1", "a": "1", "town": "'Kazan'"}),
        (Customer(1, 1), {"id": "1", "a": "1", "at": "2026-03-01 00:00:00+00:00"}),
    ],
)
def test_objects_show_the_fields_that_they_were_made_with(record: Any, told: dict[str, str]) -> None:
    found = (field.a == 1).waterfall([record])
    assert found.fields == tuple(told)
    assert str(found).splitlines()[-1].strip() == "✓  " + ", ".join(f"{name}: {value}" for name, value in told.items())


class Moody:
    """Can be read once, and then no more."""

    id = 7

    def __init__(self) -> None:
        self._left = 2

    @property
    def a(self) -> int:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("no more")
        return 1


def test_a_record_that_cannot_be_read_again_is_shown_all_the_same() -> None:
    assert "reading the field 'a' raised RuntimeError: no more" in str((field.a == 1).waterfall([Moody()]))


def test_fields_within_fields_are_shown_by_their_path() -> None:
    found = (field.address.city == "Kazan").waterfall([{"address": {"city": "Kazan"}}, {"address": None}])
    assert found.fields[0] == "address.city"
    assert "✗  address.city: null" in str(found)


@pytest.mark.parametrize("sample", [-1, True, "3", 1.5])
def test_a_sample_is_a_number_of_people(sample: Any) -> None:
    with pytest.raises(SegmentError, match="is not a number of people to show"):
        (field.a == 1).waterfall([], sample=sample)


def test_a_record_that_cannot_be_asked_is_named() -> None:
    with pytest.raises(SegmentError, match=r"no field 'b'; .* \(person 17\)"):
        AND.waterfall([{"id": 17, "a": 0, "c": 0}])
    with pytest.raises(SegmentError, match="this asks about events: give events="):
        event.purchase.did().waterfall([])


def test_its_type_is_public() -> None:
    assert isinstance((field.a == 1).waterfall([]), Waterfall)
    assert isinstance(Segment((field.a == 1).node), Segment)
