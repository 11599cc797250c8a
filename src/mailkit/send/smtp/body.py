"""A message as it travels after DATA or BDAT (RFC 5321, 4.5.2; RFC 3030)."""

from __future__ import annotations

from typing import Final

from mailkit.send.lines import crlf, is_plain

__all__ = ["END", "finish", "is_plain", "stuffed"]

END: Final = b".\r\n"
"""The line that ends a message after DATA."""


def stuffed(lines: bytes) -> bytes:
    """Lines that end in CRLF with leading dots doubled, as they go after DATA; what compose encodes has none.

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
    return stuffed(crlf(raw)) + END
