# ruff: noqa: E501 - a letter is read best on one line
"""What each client's preview shows."""

from __future__ import annotations

import re

import pytest

from mailkit import Mailbox, compose
from mailkit.compose.preview import CLIENTS, Preview
from mailkit.errors import InvalidValue, UnknownField
from mailkit.message import Attachment, Message

SOURCE = """<!doctype html><html><head><title>For {{ name }}</title><meta name="color-scheme" content="light dark">
<style>@media ( Prefers-Color-Scheme : DARK ) { p { color: white } } @media (prefers-color-scheme: light) { p { top: 0 } }
@media not all and (prefers-color-scheme) { p { left: 0 } }</style>
<style media="(prefers-color-scheme: dark)">i { color: white }</style></head>
<body background="b.png"><div style="display:none">Only today&nbsp;&zwnj;&nbsp;&zwnj;</div>
<p>Hello, {{ name }}!</p><picture><source srcset="d.png"><img src="a.png" width="200" height=100 alt='A "cat" &lt;' style="border: 0;
width: 50%; background: url(x.png)" class="c"></picture><img src="p.png"><td style="background:url('c.png')"></body></html>"""


@pytest.fixture(scope="module")
def template() -> compose.Template:
    return compose.compile(SOURCE)


def html(template: compose.Template, client: str) -> str:
    return template.preview({"name": "Anna"}, client=client).html  # type: ignore[arg-type]


def test_the_question_for_the_dark_is_answered_and_not_left_to_who_looks(template: compose.Template) -> None:
    for client in CLIENTS:
        assert "prefers-color-scheme" not in html(template, client).lower()
    dark, light = (re.sub(r"\s+", " ", html(template, client)) for client in ("dark", "desktop"))
    for shown, yes, no in ((dark, "(min-width:0px)", "(max-width:0px)"), (light, "(max-width:0px)", "(min-width:0px)")):
        assert f"@media {yes} {{ p {{ color: white" in shown
        assert f"@media {no} {{ p {{ top: 0" in shown
        assert f"not all and {yes}" in shown
        assert f'media="{yes}"' in shown
    assert ":root{color-scheme:dark !important}" in dark
    assert ":root{color-scheme:light !important}" in light


def test_a_letter_that_knows_no_dark_is_shown_light_in_the_dark() -> None:
    for source, scheme in (
        ("<p>x", "light"),
        ("<style>:root { color-scheme: light dark }</style><p>x", "dark"),
        ('<meta content="dark" name="supported-color-schemes"><p>x', "dark"),
        ("<style>:root { color-scheme: light }</style><p>x", "light"),
    ):
        assert f"color-scheme:{scheme} !" in compose.compile(source, subject="s").preview(client="dark").html


def test_images_that_are_held_back_leave_boxes_with_their_alternative_text(template: compose.Template) -> None:
    shown = html(template, "images off")
    assert ".png" not in shown
    assert 'A "cat" &lt;</span>' in shown
    box = re.findall(r"<span[^>]*>", shown)
    assert 'class="c"' in box[0]
    assert "height:100px" in box[0]
    assert "width:200px" not in box[0]
    assert 'background=""' in shown
    assert (
        compose.compile("<style>@media x{p{background:url(a.png)}}</style>", subject="s")
        .preview(client="images off")
        .html.count("url(")
        == 0
    )


def test_a_phone_is_375_pixels_wide(template: compose.Template) -> None:
    assert template.preview(client="mobile").width_px == 375
    assert template.preview(client="dark").width_px == 720
    assert "width:375px" in template.preview(client="mobile")._repr_html_()


def test_the_text_part_is_shown_as_text(template: compose.Template) -> None:
    assert "Hello, Anna!" in html(template, "text")
    assert "<p>" not in html(template, "text")
    assert "no text part" in compose.compile("<p>x", subject="s", text="").preview(client="text").html
    assert "1 &lt; 2" in Preview(message=Message(subject="s", text="1 < 2")).html


def test_inline_images_are_in_the_page() -> None:
    logo = Attachment(filename="a.png", content=b"PNG", content_type="image/png", content_id="logo")
    other = Attachment(filename="terms.pdf", content=b"%PDF")
    message = Message(subject="s", html='<img src="cid:logo"><img src="cid:logo2">', attachments=[logo, other])
    shown = Preview(message=message).html
    assert 'src="data:image/png;base64,UE5H"' in shown
    assert "cid:logo2" in shown


def test_an_inbox_shows_who_writes_and_how_the_letter_begins(template: compose.Template) -> None:
    shown = template.preview({"name": "Anna"}, sender="Books <shop@example.com>")
    assert shown.preheader == "Only today Hello, Anna!"
    assert str(shown).startswith("Books · For Anna · Only today Hello, Anna!\n\nHello, Anna!")
    assert str(attrs_without_name(template)).startswith("shop@example.com · ")
    assert str(Preview(message=Message(subject="s", text="a\n b"))) == "s · a b\n\na\n b"
    long = compose.compile("<p>" + "слово " * 100, subject="s").preview()
    assert len(long.preheader) <= 140
    assert long.html_bytes == len(long.message.html.encode())


def attrs_without_name(template: compose.Template) -> Preview:
    return template.preview(sender=Mailbox.parse("shop@example.com"))


def test_without_a_record_the_fields_are_as_they_are_written(template: compose.Template) -> None:
    shown = template.preview()
    assert shown.message.subject == "For {{ name }}"
    assert "Hello, {{ name }}!" in shown.message.html
    assert "Hello, {{ name }}!" in shown.message.text
    own = compose.compile("<p>{{ a }}", subject="{% if a %}{{ a\n }}{% endif %}", text="Dear {{ a }}").preview()
    assert (own.message.subject, own.message.text) == ("{{ a }}", "Dear {{ a }}")


def test_a_preview_shows_itself_without_running_anything(template: compose.Template) -> None:
    shown = template.preview({"name": "<script>"}, sender='"<b>x</b>" <a@example.com>')._repr_html_()
    assert "<iframe sandbox style" in shown
    assert "<script>" not in shown
    assert "<b>x</b>" not in shown
    assert "srcdoc=" in template.preview()._repr_html_()


def test_links_leave_the_page_alone_and_the_doctype_stays_first() -> None:
    for source in ("<p>x", "<!doctype html><p>x", "<html><body><p>x", SOURCE):
        shown = compose.compile(source, subject="s").preview({"name": "x"}).html
        assert shown.count('<base target="_blank">') == 1
        assert shown.lower().startswith("<!doctype") == source.startswith("<!doctype")


def test_a_link_never_leads_the_letters_own_frame_elsewhere() -> None:
    source = "<base target=_self><a href='https://shop.example.com/' TARGET='_top'>x</a><form target=_parent>"
    shown = compose.compile(source, subject="s").preview({}).html
    assert "_self" not in shown
    assert "_top" not in shown
    assert "_parent" not in shown


def test_what_cannot_be_shown_is_told(template: compose.Template) -> None:
    with pytest.raises(InvalidValue, match="did you mean 'mobile'"):
        template.preview(client="mobil")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="write one of 'desktop', 'mobile'"):
        template.preview(client=7)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="is not a mailbox"):
        template.preview(sender="nobody")
    with pytest.raises(UnknownField):
        template.preview({"nane": "Anna"})
