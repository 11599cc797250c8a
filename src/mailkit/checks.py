"""Checks that several values share. Each raises `InvalidValue`, naming what was given and what to write instead.

The ones that take `(instance, attribute, value)` are attrs validators, the others converters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Any, Final

from mailkit.clock import utc
from mailkit.errors import HeaderError, InvalidValue

__all__ = ["at_least", "aware", "check_header", "headers", "one_line", "share", "word"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")
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
    trouble = _line_trouble(value)
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


def share(instance: object, attribute: Any, value: float) -> None:
    """Refuse what is not a share, 0..1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidValue(_name(instance, attribute), value, "is not a share between 0 and 1")


def aware(value: datetime) -> datetime:
    """The instant in UTC; a time without a zone is refused."""
    return utc(value)


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
    trouble = _line_trouble(value)
    if trouble:
        raise HeaderError(f"header {name}", value, trouble)


def headers(fields: Iterable[tuple[str, str]] | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The fields as a tuple of pairs, each checked. A mapping is taken by its items."""
    items = fields.items() if isinstance(fields, Mapping) else fields
    pairs = tuple((name, value) for name, value in items)
    for name, value in pairs:
        check_header(name, value)
    return pairs


def _line_trouble(value: str) -> str:
    """Why the text is not safe as one line; empty if it is."""
    if _CONTROL.search(value) or "\u2028" in value or "\u2029" in value or "\x85" in value:
        return "contains a line break or another control character (RFC 5322, 2.2)"
    for found in _ENCODED_WORD.finditer(value):
        try:
            parts = decode_header(found.group())
        except HeaderParseError:
            return "contains an encoded word that cannot be decoded (RFC 2047)"
        texts = (part.decode("latin-1") if isinstance(part, bytes) else part for part, _ in parts)
        if any(_CONTROL.search(text) for text in texts):
            return "hides a line break in an encoded word (RFC 2047)"
    return ""
