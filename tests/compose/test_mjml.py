# ruff: noqa: E501 - a letter is read best on one line
"""MJML with Jinja in it: once compiled, it says what mrml makes of it after Jinja."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import mrml
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from mailkit import compose
from mailkit.compose.marks import Marks
from mailkit.compose.mjml import is_mjml, mjml_to_html
from mailkit.compose.nesting import DEEPEST
from mailkit.errors import MissingExtra, TemplateError

RECORD = {
    "name": "O'Brien & <b>",
    "url": "https://shop.example.com/?a=1&b=2",
    "rows": ["one", "two"],
    "empty": [],
    "c": "red",
}

COLUMN = st.sampled_from(
    [
        "<mj-text>Hello {{ name }}, {% if rows %}<b>yes</b>{% else %}no{% endif %}</mj-text>",
        '<mj-button href="{{ url }}" background-color="{{ c }}">Go, {{ name }}</mj-button>',
        '<mj-image src="https://shop.example.com/a.png" alt="{% for r in rows %}{{ r }} {% endfor %}" href="{{ url }}" />',
        "<mj-table><tr><th>h</th></tr>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</mj-table>",
        "{% if rows %}<mj-text>rows</mj-text>{% endif %}<mj-spacer />",
        "{% for r in rows %}<mj-text css-class='a'>{{ r }}</mj-text>{% endfor %}<mj-divider />",
        "<mj-text>{% for r in empty %}<i>{{ r }}</i>{% else %}nothing{% endfor %}<!-- {{ name }} --></mj-text>",
        '<mj-navbar>{% for r in rows %}<mj-navbar-link href="https://x.example/">{{ r }}</mj-navbar-link>{% endfor %}</mj-navbar>',
        "<mj-raw><!--[if mso]><p>{{ name }}</p><![endif]--><p>{{ c }}</p></mj-raw>",
        "<mj-social><mj-social-element href='{{ url }}' src='https://x.example/f.png'>{{ c }}</mj-social-element></mj-social>",
    ]
)
AROUND = st.sampled_from(
    ["{}", "{{% for r in rows %}}{}{{% endfor %}}", "{{% if empty %}}{}{{% else %}}{}{{% endif %}}"]
)
SECTION = st.builds(
    lambda around, columns, wrapped: (
        around.replace(
            "{}",
            ("<mj-wrapper>{}</mj-wrapper>" if wrapped else "{}").replace(
                "{}",
                '<mj-section background-color="{{ c }}"><mj-column>' + "".join(columns) + "</mj-column></mj-section>",
            ),
        )
        .replace("{{%", "{%")
        .replace("%}}", "%}")
    ),
    AROUND,
    st.lists(COLUMN, min_size=1, max_size=3),
    st.booleans(),
)
HEAD = (
    "<mj-head><mj-title>For {{ name }}</mj-title><mj-preview>{{ rows|length }} things</mj-preview>"
    "<mj-attributes><mj-text color='{{ c }}' /></mj-attributes><mj-style>.a div { letter-spacing: 1px }</mj-style></mj-head>"
)


def plain(html: str) -> str:
    """Without what differs by nothing that is seen: blanks between tags, and how entities are written."""
    html = re.sub(r">\s+<", "><", html.replace("&#39;", "'").replace("&#34;", '"').replace("&quot;", '"'))
    return re.sub(r"\s+", " ", html).strip()


def put_through(source: str) -> str:
    marks = Marks()
    html = mjml_to_html(marks.read(source, "html"), marks, part="html")
    return Environment(autoescape=True).from_string(marks.emit(html).source).render(RECORD)


@given(st.lists(SECTION, min_size=1, max_size=3))
def test_mjml_then_jinja_says_what_jinja_then_mjml_says(sections: list[str]) -> None:
    source = f"<mjml>{HEAD}<mj-body>{''.join(sections)}</mj-body></mjml>"
    after = mrml.to_html(Environment(autoescape=True).from_string(source).render(RECORD)).content
    assert plain(put_through(source)) == plain(after)


def body(inside: str) -> str:
    return f"<mjml>\n<mj-body>\n<mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"


def test_a_letter_of_mjml_is_compiled_like_any_other() -> None:
    source = body('<mj-text>Hello {{ name }}</mj-text><mj-button href="https://shop.example.com/">Go</mj-button>')
    template = compose.compile(source, subject="{{ name }}, hello", fields=["name"], lang="ru")
    message = template.render({"name": "Anna"})
    assert message.subject == "Anna, hello"
    assert "Hello Anna" in message.text
    assert '<html lang="ru"' in message.html
    assert [link.href for link in template.links] == ["https://shop.example.com/"]


def test_inline_styles_are_inlined_and_the_language_of_the_source_stays() -> None:
    source = (
        "<mjml lang='he'><mj-head><mj-title>T</mj-title><mj-style inline=\"inline\">.a { color: {{ c }} }</mj-style></mj-head>"
        "<mj-body><mj-raw><p class='a'>x</p></mj-raw></mj-body></mjml>"
    )
    html = compose.compile(source, lang="ru").render({"c": "green"}).html
    assert 'lang="he"' in html
    assert re.search(r'<p [^>]*style="[^"]*color: ?green', html)


def test_variables_may_be_set_around_mjml_and_styles_chosen_in_its_head() -> None:
    source = (
        "<?xml version='1.0'?><!-- ours {{ n }} -->{% set n = 2 %}<mjml><mj-head><mj-title>T</mj-title>"
        "{% if n == 2 %}<mj-style>@media print {.a{top:0}}</mj-style>{% endif %}</mj-head><mj-body><!-- {{ n }} --><mj-raw>{{ n }}</mj-raw></mj-body></mjml>"
    )
    html = compose.compile(source).render({"n": 1}).html
    assert ">2</div>" in html
    assert "@media print" in html
    assert html.lower().startswith("<!doctype")


def test_tags_that_hide_in_comments_are_carried_through() -> None:
    source = body("<!-- {% for r in rows %} --><mj-text>{{ r }}</mj-text><!-- {% endfor %} {{ x }} -->")
    assert compose.compile(source, subject="s").render({"rows": ["a", "b"], "x": 1}).text.split() == ["a", "b"]


def test_braces_that_are_text_stay_text() -> None:
    assert (
        "{{ 7 * 7 }}" in compose.compile(body("<mj-text>&#123;&#123; 7 * 7 }}</mj-text>"), subject="s").render({}).text
    )


def test_what_mrml_dies_of_is_kept_from_it() -> None:
    source = (
        "<mjml><mj-head><mj-title>Цена > 100</mj-title><mj-style>/* жж */ p > i { color: {{ c }} }</mj-style></mj-head>"
        "<mj-body><mj-raw><style>@media print { ж > p { top: 0 } }</style><!--[if mso]>ж > <p><![endif]--><p><i title='ж >'>Цена > 100 \ud800</i></p></mj-raw></mj-body></mjml>"
    )
    message = compose.compile(source).render({"c": "green"})
    assert (message.subject, message.text) == ("Цена > 100", "Цена > 100 ?\n")
    assert "color:green" in message.html
    assert "ж > p" in message.html


@pytest.mark.parametrize(("name", "told"), [("PanicException", TemplateError), ("Other", KeyboardInterrupt)])
def test_an_mrml_that_breaks_down_is_told(name: str, told: type, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(_: str) -> None:
        raise type(name, (KeyboardInterrupt,), {})("out of range")

    fake = ModuleType("mrml")
    fake.to_html = panic  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mrml", fake)
    with pytest.raises(told, match="out of range"):
        compose.compile(body(""), subject="s")


def test_a_missing_mrml_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mrml", None)
    with pytest.raises(MissingExtra, match='install mailkit-sdk with the extra "mjml"'):
        compose.compile(body(""), subject="s")


def test_mjml_is_known_by_its_first_element() -> None:
    assert is_mjml(" <!-- x --><?xml?><mjml>")
    assert not is_mjml("<div><mjml></mjml></div>")
    assert not is_mjml("mjml")


@pytest.mark.parametrize(
    ("inside", "line", "reason"),
    [
        ("\n<mj-include path='x'/>", 4, "write {% include 'header.mjml' %}"),
        ("\n<mj-socail/>", 4, "MJML has no <mj-socail>; did you mean 'mj-social'?"),
        ("<mj-carousel></mj-carousel>", 3, "mrml, which reads MJML here, has no <mj-carousel>"),
        ("\n\n<mj-image width='{{ w }}px' src='x'/>", 5, "MJML computes with this"),
        ("<mj-text {% if a %}color='red'{% endif %}>x</mj-text>", 3, "inside of an attribute's quotes"),
        ("<mj-text color='{% if a %}red'>x</mj-text>{% endif %}", 3, "one end of a statement"),
        ("<mj-social>\n{% if a %}<mj-social-element/>{% endif %}</mj-social>", 4, "inside of <mj-social>; write it inside of their text, or around"),
        ("<mj-text>\n<p>{{ a\n\n}}\n<i>x</p></mj-text>", 7, "<i> has no end"),
        ("\n</mj-section>", 3, "<mj-column> has no end"),
        ("<mj-social>{{'a'\n}}\n<mj-text></mj-text></mj-social>".replace("{{'a'\n}}", ""), 4, "this is no MJML: unexpected element"),
        ("<mj-text>{{ a\n}}</mj-text>\n<mj-social>\n<mj-text></mj-text></mj-social>", 6, "this is no MJML: unexpected element"),
        ("<mj-text>" + "<b>" * DEEPEST + "</b>" * DEEPEST + "</mj-text>", 3, "more than 300 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_told_with_its_line(inside: str, line: int, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile(body(inside), subject="s")
    assert reason in caught.value.reason
    assert (caught.value.template, caught.value.line) == ("html", line)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<mjml></mjml>", "has no <mj-body>"),
        ("<mjml/>", "has no <mj-body>"),
        ("<mjml>{{ a }}<mj-body></mj-body></mjml>", "inside of <mjml>; write it inside of their text"),
        ("<mjml><mj-body></mj-body></mjml><p>x</p>", "<p> stands outside of <mjml>"),
        ("<mjml><mj-body></mj-body></mjml><mjml></mjml>", "<mjml> stands outside of <mjml>"),
        ("<mjml><mj-body></mj-body></mjml></p>", "</p> ends nothing"),
        ("{{ a }}<mjml><mj-body></mj-body></mjml>", "a value stands outside of <mjml>"),
        ("<mjml><mj-body><mj-text>&</mj-text></mj-body></mjml", "has no end"),
        ("<mjml><mj-body <mj-text></mj-body></mjml>", "this is no MJML"),
    ],
)
def test_what_is_no_mjml_is_told(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason.replace("(", r"\(")):
        compose.compile(source, subject="s")


@pytest.mark.parametrize("doctype", ["<!DOCTYPE mjml [<!ENTITY a 'x'>]>", "<!ENTITY a 'x'>"])
def test_entities_of_its_own_are_refused(doctype: str) -> None:
    source = "<mjml><mj-body><mj-section><mj-column><mj-text>&a;</mj-text></mj-column></mj-section></mj-body></mjml>"
    with pytest.raises(TemplateError, match="does not read entities of one's own") as caught:
        compose.compile(f"\n{doctype}{source}", subject="s")
    assert caught.value.line == 2
    assert "<p" in compose.compile(f"<!DOCTYPE mjml>{source.replace('&a;', '<p>a</p>')}", subject="s").render({}).html
