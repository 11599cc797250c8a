"""A letter as DKIM sees it: its header fields and its body, in the two forms that are signed (RFC 6376, 3.4).

`simple` takes both as they stand; `relaxed` forgives changed blanks, folds and cases of names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from mailkit.errors import InvalidValue

__all__ = ["BODIES", "FIELDS", "Form", "divide", "split"]

Form: TypeAlias = Literal["relaxed", "simple"]

_NAME: Final = re.compile(rb"[!-9;-~]+\Z")
_FIELD_END: Final = re.compile(rb"\r\n(?![ \t])")
_BLANKS: Final = re.compile(rb"[ \t]+")
_SPACES: Final = re.compile(rb"  +")


def divide(letter: bytes) -> tuple[bytes, bytes]:
    r"""The header without its last line break, and the body, of a letter whose lines all end in CRLF.

    >>> divide(b"From: a@example.com\r\n\r\nHello\r\n")
    (b'From: a@example.com', b'Hello\r\n')
    """
    if letter.startswith(b"\r\n"):
        return b"", letter[2:]
    end = letter.find(b"\r\n\r\n")
    return (letter[:-2], b"") if end < 0 else (letter[:end], letter[end + 4 :])


def split(head: bytes) -> list[bytes]:
    r"""The header's fields, with their folds.

    >>> split(b"Subject: News\r\n of May\r\nFrom: a@example.com")
    [b'Subject: News\r\n of May', b'From: a@example.com']
    """
    if b"\r\n " in head or b"\r\n\t" in head:
        return _FIELD_END.split(head)
    return head.split(b"\r\n") if head else []


def _cut(field: bytes) -> tuple[bytes, bytes]:
    """A field's key and what follows its colon."""
    name, colon, text = field.partition(b":")
    if not (colon and (name.replace(b"-", b"").isalnum() or _NAME.match(name))):
        reason = "stands among the header fields, and is none (RFC 5322, 2.2)"
        raise InvalidValue("letter", field, reason, "give the finished message, from its first field on")
    return name.lower(), text


def _relaxed_field(field: bytes) -> tuple[bytes, bytes]:
    """A field's key, and it with its name in small letters, unfolded, its blanks made one (3.4.2)."""
    key, text = _cut(field)
    if b"\t" in text or b"  " in text or b"\n" in text:
        text = _BLANKS.sub(b" ", text.replace(b"\r\n", b""))
    return key, key + b":" + text.strip(b" ") + b"\r\n"


def _simple_field(field: bytes) -> tuple[bytes, bytes]:
    return _cut(field)[0], field + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """The body without blanks at the ends of lines, and with single ones within (3.4.4).

    Three searches tell that there is nothing to do, as in what `compose` encodes. From the end
    they take half the time.
    """
    body = body.replace(b"\t", b" ")
    if body.rfind(b"  ") >= 0:
        body = _SPACES.sub(b" ", body)
    if body.rfind(b" \r\n") >= 0:
        body = body.replace(b" \r\n", b"\r\n")
    if body.endswith(b"\r\n\r\n") or body == b"\r\n":
        body = body.rstrip(b"\r\n")
        return body + b"\r\n" if body else b""
    return body


def _simple_body(body: bytes) -> bytes:
    """The body with one line break at its end, an empty one too (3.4.3)."""
    return body if body[-3:-2] not in (b"", b"\n") else body.rstrip(b"\r\n") + b"\r\n"


FIELDS: Final[dict[Form, Callable[[bytes], tuple[bytes, bytes]]]] = {
    "relaxed": _relaxed_field,
    "simple": _simple_field,
}
"""What gives a field's key and its canonical form."""

BODIES: Final[dict[Form, Callable[[bytes], bytes]]] = {"relaxed": _relaxed_body, "simple": _simple_body}
"""What gives the canonical form of a body whose lines all end in CRLF."""
