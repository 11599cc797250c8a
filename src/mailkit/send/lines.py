"""Finished bytes: lines as mail has them (RFC 5321, 2.3.8), and the Message-ID among them."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

__all__ = ["crlf", "message_id"]

_MESSAGE_ID: Final = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE)
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n|\Z")

_BARE: Final = re.compile(rb"\r\n|\r|\n")
_LARGE: Final = 262_144
"""Beyond this many octets, a list of the lines would cost more than counting them."""


def crlf(raw: bytes) -> bytes:
    r"""The letter as it will be sent: a bare CR or LF becomes CRLF, and the last line ends too.

    Servers that read a bare one as an end of line can be made to see a second message in the
    first. What is signed and what is sent are both this.

    >>> crlf(b"Subject: Hello\n\nOne\rTwo")
    b'Subject: Hello\r\n\r\nOne\r\nTwo\r\n'
    """
    if len(raw) <= _LARGE:  # to split and join takes half the time of counting CR, LF and CRLF
        return b"\r\n".join(raw.splitlines()) + b"\r\n"  # of bytes, these are the only line breaks
    breaks = raw.count(b"\r\n")
    if raw.count(b"\n") != breaks or raw.count(b"\r") != breaks:
        raw = _BARE.sub(b"\r\n", raw)
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def message_id(raw: bytes) -> str:
    r"""The letter's Message-ID without its angle brackets, or else some digits that its bytes come to.

    >>> message_id(b"Subject: Hello\nMessage-ID: <1@example.com>\n\nHello")
    '1@example.com'
    >>> message_id(b"Subject: Hello")
    'f75126727c2f1d74'
    """
    end = _HEADER_END.search(raw)
    found = _MESSAGE_ID.search(raw, 0, end.start() if end else len(raw))
    return found.group(1).decode("utf-8", "replace") if found else sha256(raw).hexdigest()[:16]
