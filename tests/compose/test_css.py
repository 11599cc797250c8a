"""CSS is cut as browsers cut it, and what a browser drops is left out."""

# ruff: noqa: E501 - tables of cases

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.css import Block, Declaration, bare, closing, declarations, members, rules, unescaped

soup = st.text("{}()[];:!,@\\/*\"'aub url(-\n", max_size=60)


def shown(items: tuple[Block | Declaration, ...]) -> list[object]:
    """Rules as pairs of head and contents, declarations as text."""
    return [
        (item.head, shown(item.items))
        if isinstance(item, Block)
        else f"{item.name}:{item.value}{'!' * item.is_important}"
        for item in items
    ]


@given(soup)
def test_parts_stand_where_they_are_said_to_and_never_overlap(css: str) -> None:
    def check(items: tuple[Block | Declaration, ...], start: int, end: int) -> None:
        for item in items:
            stop = item.end if isinstance(item, Block) else item.stop
            assert start <= item.start <= stop <= end
            if isinstance(item, Block):
                check(item.items, item.head_end, item.end)
            start = stop

    check(rules(css), 0, len(css))
    for one in declarations(css):
        assert css[one.start : one.end].lower().startswith(css[one.start : one.start + 1].lower())


@given(soup)
def test_what_is_closed_stays_closed(css: str) -> None:
    once = css + closing(css)
    assert closing(once) == "" or once.endswith("\\" + closing(css))
    assert members(css)
    assert "/*" not in bare(css).replace("'", '"').partition('"')[0].partition("(")[0].partition("\\")[0]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("p{a:b}/* } */q{c:d}", [("p", ["a:b"]), ("q", ["c:d"])]),
        ("@import 'x;y'; p{a:b}", [("@import 'x;y'", []), ("p", ["a:b"])]),
        ("@import url(x)", [("@import url(x)", [])]),
        ('p{content:\'}\'}q{content:"\\"}"}', [("p", ["content:'}'"]), ("q", ['content:"\\"}"'])]),
        ("@media x{p{a:b", [("@media x", [("p", ["a:b"])])]),
        ("}p{a:b}q{c:d}", [("}p", ["a:b"]), ("q", ["c:d"])]),
        (";p{a:b}", [(";p", ["a:b"])]),
        ("<!-- p{a:b} --> q{}", [("p", ["a:b"]), ("q", [])]),
        ("p{;;a:b;;c:d;}", [("p", ["a:b", "c:d"])]),
        ("p{a:b; *zoom:1; _h:2; 3:4; c:d}", [("p", ["a:b", "_h:2", "c:d"])]),
        ("p{a:b ! IMPORTANT; c:d !ie; e: !important; f:}", [("p", ["a:b!"])]),
        ("p{--a:; --B:{x:y}; --c:!important}", [("p", ["--a:", "--B:{x:y}", "--c:!"])]),
        ("p{a:'b\nc;d:e}q{}", [("p", ["d:e"]), ("q", [])]),
        ("p{a:b c) d; e:f]; g:h}", [("p", ["g:h"])]),
        ("p{a:(b;c:d} q{e:f}", [("p", ["a:(b;c:d} q{e:f}"])]),
        ("p{a:url(x;y}z);b:url( 'x;y' )}", [("p", ["a:url(x;y}z)", "b:url( 'x;y' )"])]),
        ("p{c\\olor:red;\\63 olor:blue}", [("p", ["color:red", "color:blue"])]),
        ("p{a:b; &:hover{c:d} q:x{e:f} @media y{g:h} i:j}", [("p", ["a:b", ("&:hover", ["c:d"]), ("q:x", ["e:f"]), ("@media y", ["g:h"]), "i:j"])]),
        ("p{a:b; {c:d} e:f; g h; @x; i:j}", [("p", ["a:b", ("", ["c:d"]), "e:f", ("@x", []), "i:j"])]),
        ("p{a/**/:/*x*/b/*y*/!important/*z*/}", [("p", ["a:b!"])]),
        ("p{a:b\n  c}", [("p", ["a:b c"])]),
        ("<![CDATA[ p{a:b} ]]> q{c:d}", [("<![CDATA[ p{a:b} ]]> q", ["c:d"])]),
        ("p q", []),
    ],
)  # fmt: skip
def test_a_style_sheet_is_cut_into_rules(css: str, expected: list[object]) -> None:
    assert shown(rules(css)) == expected


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("color: red; margin", ["color:red"]),
        (": red; a:b", ["a:b"]),
        ("{a:b} c:d; e:f", ["e:f"]),
        ("a:b {c:d}; e:f", ["e:f"]),
        ("a:{b}; c:d", ["c:d"]),
        ("a: 'b", ["a:'b"]),
        ("/* a:b", []),
    ],
)
def test_a_style_attribute_holds_no_rules(css: str, expected: list[str]) -> None:
    assert shown(declarations(css)) == expected


@pytest.mark.parametrize(
    ("css", "end"),
    [
        ("a:url(b", ")"),
        ("a:url(b)", ""),
        ("a:url(b\\)", ")"),
        ("a:'b\\'", "'"),
        ('a:"b"', ""),
        ("a:'b\nc", ""),
        ("a:(b[c", "])"),
        ("a:b/*", "*/"),
        ("a:b/**/", ""),
        ("a:b/*/", "*/"),
        ("'a' b:c", ""),
    ],
)
def test_what_is_open_at_the_end_is_closed(css: str, end: str) -> None:
    assert closing(css) == end


def test_names_and_comments_are_read_as_css_reads_them() -> None:
    assert unescaped("a\\\nb\\0 \\d800 c\\110000 ") == "ab\ufffd\ufffdc\ufffd"
    assert bare("a/*b*/c'/*d*/'") == "ac'/*d*/'"
    assert members("a,b(c,d),'e,f'") == ["a", "b(c,d)", "'e,f'"]
    media, statement = rules("@MEDIA  a\n b{p{}} @x;")
    assert (media.at, media.prelude, statement.at) == ("media", "a b", "x")
    assert rules("p{}")[0].at == ""
