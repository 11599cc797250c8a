# ruff: noqa: E501, SIM905 - a letter is read best on one line
"""Whatever is compiled, rendered or encoded: a letter comes of it or an error of ours, and soon."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Envelope, compose
from mailkit.compose import blocks as b
from mailkit.errors import HeaderError, MailkitError

SOON = settings(deadline=timedelta(seconds=20))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENVELOPE = Envelope(sender="shop@example.com", recipient="anna@example.org")
NEWSLETTERS = sorted(Path(__file__).with_name("newsletters").glob("*.html"))

# What HTML, CSS, Jinja and MJML are made of, good and bad, in any order.
PIECES = st.sampled_from(
    """<p> </p> <div style="color:red"> </div> <table> <tr> <td> </td> </tr> </table> <a href="https://shop.example.com/"> <a\thref=' '
    <a href="java&#10;script:x"> <img src=cid:a alt=> <style> </style> <title> </title> <script> </script> <!-- --> <!--[if mso]> <![endif]-->
    <br/> <svg> <select> <plaintext> <![CDATA[ <?php ?> </ < > & &amp; &#123;&#123; &#x0; " ' = / p{color:red} .a:hover{top:0} @media(max-width:9px){
    } {{ }} {% %} {# #} {{name}} {{rows}} {{none}} {{missing}} {{name|upper}} {{"x"*99}} {{rows[0].a.b}} {{name|nosuch}} {{-name-}}
    {%if\tname%} {%else%} {%endif%} {%for\tr\tin\trows%} {%endfor%} {%raw%} {%endraw%} {%set\tx=1%} {%block\ta%} {%endblock%} {%include"x"%} {%extends"x"%}
    <mjml> </mjml> <mj-body> </mj-body> <mj-section> </mj-section> <mj-column> </mj-column> <mj-text> </mj-text> <mj-button/> <mj-foo>
    слово 日本語 שלום 🎉 \u202e \ud800 \x00 \r \x0b \u2028 \U000f0000 =?utf-8?q?=0d=0a?= . .. {{{ }}} {{"{{"}} %} <x-y> <b> </i> <html\tlang=ru>""".split(
        " "
    )
)
SOURCES = st.lists(PIECES, max_size=25).map("".join)
MJML = SOURCES.map(
    lambda inside: (
        f"<mjml><mj-body><mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
)
TEXTS = st.one_of(st.text(max_size=30), SOURCES)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        TEXTS,
        st.binary(max_size=5),
        st.just(object()),
        st.just(NOW),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)
RECORDS = st.fixed_dictionaries({"name": VALUES, "rows": VALUES}, optional={"none": st.none(), "x": VALUES})


def finished(record: object, source: Any, **more: Any) -> None:
    """Compile, render and encode; what is encoded reads back as what is rendered, with no header field more."""
    try:
        template = compose.compile(source, **more)
        message = template.render(record)
        raw = template.encode(record, ENVELOPE, message_id="1@example.com", date=NOW)
    except MailkitError:
        return
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert {name.lower() for name in read} <= {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
    }  # fmt: skip
    html = read.get_body(("html",))
    assert html is not None
    assert html.get_content().split() == message.html.encode("utf-8", "replace").decode().split()
    template.preview(record, client="images off").html  # noqa: B018 - that it can be made
    str(template.preview(client="dark"))


@SOON
@given(source=SOURCES, subject=TEXTS, text=st.one_of(st.none(), TEXTS), record=RECORDS)
def test_any_source_makes_a_letter_or_an_error_of_ours(
    source: str, subject: str, text: str | None, record: object
) -> None:
    finished(record, source, subject=subject, text=text)


@SOON
@given(source=MJML, record=RECORDS)
def test_so_does_any_mjml(source: str, record: object) -> None:
    finished(record, source, subject="Hello")


@SOON
@given(inside=TEXTS, subject=TEXTS, record=RECORDS)
def test_so_does_any_letter_of_blocks(inside: str, subject: str, record: object) -> None:
    try:
        letter = compose.Letter(
            subject=subject,
            preheader=inside,
            blocks=[b.Heading(inside), b.Text(inside), b.Html(inside), b.Button("x", href=inside)],
        )
    except MailkitError:
        return
    finished(record, letter)


@SOON
@given(
    data=st.one_of(st.binary(max_size=60), st.binary(max_size=30).map(lambda end: b"<meta charset=cp1251><p>" + end))
)
def test_so_does_any_file(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "letter.html"
    path.write_bytes(data)
    finished({}, path, subject="Hello")


@pytest.mark.slow
@pytest.mark.parametrize("newsletter", NEWSLETTERS, ids=lambda path: str(path.stem))
def test_so_does_any_newsletter_with_a_part_of_it_spoiled(newsletter: Path) -> None:
    source = newsletter.read_text(encoding="utf-8")

    @settings(SOON, max_examples=15)
    @given(start=st.integers(0, len(source)), length=st.integers(0, 40), put=SOURCES)
    def spoiled(start: int, length: int, put: str) -> None:
        finished({"name": "Anna", "rows": [1, 2]}, source[:start] + put + source[start + length :], subject="Hello")

    spoiled()


@SOON
@given(
    value=st.sampled_from(
        ["{{ 1000 * 7 + 7 }}", "{% set x = 7000 + 7 %}{{ x }}", "&#123;&#123; 7000 + 7 }}", "{{ '7' ~ '007' }}"]
    ),
    place=st.sampled_from(
        [
            "<p>{}</p>",
            "<p title='{}'>x</p>",
            "<title>{}</title>",
            "<!-- {} -->",
            "<style>p{{color:{}}}</style><p>x",
            "<a href='{}'>x</a>",
        ]
    ),
)
def test_what_a_record_holds_or_a_source_hides_is_never_run(value: str, place: str) -> None:
    hidden = value.replace("{", "&#123;")
    for source, record in (
        (place.replace("{}", "{{ v }}").replace("{{c", "{c").replace("}}<", "}}<"), {"v": value}),
        (place.replace("{}", hidden), {}),
    ):
        try:
            template = compose.compile(source, subject="Hello {{ v|default('') }}")
            message = template.render(record)
            raw = template.encode(record, ENVELOPE, message_id="1@example.com", date=NOW)
        except MailkitError:
            continue
        assert "7007" not in message.html + message.text + message.subject
        assert b"7007" not in raw


DEEP = [
    "<div>", "<b>", "<table>", "<svg><g>", "<template>", "<ul><li>", "<p ", "<", "<!--", "<a href='", "&", "{", "{{", "{%", "{#", "{% if a %}",
    "<style>a{", "<style>@media x{", "<style>:not(", "<style>p{color:(", "<style>[", "<style>a,", "<mjml><mj-body>", "<mjml><mj-raw><p>",
]  # fmt: skip


@pytest.mark.parametrize("begun", DEEP)
def test_whatever_is_begun_without_end_soon_ends(begun: str) -> None:
    element, _, rest = begun.partition(">") if begun.startswith(("<style", "<mjml>")) else ("", "", begun)
    head = f"{element}>" if element else ""
    for source in (head + rest * 3_000, f"<style>p {{ color: red }}</style>{head}{rest * 3_000}</style><p>x</p>"):
        finished({"a": "b"}, source, subject="Hello")


HEADER_BOMBS = st.sampled_from(
    ["Hi\r\nBcc: x@example.com", "Hi\nBcc: x", "Hi\rBcc: x", "=?utf-8?q?Hi=0d=0aBcc:_x=40example.com?=", "=?utf-8?b?SGkNCkJjYzogeA==?=",
     "=?utf-8?q?Hi=0D=0A?=\u2028Bcc: x", "Hi\x0bBcc: x", "Hi\x85Bcc: x", "Hi\u2029Bcc: x", "=?utf-7?q?+AA0-+AAo-Bcc:_x?="]
)  # fmt: skip


def test_half_a_character_before_an_encoded_word_hides_no_line_break() -> None:
    template = compose.compile("<p>x</p>", subject="{{ x }}")
    with pytest.raises(HeaderError, match="hides a line break"):
        template.render({"x": "\ud800=?utf-8?q?=0d=0a?=Bcc: all@example.com"})
    assert template.render({"x": "\ud800=?utf-8?q?a?="}).subject == "\ud800=?utf-8?q?a?="


@given(bomb=HEADER_BOMBS, before=st.sampled_from(["", "Hello, ", "=?utf-8?q?", "ж"]))
def test_no_value_makes_a_header_field(bomb: str, before: str) -> None:
    template = compose.compile("<p>x</p>", subject=before + "{{ v }}")
    finished({"v": bomb}, "<p>x</p>", subject=before + "{{ v }}")
    try:
        raw = template.encode({"v": bomb}, ENVELOPE, message_id="1@example.com", date=NOW)
        mime = template.render({"v": bomb}).to_mime(ENVELOPE, message_id="1@example.com", date=NOW).as_bytes()
    except MailkitError:
        return
    for made in (raw, mime):
        assert not any(line.lower().startswith(b"bcc") for line in made.splitlines())
        assert "bcc" not in email.message_from_bytes(made, policy=email.policy.default)


DOORS = [
    "javascript:x",
    "vbscript:x",
    "data:text/html,x",
    "JaVaScRiPt:x",
    " java\tscript:x",
    "java&#10;script&colon;x",
    "&#x6A;avascript:x",
    "\x01javascript:x",
    "java\u00adscript:x",
]


PLACES = [
    "<a href='{}'>x</a>", "<a href={}>x</a>", "<area href='{}'>", "<img src='{}'>", "<form action='{}'>",
    "<td background='{}'>", "<img srcset='{} 2x'>", "<a xlink:href='{}'>x</a>", "<meta http-equiv=refresh content='0;url={}'>",
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("place", PLACES)
def test_no_address_runs_anything_whoever_gives_it(door: str, place: str) -> None:
    printed = ("{{ v }}", "{{ v[:4] }}{{ v[4:] }}", "{% if v %}{{ v }}{% endif %}", "{{ v|safe }}")
    for source, value in [(door, ""), *((one, unescape(door)) for one in printed)]:
        try:
            made = compose.compile(place.replace("{}", source), subject="s").render({"v": value}).html
        except MailkitError:
            continue
        assert _Addresses.of(made).isdisjoint({"javascript", "vbscript", "data"}), made


class _Addresses(HTMLParser):
    """The schemes of all attributes as lenient clients read them: blanks and control characters count for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.schemes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for _, value in attrs:
            bare = "".join(character for character in (value or "").lower() if character > " ")
            self.schemes.add(bare.rpartition("url=")[2].partition(":")[0])

    @classmethod
    def of(cls, html: str) -> set[str]:
        parser = cls()
        parser.feed(html)
        parser.close()
        return parser.schemes
