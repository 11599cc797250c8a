"""The text part."""

# ruff: noqa: E501 - rows of tables

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose import Letter, blocks, plain_text
from mailkit.compose import compile as compiled
from mailkit.compose.textlines import columns, tidy
from mailkit.errors import InvalidValue


@given(st.text("ab \n-é\xa0", max_size=400))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


TAGS = [
    "p",
    "div",
    "table",
    "tr",
    "td",
    "th",
    "thead",
    "ul",
    "ol",
    "li",
    "a href='https://x.example'",
    "blockquote",
    "pre",
]
TAGS += [
    "b",
    "p hidden",
    "img alt='A b'",
    "br",
    "hr",
    "ol start=3",
    "style",
    "body",
    "table role=presentation",
    "svg",
    "s",
    "span style=text-decoration:line-through",
]
PIECES = st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag.split()[0]}>" for tag in TAGS])
PIECES |= st.sampled_from([" ", "\n", "&nbsp;", "&shy;", "word", "слово", "東京", "1 990 ₽", "\u200d", "\x1f", "\t"])


@given(st.text(max_size=200) | st.lists(PIECES, max_size=40).map("".join))
def test_any_html_is_read_into_text_without_signs_of_ours(html: str) -> None:
    for links in ("inline", "numbered", "none"):
        text = plain_text(html, links=links)
        assert text.endswith("\n")
        assert not set(text) & set("\t\x0b\x0e\x0f\x1d\x1e\x1f")
        assert "\n\n\n" not in text


@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_text_made_beforehand_is_the_text_of_the_finished_html(html: str) -> None:
    html = html.replace("\x1f", "")  # no letter may have one
    template = compiled(f"<div>{html}</div></div>", subject="s")
    message = template.render({})
    assert message.text == plain_text(message.html)


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
        ("<div style='Display : none'>pre<p>x</p></div>a<p hidden>b</p><b style='mso-hide:all'>c</b>", "ac\n"),
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


