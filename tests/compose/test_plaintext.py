"""The text part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose import plain_text
from mailkit.compose.plaintext import tidy


@given(st.text("ab \n-é\xa0", max_size=400))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(st.text(max_size=200) | st.text("<>/=\"' apdivtrlh123!-&;", max_size=200))
def test_any_text_is_read(html: str) -> None:
    assert plain_text(html).endswith("\n")


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=30), max_size=60))
def test_lines_are_wrapped_and_no_word_is_lost(words: list[str]) -> None:
    text = plain_text(f"<p>{' '.join(words)}</p>")
    assert text.split() == words
    assert all(len(line) <= 78 for line in text.split("\n"))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", "\n"),
        ("<h1>A</h1><p>b<br>c</p><p>d</p>", "A\n\nb\nc\n\nd\n"),
        ("a<br><br>b", "a\n\nb\n"),
        ("a<div>b</div>c", "a\nb\nc\n"),
        ("x <b>y</b> z&nbsp;&amp;\n\n w", "x y z & w\n"),
        ("<b>x</b> <i>y</i>", "x y\n"),
        ("<ul><li>a</li><li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\n\nd\n"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b\n"),
        ("<li>a", "- a\n"),
        ("</ul></a></tr><p>a", "a\n"),
        ("<table><tr><td>a</td><td>1</td></tr><tr><th>b</th><th>2</th></tr></table>c", "a  1\nb  2\n\nc\n"),
        ("<td>a<td>b", "ab\n"),
        ("<tr><td><p>a</p></td><td>b</td></tr>", "a\n\nb\n"),
        ("<a href='https://x.example'>Go</a> on", "Go (https://x.example) on\n"),
        ("<a href='https://x.example'>Go</a>, on", "Go (https://x.example), on\n"),
        ("<a href='https://x.example'><p>Go</p></a>on", "Go (https://x.example)\n\non\n"),
        ("<a href='https://x.example'>https://x.example</a>", "https://x.example\n"),
        ("<a href='https://x.example'>x.example</a>", "x.example\n"),
        ("<a href='mailto:a@x.example'>a@x.example</a> <a href='tel:+1'>call</a>", "a@x.example call (+1)\n"),
        ("<a href='#top'>up</a> <a>b</a> <a href='https://x.example'></a>c", "up b c\n"),
        ("<a href='https://x.example'><img alt='Sale' src=x></a><img alt=''>", "Sale (https://x.example)\n"),
        ("<div style='Display : none'>pre<p>x</p></div>a<p hidden>b</p><b style='mso-hide:all'>c</b>", "a\n"),
        ("<head><title>t</title><style>p{}</style><body>a", "a\n"),
        ("<div hidden><br>a</p></div>b", "b\n"),
        ("a<hr>b", f"a\n\n{'-' * 40}\n\nb\n"),
        ("a<!-- x --><script>y</script>b", "ab\n"),
        ("<p>a</p>\n<ul><li>one</li></ul>", "a\n\n- one\n"),
        ("a <br> b", "a\nb\n"),
    ],
)
def test_text_is_as_one_would_write_it(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_a_long_item_is_wrapped_under_itself_and_an_address_is_whole() -> None:
    text = plain_text(f"<ul><li>{'word ' * 30}<a href='https://x.example/{'a' * 90}'>b</a></li></ul>")
    lines = text.split("\n")
    assert all(line.startswith("  ") for line in lines[1:-1])
    assert f"  (https://x.example/{'a' * 90})" in lines
