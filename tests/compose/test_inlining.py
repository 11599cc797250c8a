"""Inlining once for all readers must be what inlining for each would be."""

from __future__ import annotations

import re
from itertools import product
from urllib.parse import unquote

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose.inlining import InlinerName, inliner_for
from mailkit.errors import InvalidValue, TemplateError

HEAD = "<!DOCTYPE html><html><head><title>{{ name }}</title><style>%s</style></head><body>%s</body></html>"
CSS = """
p { color: red; margin: 0 } td { padding: 4px } .big { font-size: 20px } #one { color: blue }
table td > a { color: green } a:hover { color: black !important } .hint:before { content: "x{ #" }
@media (max-width: 400px) { .big { font-size: 10px !important } } @font-face { font-family: X; src: url(x) }
/* } */ td.x{color:#123456}
"""
# Jinja where it may stand without making a selector depend on the reader
ONCE = {
    "text": "<p>Hello {{ name }}</p>",
    "between rows": "<table>{% for i in items %}<tr><td class='x'>{{ i.name }}</td></tr>{% endfor %}</table>",
    "rows of a body": "<table><tbody>{% for i in items %}<tr><td>{{ i.name }}</td></tr>{% endfor %}</tbody></table>",
    "nested table": "<table><tr><td><table>{% if vip %}<tr><td>a</td></tr>{% endif %}</table></td></tr></table>",
    "branches": "{% if vip %}<p class='big'>a</p>{% elif name %}<p>c</p>{% else %}<p id='one'>b</p>{% endif %}",
    "attribute": "<p title='{{ name }} & co'><a href='https://a.example/?q={{ name }}'>x</a></p>",
    "style value": "<p style='color: {{ color }}; width: {{ n }}px'>x</p>",
    "comment": "<!--[if mso]><p>{{ name }}</p><![endif]--><p>x</p>",
    "conditional attribute value": "<p title='{% if vip %}a{% else %}b{% endif %}'>x</p>",
    "set": "{% set n2 = n %}<p>{{ n2 }}</p>",
    "with": "{% with m = n %}<p>{{ m }}</p>{% endwith %}",
    "attribute that no rule names": "<b title='lvl-{{ n }}' lang='{{ cls }}'>x</b>",
    "class among known ones": "<p class='{% if vip %}big{% else %}big wide{% endif %}'>x</p>",
    "class beside Jinja": "<p class='big {% if vip %}gold{% endif %}'>x</p>",
    "unseen class": "<p class='{% if vip %}gold{% endif %}'>x</p>",
    "whole style": "<p style='{{ look }}'>x</p>",
    "style statement": "<p class='big' style='top: 0; {% if vip %}color: blue{% endif %}'>x</p>",
    "whole attribute": "<p {% if vip %}title='x'{% endif %}>x</p>",
    "paragraph in a loop": "<div>{% for i in items %}<p>{{ i.name }}</p>{% endfor %}</div>",
}
# Jinja that may make one, or that an inliner cannot carry
EACH = {
    "class": "<p class='{{ cls }}'>x</p>",
    "id": "<p id='{% if vip %}one{% endif %}'>x</p>",
    "safe": "{{ html|safe }}",
    "macro": "{% macro m() %}<p>x</p>{% endmacro %}{{ m() }}",
    "set block": "{% set x %}<p>y</p>{% endset %}{{ x }}",
    "whole attribute": "<p {% if vip %}class='big'{% endif %}>x</p>",
    "class between others": "<p class='x {{ cls }} y'>x</p>",
    "conditional style": "<p {% if vip %}style='color: blue'{% endif %}>x</p>",
    "choice of classes": "<p {% if vip %}class='big'{% else %}class='small'{% endif %}>x</p>",
    "filter block": "{% filter upper %}<p>x</p>{% endfilter %}",
    "a block in a paragraph": "<p>Hi {% if vip %}<div>x</div>{% endif %}<a>y</a></p>",
    "bold that goes on": "<td>{% if vip %}<p><b>x</p>{% endif %}<p>y</p>",
    "choice of tags": "<{% if vip %}h1{% else %}p{% endif %}>x",
    "unclosed cells": "<table><tr>{% if vip %}<td>a{% else %}<td>b{% endif %}</table>",
    "half a comment": "{% if vip %}<!-- {% endif %}<p>x</p><!-- -->",
    "open branch": "{% if vip %}<div class='big'>{% else %}<div>{% endif %}<p>x</p></div>",
    "closing branch": "<div><p>a</p>{% if vip %}</div><div>{% endif %}b</div>",
    "uneven end": "{% if vip %}<div>{% endif %}<p>x</p>{% if vip %}</div>{% endif %}",
    "uneven else": "<div>{% if vip %}<p>x{% else %}y</p>{% endif %}</div>",
}
RECORDS = [
    {
        "name": "O'Brien <b>",
        "vip": True,
        "n": 3,
        "color": "purple",
        "cls": "big",
        "look": "top: 0",
        "html": "<p class='big'>z</p>",
    },
    {"name": "Анна", "vip": False, "n": 5, "color": "red", "cls": "none", "look": "left: 0; top: 1px", "html": ""},
]
for _record in RECORDS:
    _record["items"] = [{"name": "a"}, {"name": "b & c"}]


