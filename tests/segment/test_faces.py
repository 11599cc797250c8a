"""How segments look in a notebook: whole, readable as text, and safe whatever they are made of."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, event, field
from mailkit.segment.explained.faces import aligned, lines, listed

HOSTILE = "</code><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Keeps the elements, their attributes and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(segment: Segment) -> str:
    return " ".join(Page(segment._repr_html_()).text.split())


def test_a_short_segment_is_one_line() -> None:
    assert shown(field.city == "Kazan") == 'city = "Kazan"'
    assert [(line.depth, line.joint) for line in lines((field.city == "Kazan").node)] == [(0, "")]


def test_each_condition_has_a_line_and_what_is_nested_stands_deeper() -> None:
    segment = (field.a == 1) & ~((field.b == 2) | event.purchase.none()) & ((field.c == 3) | ~(field.d == 4))
    assert [(line.depth, line.joint, line.text) for line in lines(segment.node)] == [
        (0, "", "a = 1"),
        (0, "and", "not ("),
        (1, "", "b = 2"),
        (1, "or", "no purchase"),
        (0, "", ")"),
        (0, "and", "("),
        (1, "", "c = 3"),
        (1, "or", "not d = 4"),
        (0, "", ")"),
    ]
    assert shown(segment) == "a = 1 and not ( b = 2 or no purchase ) and ( c = 3 or not d = 4 )"


@pytest.mark.parametrize(
    "segment",
    [
        field[HOSTILE] != "x",
        field.city == HOSTILE,
        event[HOSTILE].did(),
        (field[HOSTILE] == HOSTILE) & event.purchase.where(field[HOSTILE] == HOSTILE).did(),
    ],
)
def test_nothing_from_a_segment_or_record_is_markup(segment: Segment) -> None:
    pages = [segment._repr_html_()]
    records = [{"id": HOSTILE, HOSTILE: HOSTILE, "city": HOSTILE}]
    pages.append(segment.waterfall(records, events=[])._repr_html_())
    for html in pages:
        page = Page(html)
        assert "img" not in page.tags
        assert page.attributes <= {"class", "style", "scope", "role", "aria-label", "aria-hidden", "tabindex"}
        assert HOSTILE in page.text


@settings(max_examples=50)
@given(st.text(min_size=1))
def test_any_text_is_shown_as_it_is_but_for_what_steers_screens(text: str) -> None:
    page = Page((field.city == text)._repr_html_())
    assert page.tags == {"section", "div"}
    assert all(letter.isprintable() or letter == "\n" for letter in page.text)


def test_lists_are_joined_as_people_do() -> None:
    assert [listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a and b", "a, b and c"]


def test_columns_are_as_wide_as_their_widest_text() -> None:
    assert aligned([["a", "1"], ["bcd", "20"]]) == ["a     1", "bcd  20"]
