"""Inlining once for all readers must be what inlining for each would be."""

from __future__ import annotations

from itertools import product
from urllib.parse import unquote

import lxml.html
import pytest

from mailkit import compose
from mailkit.compose.inlining import inliner_for
from mailkit.errors import TemplateError

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
}
# Jinja that may make one, or that an inliner cannot carry
EACH = {
    "class": "<p class='{{ cls }}'>x</p>",
    "id": "<p id='{% if vip %}one{% endif %}'>x</p>",
    "safe": "{{ html|safe }}",
    "macro": "{% macro m() %}<p>x</p>{% endmacro %}{{ m() }}",
    "set block": "{% set x %}<p>y</p>{% endset %}{{ x }}",
    "whole attribute": "<p {% if vip %}class='big'{% endif %}>x</p>",
    "whole style": "<p style='{{ look }}'>x</p>",
    "style statement": "<p style='{% if vip %}color: blue{% endif %}'>x</p>",
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
        texts = " ".join("".join(node.itertext()).split()) if node.tag != "head" else ""
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
        assert shape(template.render(record).html) == shape(compose.inline(rendered, inliner=inliner))


@pytest.mark.parametrize("place", EACH)
def test_where_a_selector_may_depend_on_the_reader_css_is_inlined_for_each_and_said_so(place: str) -> None:
    template = compose.compile(HEAD % (CSS, EACH[place]), subject="s")
    assert {finding.code for finding in template.findings} == {"compose.inlined-per-recipient"}
    without_css = compose.compile(HEAD % ("", EACH[place]), subject="s")
    for record in RECORDS:
        rendered = without_css.render(record).html.replace("<style></style>", f"<style>{CSS}</style>")
        assert shape(template.render(record).html) == shape(compose.inline(rendered))


@pytest.mark.parametrize("selector", ["p:first-child", "p:nth-child(2)", "p + p", "p ~ p", "p:not(.a)"])
def test_a_selector_that_looks_around_is_inlined_for_each_reader_beside_a_loop(selector: str) -> None:
    css = f"{selector} {{ color: blue }}"
    looped = compose.compile(HEAD % (css, "{% for i in items %}<p>{{ i.name }}</p>{% endfor %}"), subject="s")
    assert len(looped.findings) == 1
    assert not compose.compile(HEAD % (css, "<p>{{ name }}</p><p>b</p>"), subject="s").findings


def test_an_attribute_selector_and_a_style_sheet_with_tags_depend_on_the_reader() -> None:
    by_title = compose.compile(HEAD % ("p[title=a] { color: red }", "<p title='{{ name }}'>x</p>"), subject="s")
    assert "title" in by_title.findings[0].message
    in_style = compose.compile(HEAD % ("p { color: {{ color }} }", "<p>x</p>"), subject="s")
    assert "style sheet" in in_style.findings[0].message
    assert 'style="color: purple;"' in in_style.render(RECORDS[0]).html


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
    source = f"{style}<p>x</p>"
    template = compose.compile(source, subject="s")
    html = template.render(RECORDS[0]).html
    assert "color: purple" in html
    assert "<style media='print'>" in html
    assert "<p>x</p>" in html


@pytest.mark.parametrize(
    "rule",
    [
        "@media print { p { color: blue } }",
        "p:hover { color: blue }",
        "p:is(.x) { color: blue }",
        ":where(p) { color: blue }",
        "@supports (top: 0) { p { color: blue } }",
        "[data-ogsc] p { color: blue }",
    ],
)
def test_a_kept_rule_that_loses_to_an_inlined_one_is_told(rule: str) -> None:
    template = compose.compile(HEAD % (f"p {{ color: red }} {rule}", "<p>x</p>"), subject="s")
    assert [finding.code for finding in template.findings] == ["compose.weak-media"]
    assert template.findings[0].evidence == rule.partition(" {")[0]


def test_a_selector_that_asks_for_emptiness_is_inlined_for_each_reader() -> None:
    template = compose.compile("<style>p:empty { display: none }</style><p>{{ x }}</p>", subject="s")
    assert "empty" in template.findings[0].message
    assert "display" not in template.render({"x": "hello"}).html
    assert not compose.compile("<style>p:empty { display: none }</style><p>x</p>", subject="s").findings


def test_html_that_a_filter_makes_of_each_of_a_list_is_inlined_for_each_reader() -> None:
    source = "<style>p { color: red }</style><div>{{ body|map('safe')|join }}</div>"
    template = compose.compile(source, subject="s")
    assert "HTML of its own" in template.findings[0].message
    assert '<p style="color: red;">' in template.render({"body": ["<p>hi</p>"]}).html


@pytest.mark.parametrize("css", ["", "<style>td { color: red }</style>"])
def test_a_statement_around_an_unquoted_attribute_is_not_put_in_quotes(css: str) -> None:
    source = f'{css}<table><tr><td {{% if v %}}bgcolor=red{{% endif %}} title="x y">z</td></tr></table>'
    template = compose.compile(source, subject="s")
    assert 'bgcolor="red"' in template.render({"v": 1}).html.replace("bgcolor=red", 'bgcolor="red"')
    without = template.render({"v": 0}).html
    assert "bgcolor" not in without
    assert 'title="x y"' in without
    assert '""' not in without
    assert '" "' not in without


def test_an_inliner_that_gives_nothing_back_is_an_error() -> None:
    class Mute:
        def inline(self, html: str) -> str:
            return None  # type: ignore[return-value]

    with pytest.raises(TemplateError, match="Mute gave back NoneType"):
        compose.inline("<style>p { color: red }</style><p>x</p>", inliner=Mute())


def test_an_inliner_that_loses_or_moves_a_tag_is_found_out() -> None:
    class Careless:
        def inline(self, html: str) -> str:
            return html.replace("<!--mkxqm0z-->", "")

    class Mover:
        def inline(self, html: str) -> str:
            return html.replace("<tbody><!--mkxqm0z-->", "<!--mkxqm0z--><tbody>")

    for inliner in (Careless(), Mover()):
        source = "<style>p { color: red }</style><table>{% for i in items %}<tr><td>x</td></tr>{% endfor %}</table>"
        template = compose.compile(source, subject="s", inliner=inliner)
        assert "moved or lost" in template.findings[0].message


def test_an_inliner_that_fails_or_loses_a_style_is_an_error() -> None:
    class Broken:
        def inline(self, html: str) -> str:
            raise RuntimeError("no")

    class Blank:
        def inline(self, html: str) -> str:
            return ""

    with pytest.raises(TemplateError, match="Broken cannot inline this: RuntimeError: no"):
        compose.inline("<style>p { color: red }</style><p>x</p>", inliner=Broken())
    with pytest.raises(TemplateError, match="Blank lost a part"):
        compose.inline("<style>p { color: red } @media x {}</style><p>x</p>", inliner=Blank())


def test_the_mask_is_a_word_that_the_source_does_not_have() -> None:
    template = compose.compile("<style>p { color: red }</style><p>mkxq mkx1q {{ name }}</p>", subject="s")
    assert template.render({"name": "Anna"}).text == "mkxq mkx1q Anna\n"
    assert not template.findings


def test_nothing_is_fetched_and_no_file_is_read() -> None:
    source = "<link rel='stylesheet' href='file:///etc/passwd'><style>p { color: red }</style><p>x</p>"
    for name in ("css-inline", "premailer"):
        assert "stylesheet" in compose.inline(source, inliner=name)  # type: ignore[arg-type]
        assert isinstance(inliner_for(name), compose.Inliner)  # type: ignore[arg-type]


def test_html_without_rules_is_given_back_as_it_is() -> None:
    assert compose.inline("<p STYLE='a:b'>x") == "<p STYLE='a:b'>x"