def shape(html: str) -> object:
    """A document as elements with their attributes, style as a map, and the text between them."""

    def walk(node: lxml.html.HtmlElement) -> object:
        attributes = dict(node.attrib)
        style = attributes.pop("style", "")
        pairs = (part.partition(":") for part in style.split(";") if part.strip())
        looks = {name.strip(): value.strip() for name, _, value in pairs}
        # a body without rows is no element to look at; premailer escapes addresses, which are the same then
        children = [child for child in node if isinstance(child.tag, str) and child.tag != "style"]
        inner = [walk(child) for child in children if child.tag != "tbody" or len(child)]
        attributes = {name: unquote(value) for name, value in attributes.items()}
        texts = " ".join("".join(node.itertext()).split())
        return node.tag, sorted(attributes.items()), looks, texts, inner

    return walk(lxml.html.document_fromstring(html))


@pytest.mark.parametrize(("place", "inliner"), list(product(ONCE, ["css-inline", "premailer"])))
def test_render_of_inlined_equals_inlined_of_rendered(place: str, inliner: compose.Inliner) -> None:
    source = HEAD % (CSS, ONCE[place])
    template = compose.compile(source, subject="s", inliner=inliner)
    assert [finding.code for finding in template.findings] == []
    without_css = compose.compile(HEAD % ("", ONCE[place]), subject="s")
    for record in RECORDS:
        rendered = without_css.render(record).html.replace("<style></style>", f"<style>{CSS}</style>")
        assert shape(template.render(record).html) == shape(compose.inline(rendered))


@pytest.mark.parametrize("place", EACH)
def test_where_a_selector_may_depend_on_the_reader_css_is_inlined_for_each_and_said_so(place: str) -> None:
    template = compose.compile(HEAD % (CSS, EACH[place]), subject="s")
    found = {finding.code for finding in template.findings} - {"compose.only-in-style"}
    assert found == {"compose.inlined-per-recipient"}
    without_css = compose.compile(HEAD % ("", EACH[place]), subject="s")
    for record in RECORDS:
        rendered = without_css.render(record).html.replace("<style></style>", f"<style>{CSS}</style>")
        assert shape(template.render(record).html) == shape(compose.inline(rendered))


