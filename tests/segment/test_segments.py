# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)

people_of = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 9), "city": st.sampled_from(["Kazan", "Ufa", None])}),
    max_size=8,
    unique_by=lambda person: person["id"],
)
streams = st.lists(
    st.builds(
        lambda kind, person, age: Event(kind=kind, person=str(person), at=NOW - age * DAY),
        st.sampled_from(["opened", "purchase"]),
        st.integers(0, 9),
        st.integers(-5, 100),
    ),
    max_size=20,
)
some_segments = st.sampled_from(
    [
        f.city == "Kazan",
        ev.purchase.none(last=days(90)) & ~f.city.is_null(),
        ev.opened.at_least(2, last=days(60)) | ev.purchase.did(),
        ~(ev.opened.exactly(1) & (f.city != "Ufa")),
    ]
)


@given(some_segments, people_of, streams)
def test_filtering_is_asking_each(segment: Segment, people: list, events: list) -> None:
    chosen = segment.filter(people, events=events, now=NOW)
    assert chosen == [person for person in people if segment.matches(person, events=events, now=NOW)]
    assert segment.count(iter(people), events=iter(events), now=NOW) == len(chosen)


@given(st.lists(some_segments, max_size=3), people_of, streams)
def test_dividing_puts_everybody_into_the_first_segment_that_fits(segments: list, people: list, events: list) -> None:
    named = {f"segment {place}": segment for place, segment in enumerate(segments)}
    divided = partition(named, people, events=events, now=NOW)
    assert list(divided) == [*named, None]
    rest = people
    for name, segment in named.items():
        assert divided[name] == segment.filter(rest, events=events, now=NOW)
        rest = [person for person in rest if person not in divided[name]]
    assert divided[None] == rest


@given(some_segments, some_segments, some_segments)
def test_equal_trees_are_equal_segments_with_equal_text(one: Segment, other: Segment, third: Segment) -> None:
    assert (one & other) & third == one & (other & third)
    assert str((one | other) | third) == str(one | (other | third))
    assert hash(one & other) == hash(one & other)
    assert ~~one == one
    assert (one == other) == (str(one) == str(other))


def test_the_people_come_back_as_they_were_given() -> None:
    @dataclass
    class Customer:
        number: str
        city: str

    anna, oleg, vera = Customer("a", "Kazan"), Customer("b", "Ufa"), Customer("c", "Kazan")
    events = {"a": [{"kind": "purchase", "at": NOW}], "c": []}
    chosen = ev.purchase.none().filter((oleg, anna, vera), events=events, key="number", now=NOW)
    assert [id(person) for person in chosen] == [id(oleg), id(vera)]


def test_the_events_of_people_who_are_ruled_out_are_never_looked_for() -> None:
    asked = []

    def events_of(person: dict) -> list:
        asked.append(person["id"])
        return []

    people = [{"id": 1, "city": "Ufa"}, {"id": 2, "city": "Kazan"}]
    assert (ev.purchase.none() & (f.city == "Kazan")).count(people, events=events_of, now=NOW) == 1
    assert asked == [2]


def test_one_persons_events_are_fetched_once() -> None:
    asked = []

    def events_of(person: dict) -> object:
        asked.append(person["id"])
        return iter([{"kind": "opened", "at": NOW}])

    people = [{"id": 1}, {"id": 2}]
    named = {"none": ev.opened.none(), "two": ev.opened.at_least(2), "one": ev.opened.did()}
    assert len(partition(named, people, events=events_of, now=NOW)["one"]) == 2  # type: ignore[arg-type]
    assert asked == [1, 2]


def test_now_is_the_present_unless_it_is_given() -> None:
    segment = ev.opened.did(last=days(1))
    assert not segment.matches({}, events=[{"kind": "opened", "at": NOW - 5000 * DAY}])
    assert segment.matches({}, events=[{"kind": "opened", "at": NOW}], now=datetime(2026, 3, 1), assume_zone="UTC")
    with pytest.raises(SegmentError, match="no time zone"):
        segment.matches({}, events=[], now=datetime(2026, 3, 1))