@given(st.lists(st.text("東京日本語、。「」", min_size=1, max_size=60), max_size=8))
def test_no_line_is_wider_than_it_may_be_nor_begins_with_what_ends_a_sentence(words: list[str]) -> None:
    text = plain_text(f"<p>{' '.join(words)}</p>")
    assert text.replace("\n", "").replace(" ", "") == "".join(words)
    for line in text.split("\n"):
        assert columns(line) <= 78 or all(letter in "、。」「" for letter in line[39:])


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b\n"),
        ("<ol start=x><li>a</ol>", "1. a\n"),
        ("<ol><li>a<ul><li>b<ol><li>c</ol></ul></ol>", "1. a\n  - b\n    1. c\n"),
        ("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "> a\n>\n> b\n\nc\n"),
        ("<p>x</p><blockquote>a<blockquote>b</blockquote></blockquote>", "x\n\n> a\n>\n> > b\n"),
        ("<blockquote>a<br>b</blockquote></blockquote>c", "> a\n> b\n\nc\n"),
        ("<pre>\nif x:\n    y\n\n    z\n</pre>w", "if x:\n    y\n\n    z\n\nw\n"),
        (
            "<table><tr><th>Book<th>Price<tr><td>Atlas<td>1 990 ₽<tr><td>Primer<td>90 ₽</table>",
            "Book      Price\nAtlas   1 990 ₽\nPrimer     90 ₽\n",
        ),
        ("<table><tr><th>町<th>n<tr><td>東京<td>a<tr><td>x<td>b</table>", "町    n\n東京  a\nx     b\n"),
        (
            "<table><caption>C</caption><tr><td></td><td>a</td></tr><tr><td><p>b</p><p>c</p></td><td>d<br>e</td></tr></table>f",
            "C\n     a\nb c  d e\n\nf\n",
        ),
        ("<table><tr><th>A<th>B<tr><td><td><tr><td>1</table>", "A  B\n1\n"),
        ("<table role=presentation><tr><th>a<th>b<tr><td>cc<td>d</table>", "a  b\ncc  d\n"),
        ("<table><tr><th>a<td><table><tr><td>b<td>c<tr><td>dd<td>e</table></table>", "a\n\nb  c\ndd  e\n"),
        ("<p>Donau&shy;dampf&#8203;schiff</p>", "Donaudampfschiff\n"),
        ("<p>می\u200cخواهم</p>", "می\u200cخواهم\n"),
        ("<p>👨\u200d👩\u200d👧 at&nbsp;&zwnj;&nbsp;&#847;&zwnj;&nbsp;home</p>", "👨\u200d👩\u200d👧 at home\n"),
        (
            "<b style='max-height:0;overflow:hidden'>a</b><b style='opacity:0'>b</b><i style='opacity:0.5'>c</i>",
            "c\n",
        ),
        ("<div style='max-height:0'>a</div>", "a\n"),
        ("x<span style='display:block'>a<span>b</span>c</span>d", "x\nabc\nd\n"),
        ("<a href='https://x.example/' style='display: block'>a</a>b", "a (https://x.example/)\nb\n"),
        ("<svg><title>x</title><text>y</text></svg><object>z</object>", "z\n"),
        ("<!--[if mso]><b>Outlook</b><![endif]--><!--[if !mso]><!-->all<!--<![endif]-->", "all\n"),
        (
            "<a href='https://x.example/'>a<a href='https://y.example'>b</a>",
            "a (https://x.example/) b (https://y.example)\n",
        ),
        ("<a href='https://x.example/'><b>a</b></a><i>b</i>", "a (https://x.example/) b\n"),
        ("<a href='https://x.example/'>x.example</a>", "x.example\n"),
        ("<p>&lt;b&gt; &amp;amp; &copy;</p>", "<b> &amp; ©\n"),
        ("<div hidden><b>x</i></div>a</b>", "a\n"),
    ],
)
def test_lists_tables_quotes_and_fillers_read_well(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_links_may_be_numbered_or_left_out() -> None:
    html = "<p><a href='https://x.example/1'>One</a>, <a href='https://x.example/2'>two</a>, "
    html += "<a href='https://x.example/1'>three</a></p>"
    listed = "One [1], two [2], three [1]\n\n[1] https://x.example/1\n[2] https://x.example/2\n"
    assert plain_text(html, links="numbered") == listed
    assert plain_text(html, links="none") == "One, two, three\n"
    with pytest.raises(InvalidValue, match="numbered"):
        plain_text(html, links="footnotes")  # type: ignore[arg-type]


def test_a_table_that_is_too_wide_for_columns_keeps_its_rows() -> None:
    row = f"<tr><td>{'a' * 50}</td><td>{'b' * 40}</td></tr>"
    assert plain_text(f"<table><tr><th>A<th>B{row}</table>") == f"A  B\n{'a' * 50}\n{'b' * 40}\n"


def test_a_quote_is_broken_inside_its_sign_and_a_numbered_item_under_itself() -> None:
    quoted = plain_text(f"<blockquote>{'word ' * 30}</blockquote>").splitlines()
    assert len(quoted) == 2
    assert all(line.startswith("> ") and len(line) <= 78 for line in quoted)
    assert plain_text(f"<ol><li>{'word ' * 30}</ol>").splitlines()[1].startswith("  word")
    assert plain_text(f"<pre>{'word ' * 30}</pre>") == "word " * 29 + "word\n"
    assert plain_text(f"<p>{'東京 ' * 30}</p>").splitlines()[0].endswith("東")


def test_a_table_and_a_list_of_the_record_read_as_if_they_were_written_out() -> None:
    html = "<table><tr><th>Book</th><th>Price</th></tr>{% for one in cart %}<tr><td>{{ one }}</td><td>9</td></tr>"
    template = compiled(html + "{% endfor %}</table><p>{% if vip %}A{% else %}B{% endif %} c</p>", subject="s")
    message = template.render({"cart": ["Atlas", "Primer"], "vip": False})
    assert message.text == "Book    Price\nAtlas       9\nPrimer      9\n\nB c\n" == plain_text(message.html)


@pytest.mark.parametrize(
    "piece", ["<a>", "<ul><li>x", "<b hidden>", "<blockquote>x", "<table><tr><td>", "<a href=x>y", "東"]
)
def test_time_grows_with_length_alone(piece: str) -> None:
    html = piece * 5_000 + "</i></a></b>" * 5_000
    began = time.process_time()
    assert len(plain_text(html)) < 40 * len(html)
    assert time.process_time() - began < 5


def test_what_comes_and_goes_leaves_no_blank_lines_and_no_empty_quotes() -> None:
    html = "<div>a</div>{% if x %}<div>b</div>{% endif %}<blockquote><p>c</p>{% if x %}<p>d</p>{% endif %}</blockquote>"
    template = compiled(html + "<!-- {% if x %} --><p>e</p><!-- {% endif %} -->", subject="s")
    assert template.render({"x": 0}).text == "a\n\n> c\n"
    assert template.render({"x": 1}).text == "a\nb\n\n> c\n>\n> d\n\ne\n"
    assert tidy("a\x0b\x0bb\n\x0bc") == "a\nb\nc\n"


def test_what_a_style_sheet_hides_is_left_out() -> None:
    html = "<style>.pre { display: none } span { display: block }</style><b class='pre'>x</b><span>a</span>{{ b }}"
    assert compiled(html, subject="s").render({"b": "b"}).text == "a\nb\n"
    by_reader = compiled(f"{html}<style>.v-1 {{ display: none }}</style><p class='v-{{{{ b }}}}'>c</p>", subject="s")
    assert by_reader.render({"b": 1}).text == "a\n1\n"
    assert by_reader.render({"b": 2}).text == "a\n2\n\nc\n"


def test_an_address_is_never_cut_whatever_stands_in_it() -> None:
    text = plain_text(f"<p>{'町' * 30} <a href='https://x.example/?q=予約の時間'>予</a></p>")
    assert "(https://x.example/?q=予約の時間)" in text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>€89 <s>€110</s></p>", "€89 ~~€110~~\n"),
        ("x<s> 1 </s>y", "x~~1~~ y\n"),
        ("a <s></s> b<s> <b> </b></s>", "a b\n"),
        ("<s>a<s>b</s>c</s>d</s>", "~~abc~~d\n"),
        ("<del>a", "~~a~~\n"),
        ("<span style='color:#999;text-decoration:line-through'>9</span> <span style='text-decoration:none'>8</span>", "~~9~~ 8\n"),
        ("<a href='https://x.example/1'>Tea</a><s>9</s>", "Tea (https://x.example/1) ~~9~~\n"),
        ("<tr><td><a href='https://x.example/1'>Tea</a></td></tr><tr><td><s>9</s> 8", "Tea (https://x.example/1)\n~~9~~ 8\n"),
        ("<table><tr><th>a<th>b<tr><td><s>10</s> 9<td>x</table>", "a         b\n~~10~~ 9  x\n"),
    ],
)  # fmt: skip
def test_what_is_crossed_out_can_be_told_from_what_counts(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_an_old_price_that_a_record_does_not_have_leaves_nothing() -> None:
    template = compiled("<p>{{ now }} <s>{{ before }}</s></p><p>b</p>", subject="s")
    assert template.render({"now": "€8", "before": "€9"}).text == "€8 ~~€9~~\n\nb\n"
    assert template.render({"now": "€8", "before": ""}).text == "€8\n\nb\n"


def test_rows_of_several_lines_stand_apart_and_rows_of_one_do_not() -> None:
    row = "<tr><td><div>{}</div><div>1 pc.</div></td><td>€9</td></tr>"
    rows = "Tea\n1 pc.\n€9\n\nCup\n1 pc.\n€9\n\nend\n"
    assert plain_text(f"<table>{row.format('Tea')}{row.format('Cup')}</table>end") == rows
    template = compiled(
        f"<table>{{% for one in cart %}}{row.format('{{ one }}')}{{% endfor %}}</table>end", subject="s"
    )
    assert template.render({"cart": ["Tea", "Cup"]}).text == rows
    assert plain_text("<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>") == "a  1\nb  2\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a href=U><img alt='Lamp'></a> <a href=U>Lamp</a> z", "Lamp (U) z\n"),
        ("<p>a</p><a href=U><img alt='Lamp'></a><p><a href=U>Desk lamp</a></p><a href=U>Buy</a>", "a\n\nDesk lamp (U)\n\nBuy (U)\n"),
        ("<a href=U><img alt='Lamp'></a> and <a href=U>Lamp</a>", "Lamp (U) and Lamp (U)\n"),
        ("<a href=U><img alt='Lamp'></a><a href=V>Lamp</a>", "Lamp (U) Lamp (V)\n"),
        ("<a href=U><img alt='A lamp'></a><br><a href=U>Buy</a>", "A lamp\nBuy (U)\n"),
        ("<a href=U>Lamp</a> <a href=U>Lamp</a>", "Lamp (U) Lamp (U)\n"),
        ("<a href=U>a<img alt='b'></a> <a href=U>ab</a>", "ab (U) ab (U)\n"),
    ],
)  # fmt: skip
def test_a_picture_beside_its_name_is_not_told_twice(html: str, text: str) -> None:
    addresses = {"U": "https://x.example/1", "V": "https://x.example/2"}
    for sign, address in addresses.items():
        html, text = html.replace(f"={sign}>", f"={address}>"), text.replace(f"({sign})", f"({address})")
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div><a href=U>Lamp</a></div><div>5</div><a href=U>Buy</a>", "Lamp\n5\nBuy (U)\n"),
        ("<a href=U>Lamp</a><br><a href=V>Desk</a><br><a href=U>Buy</a>", "Lamp (U)\nDesk (V)\nBuy (U)\n"),
        ("<p><a href=U>Lamp</a></p><p><a href=U>Buy</a>", "Lamp (U)\n\nBuy (U)\n"),
        ("<ul><li><a href=U>Lamp</a><li><a href=U>Buy</a></ul>", "- Lamp (U)\n- Buy (U)\n"),
        ("<a href=U>Lamp</a>s<br><a href=U>Buy</a>", "Lamp (U) s\nBuy (U)\n"),
        ("{% if x %}<a href=U>Lamp</a>{% endif %}<br><a href=U>Buy</a>", "Lamp (U)\nBuy (U)\n"),
        ("<a href='{{ x }}'>Lamp</a><br><a href='{{ x }}'>Buy</a>", "Lamp\nBuy (U)\n"),
        ("<a href='{{ x }}'>Lamp</a><br><a href='{{ y }}'>Buy</a>", "Lamp (U)\nBuy (U)\n"),
    ],
)
def test_a_name_and_its_button_tell_their_address_once(html: str, text: str) -> None:
    addresses = {"U": "https://x.example/1", "V": "https://x.example/2"}
    for sign, address in addresses.items():
        html, text = html.replace(f"={sign}>", f"={address}>"), text.replace(f"({sign})", f"({address})")
    assert compiled(html, subject="s").render(dict.fromkeys("xy", addresses["U"])).text == text
    assert "{" in html or plain_text(html) == text


