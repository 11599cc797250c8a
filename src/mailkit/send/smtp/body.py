"""A message as it travels after DATA (RFC 5321, 4.5.2)."""

from __future__ import annotations

from typing import Final

from mailkit.send.lines import crlf

__all__ = ["END", "finish"]

END: Final = b".\r\n"
"""The line that ends a message."""


def finish(raw: bytes) -> bytes:
    """The bytes to send after DATA: lines that end in CRLF, leading dots doubled, and the final dot.

    A bare CR or LF becomes CRLF, since servers that read it as an end of line can be made to
    see a second message in the first (RFC 5321, 2.3.8).

    >>> finish(b"Subject: Hello\\n\\n.hidden")
    b'Subject: Hello\\r\\n\\r\\n..hidden\\r\\n.\\r\\n'
    """
    raw = crlf(raw)
    if b"\r\n." in raw:
        raw = raw.replace(b"\r\n.", b"\r\n..")
    if raw.startswith(b"."):
        raw = b"." + raw
    return raw + END