def test_a_misspelt_field_is_told_even_where_nobody_is_asked_for_it() -> None:
    segment = (f.city == "Kazan") & (f.contry == "RU")
    with pytest.raises(SegmentError) as caught:
        segment.filter([{"id": 17, "city": "Ufa", "country": "RU"}])
    error = caught.value
    assert str(error).splitlines() == [
        "segment: the record has no field 'contry'; did you mean 'country'? (person 17) (at column 20)",
        '    city = "Kazan" and contry = "RU"',
        "                       ~~~~~~",
    ]
    assert (error.start, error.end) == (19, 25)


def test_a_field_named_twice_is_told_without_a_place() -> None:
    with pytest.raises(SegmentError) as caught:
        ((f.contry == "RU") | (f.contry == "BY")).matches({"country": "RU"})
    assert caught.value.start is None


def test_a_field_that_some_records_lack_is_an_error_or_null_as_was_said() -> None:
    people = [{"id": 1, "vip": True}, {"id": 2}]
    with pytest.raises(SegmentError, match=r"no field 'vip'.*\(person 2\)"):
        (f.vip & (f.id > 0)).filter(people)
    assert (f.vip.optional() & (f.id > 0)).filter(people) == people[:1]
    assert f.vip.optional().is_null().filter(people) == people[1:]


def test_a_person_without_an_id_is_named_by_the_record() -> None:
    with pytest.raises(SegmentError, match=r"\(person \{'city': 3\}\)"):
        (f.city == "Kazan").matches({"city": 3})


def test_a_segment_about_events_needs_events() -> None:
    for ask in (ev.opened.none().filter, ev.opened.none().count):
        with pytest.raises(SegmentError, match="this asks about events: give events="):
            ask([])
    assert ev.opened.none().filter([{"id": 1}], events=[])


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"id": 1, "city": "Kazan"}, "people is one mapping"),
        (7, "people is 7; give several records"),
        (["Kazan"], "there is no field 'city', since the record is 'Kazan'"),
    ],
)
def test_people_are_several_records(people: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        (f.city == "Kazan").filter(people)  # type: ignore[arg-type]


def test_a_data_frame_is_sent_for_its_rows() -> None:
    class Frame:
        columns = ("city",)

        def to_dict(self, orient: str) -> list:
            raise AssertionError(orient)

    with pytest.raises(SegmentError, match=r"people is a data frame; give its rows: people.to_dict\('records'\)"):
        (f.city == "Kazan").filter(Frame())  # type: ignore[type-var]


def test_only_segments_divide_people() -> None:
    with pytest.raises(SegmentError, match="'big' is <Field: big>, which is not a segment"):
        partition({"big": f.big}, [])  # type: ignore[dict-item]


def test_a_segment_shows_its_sentence() -> None:
    segment = f.city == "<Kazan>"
    assert repr(segment) == '<Segment: city = "<Kazan>">'
    assert "city = &quot;&lt;Kazan&gt;&quot;" in segment._repr_html_()


def test_a_segment_is_made_of_a_condition() -> None:
    with pytest.raises(SegmentError, match="is not the tree of a condition"):
        Segment("city = 'Kazan'")  # type: ignore[arg-type]


def test_the_present_number_of_names_is_what_is_promised() -> None:
    from mailkit import segment

    assert all(hasattr(segment, name) for name in segment.__all__)
    assert sorted(segment.__all__) == segment.__all__
    assert len(segment.__all__) <= 30


@pytest.mark.parametrize("key", [None, "", 5])
def test_the_key_is_the_name_of_a_field(key: object) -> None:
    with pytest.raises(SegmentError, match="is not the name of the field with a person's id"):
        ev.opened.did().filter([{"id": 1}], events=[], key=key)  # type: ignore[arg-type]


@pytest.mark.parametrize("segments", [[f.a == 1], None, f.a == 1])
def test_people_are_divided_by_a_mapping(segments: object) -> None:
    with pytest.raises(SegmentError, match="is not segments by name"):
        partition(segments, [])  # type: ignore[arg-type]


def test_the_rest_cannot_be_mixed_with_a_segment() -> None:
    with pytest.raises(SegmentError, match="None is no name"):
        partition({None: f.a == 1}, [{"a": 1}])  # type: ignore[dict-item]
