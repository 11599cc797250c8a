"""Compiling: what is told at once, and what is refused."""

from __future__ import annotations

from html import unescape

import pytest

from mailkit import compose
from mailkit.compose import Letter
from mailkit.compose import blocks as b
from mailkit.errors import InvalidValue, TemplateError, UnknownField


def letter(*given: b.Block, subject: str = "Hello") -> compose.Letter:
    return compose.Letter(subject=subject, blocks=given)


def test_the_fields_are_the_first_names_that_the_letter_uses_in_any_part() -> None:
    template = compose.compile(
        letter(
            b.Products(each="order.lines", name="{{ item.name }}"),
            b.If("vip", [b.Text("{% set n = bonus %}{{ n }}")]),
            b.Footer(address="Books"),
            subject="{{ name }}",
        )
    )
    assert template.fields == {"name", "order", "vip", "bonus", "unsubscribe_url"}


def test_a_field_that_records_will_not_have_is_refused_with_its_block() -> None:
    with pytest.raises(UnknownField) as caught:
        compose.compile(letter(b.Heading("Hi"), b.Text("From {{ ctiy }}")), fields=["city", "name"])
    assert caught.value.template == "html, blocks[1]"
    assert caught.value.excerpt == "From {{ ctiy }}"
    assert caught.value.suggestions == ("city",)


def test_a_field_with_a_default_or_asked_for_may_be_absent() -> None:
    source = "<p>{{ nick|default('friend') }}{% if city is defined %} of {{ city }}{% endif %}</p>"
    template = compose.compile(source, subject="Hello", fields=[])
    assert template.render({}).text == "friend\n"
    assert template.render({"nick": "Ann", "city": "Kazan"}).text == "Ann of Kazan\n"


@pytest.mark.parametrize(
    ("source", "line", "part_of_reason"),
    [
        ("<p>\n{{ name }</p>", 2, "unexpected '}'"),
        ("<p>{% if a %}</p>", 1, "unexpected end of template"),
        ("\n\n{% include 'x.html' %}", 3, "there is no folder to look for 'x.html' in"),
        ("{{ name|uper }}", 1, "there is no filter 'uper'; did you mean 'upper'?"),
        ("\n{% if a is odder %}{% endif %}", 2, "there is no test 'odder'; did you mean 'odd'?"),
        ("{{ a|format(1) }}", 1, "there is no filter 'format'"),
        ("{% break %}", 1, "unknown tag 'break'"),
        ("<style>@media (a){#x{}}</style>", 1, "put a space between { and #"),
        ("a\n\U000f0000", 2, "for private use"),
        ("{% for a in b %}{% block a %}{% endblock %}{% block a %}{% endblock %}{% endfor %}", 1, "defined twice"),
    ],
)
def test_what_jinja_cannot_read_is_told_with_its_line(source: str, line: int, part_of_reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile(source, subject="Hello")
    assert part_of_reason in caught.value.reason
    assert (caught.value.template, caught.value.line) == ("html", line)
    assert caught.value.excerpt == source.split("\n")[line - 1]


def test_a_broken_block_is_named() -> None:
    with pytest.raises(TemplateError, match=r"html, blocks\[1\]: unexpected '}'") as caught:
        compose.compile(letter(b.Text("x"), b.Button("Go {{ a }", href="https://example.com")))
    assert caught.value.excerpt == "Go {{ a }"


def test_a_condition_cannot_end_its_statement() -> None:
    with pytest.raises(TemplateError, match="is not one Jinja expression"):
        compose.compile(letter(b.If("a %}{% endif %}{% if c", [b.Text("x")])))


@pytest.mark.parametrize("href", ["javascript:alert(1)", " JAVA\tSCRIPT:x", "data:text/html,x", "&#118;bscript:x"])
def test_an_address_that_would_run_a_script_is_refused(href: str) -> None:
    with pytest.raises(TemplateError, match="which no letter may"):
        compose.compile(f'<a href="{href}">x</a>', subject="Hello")
    with pytest.raises(TemplateError, match=r"html, blocks\[0\]"):
        compose.compile(letter(b.Button("x", href=unescape(href))))
    with pytest.raises(TemplateError, match="which no letter may"):
        compose.compile(f'<a href="{{{{ a }}}}{href}">x</a>', subject="Hello")
    with pytest.raises(TemplateError, match="which no letter may"):
        compose.compile(f'<a href="{{% if a %}}x{{% endif %}}{href}">x</a>', subject="Hello")
    with pytest.raises(TemplateError, match="which no letter may"):
        compose.compile(f'<!--[if mso]><v:rect href="{href}"><![endif]-->', subject="Hello")
    with pytest.raises(TemplateError, match="which no letter may"):
        compose.compile(f'<meta http-equiv="Refresh" content="0; url={href}">', subject="Hello")


NESTED = "{% if a %}" * 150 + "x" + "{% endif %}" * 150


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (NESTED, "nested too deeply"),
        ("{% for a in b %}" * 25 + "{% endfor %}" * 25, "nested too deeply"),
        ("{{ " + "(" * 5_000 + "a" + ")" * 5_000 + " }}", "nested too deeply"),
        ("{{ " + "9" * 5_000 + " }}", "more digits than any has"),
    ],
)
def test_what_python_cannot_read_is_told(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        compose.compile(source, subject="Hello")
    assert caught.value.template == "html"


def test_fields_are_names_and_not_the_letters_of_one() -> None:
    for wrong in ("name", 5, ["a", 5]):
        with pytest.raises(InvalidValue, match="fields"):
            compose.compile("{{ name }}", subject="Hello", fields=wrong)  # type: ignore[arg-type]
    for given in ({"subject": 5}, {"subject": "s", "text": 5}):
        with pytest.raises(InvalidValue, match="is not text"):
            compose.compile("x", **given)  # type: ignore[arg-type]


def test_the_title_is_the_subject_if_none_is_given() -> None:
    assert compose.compile("<title>A &amp; {{ b }}\n c</title>").render({"b": "B"}).subject == "A & B c"
    with pytest.raises(TemplateError, match="there is no subject"):
        compose.compile("<p>x</p>")


def test_only_a_letter_or_html_is_compiled() -> None:
    with pytest.raises(InvalidValue, match="neither a Letter nor HTML"):
        compose.compile(b"<p>")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="beside a Letter"):
        compose.compile(letter(b.Text("x")), subject="Hello")
    with pytest.raises(TemplateError, match="is empty"):
        compose.compile(" ", subject="x")


