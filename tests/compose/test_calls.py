"""Calls as newcomers make them: what is refused, and what it is told to be instead."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from mailkit import compose
from mailkit.compose import Letter
from mailkit.compose import blocks as b
from mailkit.envelope import Envelope
from mailkit.errors import HeaderError, InvalidValue, TemplateError
from mailkit.message import Attachment

AT = datetime(2026, 3, 1, tzinfo=UTC)
ENVELOPE = Envelope(sender="shop@example.com", recipient="anna@example.org")
LOGO = Attachment(filename="logo.png", content=b"png", content_id="logo")
HELLO = compose.compile("<p>Hello, {{ name }}!</p>", subject="{{ city }}, {{ name }}")


def encode(template: compose.Template, record: object, message_id: str = "1@example.com") -> bytes:
    return template.encode(record, ENVELOPE, message_id=message_id, date=AT)


def test_html_of_ones_own_carries_files_and_header_fields() -> None:
    template = compose.compile(
        '<p><img src="cid:logo" alt="Books"></p>',
        subject="Hi",
        headers={"Feedback-ID": "spring:shop"},
        attachments=[LOGO, Attachment(filename="terms.pdf", content=b"%PDF")],
    )
    parsed = message_from_bytes(encode(template, {}), policy=policy.default)
    assert parsed["Feedback-ID"] == "spring:shop"
    types = [part.get_content_type() for part in parsed.walk()]
    assert {"image/png", "application/pdf"} <= set(types)
    assert template.render({}).attachments == template.attachments


def test_a_letter_says_itself_what_it_carries() -> None:
    letter = Letter(subject="Hi", blocks=[b.Text("Hi")])
    for given in ({"headers": {"X-Shop": "books"}}, {"attachments": [LOGO]}):
        with pytest.raises(InvalidValue, match="is given beside a Letter; say it in the letter"):
            compose.compile(letter, **given)  # type: ignore[arg-type]


def test_header_fields_and_files_of_html_are_checked() -> None:
    with pytest.raises(HeaderError, match="has a place of its own"):
        compose.compile("<p>Hi</p>", subject="Hi", headers={"Subject": "Hi"})
    with pytest.raises(InvalidValue, match=r"put it into \[ \]"):
        compose.compile("<p>Hi</p>", subject="Hi", attachments=LOGO)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        (None, r"give compose.Letter\(…\), HTML as text, or Path"),
        (b.Text("Hi"), "put blocks into a letter"),
        ([b.Text("Hi")], "put blocks into a letter"),
        (b"<p>Hi</p>", "decode bytes to text first"),
    ],
)
def test_what_is_no_source_is_told_what_to_give(source: object, mend: str) -> None:
    with pytest.raises(InvalidValue, match=mend):
        compose.compile(source, subject="Hi")  # type: ignore[arg-type]


def test_mjml_without_its_root_is_not_sent_as_it_is() -> None:
    with pytest.raises(TemplateError, match="html, line 2: <mj-section> stands outside of <mjml>; write <mjml>"):
        compose.compile("<p>{{ name }}</p>\n<mj-section><mj-text>Hi</mj-text></mj-section>", subject="Hi")
    hidden = compose.compile("<p>Hi</p><!-- <mj-section> -->", subject="Hi")
    assert "<p>Hi</p>" in hidden.render({}).html


@pytest.mark.parametrize("envelope", ["anna@example.org", {"name": "Anna", "city": "Kazan"}, None])
def test_an_envelope_is_asked_for_by_its_name(envelope: object) -> None:
    with pytest.raises(InvalidValue, match=r"is not an Envelope; write template.encode\(record, Envelope\(sender=…"):
        HELLO.encode(ENVELOPE, envelope, message_id="1@example.com", date=AT)  # type: ignore[arg-type]


def test_a_control_character_in_the_subject_is_told_with_its_field() -> None:
    record = {"name": "Anna", "city": "Kazan\x07"}
    for make in (HELLO.render, lambda one: encode(HELLO, one)):
        with pytest.raises(HeaderError, match=r"header Subject: .*the field 'city' brings it: take it out") as caught:
            make(record)
        assert caught.value.what == "header Subject"


def test_a_control_character_from_elsewhere_is_told_without_a_field() -> None:
    template = compose.compile("<p>Hi</p>", subject="{{ shop.name }}{{ name }}")
    shop = type("Shop", (), {"name": "a\nb", "__str__": lambda _self: "shop"})()
    with pytest.raises(HeaderError) as caught:
        template.render({"shop": shop, "name": "Anna"})
    assert not caught.value.mend


def test_an_error_of_another_header_field_stays_as_it_is() -> None:
    envelope = Envelope(sender="a@example.com", recipient="b@example.org", headers={"X-Long": "x" * 1200})
    with pytest.raises(HeaderError, match="header X-Long"):
        HELLO.encode({"name": "Anna", "city": "Kazan"}, envelope, message_id="1@example.com", date=AT)


def test_a_message_id_in_angle_brackets_is_given_back_without() -> None:
    with pytest.raises(InvalidValue, match=r"leave out the angle brackets: '1@example\.com'"):
        encode(HELLO, {"name": "Anna", "city": "Kazan"}, "<1@example.com>")


@pytest.mark.parametrize("person", ["5", True, 1.5])
def test_a_person_is_a_number(person: object) -> None:
    with pytest.raises(InvalidValue, match="is not a whole number; give the reader's number"):
        HELLO.render({"name": "Anna", "city": "Kazan"}, person=person, at=AT)  # type: ignore[arg-type]


def test_a_person_needs_a_time_even_where_no_links_are_followed() -> None:
    with pytest.raises(TemplateError, match="give at="):
        HELLO.render({"name": "Anna", "city": "Kazan"}, person=5)
    assert HELLO.render({"name": "Anna", "city": "Kazan"}, person=5, at=AT).subject == "Kazan, Anna"