@pytest.mark.parametrize(
    "selector", ["p:first-child", "p:nth-child(2)", "p + p", "p ~ p", "p:last-of-type", "p:has(+ p)"]
)
def test_a_selector_that_looks_around_is_inlined_for_each_reader_beside_a_loop(selector: str) -> None:
    css = f"{selector} {{ color: blue }}"
    looped = compose.compile(HEAD % (css, "{% for i in items %}<p>{{ i.name }}</p>{% endfor %}"), subject="s")
    assert [selector in finding.message for finding in looped.findings] == [True]
    assert not compose.compile(HEAD % (css, "<p>{{ name }}</p><p>b</p>"), subject="s").findings
    elsewhere = "<div><p>a</p><p>b</p></div>{% for i in items %}<b>{{ i.name }}</b>{% endfor %}"
    assert not compose.compile(HEAD % (css, elsewhere), subject="s").findings


def test_an_attribute_selector_and_a_style_sheet_with_tags_depend_on_the_reader() -> None:
    by_title = compose.compile(HEAD % ("p[title=a] { color: red }", "<p title='{{ name }}'>x</p>"), subject="s")
    assert "title" in by_title.findings[0].message
    in_style = compose.compile(HEAD % ("p { color: {{ color }} }", "<p>x</p>"), subject="s")
    assert "style sheet" in in_style.findings[0].message
    assert 'style="color:purple"' in in_style.render(RECORDS[0]).html
    around = compose.compile("{% if vip %}<style>p { top: 0 }</style>{% endif %}<p>x</p>", subject="s")
    assert "style sheet" in around.findings[0].message
    begun = compose.compile(HEAD % ("p[title^=b] { top: 0 }", "<p title='a {{ name }}'>x</p>"), subject="s")
    assert "p[title^=b]" in begun.findings[0].message


@pytest.mark.parametrize(
    "tag", ["<a class=b style='color: {{ color }}'>", "<a {% if vip %}class=c{% endif %} style='color: x'>"]
)
def test_rules_of_its_own_for_one_element_cannot_hold_what_differs_by_reader(tag: str) -> None:
    css = "a { color: red } @media print { a { color: #eee } } [data-ogsc] a { color: lime !important }"
    template = compose.compile(f"<style>{css}</style>{tag}x</a>", subject="s")
    assert ["wins over" in finding.message for finding in template.findings] == [True]
    assert " mk-" in template.render(RECORDS[0]).html


def test_what_a_template_cannot_change_is_no_reason_to_inline_for_each() -> None:
    known = "<p title='a{{ name }}' class='{% if vip %}x{% elif n %}y{% endif %} z'>x</p>"
    css = "p[title=b] { top: 0 } .w { top: 1px } p.z { top: 2px } [title] { left: 0 } #q { top: 3px }"
    assert not compose.compile(HEAD % (css, known), subject="s").findings


def test_what_only_works_in_a_style_element_stays_in_one() -> None:
    html = compose.compile(HEAD % (CSS, "<p class='big'>x</p>"), subject="s").render(RECORDS[0]).html
    kept = html.partition("<style>")[2].partition("</style>")[0]
    for rule in ("a:hover", "@media (max-width: 400px)", "!important", "@font-face", "x{ #"):
        assert rule in kept
    assert "td { padding" not in kept
    assert html.count("<style") == 1


def test_a_letter_of_blocks_needs_no_inliner() -> None:
    class Never:
        def inline(self, html: str) -> str:
            raise AssertionError

    letter = compose.Letter(subject="s", blocks=[compose.blocks.Text("x")])
    assert compose.compile(letter, inliner=Never()).findings == ()


def test_style_for_print_and_tags_in_media_rules_are_kept_as_they_are() -> None:
    style = (
        "<style media='print'>p { color: red }</style><style>@media x { p { color: {{ color }} } } b { top: 0 }</style>"
    )
    template = compose.compile(f"{style}<p>x</p>", subject="s")
    html = template.render(RECORDS[0]).html
    assert not template.findings
    assert "color: purple" in html
    assert "<style media='print'>" in html
    assert "<p>x</p>" in html


def test_a_selector_that_asks_for_emptiness_is_inlined_for_each_reader() -> None:
    template = compose.compile("<style>p:empty { display: none }</style><p>{{ x }}</p>", subject="s")
    assert "empty" in template.findings[0].message
    assert "display" not in template.render({"x": "hello"}).html
    assert not compose.compile("<style>p:empty { display: none }</style><p>x</p>", subject="s").findings


