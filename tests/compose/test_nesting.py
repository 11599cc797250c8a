# ruff: noqa: E501 - a letter is read best on one line
"""Elements that stand too deep inside of each other are refused before a parser dies of them."""

from __future__ import annotations

import pytest

from mailkit import compose
from mailkit.compose.markup import pieces
from mailkit.compose.nesting import DEEPEST, check_nesting
from mailkit.errors import TemplateError


@pytest.mark.parametrize(
    "repeated",
    [
        "<div>", "<font>", "<ul><li>", "<span><div></span>", "<p><div></p>", "<b><div></b>", "<form><div></form>",
        "<div><table><tr><td></div>", "<table><tr><td><table></tr>", "<div></html>", "<td><table></td>", "<x-y><div></x-y>", "<a><div>",
    ],
)  # fmt: skip
def test_what_a_browser_would_nest_counts(repeated: str) -> None:
    with pytest.raises(TemplateError, match="more than 300 elements stand inside of each other"):
        check_nesting(pieces(repeated * (DEEPEST + 1)))


def test_in_pictures_nothing_ends_by_itself() -> None:
    with pytest.raises(TemplateError):
        check_nesting(pieces("<svg>" + "<td>" * DEEPEST))


@pytest.mark.parametrize(
    "repeated",
    [
        "<tr><td>a<td>b", "<li>", "<li><div>x</div>", "<p>a", "<p><span>x</span>", "<dt>a<dd>b", "<br>", "<tr><td><p>a</td>",
        "<tbody><tr><th>a", "<div><center></div>", "<div><b>x</b></div>", "<ul><li><b></ul>", "</p>", "<td><div></td>", "<a>x",
    ],
)  # fmt: skip
def test_what_ends_by_itself_does_not(repeated: str) -> None:
    check_nesting(pieces("<table>" + repeated * 2_000))


def test_a_letter_that_deep_is_refused_with_its_line() -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile("<style>p { color: red }</style>\n" + "<div>\n" * 2_000, subject="s")
    assert caught.value.line
    assert caught.value.line > DEEPEST
