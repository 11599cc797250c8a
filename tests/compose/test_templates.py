"""Rendering and encoding, through public names."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from os import getpid
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Attachment, Envelope, compose
from mailkit.compose import blocks as b
from mailkit.compose.templates import Transfer
from mailkit.errors import HeaderError, InvalidValue, TemplateError, UnknownField

DATE = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENVELOPE = Envelope(sender="Books <shop@example.com>", recipient="anna@example.org")

LETTER = compose.Letter(
    subject="{{ name }}: {{ n }}",
    preheader="For {{ name }}",
    lang="ru",
    blocks=[
        b.Heading("Hello, {{ name }}"),
        b.Text("A **bold** price of 5 < 6. [See]({{ url }})\n\n{{ more }}"),
        b.Products(each="cart", name="{{ item.name }}", price="{{ item.price }}"),
        b.If("n > 3", [b.Text("Many")], otherwise=[b.Text("Few {{ n }}")]),
        b.Button("Go", href="https://shop.example.com/?a=1&b=2"),
    ],
)
CYRILLIC = compose.Letter(
    subject="{{ name }}", blocks=[b.Text("Скидки на всё, что вы давно хотели купить. " * 60 + "{{ more }}")]
)
HTML = """<!DOCTYPE html><html><head><style>td { color: red } @media print { td { color: black } }</style></head>
<body><table>{% for one in cart %}<tr><td title="{{ one.name }}">{{ one.name }}
.</td></tr>{% endfor %}</table>From {{ name }} {{ more }}</body></html>"""
PER_READER = "<style>.a { color: red }</style><p class='{{ 'a' if n else 'b' }}'>{{ name }}</p>{{ more }}"
TEMPLATES = [
    compose.compile(LETTER),
    compose.compile(CYRILLIC),
    compose.compile(HTML, subject="Hi {{ name }}"),
    compose.compile(PER_READER, subject="Hi"),
    compose.compile("{{ name }}", subject="Hi", text=""),
    compose.compile(HTML, subject="Hi {{ name }}", text="{{ more }}\n", amp="<html amp4email><p>{{ name }}</p></html>"),
    compose.compile("{{ name|safe }}" + "Книги " * 99, subject="{{ n }}"),
]

lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("."), max_size=80)
PRICES = st.floats(allow_nan=False, allow_infinity=False)  # others tell a reader nothing, and are refused
records = st.fixed_dictionaries(
    {
        "name": lines.filter(lambda text: "=?" not in text),
        "more": st.text(max_size=300) | st.text("\r\n. Fromab=", max_size=300),
        "n": st.integers(),
        "url": st.just("https://shop.example.com/x"),
        "cart": st.lists(st.fixed_dictionaries({"name": st.text(max_size=30), "price": PRICES}), max_size=4),
    }
)


def encode(
    template: compose.Template, record: object, envelope: Envelope = ENVELOPE, transfer: Transfer = "7bit"
) -> bytes:
    return template.encode(record, envelope, message_id="1@example.com", date=DATE, transfer=transfer)


def parse(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def content(parsed: EmailMessage, subtype: str) -> str:
    for part in parsed.walk():
        if part.get_content_type() == f"text/{subtype}" and not part.is_attachment():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode().replace("\r\n", "\n")
    return ""


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(TEMPLATES), records, st.sampled_from(["7bit", "8bit", "utf8"]))
def test_the_bytes_say_exactly_what_render_says(
    template: compose.Template, record: dict[str, Any], transfer: Transfer
) -> None:
    message, raw = template.render(record), encode(template, record, transfer=transfer)
    parsed = parse(raw)
    assert content(parsed, "html") == message.html
    assert content(parsed, "plain") == message.text
    assert content(parsed, "x-amp-html") == message.amp
    assert " ".join(parsed["Subject"].split()) == " ".join(message.subject.split())
    assert encode(template, record, transfer=transfer) == raw
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\n" not in line
        assert b"\r" not in line
        assert not line.startswith((b".", b"From "))
    body = raw.partition(b"\r\n\r\n")[2]
    assert transfer != "7bit" or (raw.isascii() and max(map(len, body.split(b"\r\n"))) <= 76)


@given(st.text(max_size=50))
def test_a_value_is_never_run_and_never_html(value: str) -> None:
    record = {"name": f"{{{{ 7*7 }}}}<b>{value}", "n": 1}
    html = compose.compile("<p>{{ name }}</p>", subject="x").render(record).html
    assert "{{ 7*7 }}&lt;b&gt;" in html


def test_html_is_escaped_and_subject_and_text_are_not() -> None:
    message = compose.compile("<p>{{ name }}</p>", subject="Hi {{ name }}").render({"name": "O'Brien & <co>"})
    assert message.subject == "Hi O'Brien & <co>"
    assert message.text == "O'Brien & <co>\n"
    assert "O&#39;Brien &amp; &lt;co&gt;" in message.html


def test_braces_hidden_in_character_references_stay_text() -> None:
    source = "<style>p { color: red }</style><p>&#123;&#123; secret &#125;&#125; &#123;% x %&#125; {{ name }}</p>"
    for inliner in ("css-inline", "premailer"):
        template = compose.compile(source, subject="x", inliner=inliner)  # type: ignore[arg-type]
        message = template.render({"name": "Anna", "secret": "SECRET"})
        assert message.text == "{{ secret }} {% x %} Anna\n"
        assert "SECRET" not in message.html
        assert 'style="color:' in message.html
        assert not template.findings


def test_raw_blocks_are_text() -> None:
    message = compose.compile("<p>{% raw %}{{ a }}{% endraw %}{{ b }}{</p>", subject="x").render({"b": 1})
    assert message.html == "<p>{{ a }}1{</p>\n"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "=?utf-8?q?=0d=0a?="])
def test_a_line_break_in_the_subject_is_refused(line_break: str) -> None:
    template = compose.compile("<p>x</p>", subject="Hi {{ name }}")
    record = {"name": f"Anna{line_break}Bcc: all@example.com"}
    with pytest.raises(HeaderError, match="line break"):
        template.render(record)
    with pytest.raises(HeaderError, match="line break"):
        encode(template, record)


@attrs.frozen
class Person:
    first_name: str
    city: str = "Kazan"

    @property
    def shout(self) -> str:
        return self.first_name.upper()

    @property
    def broken(self) -> str:
        raise ValueError("no database")

    def delete(self) -> None:
        raise AssertionError

    @staticmethod
    def shared() -> None:
        raise AssertionError

    @classmethod
    def made(cls) -> None:
        raise AssertionError

    class Inner:
        def __init__(self) -> None:
            raise AssertionError


@dataclass
class Order:
    total: int
    owner: Person


def test_a_record_may_be_a_mapping_an_attrs_object_or_a_dataclass() -> None:
    template = compose.compile("<p>{{ first_name }}, {{ city }}</p>", subject="x")
    assert template.render({"first_name": "Anna", "city": "Kazan"}).text == "Anna, Kazan\n"
    assert template.render(Person("Anna")).text == "Anna, Kazan\n"
    nested = compose.compile("<p>{{ owner.shout }}: {{ total }}</p>", subject="x")
    assert nested.render(Order(5, Person("Anna"))).text == "ANNA: 5\n"


def test_a_field_of_a_mapping_wins_over_a_method_of_that_name() -> None:
    template = compose.compile(
        "<p>{{ order.items }} {{ order['keys'] }} {{ order.values()|list|length }}</p>", subject="x"
    )
    assert template.render({"order": {"items": 3, "keys": 4}}).text == "3 4 2\n"


@pytest.mark.parametrize(
    ("source", "record", "field", "suggestion"),
    [
        ("<p>{{ nmae }}</p>", {"name": "Anna"}, "nmae", "name"),
        ("<p>{{ frist_name }}</p>", Person("Anna"), "frist_name", "first_name"),
        ("{% for i in cart %}\n<p>{{ i.nmae }}</p>{% endfor %}", {"cart": [{"name": "x"}]}, "nmae", "name"),
        ("{{ p.ctiy }}", {"p": Person("Anna")}, "ctiy", "city"),
        ("{{ p.ctiy.x }}", {"p": Person("Anna")}, "ctiy", "city"),
        ("{% if vpi %}x{% endif %}", {"vip": True}, "vpi", "vip"),
        ("{% for a in crat %}x{% endfor %}", {"cart": []}, "crat", "cart"),
        ('<a href="{{ ulr }}">x</a>', {"url": "x"}, "ulr", "url"),
        ("{{ __class__ }}", Person("Anna"), "__class__", None),
        ("{{ nmae ** 2 }}", {"name": 2}, "nmae", "name"),
        ("<style>p { color: {{ clour }} }</style>", {"colour": "red"}, "clour", "colour"),
        ("{{ delete }}", Person("Anna"), "delete", None),
    ],
)
def test_a_misspelt_field_is_named_with_what_was_meant(
    source: str, record: object, field: str, suggestion: str | None
) -> None:
    with pytest.raises(UnknownField) as caught:
        compose.compile(source, subject="x").render(record)
    assert caught.value.field == field
    assert caught.value.suggestions[:1] == ((suggestion,) if suggestion else ())
    assert caught.value.template == "html"
    assert field in caught.value.excerpt
    assert caught.value.line == source[: source.index(field)].count("\n") + 1


def test_a_misspelt_field_in_a_block_names_the_block() -> None:
    template = compose.compile(LETTER)
    record = {"name": "A", "n": 1, "url": "https://example.com", "more": "", "cart": [{"nmae": "x", "price": 1}]}
    with pytest.raises(
        UnknownField, match=r"html, blocks\[2\]: an item of 'cart' has no field 'name'; did you mean 'nmae'"
    ) as caught:
        template.render(record)
    assert caught.value.excerpt == "{{ item.name }}"


@pytest.mark.parametrize(
    ("source", "value", "reason"),
    [
        ("{{ x }}", None, "'x' is None; give it a value, or write |default('…', true)"),
        ("<a href='{{ x }}'>y</a>", None, "'x' is None"),
        ("{% for a in x %}{% endfor %}", None, "'x' is None where a list was meant"),
        ("{{ x }}", ["a"], "'x' is a list where text was meant"),
        ("{{ x }}", {"a": 1}, "'x' is a dict where text was meant"),
        ("{{ x }}", b"a", "'x' is a bytes where text was meant"),
        ("{{ x.upper }}", "a", "'x.upper' is a method"),
        ("{{ x / 0 }}", 1, "ZeroDivisionError: division by zero"),
        ("{{ x.__class__ }}", "a", "unsafe"),
        ("{{ x.ljust(9) }}", "a", "unsafe"),
        ("{{ x.delete() }}", Person("a"), "a method of the application's own"),
        ("{{ x.shared() }}", Person("a"), "a method of the application's own"),
        ("{{ x.made() }}", Person("a"), "a method of the application's own"),
        ("{{ x.Inner() }}", Person("a"), "a method of the application's own"),
        ("{{ x.now() }}", DATE, "a method of the application's own"),
        ("{{ x.f() }}", {"f": lambda: "called"}, "a method of the application's own"),
        ("{{ x.f() }}", {"f": getpid}, "a method of the application's own"),
        ("{{ '{:>1500000000}'.format(x) }}", "a", "unsafe"),
        ("{{ '{x:>400000000}'.format_map({'x': x}) }}", "a", "unsafe"),
        ("{{ ('{:>1500000000}'|attr('format'))(x) }}", "a", "unsafe"),
        ("{{ [x]|tojson(indent=1000000000) }}", "a", "TypeError"),
        ("{{ x.to_bytes(1000000000, 'big') }}", 1, "unsafe"),
        ("{{ x.encode() }}", "a", "unsafe"),
        ("{{ x.center(1000000000) }}", b"a", "unsafe"),
        ("{{ x.replace('a', x) }}", "a" * 30_000, "more than 1,000,000 elements"),
        ("{{ x|replace('a', x) }}", "a" * 30_000, "more than 1,000,000 elements"),
        ("{{ range(1000)|join(x) }}", "a" * 900_000, "more than 1,000,000 elements"),
        ("{{ x.join(range(1000)|map('string')) }}", "a" * 900_000, "more than 1,000,000 elements"),
        ("{{ x|wordwrap(1, wrapstring='b' * 900000) }}", "a " * 9, "more than 100 characters for the filter wordwrap"),
        ("{{ x|round(1000000000) }}", 1.5, "more places than any number has"),
        (
            "{% set n = namespace(y=x) %}{% for i in range(22) %}{% set n.y = n.y * n.y %}{% endfor %}",
            9,
            "number beyond",
        ),
        ("{{ x * 9999999 }}", "a", "more than 1,000,000 elements"),
        ("{{ 9999999 * x }}", "a", "more than 1,000,000 elements"),
        ("{{ x + x }}", "a" * 600_000, "more than 1,000,000 elements"),
        ("{{ '%999s' % x }}", "a", "to join texts"),
        ("{{ 2 ** x }}", 999, "a power beyond reason"),
        ("{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}", [1] * 500, "more than 500,000 steps"),
        ("{% for a in x %}{% endfor %}", (i for i in range(200_000)), "more than 500,000 steps"),
        ("{% for a in x %}{% endfor %}", 5, "'x' is of the type int where a list was meant"),
        ("{{ x }}", type("Bad", (), {"__str__": lambda self: 1 / 0})(), "ZeroDivisionError"),
        ("{{ x.broken }}", Person("a"), "ValueError: no database"),
    ],
)
def test_what_cannot_be_printed_is_told_with_its_line(source: str, value: object, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile(f"<p>\n{source}</p>", subject="s").render({"x": value})
    assert reason in caught.value.reason
    assert (caught.value.template, caught.value.line) == ("html", 2)
    assert not isinstance(caught.value, UnknownField)


def test_a_part_without_end_is_stopped() -> None:
    template = compose.compile("{% for a in x %}{{ 'abcdefghij' * 100 }}{% endfor %}", subject="s")
    with pytest.raises(TemplateError, match="html: the part is longer than 5,000,000 characters"):
        template.render({"x": [1] * 5_400})


def test_none_with_a_default_is_fine_and_small_sums_are() -> None:
    source = "{{ x|default('-', true) }} {{ 2 ** 3 }} {{ 'ab' * 2 }} {{ 7 % 4 }} {{ 'a' + 'b' }} {{ 2 * 3 }}"
    source += " {{ (1,) + (2,) == (1, 2) }}"
    template = compose.compile(source + "{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}", subject="s")
    assert template.render({"x": None}).text == "- 8 abab 3 ab 6 True" + "aba\n"


def test_a_property_that_fails_is_told() -> None:
    with pytest.raises(TemplateError, match="failed to give its field 'broken'"):
        compose.compile("{{ broken }}", subject="s").render(Person("a"))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('<a href="{{ x }}">y</a>', "javascript:alert(1)"),
        ('<a href="{{ x }}">y</a>', " JavaScript\t:alert(1)"),
        ('<a href="{{ x }}:alert(1)">y</a>', "javascript"),
        ('<a href="java{{ x }}">y</a>', "script:alert(1)"),
        ("<a href=\"{{ 'java' }}{{ x }}\">y</a>", "script:alert(1)"),
        ('<a href="{% if x %}{{ x }}{% endif %}">y</a>', "vbscript:x"),
        ('<a href="{% if not x %}https://a.example/{% else %}{{ x }}{% endif %}">y</a>', "javascript:alert(1)"),
        ('<a href="{% if x %}java{% endif %}{{ x }}">y</a>', "script:alert(1)"),
        ('<a href="{% for a in [x, x] %}{{ a[:4] }}{{ a[4:] }}{% endfor %}">y</a>', "javascript:alert(1)"),
        ('<a {% if x %}href="{{ x }}"{% endif %}>y</a>', "javascript:alert(1)"),
        ('<a {% if x %}href{% else %}src{% endif %}="{{ x }}">y</a>', "javascript:alert(1)"),
        ('<!--[if mso]><a href="{{ x }}">y</a><![endif]-->', "javascript:alert(1)"),
        ('<!--><a href="{{ x }}">y</a> -->', "javascript:alert(1)"),
        ('<object data="{{ x }}"></object>', "data:text/html,x"),
        ('<img src="{{ x }}" alt="">', "data:text/html,x"),
        ("<a href={{ x }}>y</a>", "data:text/html,x"),
    ],
)
def test_an_unsafe_address_from_a_record_is_refused(source: str, value: str) -> None:
    with pytest.raises(TemplateError, match="which no letter may do"):
        compose.compile(source, subject="s").render({"x": value})


def test_a_safe_address_from_a_record_is_used() -> None:
    source = "<a href={{ x }}>y</a><a href='https://a.example/{{ q }}'>z</a>"
    source += "<img src='{{ p }}' alt=''><a href='{{ x }}{{ q }}'>w</a>"
    record = {"x": "https://a.example/?b='1'&c=\"", "q": "javascript:", "p": "data:image/png;base64,AAAA"}
    with pytest.raises(TemplateError):
        compose.compile(source, subject="s").render(record)
    record["q"] = "a b"
    html = compose.compile(source, subject="s").render(record).html
    assert html.startswith(
        '<a href="https://a.example/?b=&#39;1&#39;&amp;c=&#34;">y</a><a href="https://a.example/a b">'
    )


def test_markup_from_a_record_is_html_in_html_and_text_in_text() -> None:
    from markupsafe import Markup

    message = compose.compile("<p>{{ x }}</p>", subject="{{ x }}").render({"x": Markup("<b>Hi</b> &amp; bye")})
    assert (message.subject, message.text, message.html) == ("Hi & bye", "Hi & bye\n", "<p><b>Hi</b> &amp; bye</p>\n")


def test_an_address_may_be_chosen_by_statements() -> None:
    source = '<a href="{% if x %}{{ x }}{% else %}https://a.example/?a=1&amp;b={{ y }}{% endif %}">y</a>'
    template = compose.compile(source, subject="s")
    first, second = template.render({"x": "https://b.example/", "y": 1}), template.render({"x": "", "y": "j:"})
    assert first.html == '<a href="https://b.example/">y</a>\n'
    assert second.html == '<a href="https://a.example/?a=1&amp;b=j:">y</a>\n'
    assert second.text == "y (https://a.example/?a=1&b=j:)\n"
    assert not template.findings


def test_what_an_object_says_of_itself_is_read_with_plain_line_breaks() -> None:
    class Lines:
        def __str__(self) -> str:
            return "a\r\nb\rc"

    source = "<p>{{ x|safe }}{{ y }}</p>"
    for padding in ("", "кириллица " * 9):
        template = compose.compile(source + padding, subject="s")
        record = {"x": "<b>1</b>\r\n2", "y": Lines()}
        html = template.render(record).html
        assert html.startswith("<p><b>1</b>\n2a\nb\nc</p>")
        assert content(parse(encode(template, record)), "html") == html


def test_calls_are_turns() -> None:
    source = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(x) }}"
    template = compose.compile(source, subject="s", text="")
    assert template.render({"x": 3}).html == "\n"
    with pytest.raises(TemplateError, match="more than 500,000 steps"):
        template.render({"x": 17})


def test_usual_calls_and_filters_go_on_working() -> None:
    source = (
        "{{ x.replace('a', 'b', 1) }} {{ x|replace('a', 'c') }} {{ ', '.join(y) }} {{ y|join('-') }} {{ y|tojson }}"
    )
    source += "{{ 'c d'|wordwrap(1) }}{{ 'e'|urlize }}"
    source += " {{ 2.345|round(1) }} {{ x.upper() }} {{ d.strftime('%d.%m.%Y') }} {{ 'a'|safe|replace('a', 'b') }}"
    source += "{% set c = cycler(1, 2) %} {{ c.next() }}{{ c.next() }}{% set j = joiner('/') %}{{ j() }}{{ j() }}"
    html = compose.compile(source, subject="s").render({"x": "aa", "y": ["p", "q"], "d": DATE}).html
    assert html == 'ba cc p, q p-q ["p", "q"]c\nde 2.3 AA 01.03.2026 b 12/\n'


@pytest.mark.parametrize("name", ["joiner", "range", "cycler", "namespace"])
def test_a_field_of_the_record_wins_over_a_name_of_jinjas_own(name: str) -> None:
    template = compose.compile(f"{{{{ {name} }}}}", subject="s")
    assert template.fields == {name}
    assert template.render({name: "Bob"}).text == "Bob\n"
    with pytest.raises(TemplateError, match="is a method and not a field"):
        template.render({})
    called = compose.compile("{% for i in range(2) %}{{ i }}{% endfor %}", subject="s")
    assert called.fields == set()
    assert called.render({"range": 3}).text == "01\n"


class Failing(Mapping[str, str]):
    def __getitem__(self, key: str) -> str:
        raise OSError("no database")

    def __iter__(self) -> Iterator[str]:
        return iter("x")

    def __len__(self) -> int:
        return 1

    def __contains__(self, key: object) -> bool:
        return True


def test_a_mapping_that_fails_is_told() -> None:
    with pytest.raises(TemplateError, match=r"failed to give its field 'x'.*no database"):
        compose.compile("{{ x }}", subject="s").render(Failing())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<!-- {% set t = 3 %} --><p>{{ t }}</p>", "3\n"),
        ("<p {% set t = 3 %}>{{ t }}</p>", "3\n"),
        ("<!-- {% for t in [1, 2] %} --><p>{{ t }}</p><!-- {% endfor %} -->", "1\n\n2\n"),
        ("<!-- {% if 0 %} --><p>x</p><!-- {% endif %} --><p>y</p>", "y\n"),
        ('<a href="{% if 1 %}https://a.example" title="{% endif %}b">c</a>', "c (https://a.example)\n"),
        ("<i {% if 0 %}><p>x</p><i {% endif %}><p>y</p>", "y\n"),
    ],
)
def test_statements_in_comments_and_tags_hold_for_the_text_too(source: str, text: str) -> None:
    assert compose.compile(source, subject="s").render({}).text == text


def test_safe_html_is_read_as_text_from_the_finished_letter() -> None:
    message = compose.compile("<p>{{ x|safe }}</p>", subject="s").render({"x": "<i>Hi</i>"})
    assert (message.html, message.text) == ("<p><i>Hi</i></p>\n", "Hi\n")


def test_where_the_text_would_lose_one_end_of_a_statement_it_is_read_off_the_finished_letter() -> None:
    template = compose.compile("<p title='{% if a %}'>x{% else %}'>y{% endif %}</p>", subject="s")
    assert [template.render({"a": a}).text for a in (0, 1)] == ["y\n", "x\n"]


def test_the_header_fields_and_parts_are_in_their_places() -> None:
    letter = compose.Letter(
        subject="Привет",
        blocks=[b.Text("x"), b.Image(src="cid:logo", alt="Logo")],
        headers={"Feedback-ID": "a:b:c"},  # type: ignore[arg-type]
        attachments=[
            Attachment(filename="Прайс лист.pdf", content=b"%PDF" * 99, content_type="application/pdf"),
            Attachment(filename="logo.png", content=b"png", content_type="image/png", content_id="logo"),
            Attachment(filename="ж", content=b"", content_type="text/plain"),
            Attachment(filename="ж" * 60, content=b"", content_type="text/plain"),
        ],
    )
    envelope = Envelope(
        sender="Анна <shop@example.com>",
        recipient="anna@example.org",
        reply_to="help@example.com",
        headers={"List-Unsubscribe": "<https://t.example.com/u>"},  # type: ignore[arg-type]
    )
    raw = encode(compose.compile(letter), {}, envelope)
    parsed = parse(raw)
    assert [name for name, _ in parsed.items()] == [
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Feedback-ID"),
        *("MIME-Version", "Content-Type"),
    ]
    assert str(parsed["From"]) == "Анна <shop@example.com>"
    assert str(parsed["Subject"]) == "Привет"
    assert parsed["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert [part.get_content_type() for part in parsed.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html"),
        *("image/png", "application/pdf", "text/plain", "text/plain"),
    ]
    assert [part.get_filename() for part in parsed.iter_attachments()] == ["Прайс лист.pdf", "ж", "ж" * 60]
    assert b"Content-ID: <logo>" in raw
    assert next(part.get_content() for part in parsed.iter_attachments()) == b"%PDF" * 99


def test_a_letter_without_text_has_one_part_or_is_mixed_with_its_files() -> None:
    template = compose.compile("<p>x</p>", subject="s", text="")
    assert parse(encode(template, {})).get_content_type() == "text/html"
    assert (
        template.render({}).to_mime(ENVELOPE, message_id="1@example.com", date=DATE).get_content_type() == "text/html"
    )


def test_an_address_in_another_alphabet_goes_as_utf8() -> None:
    envelope = Envelope(sender="shop@example.com", recipient="анна@example.com")
    assert "To: анна@example.com\r\n".encode() in encode(TEMPLATES[4], {"name": "x"}, envelope)


def test_a_bad_message_id_or_date_is_refused() -> None:
    with pytest.raises(InvalidValue, match="is not a Message-ID"):
        TEMPLATES[4].encode({"name": "x"}, ENVELOPE, message_id="<1@example.com>", date=DATE)
    with pytest.raises(InvalidValue, match="no time zone"):
        TEMPLATES[4].encode({"name": "x"}, ENVELOPE, message_id="1@example.com", date=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert b"\r\n?=\r\n" in encode(TEMPLATES[4], {"name": "\ud800"}) or b"?" in encode(TEMPLATES[4], {"name": "\ud800"})


def test_private_characters_of_a_record_survive_inlining_for_each_reader() -> None:
    record = {"name": "\U000f0000", "n": 1, "more": ""}
    assert "\U000f0000" in TEMPLATES[3].render(record).html


def test_eight_bits_are_used_only_where_they_are_asked_for() -> None:
    template = compose.compile("<p>Привет, {{ name }}</p>", subject="Привет, {{ name }}")
    name = "Анна"
    seven, eight, utf8 = (encode(template, {"name": name}, transfer=one) for one in ("7bit", "8bit", "utf8"))  # type: ignore[arg-type]
    assert seven.isascii()
    assert "<p>Привет, Анна</p>\r\n".encode() in eight
    assert b"Content-Transfer-Encoding: 8bit\r\n" in eight
    assert eight.partition(b"\r\n\r\n")[0].isascii()
    assert "Subject: Привет, Анна\r\n".encode() in utf8
    for raw in (seven, eight, utf8):
        assert parse(raw)["Subject"] == "Привет, Анна"
    with pytest.raises(InvalidValue, match="is not '7bit', '8bit' or 'utf8'"):
        encode(template, {"name": name}, transfer="binary")  # type: ignore[arg-type]


def test_lines_that_eight_bits_cannot_carry_are_encoded() -> None:
    template = compose.compile("<p>{{ name }}</p>", subject="s", text="")
    for name in ("ж" * 999, "\n.", "\nFrom me", "\0", "\n--=_mailkit-alternative"):
        raw = encode(template, {"name": name}, transfer="8bit")
        assert b"8bit" not in raw
        assert content(parse(raw), "html") == f"<p>{name}</p>\n"


def test_no_value_begins_a_part_of_the_letter() -> None:
    template = compose.compile("<p>{{ name }}</p>", subject="s", text="Dear {{ name }}\n")
    name = "x\n--=_mailkit-alternative\nContent-Type: text/html\n\n<p>forged</p>\n--=_mailkit-alternative--\n"
    for transfer in ("7bit", "8bit", "utf8"):
        parsed = parse(encode(template, {"name": name}, transfer=transfer))  # type: ignore[arg-type]
        assert content(parsed, "plain") == f"Dear {name}"
        assert content(parsed, "html") == template.render({"name": name}).html


@pytest.mark.parametrize(
    ("source", "record"),
    [
        ("order.rows", lambda: {"order": {"rows": iter("ab")}}),
        ("orders[1].rows", lambda: {"orders": [{"rows": ["x"]}, {"rows": iter("ab"), "n": 1}]}),
        ("a.c.d", lambda: {"a": {"b": ({"n": 1}, 2), "c": {"d": iter("ab"), "e": {"f": {}}}}}),
    ],
)
def test_what_can_be_read_but_once_is_the_same_in_every_part_also_within_a_field(
    source: str, record: Callable[[], object]
) -> None:
    template = compose.compile(f"{{% for a in {source} %}}<p>{{{{ a }}}}</p>{{% endfor %}}", subject="s")
    message = template.render(record())
    assert (message.html, message.text) == ("<p>a</p><p>b</p>\n", "a\n\nb\n")
    assert content(parse(encode(template, record())), "plain") == message.text


def test_a_field_that_can_be_read_but_once_is_the_same_in_every_part() -> None:
    template = compose.compile("{% for a in row %}<p>{{ a }}</p>{% endfor %}", subject="s")
    record = {"row": iter(["a", "b"])}
    message = template.render(record)
    assert (message.html, message.text) == ("<p>a</p><p>b</p>\n", "a\n\nb\n")

    def failing() -> Iterator[str]:
        yield "a"
        raise OSError("no database")

    for failed in ({"row": failing()}, Order(1, failing())):  # type: ignore[arg-type]
        source = "{% for a in row %}{{ a }}{% endfor %}" if isinstance(failed, dict) else "{{ owner }}"
        with pytest.raises(TemplateError, match="failed to give its field"):
            compose.compile(source, subject="s").render(failed)


def test_the_amp_part_is_guarded_and_never_inlined() -> None:
    amp = "<!doctype html><html amp4email><style>body{visibility:hidden}</style><body>{{ x }}</body></html>"
    template = compose.compile("<style>p { color: red }</style><p>{{ x }}</p>", subject="s", amp=amp)
    message = template.render({"x": "<b>"})
    assert message.amp == amp.replace("{{ x }}", "&lt;b&gt;") + "\n"
    parsed = parse(encode(template, {"x": "<b>"}))
    assert [part.get_content_subtype() for part in parsed.iter_parts()] == ["plain", "x-amp-html", "html"]
    with pytest.raises(TemplateError, match="may not stand in a script"):
        compose.compile("<p>x</p>", subject="s", amp="<script>{{ x }}</script>")
    letter = compose.Letter(subject="s", blocks=[b.Text("x")], amp=amp)
    assert compose.compile(letter).render({"x": 1}).amp


def test_every_part_has_a_say_in_what_a_template_needs() -> None:
    template = compose.compile("<p>{{ a }}</p>", subject="{{ b }}", text="{{ c }}", amp="<p>{{ d }}</p>")
    assert template.fields == {"a", "b", "c", "d"}
    with pytest.raises(UnknownField, match="amp"):
        compose.compile("<p>{{ a }}</p>", subject="s", amp="<p>{{ aa }}</p>", fields=["a"])


def test_a_part_that_is_too_long_is_told_by_both() -> None:
    template = compose.compile("{% for a in x %}" + "é" * 20_000 + "{% endfor %}", subject="s", text="")
    assert len(content(parse(encode(template, {"x": [1] * 100})), "html")) == 2_000_001
    for make in (template.render, lambda record: encode(template, record)):
        with pytest.raises(TemplateError, match="longer than 5,000,000 characters"):
            make({"x": [1] * 300})


def test_threads_may_share_a_template() -> None:
    from concurrent.futures import ThreadPoolExecutor

    template = TEMPLATES[0]
    people = [
        {
            "name": f"Анна {n}",
            "n": n,
            "url": "https://example.com",
            "more": str(n),
            "cart": [{"name": n, "price": n}] * 3,
        }
        for n in range(60)
    ]
    alone = [encode(template, one) for one in people]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: encode(template, one), people)) == alone


def test_the_standard_librarys_object_says_what_the_bytes_say() -> None:
    letter = compose.Letter(
        subject="Привет, {{ name }}: =?utf-8?q?Hi?=",
        blocks=[b.Text("Hello, {{ name }}"), b.Image(src="cid:logo", alt="Logo")],
        amp="<html amp4email><p>{{ name }}</p></html>",
        calendar="BEGIN:VCALENDAR\nMETHOD:PUBLISH\nSUMMARY:{{ name }}\nEND:VCALENDAR\n",
        attachments=[
            Attachment(filename="Прайс.pdf", content=b"%PDF" * 99, content_type="application/pdf"),
            Attachment(filename="logo.png", content=b"png", content_type="image/png", content_id="logo"),
            Attachment(filename="a.eml", content=b"Subject: a\r\n\r\nHi\r\n", content_type="message/rfc822"),
        ],
    )
    template = compose.compile(letter)
    record = {"name": "Анна, & co"}
    made = template.render(record).to_mime(ENVELOPE, message_id="1@example.com", date=DATE)
    parts = []
    for raw in (encode(template, record), made.as_bytes()):
        parsed = parse(raw)
        parts.append(
            [
                (part.get_content_type(), part.get_filename(), part.get_param("method"), _plain(part))
                for part in parsed.walk()
                if not part.is_multipart()
            ]
        )
        assert parsed["From"] == "Books <shop@example.com>"
    assert parts[0] == parts[1]
    assert [kind for kind, *_ in parts[0]][:5] == [
        *("text/plain", "text/x-amp-html", "text/html", "image/png", "text/calendar")
    ]


def _plain(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.replace(b"\r\n", b"\n")