def test_an_unknown_inliner_is_refused() -> None:
    with pytest.raises(InvalidValue, match="did you mean 'premailer'"):
        compose.compile("<p>", subject="x", inliner="premailr")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="write 'css-inline' or 'premailer'"):
        compose.compile("<p>", subject="x", inliner="z")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="has no method inline"):
        compose.compile("<p>", subject="x", inliner=3)  # type: ignore[arg-type]


def test_a_text_part_of_ones_own_is_used_and_an_empty_one_is_none() -> None:
    own = compose.compile("<p>x</p>", subject="s", text="Dear {{ name }}")
    assert own.render({"name": "O'Brien"}).text == "Dear O'Brien\n"
    with pytest.raises(UnknownField, match="text, line 1"):
        own.render({})
    assert compose.compile("<p>x</p>", subject="s", text="").render({}).text == ""


def test_a_template_shows_its_fields_and_findings_in_a_notebook() -> None:
    shown = compose.compile("<style>p{a:b}</style><p class='{{ c }}'>{{ name|safe }}</p>", subject="x")
    html = shown._repr_html_()
    assert "<code>name</code>" in html
    assert "compose" not in html
    assert "{{ name|safe }}" in html
    assert "for each reader" in html
    assert "fields=['c', 'name']" in repr(shown)
    assert "Fields: none" in compose.compile("<p>{% if 1 %}x{% endif %}", subject="x")._repr_html_()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ x|_mailkit_css }}", "there is no filter '_mailkit_css'"),
        ("{% filter _mailkit_url %}a{% endfilter %}", "there is no filter '_mailkit_url'"),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", "escaped in HTML and only there"),
        ("{% autoescape x %}{{ x }}{% endautoescape %}", "escaped in HTML and only there"),
    ],
)
def test_what_is_mailkits_own_to_say_is_refused(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        compose.compile(f"<p>\n{source}", subject="s")
    assert caught.value.line == 2
    with pytest.raises(TemplateError, match=reason):
        compose.compile("<p>a", subject=source)


@pytest.mark.parametrize("name", ["_mailkit_css", "mailkit turns"])
def test_no_filter_of_mailkits_own_is_found_by_a_name_that_comes_later(name: str) -> None:
    template = compose.compile("<p>\n{{ [x]|map(x)|join }}", subject="s")
    with pytest.raises(TemplateError, match=f"there is no filter '{name}'") as caught:
        template.render({"x": name})
    assert caught.value.line == 2
    assert "upper" in template.render({"x": "lower"}).html.replace("lower", "upper")


def test_what_is_set_in_no_namespace_is_told_with_its_line() -> None:
    template = compose.compile("<p>{% set n = 1 %}\n{% set n.x = 1 %}", subject="s")
    with pytest.raises(TemplateError, match="sets what is in a namespace") as caught:
        template.render({})
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: x", "a\nb", "a\rb", "a\u2028b", "{{ x }}\nb", "=?utf-8?q?=0d=0a?=Bcc: x", "a\n{{ x }}"]
)
def test_a_subject_of_several_lines_is_refused_wherever_it_comes_from(subject: str) -> None:
    with pytest.raises(InvalidValue, match=r"Letter\.subject: .* line break"):
        Letter(subject=subject, blocks=[b.Divider()])
    with pytest.raises(InvalidValue, match=r"Letter\.subject: .* line break"):
        Letter.from_json({"version": 1, "subject": subject, "blocks": [{"type": "divider"}]})
    with pytest.raises(InvalidValue, match=r"compile, subject: .* line break"):
        compose.compile("<p>a", subject=subject)


def test_statements_of_a_subject_may_stand_on_lines_of_their_own() -> None:
    subject = "\n{% if x %}\nHello, {{ x }}{# a\nb #}\n{% else %}\nHello{% endif %}\n"
    for template in (
        compose.compile("<p>a", subject=subject),
        compose.compile(Letter(subject=subject, blocks=[b.Divider()])),
    ):
        assert template.render({"x": "Anna"}).subject.strip() == "Hello, Anna"


def test_css_that_is_inlined_for_each_reader_is_told_once() -> None:
    html = (
        "<style>p { color: red }</style>{% macro m() %}<p>{{ caller() }}</p>{% endmacro %}{% call m() %}<b>x</b>"
        "{% endcall %}{{ x|safe }}<p class='{{ x }}'>a</p>"
    )
    [one] = compose.compile(html, subject="s").findings
    assert one.code == "compose.inlined-per-recipient"
    assert "; " in one.message


@pytest.mark.parametrize("tag", ["{% include 'a' %}", "{% extends 'a' %}", "{% import 'a' as b %}"])
def test_a_subject_asks_for_no_other_file(tag: str) -> None:
    with pytest.raises(TemplateError, match="are for HTML and MJML sources alone"):
        compose.compile("<p>a", subject=tag)
