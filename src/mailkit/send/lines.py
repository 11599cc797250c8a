"""Lines as mail has them: ended by CR LF, and by nothing else (RFC 5321, 2.3.8)."""

from __future__ import annotations

__all__ = ["crlf"]


def crlf(raw: bytes) -> bytes:
    r"""The letter as it will be sent: a bare CR or LF becomes CRLF, and the last line ends too.

    Servers that read a bare one as an end of line can be made to see a second message in the
    first. What is signed and what is sent are both this.

    >>> crlf(b"Subject: Hello\n\nOne\rTwo")
    b'Subject: Hello\r\n\r\nOne\r\nTwo\r\n'
    """
    return b"\r\n".join(raw.splitlines()) + b"\r\n"  # of bytes, these are the only line breaks
