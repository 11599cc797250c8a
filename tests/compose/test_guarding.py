"""Where a reader's data may stand in HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.errors import TemplateError


def render(source: str, value: object) -> str:
    return compose.compile(source, subject="s").render({"x": value}).html


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("<{{ x }}>y</p>", "write &lt; if no tag is meant"),
        ("<{% if x %}a{% endif %} {{ x }}>y", "write &lt;"),
        ("<h{{ x }}>y</h1>", "in a tag"),
        ("<p>y</p {{ x }}>", "in a tag"),
        ("<a {{ x }}>y</a>", "could add attributes"),
        ("<a data-{{ x }}='1'>y</a>", "could add attributes"),
        ('<a title={% if x %}"y {{ x }}"{% endif %}>y</a>', "could add attributes"),
        ("<p>y</p><a {{ x }} ", "could add attributes"),
        ("<td {% if x %}bgcolor={{ x }}{% endif %} title='y'>z</td>", "put quotes around it"),
        ("<p onclick=\"f('{{ x }}')\">y</p>", "in a script"),
        ("<script>var a = {{ x }}</script>", "in a script"),
        ("<script type='text/javascript'>var a = {{ x }}</script>", "in a script"),
        ("<script src='{{ x }}'></script>", "in a script"),
        ("<iframe srcdoc='{{ x }}'></iframe>", "in a script"),
        ("<meta http-equiv='refresh' content='0;url={{ x }}'>", "an address unasked"),
        ("<meta http-equiv='{{ x }}' content='0;url=https://shop.example.com/'>", "an address unasked"),
        ("<svg><a><set attributeName='href' to='{{ x }}'/></a></svg>", "in a script"),
        ("<a href='{% if x %}{{ x }}'>y</a>{% else %}z'>{% endif %}", "one end of a statement"),
        ("<!--[if mso]><v:rect {{ x }}></v:rect><![endif]-->", "could add attributes"),
        ("<!--[if mso]><v:rect fill={% if x %}{{ x }}{% endif %}></v:rect><![endif]-->", "put quotes around it"),
    ],
)
def test_a_value_where_no_escaping_helps_is_refused_with_its_line(source: str, mend: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile(f"<p>\n{source}", subject="s")
    assert mend in caught.value.reason
    assert (caught.value.template, caught.value.line) == ("html", 2)


def test_a_block_that_is_refused_is_named() -> None:
    letter = compose.Letter(subject="s", blocks=[b.Text("x"), b.Html("<p {{ x }}>y</p>")])
    with pytest.raises(TemplateError, match=r"html, blocks\[1\]: a value may not stand in a tag"):
        compose.compile(letter)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<{% if x %}h1{% else %}h2{% endif %}>y", "<h1>y\n"),
        ("5 &lt;{{ x }}", "5 &lt;9\n"),
        ("<script type='application/ld+json'>{\"a\": {{ x }}}</script>", None),
        ("<!-- {{ x }} -->", "<!-- 9 -->\n"),
        (
            "<!--[if mso]><v:rect fill={{ x }}></v:rect><![endif]-->",
            '<!--[if mso]><v:rect fill="9"></v:rect><![endif]-->\n',
        ),
        ("<p {% if x %}hidden{% endif %}>y</p>", "<p hidden>y</p>\n"),
        ("<meta name='a' content=\"{{ x }}\">", None),
        ("<svg><animate attributeName='r' values='1;2'/></svg>", None),
        ("<meta http-equiv='refresh' content='5'>", None),
        ("<title>{{ x }}</title>", "<title>9</title>\n"),
        (
            "<style>@media x{p{top: {{ x }}px{% if x %}; a: b{% endif %}}}</style>",
            "<style>@media x{p{top: 9px; a: b}}</style>\n",
        ),
    ],
)
def test_a_value_or_a_choice_where_it_harms_nothing_is_fine(source: str, expected: str | None) -> None:
    assert render(source, 9) == (expected or source.replace("{{ x }}", "9") + "\n")


@given(st.text("{}<\\()/*;: abcurl", max_size=12))
def test_a_value_in_css_stays_one_value(value: str) -> None:
    sources = ("<style>@media x { p { color: {{ x }} } }</style>", "<p style='top: 0; color: {{ x }}'>y</p>")
    escapes = any(sign in value for sign in ("{", "}", "<", "\\", "(", ")", ";", "/*", "*/"))
    for source in sources:
        if escapes:
            with pytest.raises(TemplateError, match=r"'x' is .* more than a value of CSS; write \|safe"):
                render(source, value)
        else:
            assert value in render(source, value)


@pytest.mark.parametrize("colour", ["rgb(250, 240, 255)", "RGB(0 0 0 / 50%)", "hsla(120deg, 50%, 40%, .5)"])
def test_a_colour_by_numbers_is_one_value(colour: str) -> None:
    for source in ("<style>@media x { p { color: {{ x }} } }</style>", "<p style='top: 0; color: {{ x }}'>y</p>"):
        assert colour in render(source, colour)
        with pytest.raises(TemplateError, match="more than a value"):
            render(source, f"{colour[:-1]}(")


def test_whole_declarations_may_be_several_and_css_of_ones_own_anything() -> None:
    assert "top: 0; left: 0" in render("<p style='{{ x }}'>y</p>", "top: 0; left: 0")
    assert "top: 0; left: 0" in render("<p style='color: red; {{ x }}'>y</p>", "top: 0; left: 0")
    assert "top: 0; left: 0" in render("<p style='font: &quot;A&quot;;{{ x }}'>y</p>", "top: 0; left: 0")
    with pytest.raises(TemplateError, match="more than declarations of CSS"):
        render("<p style='{{ x }}'>y</p>", "background: url(https://t.example/x)")
    assert "url(https://t.example/x)" in render("<p style='{{ x|safe }}'>y</p>", "background: url(https://t.example/x)")
    with pytest.raises(TemplateError, match="'x' is None"):
        render("<p style='color: {{ x }}'>y</p>", None)


def test_a_preview_shows_guarded_values_as_they_were_written() -> None:
    template = compose.compile("<p style='color: {{ x }}'><a href='{{ y }}'>z</a></p>", subject="s")
    shown = template._repr_html_()
    assert "color: {{ x }}" in shown
    assert "_mailkit" not in shown


@pytest.mark.parametrize(
    "source",
    [
        "<meta http-equiv='refresh' content='0;javascript:x'>",
        "<meta http-equiv='refresh' content='0, data:text/html,x'>",
        "<svg><a><animate attributeName='href' values='#; javascript:x'/></a></svg>",
        "<iframe src='data:image/svg+xml,x'></iframe>",
        "<embed src='data:image/svg+xml,x'>",
        "<img srcset='https://shop.example.com/a 1x, javascript:x 2x'>",
        '<td style="background: url( &quot;JavaScript:x&quot; )">x</td>',
        "<style>td { background: url(vbscript:x) }</style>",
    ],
)
def test_an_address_that_runs_something_is_refused_wherever_it_hides(source: str) -> None:
    with pytest.raises(TemplateError, match=r"has (an address with )?the scheme (?i:javascript|vbscript|data):"):
        compose.compile(source, subject="s")


def test_a_picture_among_several_is_looked_at() -> None:
    source = "<img srcset='https://shop.example.com/a,b 1x, {{ x }} 2x'>"
    shown = render(source, "https://shop.example.com/c")
    assert "a,b 1x, https://shop.example.com/c 2x" in shown
    chosen = "<img srcset='{% if x %}{{ x }} 1x, https://shop.example.com/b 2x{% endif %}'>"
    assert "c 1x, https://shop.example.com/b 2x" in render(chosen, "https://shop.example.com/c")
    for one in (source, chosen):
        with pytest.raises(TemplateError, match="would be opened as javascript:"):
            render(one, "javascript:x")
    with pytest.raises(TemplateError, match="more than a value of CSS"):
        render("<td style='background: url({{ x }})'>y</td>", "javascript:x")


def test_an_address_that_is_chosen_by_a_condition_is_looked_at_as_a_whole() -> None:
    chosen = "<a href='{% if x %}{{ x }}{% else %}https://shop.example.com/{% endif %}'>y</a>"
    assert 'href="https://anna.example.com/"' in render(chosen, "https://anna.example.com/")
    assert 'href="https://shop.example.com/"' in render(chosen, "")
    with pytest.raises(TemplateError, match="would be opened as javascript:"):
        render(chosen, "java\tscript:alert(1)")


@pytest.mark.parametrize(
    ("value", "of"),
    [
        ("https://x.example.com/", "a img"),
        (" HTTP://x.example.com/", "a img"),
        ("mailto:a@x.example.com", "a"),
        ("tel:+1", "a"),
        ("sms:+1", "a"),
        ("cid:logo", "img"),
        ("data:image/png;base64,AAAA", "img"),
        ("/a:b", "a img"),
        ("#a:b", "a img"),
        ("a.png", "a img"),
        *((f"{scheme}x", "") for scheme in ("file:///", "view-source:", "ms-settings:", "intent:", "about:", "tg:")),
        (" fi\tle:///x", ""),
        ("webcal://x.example.com/", ""),
        ("data:text/html,x", ""),
        ("C:\\x", ""),
    ],
)
def test_a_record_brings_only_schemes_that_are_known_to_do_no_harm(value: str, of: str) -> None:
    for name, source in (("a", "<a href='{{ x }}'>y</a>"), ("img", "<img src='{{ x }}'>")):
        for written in (source, source.replace("{{ x }}", "{% if x %}{{ x }}{% endif %}")):
            if name in of.split():
                assert value in render(written, value)
            else:
                with pytest.raises(TemplateError, match="would be opened as"):
                    render(written, value)


@pytest.mark.parametrize(
    ("source", "value", "is_fine"),
    [
        ("<a href='tg:{{ x }}'>y</a>", "a:b", True),
        ("<a href='{{ x }}://y.example.com'>y</a>", "https", True),
        ("<a href='{{ x }}://y.example.com'>y</a>", "file", False),
        ("<a href='{{ x }}://y.example.com'>y</a>", "tg", False),
        ("<a href='{{ x }}/y:z'>y</a>", "file", True),
        ("<a href='fi{{ x }}'>y</a>", "le:///z", False),
        ("<a href='{{ x }}t{{ x }}'>y</a>", "g:", False),
        ("<a href='{% if x %}tg:{{ x }}{% else %}{{ x }}{% endif %}'>y</a>", "z", True),
        ("<a href='{% if x == 1 %}tg:{{ x }}{% else %}{{ x }}{% endif %}'>y</a>", "webcal:z", False),
        ("<td style='background: url({{ x }})'>y</td>", "file://y/z", False),
    ],
)
def test_a_scheme_is_the_authors_where_it_is_written_out(source: str, value: str, is_fine: bool) -> None:
    template = compose.compile(source, subject="s")
    if is_fine:
        assert value in template.render({"x": value}).html
    else:
        with pytest.raises(TemplateError, match=r"would be opened as|more than a value of CSS"):
            template.render({"x": value})


@pytest.mark.parametrize("scheme", ["file:", "view-source:", "about:", "intent:", "ms-settings:", "FILE:"])
def test_what_leads_into_a_readers_machine_is_told_where_the_author_wrote_it(scheme: str) -> None:
    source = f"<p><a href='{scheme}//x'>Old letters hold such links</a></p>"
    assert compose.compile(source, subject="s").render({}).html
    assert "compose.unsafe-link" in {finding.code for finding in compose.lint(source)}