def test_html_that_a_filter_makes_of_each_of_a_list_is_inlined_for_each_reader() -> None:
    source = "<style>p { color: red }</style><div>{{ body|map('safe')|join }}</div>"
    template = compose.compile(source, subject="s")
    assert "HTML of its own" in template.findings[0].message
    assert '<p style="color:red">' in template.render({"body": ["<p>hi</p>"]}).html


@pytest.mark.parametrize("css", ["", "<style>td { color: red }</style>"])
def test_a_statement_around_an_unquoted_attribute_is_not_put_in_quotes(css: str) -> None:
    source = f'{css}<table><tr><td {{% if v %}}bgcolor=red{{% endif %}} title="x y">z</td></tr></table>'
    template = compose.compile(source, subject="s")
    assert not template.findings
    assert 'bgcolor="red"' in template.render({"v": 1}).html.replace("bgcolor=red", 'bgcolor="red"')
    without = template.render({"v": 0}).html
    assert "bgcolor" not in without
    assert 'title="x y"' in without
    assert '""' not in without
    assert '" "' not in without


# --- Other inliners --------------------------------------------------------------------


class Asked:
    """css-inline with other options, as an application would bring it."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def inline(self, html: str) -> str:
        from css_inline import CSSInliner

        self.questions.append(html)
        return str(CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline(html))


def test_another_inliner_is_asked_once_and_sees_no_reader_and_no_jinja() -> None:
    mine = Asked()
    source = (
        "<style>p { color: red }</style><p class='{{ cls }}' title='{{ name }}' style='top: {{ n }}px'>{{ name }}</p>"
    )
    template = compose.compile(source, subject="s", inliner=mine)
    assert ["color:red" in template.render(record).html for record in RECORDS] == [True, True]
    assert len(mine.questions) == 1
    assert not re.search(r"[{][{%]|[^\x00-\x7f]|top:", mine.questions[0])
    assert not template.findings


def test_an_inliner_with_another_opinion_is_not_followed_but_told() -> None:
    class Idle:
        def inline(self, html: str) -> str:
            return html

    template = compose.compile(
        "<style>p { color: red } p:first-child { color: red }</style><p>x", subject="s", inliner=Idle()
    )
    assert [(one.code, one.evidence) for one in template.findings] == [("compose.inliner-differs", "p")]
    assert '<p style="color:red">' in template.render({}).html


@pytest.mark.parametrize("inliner", ["css-inline", "premailer"])
def test_no_inliner_is_asked_what_is_for_all_elements_since_only_those_of_the_head_may_differ(
    inliner: InlinerName,
) -> None:
    html = "<html><head><title>t</title><style>* { top: 0 } p { left: 0 }</style></head><body><p>x</p></body></html>"
    assert compose.compile(html, subject="s", inliner=inliner).findings == ()


def test_premailer_is_asked_though_it_refuses_xml() -> None:
    source = '<?xml version="1.0" encoding="UTF-8"?><style>p { color: red }</style><p>x</p>'
    html = compose.compile(source, subject="s", inliner="premailer").render({}).html
    assert html.endswith('<p style="color:red">x</p>\n')


def test_an_inliner_that_fails_or_gives_something_else_back_is_an_error() -> None:
    class Broken:
        def inline(self, html: str) -> str:
            raise RuntimeError("no")

    class Blank:
        def inline(self, html: str) -> str:
            return ""

    class Mute:
        def inline(self, html: str) -> str:
            return None  # type: ignore[return-value]

    for inliner, reason in (
        (Broken(), "Broken cannot inline this: RuntimeError: no"),
        (Blank(), "Blank lost a part"),
        (Mute(), "Mute gave back NoneType"),
    ):
        with pytest.raises(TemplateError, match=reason):
            compose.compile("<style>p { color: red } @media x {}</style><p>x</p>", subject="s", inliner=inliner)


def test_inline_has_no_place_for_a_second_opinion_and_asks_for_none() -> None:
    mine = Asked()
    assert compose.inline("<style>p { top: 0 }</style><p>x</p>", inliner=mine) == '<p style="top:0">x</p>'
    assert mine.questions == []
    with pytest.raises(InvalidValue, match="is not an inliner; did you mean 'premailer'"):
        compose.inline("<p>x</p>", inliner="premailr")  # type: ignore[arg-type]


def test_css_that_is_nested_beyond_reading_is_an_error() -> None:
    with pytest.raises(TemplateError, match="too deeply"):
        compose.inline(f"<style>p {{ color: red }} {'a{' * 5000}</style><p>x</p>")


def test_nothing_is_fetched_and_no_file_is_read() -> None:
    source = "<link rel='stylesheet' href='file:///etc/passwd'><style>p { color: red }</style><p>x</p>"
    assert "stylesheet" in compose.inline(source)
    backend = inliner_for("premailer")
    assert isinstance(backend, compose.Inliner)
    assert 'style="color:red' in backend.inline(source)


@pytest.mark.parametrize(
    "source",
    [
        "<p STYLE='a:b'>x",
        "<style>@media x{p{a:b}}</style><p>",
        "<style></style>",
        "<template><style>p{a:b}</style></template><p>",
    ],
)
def test_html_without_rules_is_given_back_as_it_is(source: str) -> None:
    assert compose.inline(source) == source


def test_an_amp_letter_is_given_back_as_it_is() -> None:
    for mark in ("⚡4email", "amp4email"):
        source = f"<!doctype html><html {mark}><style amp4email-boilerplate>body{{visibility:hidden}}</style><body>"
        assert compose.inline(source) == source


# --- Any template at all -----------------------------------------------------------------

SELECTORS = (
    *(
        "p",
        "td",
        "tr",
        "li",
        "b",
        ".a",
        ".b",
        ".c",
        ".d",
        "#x",
        "p.a",
        ".a.b",
        "div p",
        "div > p",
        "p + p",
        "p ~ p",
        "*",
    ),
    *(
        "li:first-child",
        "li:last-child",
        "li:nth-child(2)",
        "tr:nth-child(even) td",
        "p:not(.a)",
        "p:empty",
        "[title=t]",
    ),
    *(
        "[class^=a]",
        "p:only-child",
        "li:nth-last-of-type(2)",
        "div:has(> p.a)",
        ":is(.a, .b) b",
        "a[href^=http]",
        "tbody",
    ),
    *("p:hover", "[data-ogsc] .a", "li + li", "p:not(:first-child)", ":root", "body", "[lang=ru]", ":lang(en) p"),
)
DECLARED = (
    *("color: red", "color: green !important", "margin: 0", "margin-left: 3px", "margin: 1px 2px !important", "top: x"),
    *("background: red; background: linear-gradient(red, blue)", "border: 0", "border-left: 1px solid red"),
)
AROUND = ("%s", "%s", "%s", "@media (max-width: 400px) { %s }", "@media screen { %s }", ".a { %s }")
GIVEN = (
    *(
        "",
        "",
        " class='a'",
        " class='a b'",
        " id=x",
        " class='{% if v %}a{% endif %} c'",
        " class='{{ k }}'",
        " title=t",
    ),
    *(
        " class='d {{ k }}'",
        " class='{% if v %}a{% else %}b{% endif %}'",
        " title='{{ n }}'",
        " style='color: {{ k }}'",
    ),
    *(" style='{{ s }}'", " style='margin: 2px; {% if v %}color: pink{% endif %}'", " style='color: teal'"),
    *(" style='margin-left: 1px !important; color: navy'", " {% if v %}class=a{% endif %}", " lang='{{ l }}'"),
)
PARTS = (
    *("text", "{{ n }}", "<b>b</b>", "<p>open", "<li>li", "{% set q = n %}", "<b>a<p>b</b>c</p>", "{{ h|safe }}"),
    *(
        "<p>Hi {% if v %}<div>x</div>{% endif %}<b>bye</b></p>",
        "<table>{% if v %}<tr><td>1{% endif %}<tr><td>2</table>",
    ),
)
READERS = (
    {"v": True, "items": [1, 2], "n": "t", "k": "a", "s": "top: 0; left: 1px", "l": "ru", "h": "<p class=a>h</p>"},
    {"v": False, "items": [], "n": "", "k": "b x", "s": "", "l": "en", "h": ""},
    {"v": False, "items": [1, 2, 3], "n": "<b>", "k": "d", "s": "color: red", "l": "en-GB", "h": "<b>x</b>"},
)
style_sheets = st.lists(
    st.builds(
        lambda around, heads, said: around % f"{', '.join(heads)} {{ {'; '.join(said)} }}",
        st.sampled_from(AROUND),
        st.lists(st.sampled_from(SELECTORS), min_size=1, max_size=2),
        st.lists(st.sampled_from(DECLARED), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
).map("\n".join)
given_attributes = st.sampled_from(GIVEN)


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.one_of(
        st.builds(
            "<p{}>{}</p>".format, given_attributes, st.sampled_from(["", "x", "{{ n }}", "<b>x</b>", "{{ n }}<b>y</b>"])
        ),
        st.builds("<div{}>{}</div>".format, given_attributes, inner),
        st.builds("{{% if v %}}{}{{% endif %}}".format, inner),
        st.builds("{{% if v %}}{}{{% else %}}{}{{% endif %}}".format, inner, inner),
        st.builds("{{% for i in items %}}{}{{% endfor %}}".format, inner),
        st.builds(
            "<ul{}>{{% for i in items %}}<li{}>{}</li>{{% endfor %}}<li>z</ul>".format,
            given_attributes,
            given_attributes,
            inner,
        ),
        st.builds(
            "<table{}>{{% for i in items %}}<tr><td{}>{}</td></tr>{{% endfor %}}</table>".format,
            given_attributes,
            given_attributes,
            inner,
        ),
        st.sampled_from(PARTS),
    )
    return st.lists(one, min_size=1, max_size=3).map("".join)


bodies = st.recursive(st.sampled_from(["x", "<p>p</p>", "<p class=a>q</p>"]), around, max_leaves=6)
frames = st.sampled_from(
    [
        HEAD.replace("{{ name }}", "s"),
        "<style>%s</style>%s<i></i>",
        "<!DOCTYPE html><style>%s</style><body class='{{ k }}'>%s",
    ]
)


@settings(max_examples=60)
@given(frames, style_sheets, bodies, st.sampled_from(["css-inline", "css-inline", "premailer"]))
def test_any_template_inlined_before_it_is_rendered_is_one_inlined_after(
    frame: str, css: str, body: str, inliner: InlinerName
) -> None:
    template = compose.compile(frame % (css, body) + "\n", subject="s", inliner=inliner)
    unmoved = compose.compile(frame % ("", body) + "\n", subject="s")
    for reader in READERS:
        source = unmoved.render(reader).html.replace("<style></style>", f"<style>{css}</style>", 1)
        assert shape(template.render(reader).html) == shape(compose.inline(source))


def test_half_a_surrogate_in_a_tag_is_no_reason_to_stop() -> None:
    html = "<style>p { color: red }</style><div\ud800<!DOCTYPE html><p>x</p>"
    assert '<p style="color:red">' in compose.inline(html)


def test_a_stray_end_of_a_paragraph_in_a_table_is_no_end_of_inlining() -> None:
    html = "<style>p { color: red }</style><table></p><tr><td><p>x</p></table>"
    assert '<p style="color:red">x' in compose.inline(html)
    found = compose.compile(html, subject="s").findings
    assert "compose.weak-media" in {finding.code for finding in found}
