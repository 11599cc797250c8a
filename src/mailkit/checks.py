"""Checks that several values share. Each raises `InvalidValue`, naming what was given and what to write instead.

The ones that take `(instance, attribute, value)` are attrs validators, the others converters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from mailkit.clock import utc
from mailkit.errors import HeaderError, InvalidValue

__all__ = [
    "able",
    "at_least",
    "aware",
    "check_header",
    "check_message_id",
    "counted",
    "headers",
    "instant",
    "line_trouble",
    "message_id",
    "one_line",
    "share",
    "text",
    "word",
]

_CONTROL: Final = re.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f\\x85\\u2028\\u2029]")
_MESSAGE_ID: Final = re.compile(r"[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}\Z")
_OWN_PLACE: Final = {
    "from": "Envelope.sender",
    "to": "Envelope.recipient",
    "bcc": "an envelope of its own: each has one recipient",
    "reply-to": "Envelope.reply_to",
    "return-path": "Envelope.return_path",
    "subject": "Message.subject",
    "date": "the argument `date`",
    "message-id": "the argument `message_id`",
    "mime-version": "nothing: it is always 1.0",
    "content-type": "Message.html, Message.text or Message.attachments",
    "content-transfer-encoding": "nothing: it is chosen by the content",
}
_FIELD_NAME: Final = re.compile(r"[!-9;-~]+\Z")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]*\Z")


def _name(instance: object, attribute: Any) -> str:
    return f"{type(instance).__name__}.{attribute.name}"


def one_line(instance: object, attribute: Any, value: str) -> None:
    """Refuse a text that is not one line, also where the line break hides in an encoded word.

    A reader of mail decodes `=?utf-8?q?=0d=0a?=`, and so does `email.message.EmailMessage`
    when it folds a header anew: what was one field becomes two.
    """
    if not isinstance(value, str):
        raise InvalidValue(_name(instance, attribute), value, "is not text")
    trouble = line_trouble(value)
    if trouble:
        raise InvalidValue(_name(instance, attribute), value, trouble)


def word(instance: object, attribute: Any, value: str) -> None:
    """Refuse what is not one word of small letters, digits and underscores."""
    if not isinstance(value, str) or not _WORD.match(value):
        mend = re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_0123456789") or "purchase"
        reason = "is not one word of small letters, digits and _"
        raise InvalidValue(_name(instance, attribute), value, reason, f"write {mend!r}")


def at_least(least: float) -> Callable[[object, Any, Any], None]:
    """A validator that refuses numbers below `least`, and what is not a number."""

    def check(instance: object, attribute: Any, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
            raise InvalidValue(_name(instance, attribute), value, f"is not a number from {least:g} up")

    return check


def counted(instance: object, attribute: Any, value: int) -> None:
    """Refuse what is not a whole number from 1 up."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue(_name(instance, attribute), value, "is not a whole number from 1 up")


def share(instance: object, attribute: Any, value: float) -> None:
    """Refuse what is not a share, 0..1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidValue(_name(instance, attribute), value, "is not a share between 0 and 1")


def able(method: str, mend: str) -> Callable[[object, Any, Any], None]:
    """A validator that refuses what has no such method, so that a wrong part is named before anything begins.

    Absence is left alone: None.
    """

    def check(instance: object, attribute: Any, value: Any) -> None:
        if value is not None and (isinstance(value, type) or not callable(getattr(value, method, None))):
            raise InvalidValue(_name(instance, attribute), value, f"has no method `{method}`", mend)

    return check


def aware(value: datetime) -> datetime:
    """The instant in UTC; what is none is left for `instant` to refuse, which knows the field's name."""
    try:
        return utc(value)
    except InvalidValue:
        return value


def instant(instance: object, attribute: Any, value: datetime) -> None:
    """Refuse what is not a time with a zone."""
    utc(value, what=_name(instance, attribute))


def check_header(name: str, value: str) -> None:
    """Refuse a header field that would not arrive as the one field that it looks like (RFC 5322, 2.2).

    >>> check_header("X-Shop", "books")
    >>> check_header("X-Shop", "books=?utf-8?q?=0d=0a?=Bcc: all@example.com")
    Traceback (most recent call last):
    mailkit.errors.HeaderError: header X-Shop: 'books=?utf-8?q?=0d=0a?=Bcc: all@example.com' hides a line break in ...
    """
    if not isinstance(name, str) or not _FIELD_NAME.match(name):
        reason = "is not a field name (printable ASCII without spaces and colons; RFC 5322, 3.6.8)"
        raise HeaderError("header name", name, reason)
    if not isinstance(value, str):
        raise HeaderError(f"header {name}", value, "is not text")
    trouble = line_trouble(value)
    if trouble:
        raise HeaderError(f"header {name}", value, trouble)


def headers(fields: Iterable[tuple[str, str]] | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The fields as pairs, each checked; what has a place of its own is refused. A mapping is taken by its items."""
    items = fields.items() if isinstance(fields, Mapping) else fields
    try:
        pairs = tuple((name, value) for name, value in items)
    except (TypeError, ValueError) as error:
        raise HeaderError("headers", fields, "are not pairs of name and text", "write [('X-Shop', 'books')]") from error
    for name, value in pairs:
        check_header(name, value)
        place = _OWN_PLACE.get(name.lower())
        if place:
            raise HeaderError(f"header {name}", value, "has a place of its own", f"give it as {place}")
    return pairs


def check_message_id(what: str, value: str) -> None:
    """Refuse what is not a Message-ID without its angle brackets (RFC 5322, 3.6.4)."""
    if not isinstance(value, str) or not _MESSAGE_ID.match(value):
        mend = "write it as 'something@your.domain'"
        if isinstance(value, str) and value.startswith("<") and _MESSAGE_ID.match(value[1:-1]):
            mend = f"leave out the angle brackets: {value[1:-1]!r}"
        raise InvalidValue(what, value, "is not a Message-ID (RFC 5322, 3.6.4)", mend)


def message_id(instance: object, attribute: Any, value: str) -> None:
    """Refuse what is not a Message-ID without its angle brackets."""
    check_message_id(_name(instance, attribute), value)


def text(instance: object, attribute: Any, value: str) -> None:
    """Refuse what is not text."""
    if not isinstance(value, str):
        raise InvalidValue(_name(instance, attribute), value, "is not text")


def line_trouble(value: str) -> str:
    """Why the text is not safe as one line; empty if it is."""
    if _CONTROL.search(value):
        return "contains a line break or another control character (RFC 5322, 2.2)"
    if "=?" in value and _CONTROL.search(_as_readers_decode_it(value)):
        return "hides a line break in an encoded word (RFC 2047)"
    return ""


def _as_readers_decode_it(value: str) -> str:
    """The text as the standard library shows it, and as it folds it anew: whatever charset its words name."""
    from email.policy import default

    sendable = value.encode("utf-8", "replace").decode()  # the standard library breaks off at half a surrogate pair
    return str(default.header_factory("Subject", sendable))
