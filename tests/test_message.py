"""Messages, attachments, envelopes: header fields cannot be smuggled in, parts survive the standard library."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.address import Address, Mailbox
from mailkit.envelope import Envelope
from mailkit.errors import HeaderError, InvalidValue
from mailkit.message import Attachment, Message
from mailkit.testing.strategies import one_line_texts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_NAIVE = NOON.replace(tzinfo=None)
ENVELOPE = Envelope(sender="Books <shop@example.com>", recipient="Анна <anna@example.org>")
SMUGGLED = [
    "Hi\r\nBcc: all@example.com",
    "Hi\nX",
    "Hi\rX",
    "Ann=?utf-8?q?=0d=0a?=Bcc: all@example.com",
    "=?utf-8?b?DQpCY2M6?=",
    "=?utf-7?q?A+AA0ACg-Bcc:_all=40example.com?=",
    "=?cp037?q?=81=25=C2?=",
    "=?unicode_escape?q?a\\nBcc:_x=40y?=",
    "=??q?a=0d=0aBcc:_x@y?=",
    "a\x00b",
    "a\u2028b",
]


def parse(message: Message, envelope: Envelope = ENVELOPE) -> object:
    raw = message.to_mime(envelope, message_id="1@example.com", date=NOON).as_bytes()
    return message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize("text", SMUGGLED)
def test_no_line_break_enters_a_header(text: str) -> None:
    with pytest.raises(InvalidValue, match="line break"):
        Message(subject=text)
    with pytest.raises(HeaderError, match="line break"):
        Message(subject="Hi", headers=[("X-Shop", text)])
    with pytest.raises(HeaderError, match="line break"):
        Envelope(sender="a@example.com", recipient="b@example.com", headers=[("List-Unsubscribe", text)])
    with pytest.raises(InvalidValue, match="line break"):
        Attachment(filename=text, content=b"")


@pytest.mark.parametrize("name", ["", "X Shop", "X-Shop:", "Тема", "X\n", 7])
def test_a_field_name_is_printable_ascii(name: str) -> None:
    with pytest.raises(HeaderError, match="field name"):
        Message(subject="Hi", headers=[(name, "x")])


def test_a_field_value_is_text() -> None:
    with pytest.raises(HeaderError, match="is not text"):
        Message(subject="Hi", headers=[("X-Shop", 7)])  # type: ignore[list-item]
    with pytest.raises(InvalidValue, match="is not text"):
        Message(subject=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["From", "TO", "Subject", "Date", "Message-ID", "Content-Type", "Return-Path"])
def test_a_field_with_a_place_of_its_own_is_told_where_it_belongs(name: str) -> None:
    with pytest.raises(HeaderError, match="give it as"):
        Message(subject="Hi", headers=[(name, "x")])


def test_an_encoded_word_that_hides_nothing_is_a_subject() -> None:
    assert Message(subject="=?utf-8?q?caf=C3=A9?=").subject
    assert Message(subject="=?utf-8?b?!!?=").subject
    assert Message(subject="=?nonsense?q?caf=C3=A9?= =?utf-8?x?").subject


def test_an_encoded_word_that_nobody_can_decode_hides_nothing() -> None:
    assert Message(subject="=?utf-8?b?abcde?=").subject


@pytest.mark.parametrize("fields", [None, 5, ["X-Shop"], [("X-Shop",)], [("X-Shop", "a", "b")]])
def test_headers_are_pairs(fields: object) -> None:
    with pytest.raises(HeaderError, match="are not pairs"):
        Message(subject="Hi", headers=fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["From", "Content-Type", "Bcc"])
def test_an_envelope_has_places_of_its_own_too(name: str) -> None:
    with pytest.raises(HeaderError, match="has a place of its own"):
        Envelope(sender="a@example.com", recipient="b@example.com", headers={name: "evil@example.com"})


def test_a_field_that_may_stand_once_stands_once() -> None:
    with pytest.raises(HeaderError, match="cannot be sent"):
        parse(Message(subject="Hi", headers=[("Sender", "a@example.com"), ("Sender", "b@example.com")]))


@pytest.mark.parametrize("message_id", ["", "<1@example.com>", "no at", "1@example.com\nX: y", "1@exämple.com", 5])
def test_a_message_id_has_no_brackets_and_no_blanks(message_id: str) -> None:
    with pytest.raises(InvalidValue, match="is not a Message-ID"):
        Message(subject="Hi").to_mime(ENVELOPE, message_id=message_id, date=NOW_NAIVE)


def test_a_date_has_a_zone() -> None:
    with pytest.raises(InvalidValue, match=r"date: .* has no time zone"):
        Message(subject="Hi").to_mime(ENVELOPE, message_id="1@example.com", date=NOW_NAIVE)


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert parse(Message(subject="Hi", text="a\ud800b")).get_content().rstrip() == "a?b"  # type: ignore[attr-defined]


def test_half_a_surrogate_pair_is_replaced_in_every_header_and_name_as_encode_does() -> None:
    half = "a\ud800b"
    files = [Attachment(filename=half, content=b"1"), Attachment(filename=half, content=b"2", content_id="x")]
    envelope = Envelope(sender=f'"{half}" <shop@example.com>', recipient="anna@example.org", headers=[("X-A", half)])
    template = compose.compile("<p>Hi", subject="{{ n }}", headers=[("X-B", half)], attachments=files)
    when = {"message_id": "1@example.com", "date": NOON}
    finished = template.encode({"n": half}, envelope, **when)  # type: ignore[arg-type]
    through_mime = template.render({"n": half}).to_mime(envelope, **when).as_bytes()  # type: ignore[arg-type]
    for raw in (finished, through_mime):
        read = message_from_bytes(raw, policy=policy.default)
        assert [read["Subject"], read["X-A"], read["X-B"]] == ["a?b"] * 3
        assert read["From"].addresses[0].display_name == "a?b"
        assert sorted(str(part.get_filename()) for part in read.walk() if part.get_filename()) == ["a?b", "a?b"]


@pytest.mark.parametrize("parts", [{"html": 5}, {"text": None}, {"attachments": ["x"]}])
def test_a_wrong_message_cannot_be_built(parts: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Message(subject="Hi", **parts)  # type: ignore[arg-type]


def test_headers_may_be_a_mapping() -> None:
    assert Message(subject="Hi", headers={"X-Shop": "books"}).headers == (("X-Shop", "books"),)  # type: ignore[arg-type]


def lines(text: str) -> list[str]:
    return text.rstrip("\r\n").splitlines()


@given(
    one_line_texts().map(str.strip),
    st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    st.text(st.characters(exclude_categories=("Cs", "Cc"))),
)
def test_subject_and_parts_survive_the_standard_library(subject: str, text: str, html: str) -> None:
    parsed = parse(Message(subject=subject, text=text + "\n", html=html + "\n"))
    assert lines(parsed.get_body(("plain",)).get_content()) == lines(text)  # type: ignore[attr-defined]
    assert lines(parsed.get_body(("html",)).get_content()) == lines(html)  # type: ignore[attr-defined]


def test_a_whole_message_has_its_fields_and_parts() -> None:
    logo = Attachment(filename="logo.png", content=b"\x89PNG", content_type="image/png", content_id="logo")
    terms = Attachment(filename="условия.pdf", content=b"%PDF-", content_type="application/pdf")
    message = Message(
        subject="Здравствуйте, O'Brien",
        html='<p>Hi <img src="cid:logo" alt=""></p>',
        text="Hi",
        headers=[("X-Shop", "books")],
        attachments=[logo, terms],
    )
    envelope = Envelope(
        sender="Books <shop@example.com>",
        recipient="anna@example.org",
        reply_to="help@example.com",
        headers=[("List-Unsubscribe", "<https://t.example.com/u/x>")],
    )
    mime = parse(message, envelope)
    assert mime["Subject"] == "Здравствуйте, O'Brien"  # type: ignore[index]
    assert mime["Reply-To"] == "help@example.com"  # type: ignore[index]
    assert mime["List-Unsubscribe"] == "<https://t.example.com/u/x>"  # type: ignore[index]
    assert mime["X-Shop"] == "books"  # type: ignore[index]
    assert mime["Message-ID"] == "<1@example.com>"  # type: ignore[index]
    assert [part.get_content_type() for part in mime.walk()] == [  # type: ignore[attr-defined]
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "application/pdf",
    ]  # fmt: skip
    assert [part.get_filename() for part in mime.iter_attachments()] == ["условия.pdf"]  # type: ignore[attr-defined]


def test_a_message_may_have_one_part_only() -> None:
    assert parse(Message(subject="Hi", html="<p>Hi</p>")).get_content_type() == "text/html"  # type: ignore[attr-defined]
    assert parse(Message(subject="Hi")).get_content_type() == "text/plain"  # type: ignore[attr-defined]


def test_a_message_shows_itself_without_running_anything() -> None:
    shown = Message(subject="<b>Hi</b>", html="<script>alert(1)</script>")._repr_html_()
    assert "<b>Hi" not in shown
    assert "<script>" not in shown
    assert "sandbox" in shown
    assert "&lt;pre&gt;a &amp;lt; b" in Message(subject="Hi", text="a < b")._repr_html_()


@pytest.mark.parametrize(
    "parts",
    [
        {"content": "text"},
        {"content": b"", "content_type": "pdf"},
        {"content": b"", "content_type": "text/html; charset=x"},
        {"content": b"", "content_id": "<logo>"},
        {"content": b"", "content_id": "é"},
        {"content": b"", "content_id": "a" * 201},
        {"content": b"", "content_id": 5},
        {"content": b"", "content_type": None},
        {"content": b"", "content_type": "message/partial"},
    ],
)
def test_a_wrong_attachment_cannot_be_built(parts: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Attachment(filename="x", **parts)  # type: ignore[arg-type]


def test_an_attachment_does_not_print_its_content() -> None:
    assert repr(Attachment(filename="x", content=b"abc")).count("<3 bytes>") == 1


def test_an_envelope_takes_text_addresses_and_mailboxes() -> None:
    anna = Address.parse("anna@example.org")
    for recipient in ("anna@example.org", anna, Mailbox(anna)):
        assert Envelope(sender="shop@example.com", recipient=recipient).recipient == Mailbox(anna)


def test_the_return_path_is_the_senders_address_unless_given() -> None:
    assert str(ENVELOPE.return_path) == "shop@example.com"
    assert Envelope(sender="a@example.com", recipient="b@example.com", return_path=None).return_path is None
    given_path = Envelope(sender="a@example.com", recipient="b@example.com", return_path="bounce@example.com")
    assert given_path.return_path == Address.parse("bounce@example.com")
    with pytest.raises(InvalidValue, match="return_path"):
        Envelope(sender="a@example.com", recipient="b@example.com", return_path=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["sender", "recipient", "return_path", "reply_to"])
def test_smtputf8_is_needed_where_any_local_part_needs_it(place: str) -> None:
    addresses = {
        "sender": "a@example.com",
        "recipient": "b@example.com",
        "return_path": "c@example.com",
        "reply_to": "d@example.com",
    }
    assert not Envelope(**addresses).needs_smtputf8  # type: ignore[arg-type]
    assert Envelope(**addresses | {place: "анна@example.com"}).needs_smtputf8  # type: ignore[arg-type]
    assert not Envelope(sender="a@example.com", recipient="b@example.com", return_path=None).needs_smtputf8


def test_amp_and_calendar_stand_where_clients_look_for_them() -> None:
    calendar = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:Чтение\nEND:VCALENDAR\n"
    logo = Attachment(filename="logo.png", content=b"png", content_type="image/png", content_id="logo")
    letter = Attachment(filename="old.eml", content=b"Subject: old\r\n\r\nHi\r\n", content_type="message/rfc822")
    message = Message(
        subject="Hi", text="t\n", html="<p>h</p>\n", amp="<p>a</p>\n", calendar=calendar, attachments=[logo, letter]
    )
    parsed = parse(message)
    found = [part.get_content_type() for part in parsed.walk()]  # type: ignore[attr-defined]
    assert found == [
        *(
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/x-amp-html",
            "multipart/related",
            "text/html",
        ),
        *("image/png", "text/calendar", "message/rfc822", "text/plain"),
    ]
    made = next(part for part in parsed.walk() if part.get_content_type() == "text/calendar")  # type: ignore[attr-defined]
    assert made.get_param("method") == "REQUEST"
    assert made.get_content().replace("\r\n", "\n") == calendar


def test_a_message_may_be_html_alone_or_a_calendar_alone() -> None:
    assert parse(Message(subject="Hi", html="<p>h</p>")).get_content_type() == "text/html"  # type: ignore[attr-defined]
    found = parse(Message(subject="Hi", calendar="BEGIN:VCALENDAR\nEND:VCALENDAR\n"))
    assert [part.get_content_type() for part in found.walk()][1:] == ["text/plain", "text/calendar"]  # type: ignore[attr-defined]


def test_a_content_id_has_no_scheme() -> None:
    with pytest.raises(InvalidValue, match=r"Attachment\.content_id: 'cid:logo' begins with cid:; write 'logo'"):
        Attachment(filename="logo.png", content=b"", content_id="cid:logo")


def test_a_message_tells_of_itself_in_short() -> None:
    assert len(repr(Message(subject="Hello", html="<p>" * 9_000, text="x" * 9_000))) < 400


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("bill.pdf", "application/pdf"),
        ("Фото.PNG", "image/png"),
        ("prices.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("notes.txt", "application/octet-stream"),
    ],
)
def test_a_files_type_follows_from_its_name_unless_given(name: str, content_type: str) -> None:
    assert Attachment(filename=name, content=b"").content_type == content_type
    assert Attachment(filename=name, content=b"", content_type="text/x-own").content_type == "text/x-own"


@pytest.mark.parametrize(
    ("name", "mend"), [("/tmp/a.pdf", "write 'a.pdf'"), ("C:\\bills\\a.pdf", "write 'a.pdf'"), ("bills/", "leave the")]
)
def test_a_path_is_no_name_for_a_file(name: str, mend: str) -> None:
    with pytest.raises(InvalidValue, match=mend):
        Attachment(filename=name, content=b"")


@pytest.mark.parametrize("attachments", [5, Attachment(filename="a.pdf", content=b"")])
def test_attachments_are_a_row(attachments: object) -> None:
    with pytest.raises(InvalidValue, match=r"put it into \[ \]"):
        Message(subject="Hi", attachments=attachments)  # type: ignore[arg-type]


def test_a_message_id_in_angle_brackets_is_given_back_without() -> None:
    message = Message(subject="Hi", text="Hi\n")
    with pytest.raises(InvalidValue, match=r"leave out the angle brackets: '1@example\.com'"):
        message.to_mime(ENVELOPE, message_id="<1@example.com>", date=NOON)
    with pytest.raises(InvalidValue, match=r"write it as 'something@your\.domain'"):
        message.to_mime(ENVELOPE, message_id="<1>", date=NOON)
