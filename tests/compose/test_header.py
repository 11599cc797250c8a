"""Header fields survive the way, and the standard library reads what was meant."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Address, Mailbox
from mailkit.compose import header
from mailkit.errors import AddressError, HeaderError, InvalidValue

printable = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
subjects = (printable | st.text("ab =?_\t", max_size=200)).filter(
    lambda text: not re.search(r"=\?[^?\s]+\?[bBqQ]\?", text)
)


def read(field: bytes, name: str) -> str:
    return str(email.message_from_bytes(field + b"\r\n", policy=email.policy.default)[name])


def lines_are_well(field: bytes, longest: int = 78) -> bool:
    lines = field.split(b"\r\n")
    return lines[-1] == b"" and all(len(line) <= longest and line.strip() and b"\r" not in line for line in lines[:-1])


def unfolded(field: bytes) -> str:
    """What the words of a field say, by RFC 2047 alone."""
    from email.header import decode_header

    text = field.decode().partition(": ")[2].removesuffix("\r\n").replace("\r\n", "")
    return "".join(
        part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in decode_header(text)
    )


@given(subjects)
def test_a_subject_arrives_as_it_was(subject: str) -> None:
    field = header.subject_field(subject)
    assert unfolded(field) == subject
    assert lines_are_well(field, 998 if re.search(r"[!-~]{68}", subject) else 78) or not subject
    words = re.findall(rb"=\?utf-8\?[bq]\?\S*\?=", field)
    assert all(len(word) <= 75 for word in words)


def test_a_subject_that_looks_encoded_is_encoded() -> None:
    assert read(header.subject_field("=?utf-8?q?Hi?="), "Subject") == "=?utf-8?q?Hi?="


def test_a_long_plain_subject_is_folded_and_an_endless_word_is_encoded() -> None:
    words = "sale " * 40 + "end"
    assert header.subject_field(words).count(b"\r\n ") == 2
    assert read(header.subject_field(words), "Subject") == words
    endless = "x" * 2000
    assert lines_are_well(header.subject_field(endless))
    assert unfolded(header.subject_field(endless)) == endless
    assert header.subject_field("y" * 200) == b"Subject: " + b"y" * 200 + b"\r\n"


def test_no_character_is_split_between_two_words() -> None:
    for word in re.findall(r"=\?utf-8\?b\?(\S+?)\?=", header.subject_field("Скидки 🎉" * 30).decode()):
        from base64 import b64decode

        b64decode(word).decode()


def test_a_field_of_ones_own_keeps_encoded_words_and_refuses_an_endless_line() -> None:
    assert header.field("X-Shop", "=?utf-8?q?Hi?=") == b"X-Shop: =?utf-8?q?Hi?=\r\n"
    assert header.field("X-Shop", "") == b"X-Shop: \r\n"
    assert b"=?utf-8?b?" in header.field("X-Shop", "Книги")
    with pytest.raises(HeaderError, match="more than 998 characters"):
        header.field("X-Shop", "z" * 1000)


@given(printable.map(lambda name: " ".join(name.split())))
def test_a_name_arrives_as_it_was(name: str) -> None:
    try:
        mailbox = Mailbox(Address.parse("anna@example.com"), name)
    except (AddressError, ValueError):
        return
    field = header.mailbox_field("From", mailbox)
    assert lines_are_well(field)
    if field.count(b"=?") > 1:  # the standard library puts a blank between two encoded words of a name
        assert unfolded(field) == f"{name} <anna@example.com>"
        return
    parsed = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)["From"].addresses
    assert [(one.display_name, one.addr_spec) for one in parsed] == [(name, "anna@example.com")]


@pytest.mark.parametrize(
    ("mailbox", "expected"),
    [
        ("anna@example.com", b"From: anna@example.com\r\n"),
        ("Anna B <anna@example.com>", b"From: Anna B <anna@example.com>\r\n"),
        ('"B, \\"A\\"" <anna@example.com>', b'From: "B, \\"A\\"" <anna@example.com>\r\n'),
        ("Анна <anna@example.com>", b"From: =?utf-8?b?0JDQvdC90LA=?= <anna@example.com>\r\n"),
        ("José Maria <анна@example.com>", "From: =?utf-8?q?Jos=C3=A9_Maria?= <анна@example.com>\r\n".encode()),
    ],
)
def test_names_are_quoted_or_encoded_only_where_they_must_be(mailbox: str, expected: bytes) -> None:
    assert header.mailbox_field("From", Mailbox.parse(mailbox)) == expected


def test_a_long_address_goes_to_a_line_of_its_own() -> None:
    mailbox = Mailbox.parse(f"{'Books and more ' * 3}<{'a' * 50}@example.com>")
    assert b"more\r\n <aaa" in header.mailbox_field("From", mailbox)


def test_date_and_message_id_are_checked() -> None:
    assert header.date_field(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == b"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
    for wrong in ("", "a", "<a@b>", "a@b\r\nBcc: c", "ж@b", "a" * 900 + "@b"):
        with pytest.raises(InvalidValue, match="is not a Message-ID"):
            header.message_id_field(wrong)


def test_the_two_half_past_two_of_the_night_when_clocks_go_back_are_two() -> None:
    earlier = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert header.date_field(earlier) == b"Date: Sun, 25 Oct 2026 00:30:00 +0000\r\n"
    assert header.date_field(earlier.replace(fold=1)) == b"Date: Sun, 25 Oct 2026 01:30:00 +0000\r\n"


def test_a_name_that_makes_its_line_too_long_is_refused() -> None:
    for value in ("é", "a"):
        with pytest.raises(HeaderError, match="998"):
            header.field("X-" + "A" * 2_000, value)


def test_other_alphabets_are_written_as_they_are_only_when_asked() -> None:
    assert header.subject_field("Скидки", is_utf8=True) == "Subject: Скидки\r\n".encode()
    assert header.field("X-Shop", "Книги", is_utf8=True) == "X-Shop: Книги\r\n".encode()
    mailbox = Mailbox.parse("Анна Б <anna@example.com>")
    assert header.mailbox_field("To", mailbox, is_utf8=True) == 'To: "Анна Б" <anna@example.com>\r\n'.encode()
    assert header.mailbox_field("To", mailbox).isascii()


@given(subjects)
def test_a_subject_in_utf8_arrives_as_it_was(subject: str) -> None:
    field = header.subject_field(subject, is_utf8=True)
    assert unfolded(field) == subject
    assert lines_are_well(field, 998) or not subject


def test_what_looks_encoded_or_would_lose_a_blank_is_encoded_in_utf8_too() -> None:
    for subject in ("=?utf-8?q?Hi?= ж", " ж", "ж ", "ж" * 999):
        assert b"=?utf-8?" in header.subject_field(subject, is_utf8=True)
        assert unfolded(header.subject_field(subject, is_utf8=True)) == subject


def test_dates_of_one_second_are_the_same_and_other_zones_are_utc() -> None:
    from datetime import timedelta, timezone

    here = datetime(2026, 1, 2, 6, 4, 5, 999, tzinfo=timezone(timedelta(hours=3)))
    assert header.date_field(here) == header.date_field(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
