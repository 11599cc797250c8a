"""HTML in pieces, and CSS in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.markup import attributes, pieces, replaced
from mailkit.compose.stylesheets import split, weak_rules

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
    ("css", "inlinable", "kept"),
    [
        ("p{a:b}/* } */q{c:d}", "p{a:b}\nq{c:d}", ""),
        ("@import 'x;y'; p{a:b}", "p{a:b}", "@import 'x;y';"),
        ("a:hover{x:y} .b:is(p){x:y} [data-ogsc] p{x:y}", "", "a:hover{x:y}\n.b:is(p){x:y}\n[data-ogsc] p{x:y}"),
        ("p{a:b; i{c:d}}", "", "p{a:b; i{c:d}}"),
        ('p{content:\'}\'}q{content:"\\"}"}', 'p{content:\'}\'}\nq{content:"\\"}"}', ""),
        ("@media x{p{a:b", "", "@media x{p{a:b}}"),
        ("}p{a:b}", "p{a:b}", ""),
        ("<!-- p{a:b} -->{c:d}", "p{a:b}", ""),
    ],
)
def test_a_style_sheet_is_cut_by_what_can_be_inlined(css: str, inlinable: str, kept: str) -> None:
    sheet = split(css)
    assert (sheet.inlinable.lstrip("}\n"), sheet.kept) == (inlinable, kept)


@pytest.mark.parametrize(
    ("kept", "heads"),
    [
        ("@media x{p{a:b !important;c:d}}", ("@media x",)),
        ("@media x{p{c:d ! important}} @font-face{c:d}", ()),
        ("p:hover{c:d}p:hover{c:e}", ("p:hover",)),
        ("p:before{c:d} p::after{c:d} #outlook p{c:d} .ExternalClass{c:d}", ()),
        ("p:before,p:hover{c:d}", ("p:before,p:hover",)),
        ("p:hover{border-top:0} p:active{e:f}", ("p:hover",)),
        (":root{color-scheme:light dark}", ()),
    ],
)
def test_kept_rules_without_important_are_weak_where_an_inlined_one_says_the_same(
    kept: str, heads: tuple[str, ...]
) -> None:
    assert weak_rules(kept, "p{a:b;c:d;color:red;border:0}") == heads


@pytest.mark.parametrize(
    "source", ["<a " * 30_000, '<a b=">" ' * 30_000, "</a " * 30_000, "<!a" * 30_000, "<a href='" * 30_001]
)
def test_long_broken_html_is_cut_at_once(source: str) -> None:
    assert "".join(piece.text for piece in pieces(source)) == source
    assert len(list(pieces(source))) <= 2


@pytest.mark.parametrize(("source", "comment"), [("<!-->a-->", "<!-->"), ("<!--->a", "<!--->"), ("<!--a--!>b", None)])
def test_a_comment_ends_where_it_ends_for_browsers(source: str, comment: str | None) -> None:
    assert next(pieces(source)).text == (comment or "<!--a--!>")
