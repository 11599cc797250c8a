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
from mailkit.checks import check_header
from mailkit.clock import utc
from mailkit.errors import HeaderError

__all__ = ["date_field", "field", "mailbox_field", "message_id_field", "subject_field"]

WIDTH: Final = 78
"""Characters of a line at most, wherever there is a blank to break at (RFC 5322, 2.1.1)."""
_LONGEST: Final = 998
_WORD: Final = 75  # characters of an encoded word at most (RFC 2047, 2)
_PLAIN: Final = re.compile(r"(?:[!-~]+(?: +[!-~]+)*)?\Z")
_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_Q_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_MESSAGE_ID: Final = re.compile(r"[!-;=?-~]+@[!-;=?-~]+\Z")


def subject_field(text: str) -> bytes:
    r"""The subject.

    Raises:
        HeaderError: It contains a line break, open or hidden in an encoded word.

    >>> subject_field("Скидки")
    b'Subject: =?utf-8?b?0KHQutC40LTQutC4?=\r\n'
    """
    check_header("Subject", text)
    return _unstructured("Subject", text)


def field(name: str, value: str) -> bytes:
    r"""Any other field. Long lines of ASCII are folded at blanks; other text becomes encoded words.

    Raises:
        HeaderError: The value has no blank where its line must break.

    >>> field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    b'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'
    """
    return _unstructured(name, value, keep_words=True)


@lru_cache(maxsize=512)
def mailbox_field(name: str, mailbox: Mailbox) -> bytes:
    r"""A field with one mailbox, such as From.

    >>> mailbox_field("From", Mailbox.parse('"Books, Inc." <shop@example.com>'))
    b'From: "Books, Inc." <shop@example.com>\r\n'
    """
    address = str(mailbox.address).encode()
    if not mailbox.name:
        return b"%s: %s\r\n" % (name.encode(), address)
    shown = mailbox.name
    if not _PLAIN.match(shown) or "=?" in shown or len(shown) > 60:
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
        HeaderError: It is not of the form `left@right` (RFC 5322, 3.6.4).

    >>> message_id_field("1.2@mail.example.com")
    b'Message-ID: <1.2@mail.example.com>\r\n'
    """
    if not isinstance(message_id, str) or not _MESSAGE_ID.match(message_id) or len(message_id) > 900:
        raise HeaderError("header Message-ID", message_id, "is not left@right in ASCII (RFC 5322, 3.6.4)")
    return f"Message-ID: <{message_id}>\r\n".encode()


def date_field(date: datetime) -> bytes:
    r"""The date, in UTC.

    >>> from datetime import UTC
    >>> date_field(datetime(2026, 3, 1, 12, tzinfo=UTC))
    b'Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n'
    """
    return f"Date: {format_datetime(utc(date, what='date'))}\r\n".encode()


def _unstructured(name: str, value: str, *, keep_words: bool = False) -> bytes:
    is_plain = bool(_PLAIN.match(value)) and (keep_words or "=?" not in value)
    if is_plain and len(name) + 2 + len(value) <= WIDTH:
        return f"{name}: {value}\r\n".encode()
    if is_plain:
        text = _folded(f"{name}: ", value)
        if all(len(line) <= _LONGEST for line in text.split("\r\n")):
            return f"{text}\r\n".encode()
        if keep_words:
            raise HeaderError(
                f"header {name}", value, f"has a line of more than {_LONGEST} characters (RFC 5322, 2.1.1)"
            )
    words = list(_words(value, WIDTH - len(name) - 2))
    if len(name) + 2 + len(words[0]) > _LONGEST:
        raise HeaderError("header name", name, f"makes a line of more than {_LONGEST} characters (RFC 5322, 2.1.1)")
    return (f"{name}: " + "\r\n ".join(words) + "\r\n").encode()


def _folded(start: str, value: str) -> str:
    """The field with line breaks before blanks; a word that is longer than a line stays whole."""
    lines = [start]
    for word in re.findall(r" *[^ ]+", value):
        is_first = lines[-1] == start
        if len(lines[-1]) + len(word) <= WIDTH or is_first:
            lines[-1] += word
        else:
            lines.append(word)
    return "\r\n".join(lines)


def _words(text: str, room: int) -> Iterator[str]:
    """The text as encoded words, of whole characters; blanks between two of them are not text."""
    data = text.encode("utf-8", "replace")
    quoted = sum(1 if byte in _Q_PLAIN or byte == 32 else 3 for byte in data)
    in_base64 = 4 * ((len(data) + 2) // 3) < quoted
    room = min(room, _WORD)
    chunk, size = "", 0
    for character in text:
        encoded = character.encode("utf-8", "replace")
        cost = len(encoded) if in_base64 else sum(1 if byte in _Q_PLAIN or byte == 32 else 3 for byte in encoded)
        full = 4 * ((size + cost + 2) // 3) if in_base64 else size + cost
        if chunk and full > room - 12:  # =?utf-8?b??= is 12 characters
            yield _word(chunk, in_base64)
            chunk, size, room = "", 0, _WORD
        chunk, size = chunk + character, size + cost
    yield _word(chunk, in_base64)


def _word(text: str, in_base64: bool) -> str:
    data = text.encode("utf-8", "replace")
    if in_base64:
        return f"=?utf-8?b?{b64encode(data).decode()}?="
    quoted = "".join(chr(byte) if byte in _Q_PLAIN else "_" if byte == 32 else f"={byte:02X}" for byte in data)
    return f"=?utf-8?q?{quoted}?="
