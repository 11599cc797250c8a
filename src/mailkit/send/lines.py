"""Lines as mail has them: ended by CR LF, and by nothing else (RFC 5321, 2.3.8)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["crlf"]

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
