"""How an error of a segment shows its place: the marks stand below what they speak of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError

LONG = 'a = "' + "x" * 5000 + '" and contry == "RU"' + " and b = 2" * 500


def shown(text: str, part: str, *, longer: int = 0) -> list[str]:
    start = text.index(part)
    return str(SegmentError("wrong", text=text, start=start, end=start + len(part) + longer)).splitlines()


@pytest.mark.parametrize(
    ("text", "part", "head", "line", "marks"),
    [
        ("a => 1", "=>", "at column 3", "a => 1", "  ~~"),
        ("a = 1\nand b => 1\nand c = 2", "=>", "at line 2, column 7", "and b => 1", "      ~~"),
        ("a = 1\r\nand b => 1\r\nand c", "=>", "at line 2, column 7", "and b => 1", "      ~~"),
        ("a = 1\r\rb => 1", "=>", "at line 3, column 3", "b => 1", "  ~~"),
        ("\ta\t=> 1", "=>", "at column 4", " a => 1", "   ~~"),
        ('城市 = "喀山" andd', "andd", "at column 11", '城市 = "喀山" andd', " " * 14 + "~~~~"),
        ("e\u0301 => 1", "=>", "at column 4", "e\u0301 => 1", "  ~~"),
        ("a\u200b\u202e => 1", "=>", "at column 5", "a\ufffd\ufffd => 1", "    ~~"),
    ],
)
def test_the_marks_stand_below_the_place(text: str, part: str, head: str, line: str, marks: str) -> None:
    assert shown(text, part) == [f"segment: wrong ({head})", f"    {line}", f"    {marks}"]


def test_what_goes_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    assert shown("a = (1,\n2)", "(1,\n2)")[1:] == ["    a = (1,", "        ~~~"]


def test_of_a_long_line_what_stands_around_the_place_is_shown() -> None:
    head, line, marks = shown(LONG, "==")
    assert head == "segment: wrong (at column 5019)"
    assert (line[4], line[-1]) == ("…", "…")
    assert len(line) < 120
    assert line[marks.index("~") : len(marks)] == "=="


def test_a_long_part_is_marked_as_far_as_it_is_shown() -> None:
    _, line, marks = shown(LONG, LONG)
    assert len(line) == len(marks) + 1


def test_the_end_of_a_text_can_be_the_place() -> None:
    assert str(SegmentError("wrong", text="a =", start=3, end=3)).splitlines()[1:] == ["    a =", "       ~"]


def test_a_long_text_without_a_place_is_cut() -> None:
    assert len(str(SegmentError("wrong", text=LONG))) < 150


@given(st.text(max_size=300), st.integers(0, 310), st.integers(0, 310))
def test_every_place_can_be_shown(text: str, start: int, end: int) -> None:
    lines = str(SegmentError("wrong", text=text, start=start, end=end)).split("\n")
    assert len(lines) == 3
    assert set(lines[2].lstrip(" ")) == {"~"}
