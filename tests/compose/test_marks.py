"""Marks: Jinja in, Jinja out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.sandbox import environment
from mailkit.errors import TemplateError

SPOT = Spot(part="html")


@given(st.lists(st.text("{}%# '\"\\-\nab", max_size=12) | st.none(), max_size=8))
def test_text_is_printed_as_it_stands_whatever_it_looks_like(parts: list[str | None]) -> None:
    marks = Marks()
    marked = "".join(marks.add(Kind.EXPRESSION, "x", SPOT) if part is None else part for part in parts)
    jinja = environment(html=False).from_string(marks.emit(marked).source)
    assert jinja.render(x="42") == "".join("42" if part is None else part for part in parts)


def test_a_source_is_cut_into_text_and_tags() -> None:
    marks = Marks()
    marked = marks.read("a{# no #} {%- if x -%} b\r\n{{ '}}' }}{% endif %}", "html")
    assert MARK.sub("*", marked) == "a*b\n**"
    assert [str(marks[mark]) for mark in MARK.findall(marked)] == ["{% if x %}", "{{ '}}' }}", "{% endif %}"]
    assert str(marks[marks.add(Kind.BLOCK, "text 1", SPOT)]) == ""


def test_a_tag_is_found_by_each_of_its_lines() -> None:
    marks = Marks()
    emitted = marks.emit(marks.read("x\n{{ a }}\n{{ b\n+ c }}", "html"))
    lines = emitted.source.split("\n")
    assert emitted.token_at(lines.index("a") + 1) == emitted.tokens[0]
    assert emitted.token_at(lines.index("+ c") + 1) == emitted.tokens[1]
    assert emitted.token_at(1) is None


def test_there_are_only_so_many_tags() -> None:
    marks = Marks()
    with pytest.raises(TemplateError, match="more than 65,000"):
        for _ in range(70_000):
            marks.add(Kind.EXPRESSION, "x", SPOT)
