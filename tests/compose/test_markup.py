"""HTML in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.markup import attributes, pieces, replaced

soup = st.text("<>/!-=\"' astylepcrix\n", max_size=120) | st.text(max_size=60)


@given(soup)
def test_the_pieces_are_the_source(source: str) -> None:
    assert "".join(piece.text for piece in pieces(source)) == source


@given(soup)
def test_values_stand_where_they_are_said_to(source: str) -> None:
    for piece in pieces(source):
        for one in attributes(piece.text) if piece.kind.value == "open" else ():
            assert piece.text[one.start : one.end].strip("\"'") == one.value.strip("\"'")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<a b=c d='e>' f=\"g\" h>", [("b", "c"), ("d", "e>"), ("f", "g"), ("h", "")]),
        ("<a b = c/>", [("b", "c/")]),
        ("<a b=>", [("b", "")]),
        ("<a x'=1 \"y>", [("x'", "1"), ('"y', "")]),
        ("<br/>", []),
    ],
)
def test_attributes_are_read_as_browsers_do(tag: str, expected: list[tuple[str, str]]) -> None:
    (piece,) = pieces(tag)
    assert [(one.name, one.value) for one in attributes(piece.text)] == expected


def test_a_replaced_value_is_quoted() -> None:
    tag = "<a b=c d='e'>"
    first, second = attributes(tag)
    assert replaced(tag, [(first, 'x"y'), (second, "z")]) == '<a b="x&quot;y" d="z">'
    assert attributes("??") == attributes("<>") == ()


def test_no_tag_begins_inside_a_style() -> None:
    assert [piece.text for piece in pieces("<style>a<b></STYLE ><style></style>x<style>y")] == [
        *("<style>", "a<b>", "</STYLE >", "<style>", "</style>", "x", "<style>", "y"),
    ]


@pytest.mark.parametrize(
    "source", ["<a " * 30_000, '<a b=">" ' * 30_000, "</a " * 30_000, "<!a" * 30_000, "<a href='" * 30_001]
)
def test_long_broken_html_is_cut_at_once(source: str) -> None:
    assert "".join(piece.text for piece in pieces(source)) == source
    assert len(list(pieces(source))) <= 2


@pytest.mark.parametrize(("source", "comment"), [("<!-->a-->", "<!-->"), ("<!--->a", "<!--->"), ("<!--a--!>b", None)])
def test_a_comment_ends_where_it_ends_for_browsers(source: str, comment: str | None) -> None:
    assert next(pieces(source)).text == (comment or "<!--a--!>")
