"""A message as it travels after DATA or BDAT (RFC 5321, 4.5.2; RFC 3030)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["END", "finish", "normal", "stuffed"]

END: Final = b".\r\n"
"""The line that ends a message after DATA."""

_BARE: Final = re.compile(rb"\r\n|\r|\n")
_LARGE: Final = 262_144
"""Beyond this many octets, a list of the lines would cost more than counting them."""


def normal(raw: bytes) -> bytes:
    """The message with all its lines ended by CRLF, also the last.

    A bare CR or LF becomes CRLF, since servers that read it as an end of line can be made to
    see a second message in the first (RFC 5321, 2.3.8).

    >>> normal(b"Subject: Hello\\n\\n.hidden")
    b'Subject: Hello\\r\\n\\r\\n.hidden\\r\\n'
    """
    if len(raw) <= _LARGE:
        lines = raw.splitlines()  # to split and join takes half the time of counting CR, LF and CRLF
        lines.append(b"")
        return b"\r\n".join(lines) if len(lines) > 1 else b"\r\n"
    breaks = raw.count(b"\r\n")
    if raw.count(b"\n") != breaks or raw.count(b"\r") != breaks:
        raw = _BARE.sub(b"\r\n", raw)
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def stuffed(lines: bytes) -> bytes:
    """Normal lines with leading dots doubled, as they go after DATA; what compose encodes has none.

    >>> stuffed(b"Subject: Hello\\r\\n\\r\\n.hidden\\r\\n")
    b'Subject: Hello\\r\\n\\r\\n..hidden\\r\\n'
    """
    if b"\r\n." in lines:
        lines = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + lines if lines.startswith(b".") else lines


def finish(raw: bytes) -> bytes:
    """All octets that follow DATA.

    >>> finish(b"Subject: Hello\\n\\n.hidden")
    b'Subject: Hello\\r\\n\\r\\n..hidden\\r\\n.\\r\\n'
    """
    return stuffed(normal(raw)) + END
