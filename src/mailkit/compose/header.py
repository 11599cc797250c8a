"""Header fields as bytes: encoded where they must be, folded where they can be.

RFC 5322 for lines, RFC 2047 for other alphabets, RFC 6532 for addresses in them. Each
function gives a whole field with its CRLF.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from mailkit.address import Mailbox
from mailkit.checks import check_header, check_message_id
from mailkit.clock import utc
from mailkit.errors import HeaderError

__all__ = ["date_field", "field", "mailbox_field", "message_id_field", "subject_field"]

WIDTH: Final = 78
"""Characters of a line at most, wherever there is a blank to break at (RFC 5322, 2.1.1)."""
_LONGEST: Final = 998
_WORD: Final = 75  # characters of an encoded word at most (RFC 2047, 2)
_WORDS: Final = re.compile(r" *[^ ]+")
_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_SIGN: Final = r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]"
_PLAIN_UTF8: Final = re.compile(rf"(?:{_SIGN}+(?: +{_SIGN}+)*)?\Z")
_Q_SHORT: Final = b" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"
_Q_OCTETS: Final = tuple("_" if n == 32 else chr(n) if n in _Q_SHORT else f"={n:02X}" for n in range(256))


def subject_field(text: str, *, is_utf8: bool = False) -> bytes:
    r"""The subject.

    Args:
        text: The subject as people read it.
        is_utf8: Whether other alphabets are written as they are (RFC 6532).

    Raises:
        HeaderError: It contains a line break, open or hidden in an encoded word.

    >>> subject_field("Скидки")
    b'Subject: =?utf-8?b?0KHQutC40LTQutC4?=\r\n'
    """
    check_header("Subject", text)
    return _unstructured("Subject", text, is_utf8=is_utf8)


def field(name: str, value: str, *, is_utf8: bool = False) -> bytes:
    r"""Any other field. Long lines of ASCII are folded at blanks; other text becomes encoded words.

    Args:
        name: The field's name.
        value: What it says; encoded words in it stay as they are.
        is_utf8: Whether other alphabets are written as they are (RFC 6532).

    Raises:
        HeaderError: The value has no blank where its line must break.

    >>> field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    b'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'
    """
    return _unstructured(name, value, is_utf8=is_utf8, keep_words=True)


def mailbox_field(name: str, mailbox: Mailbox, *, is_utf8: bool = False) -> bytes:
    r"""A field with one mailbox, such as From. An address in another alphabet is UTF-8 in any case (RFC 6532).

    Args:
        name: The field's name.
        mailbox: Whom it names.
        is_utf8: Whether a name in another alphabet is written as it is.

    >>> mailbox_field("From", Mailbox.parse('"Books, Inc." <shop@example.com>'))
    b'From: "Books, Inc." <shop@example.com>\r\n'
    """
    address = str(mailbox.address)
    if not mailbox.name:
        return f"{name}: {address}\r\n".encode()
    return _named(name, mailbox.name, address.encode(), is_utf8)


@lru_cache(maxsize=512)
def _named(name: str, shown: str, address: bytes, is_utf8: bool) -> bytes:
    if not _is_plain(shown, is_utf8=is_utf8) or "=?" in shown or len(shown) > 60:
        words = list(_words(shown, WIDTH - len(name) - 2))
    elif _PHRASE.match(shown):
        words = [shown]
    else:
        words = ['"' + re.sub(r'(["\\])', r"\\\1", shown) + '"']
    text = b"%s: %s" % (name.encode(), "\r\n ".join(words).encode())
    line = len(text) - (text.rfind(b"\n") + 1)
    blank = b" " if line + len(address) + 3 <= WIDTH else b"\r\n "
    return b"%s%s<%s>\r\n" % (text, blank, address)


def message_id_field(message_id: str) -> bytes:
    r"""The Message-ID, given without its angle brackets.

    Raises:
        InvalidValue: It is not of the form `left@right` (RFC 5322, 3.6.4).

    >>> message_id_field("1.2@mail.example.com")
    b'Message-ID: <1.2@mail.example.com>\r\n'
    """
    check_message_id("message_id", message_id)
    return f"Message-ID: <{message_id}>\r\n".encode()


def date_field(date: datetime) -> bytes:
    r"""The date, in UTC.

    >>> from datetime import UTC
    >>> date_field(datetime(2026, 3, 1, 12, tzinfo=UTC))
    b'Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n'
    """
    return _date_field(utc(date, what="date").replace(microsecond=0))  # in UTC no two times of one day are equal


@lru_cache(maxsize=64)
def _date_field(second: datetime) -> bytes:
    return f"Date: {format_datetime(second)}\r\n".encode()


def _unstructured(name: str, value: str, *, is_utf8: bool, keep_words: bool = False) -> bytes:
    is_plain = (keep_words or "=?" not in value) and _is_plain(value, is_utf8=is_utf8)
    if is_plain and len(name) + 2 + len(value) <= WIDTH:
        return f"{name}: {value}\r\n".encode()
    if is_plain:
        lines = [line.encode() for line in _folded(f"{name}: ", value)]
        if max(map(len, lines)) <= _LONGEST:
            return b"\r\n".join(lines) + b"\r\n"
        if keep_words:
            raise HeaderError(
                f"header {name}", value, f"has a line of more than {_LONGEST} characters (RFC 5322, 2.1.1)"
            )
    words = list(_words(value, WIDTH - len(name) - 2))
    if len(name) + 2 + len(words[0]) > _LONGEST:
        raise HeaderError("header name", name, f"makes a line of more than {_LONGEST} characters (RFC 5322, 2.1.1)")
    return (f"{name}: " + "\r\n ".join(words) + "\r\n").encode()


def _is_plain(value: str, *, is_utf8: bool) -> bool:
    """Whether a value needs no encoding: printable, without blanks at its ends, in ASCII or where UTF-8 is allowed."""
    if value.isascii():
        return value.isprintable() and value[:1] != " " and value[-1:] != " "
    return is_utf8 and bool(_PLAIN_UTF8.match(value))


def _folded(start: str, value: str) -> list[str]:
    """The field's lines, broken before blanks; a word that is longer than a line stays whole."""
    lines, line = [], start
    for word in _WORDS.findall(value):
        if len(line) + len(word) > WIDTH and line is not start:
            lines.append(line)
            line = word
        else:
            line += word
    return [*lines, line]