def test_brackets_for_where_ruby_is_not_drawn_stay() -> None:
    html = "<style>rp { display: none }</style><p><ruby>柚子<rp>（</rp><rt>ゆず</rt><rp>）</rp></ruby></p>"
    assert compiled(html, subject="s").render({}).text == "柚子（ゆず）\n"


@pytest.mark.parametrize(("given", "mend"), [(None, ""), (b"<p>x", "; decode it first")])
def test_what_is_no_text_is_refused(given: object, mend: str) -> None:
    with pytest.raises(InvalidValue, match=f"is not text{mend}$"):
        plain_text(given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b\n"),
        ("<ol><li><div>a</div></li></ol>", "1. a\n"),
        ("<ul><li>a<p>b</p></li></ul>", "- a\n\n  b\n"),
        ("<ul><li>a<br>b<li><h3>c</h3></ul>d", "- a\n  b\n- c\n\nd\n"),
        ("<ul><li><p>a</p><p>b</p><ul><li>c<br>d</li></ul></li></ul>", "- a\n\n  b\n\n  - c\n    d\n"),
        ("<ul><li><ul><li>a</ul><li></li><li>b</ul>", "-\n  - a\n-\n- b\n"),
        ("<ul><li>a</li><ul><li>b<br>c</ul></ul>", "- a\n  - b\n    c\n"),
        ("<ul><li>a<blockquote>b<ul><li>c<br>d</ul></blockquote>e</ul>", "- a\n\n> b\n> - c\n>   d\n\n  e\n"),
        ("<blockquote><ul><li>a<p>b</p></ul></blockquote>", "> - a\n>\n>   b\n"),
        ("<ul><li><pre>a\n b</pre></li></ul>", "-\n\n  a\n   b\n"),
        ("<ul><li><table><tr><td>a<td>b</table>c</ul>", "- a  b\n\n  c\n"),
        ("<ul><li><table><tr><th>a<th>b<tr><td>c<td>d</table></ul>", "-\n\n  a  b\n  c  d\n"),
        ("<ul><li><a href=https://x.example><p>a</p></a><p>b</ul>", "- a (https://x.example)\n\n  b\n"),
        ("<li><p>a<p>b</li>c", "- a\n\nb\nc\n"),
        ("a</li></ul>b", "a\n\nb\n"),
    ],
)
def test_what_an_item_holds_stands_beside_its_bullet_and_under_it(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_items_whose_paragraphs_are_there_for_some_are_written_as_the_finished_letter_says() -> None:
    source = (
        "<ul><li>a<br>{% if x %}b{% endif %}</li>{% for i in n %}<li><p>{{ i }}</p>{% if x %}<p>p</p>{% endif %}<p>q"
        "</p></li>{% endfor %}<li>{% for i in n %}<p>{{ i }}</p>{% endfor %}</li><li>a<br>{% if x %}<ul><li>b</li></ul>"
        "{% endif %}</li><li><p>c</p><ul>{% for i in n %}<li>{{ i }}<br>d</li>{% endfor %}</ul></li></ul>e"
    )
    template = compiled(source, subject="s")
    for x in (True, False):
        message = template.render({"x": x, "n": [1, 2]})
        assert message.text == plain_text(message.html)
    assert message.text.startswith("- a\n- 1\n\n  q\n\n- 2\n\n  q\n\n- 1\n\n  2\n\n- a\n- c\n\n  - 1\n    d\n")


def test_the_items_of_a_loose_list_in_markdown_stand_beside_their_bullets() -> None:
    letter = Letter(subject="s", blocks=[blocks.Text("1. one\n\n2. two\n\n   more\n")])
    assert compiled(letter).render({}).text == "1. one\n\n2. two\n\n  more\n"
