"""How segments overlap: counts of those in several of them, as numbers, text and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, event, field, overlap
from mailkit.segment.explained.overlaps import Overlap

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'
FIELDS = ("a", "b", "c")


class Checked(HTMLParser):
    """Refuses what must not be in a page, and keeps the elements and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "a", "style", "iframe"}
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        self.tags.append(tag)
        if tag != "br":
            self._open.append(tag)
        if tag == "th":
            assert dict(attrs)["scope"] in ("row", "col")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def by_name(*names: str) -> dict[str, Segment]:
    return {name: field[name] == True for name in names}  # noqa: E712 - a field makes a condition of it


@settings(max_examples=40)
@given(st.lists(st.tuples(*(st.booleans() for _ in FIELDS)), max_size=30))
def test_every_number_is_what_counting_each_segment_gives(marks: list[tuple[bool, ...]]) -> None:
    people = [dict(zip(FIELDS, one, strict=True)) for one in marks]
    segments = by_name(*FIELDS)
    found = overlap(segments, people)
    assert found.people == len(people)
    assert found.any + found.none == len(people)
    assert found.sizes == {name: segment.count(people) for name, segment in segments.items()}
    for one in FIELDS:
        for other in FIELDS:
            both = (segments[one] & segments[other]).count(people)
            assert found.common(one, other) == both
            share = found.common_share(one, other)
            assert share == (both / found.sizes[one] if found.sizes[one] else None)
        alone = segments[one]
        for other in FIELDS:
            alone = alone & ~segments[other] if other != one else alone
        assert found.exclusive[one] == alone.count(people)
    counts = [combination.people for combination in found.combinations]
    assert counts == sorted(counts, reverse=True)
    assert len({combination.names for combination in found.combinations}) == len(counts)
    str(found)
    Checked(found._repr_html_())


def test_events_that_can_be_read_but_once_reach_every_segment() -> None:
    bought = {"kind": "purchase", "at": datetime(2026, 2, 1, tzinfo=UTC), "person": 1}

    def stream() -> Iterator[dict[str, Any]]:
        yield bought

    segments = {"buyer": event.purchase.did(), "lately": event.purchase.did(last=days(90))}
    people = ({"id": number} for number in (1, 2))
    found = overlap(segments, people, events=stream(), now=NOW)
    assert found.common("buyer", "lately") == 1
    assert overlap(segments, [{"id": 1}], events={1: iter([bought])}, now=NOW).common("buyer", "lately") == 1
    assert overlap(segments, [{"id": 1}], events=lambda person: [bought]).any == 1


def test_the_text_says_of_each_segment_where_else_its_people_are() -> None:
    people = [{"a": True, "b": True}, {"a": True, "b": False}, {"a": False, "b": False}]
    found = overlap({**by_name("a", "b"), "nobody here": field.a.isin([])}, people)
    assert str(found).splitlines() == [
        "3 people: 2 in at least one of 3 segments, 1 in none.",
        "",
        "of those in  people  in no other     a    b  nobody here",
        "a                 2            1     ·  50%           0%",
        "b                 1            0  100%    ·           0%",
        "nobody here       0            0     –    –            ·",
        "",
        "In just these:",
        "1  a and b",
        "1  a",
        "1  none",
    ]
    assert str(found.combinations[0]) == "1 in a and b"


def test_the_picture_tells_everything_in_words_too_and_cannot_be_broken_into() -> None:
    people = [{"a": True, "b": True}, {"a": True, "b": False}]
    page = Checked(overlap({HOSTILE: field.a == True, "b\x1b[0m": field.b == True}, people)._repr_html_())  # noqa: E712
    assert HOSTILE in page.text
    assert "b\ufffd[0m" in page.text
    assert page.tags.count("table") == page.tags.count("caption") == 2
    assert "50%" in page.text


def test_small_combinations_are_left_out_of_what_is_shown() -> None:
    names = [f"segment {number} with a rather long name" for number in range(5)]
    people = [{name: bool(number >> place & 1) for place, name in enumerate(names)} for number in range(32)]
    found = overlap(by_name(*names), people)
    assert len(found.combinations) == 32
    assert "20 smaller ones left out" in found._repr_html_()
    assert len(re.findall("^ *1  ", str(found), re.MULTILINE)) == 12
    assert max(map(len, str(found).splitlines())) < 200


@pytest.mark.parametrize("segments", [{}, {1: field.a == 1}, {"": field.a == 1}, {"a": field.a}, [field.a == 1], None])
def test_segments_are_given_by_name(segments: Any) -> None:
    with pytest.raises(SegmentError):
        overlap(segments, [])


def test_a_segment_that_was_not_given_is_refused() -> None:
    found = overlap(by_name("a"), [])
    assert isinstance(found, Overlap)
    with pytest.raises(SegmentError, match="there is no segment 'b' here; there are a"):
        found.common("a", "b")


def test_a_record_that_cannot_be_asked_is_named() -> None:
    with pytest.raises(SegmentError, match=r"no field 'a'; .* \(person 17\)"):
        overlap(by_name("a"), [{"id": 17, "b": 1}])
