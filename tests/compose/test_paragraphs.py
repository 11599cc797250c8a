"""Markdown in texts, with Jinja in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose.marks import MARK, Marks
from mailkit.compose.paragraphs import MarkdownLooks, paragraphs
from mailkit.errors import TemplateError


def shown(source: str, looks: MarkdownLooks | None = None) -> str:
    marks = Marks()
    html = paragraphs(marks.read(source, "html"), marks, looks or MarkdownLooks())
    return marks.words(html).replace("\n", "")


@given(st.lists(st.sampled_from([*"*_`~[]()>#-1.\\!&\n <", "a", "{{ x }}", "{% if y %}", "{% endif %}", "  ", "\n\n"])))
def test_no_tag_of_jinja_is_lost_or_doubled_outside_of_pictures_names(parts: list[str]) -> None:
    source = "".join(parts)
    if source.count("{% if") != source.count("{% endif"):
        return
    marks = Marks()
    try:
        marked = marks.read(source, "html")
    except TemplateError:
        return
    assert sorted(MARK.findall(paragraphs(marked, marks))) == sorted(MARK.findall(marked))


@given(st.text())
def test_whatever_an_author_writes_is_no_html(source: str) -> None:
    html = paragraphs(MARK.sub("", source), Marks())
    assert "<script" not in html.lower()
    assert not MARK.search(html)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**a** *b* ***c***", "<p><strong>a</strong> <em>b</em> <em><strong>c</strong></em></p>"),
        ("2 * 3 * 4, ** x **, snake_case_name", "<p>2 * 3 * 4, ** x **, snake_case_name</p>"),
        (r"\*a\* \[x](y)", "<p>*a* [x](y)</p>"),
        ("[a *b*](https://x.example/*c*)", '<p><a href="https://x.example/*c*">a <em>b</em></a></p>'),
        ("**[a](https://x.example/(b))**", '<p><strong><a href="https://x.example/(b)">a</a></strong></p>'),
        ('[a](https://x.example/"b)', '<p><a href="https://x.example/&quot;b">a</a></p>'),
        ("<https://x.example>", '<p><a href="https://x.example">https://x.example</a></p>'),
        ("[a] (b)", "<p>[a] (b)</p>"),
        ("~~12~~ `c<d`", "<p><s>12</s> <code>c&lt;d</code></p>"),
        ("one\n\ntwo  \nlines", "<p>one</p><p>two<br>lines</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> a\n\n---", "<blockquote><p>a</p></blockquote><hr>"),
        ("# a\n\n##### b", "<h1>a</h1><h3>b</h3>"),
        ("![a](https://x.example/b.png)", '<p><img src="https://x.example/b.png" alt="a"></p>'),
        ("1 < 2 <b>x</b>", "<p>1 &lt; 2 &lt;b&gt;x&lt;/b&gt;</p>"),
        ("AT&T &amp; &nbsp;&#8364;", "<p>AT&amp;T &amp; \xa0€</p>"),
        ("&#xF0000; &#983040;", "<p>\ufffd \ufffd</p>"),
        ("    indented\n\n\tlines", "<p>indented</p><p>lines</p>"),
        ("a\n===\nb\n---", "<p>a===b</p><hr>"),
        ("[a]: https://x.example", "<p>[a]: https://x.example</p>"),
    ],
)
def test_markdown_is_that_of_commonmark_but_for_html_and_code(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**{{ a }}** _{{ b }}_", "<p><strong>{{ a }}</strong> <em>{{ b }}</em></p>"),
        ("{{ '**a**' }}", "<p>{{ '**a**' }}</p>"),
        ("[{{ a }}]({{ u }}?b={{ c }}&d)", '<p><a href="{{ u }}?b={{ c }}&amp;d">{{ a }}</a></p>'),
        ("x {% if a %}**y**{% endif %}", "<p>x {% if a %}<strong>y</strong>{% endif %}</p>"),
        ("x\n{% if a %}\ny\n{% endif %}\nz", "<p>x</p>{% if a %}<p>y</p>{% endif %}<p>z</p>"),
        ("{% if a %}\n- x\n{% endif %}\n- y", "{% if a %}<ul><li>x</li></ul>{% endif %}<ul><li>y</li></ul>"),
        ("{% for a in c %}\n- {{ a }}\n{% endfor %}", "<ul>{% for a in c %}<li>{{ a }}</li>{% endfor %}</ul>"),
        ("{% for a in c %}\n1. x\n{% endfor %}", "<ol>{% for a in c %}<li>x</li>{% endfor %}</ol>"),
        ("{% for a in c %}\nx\n{% endfor %}", "{% for a in c %}<p>x</p>{% endfor %}"),
        ("{% for a in c %}\n- x\n\ny\n{% endfor %}", "{% for a in c %}<ul><li>x</li></ul><p>y</p>{% endfor %}"),
    ],
)
def test_jinja_stands_where_it_was_written(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi *|FNAME|*, *a*", "<p>Hi *|FNAME|*, <em>a</em></p>"),
        ("[*|A_1:B|*](https://x.example.com)", '<p><a href="https://x.example.com">*|A_1:B|*</a></p>'),
        ("*|x|*", "<p><em>|x|</em></p>"),
    ],
)
def test_merge_fields_of_another_system_are_no_emphasis(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_the_last_block_leaves_no_blank_below_it() -> None:
    looks = MarkdownLooks(styles={"p": "margin:0 0 12px"}, classes={"p": "x"})
    expected = '<p class="x" style="margin:0 0 12px">a</p><p class="x" style="margin:0">b</p>'
    assert shown("a\n\nb", looks) == expected
    assert shown("{% if a %}\n\n{% endif %}", looks) == "{% if a %}{% endif %}"


def test_a_link_that_would_run_a_script_is_refused_by_name() -> None:
    with pytest.raises(TemplateError, match="javascript:"):
        compose.compile(compose.Letter(subject="x", blocks=[b.Text("[x](javascript:alert(1))")]))


@pytest.mark.parametrize(
    "source",
    [
        "> " * 20 + "hello",
        "\n".join(f"{'  ' * depth}- l{depth}" for depth in range(40)) + "\n\nhello",
        "> " * 97 + "- hello",
        "[" * 300 + "hello" + "](https://x.example)" * 300,
        "**a *" * 300 + "hello" + "* b**" * 300,
    ],
)
def test_words_are_never_lost_however_deep_they_stand(source: str) -> None:
    html = shown(source)
    assert "hello" in html
    assert "l39" in html or "l39" not in source


@pytest.mark.parametrize(
    "source", ["> " * 101 + "hello", "\n".join(f"{'  ' * depth}- l{depth}" for depth in range(60))]
)
def test_what_stands_too_deep_is_refused_with_its_block(source: str) -> None:
    with pytest.raises(TemplateError, match="stand inside of each other") as caught:
        compose.compile(compose.Letter(subject="s", blocks=[b.Heading("Hello"), b.Text(source)]))
    assert caught.value.template == "html, blocks[1]"
