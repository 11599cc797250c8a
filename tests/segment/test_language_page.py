"""Each row of the page on the language of segments is so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mailkit import segment
from mailkit.segment import Segment, Value, nodes, parse
from mailkit.segment.language.text import RESERVED

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "segment-language.md").read_text("utf-8")
_, FORMS, OTHERS, REST = re.split(r"^## Every form.*|^## What else.*|^## Names.*", PAGE, flags=re.MULTILINE)
KNOWN = {name: getattr(segment, name) for name in segment.__all__} | {
    "f": segment.field,
    "ev": segment.event,
    "Z": "Europe/Moscow",
    "UTC": UTC,
    "date": date,
    "datetime": datetime,
    "Decimal": Decimal,
    "now": Value(nodes.Now()),
}


def rows(part: str) -> list[tuple[str, ...]]:
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [tuple(map(plain, re.split(r" (?<!\\)\| ", line[2:-2]))) for line in lines]


def plain(cell: str) -> str:
    """What stands between backticks, of which there are two where it has some in it."""
    return cell.strip("`").strip().replace("\\|", "|") if not cell.startswith("``") else cell[2:-2].strip()


def test_the_page_has_all_rows() -> None:
    assert (len(rows(FORMS)), len(rows(OTHERS))) == (58, 13)


@pytest.mark.parametrize(("text", "python"), rows(FORMS))
def test_a_form_and_its_twin_are_equal(text: str, python: str) -> None:
    twin = eval(python, KNOWN)
    meant = twin if isinstance(twin, Segment) else Segment(twin._condition())
    assert parse(text) == meant
    assert str(meant) == text


@pytest.mark.parametrize(("read", "written"), rows(OTHERS))
def test_what_else_may_be_written_is_read(read: str, written: str) -> None:
    assert str(parse(read)) == written


def test_the_words_that_are_no_names_are_listed() -> None:
    listed = re.search(r"and so do these words: (.*?)\.\n", REST, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == RESERVED


def test_the_grammar_has_every_word() -> None:
    grammar = REST.partition("```ebnf")[2].partition("```")[0]
    words = set(re.findall(r'"(\w+)"', grammar))
    parts = set(map(str, nodes.Function)) | set(map(str, nodes.Part))
    assert parts <= words
    assert words >= RESERVED - {"ends", "starts"}


def test_the_rules_of_the_grammar_are_all_told() -> None:
    grammar = re.sub(r"\(\*.*?\*\)", "", REST.partition("```ebnf")[2].partition("```")[0])
    made = set(re.findall(r"^(\w+) +=", grammar, re.MULTILINE))
    used = set(re.findall(r"\b[a-z_]+\b", re.sub(r'"[^"]*"', "", grammar)))
    assert used - made == {"text", "whole", "name", "digits", "date", "time"}


def test_the_example_says_what_is_so(capsys: pytest.CaptureFixture[str]) -> None:
    example = PAGE.partition("```python\n")[2].partition("```")[0]
    exec(example, {})
    assert capsys.readouterr().out.strip() == re.findall(r"#  ?(.*)$", example.strip().splitlines()[-1])[0]