def _words(text: str, room: int) -> Iterator[str]:
    """The text as encoded words, of whole characters; blanks between two of them are not text."""
    data = text.encode("utf-8", "replace")
    in_quoted = len(data) + 2 * len(data.translate(None, _Q_SHORT))
    in_base64 = 4 * ((len(data) + 2) // 3) < in_quoted
    quoted = [] if in_base64 else [_Q_OCTETS[byte] for byte in data]
    room = min(room, _WORD)
    start = 0
    while True:
        end = _end_of_word(data, quoted, start, room - 12, in_base64)  # =?utf-8?b??= is 12 characters
        if in_base64:
            yield f"=?utf-8?b?{b64encode(data[start:end]).decode()}?="
        else:
            yield f"=?utf-8?q?{''.join(quoted[start:end])}?="
        start, room = end, _WORD
        if start >= len(data):
            return


def _end_of_word(data: bytes, quoted: list[str], start: int, room: int, in_base64: bool) -> int:
    """Where a word ends that begins at an octet: after as many whole characters as fit, at least one."""
    end = start
    if in_base64:
        end = min(start + room // 4 * 3, len(data))
    else:
        while end < len(data) and len(quoted[end]) <= room:
            room -= len(quoted[end])
            end += 1
    while end < len(data) and end > start and data[end] & 0xC0 == 0x80:  # inside of a character
        end -= 1
    if end <= start:
        end = start + 1
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end += 1
    return end
