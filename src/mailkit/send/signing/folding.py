"""The text of a signature field, in lines of at most 76 characters wherever a word allows it."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable

__all__ = ["WIDTH", "fold", "folded_base64"]

WIDTH = 76
"""Characters of a line; what goes on is begun by one space (RFC 5322, 2.2.3, asks for 78)."""


def fold(words: Iterable[str], *, before: str, between: str) -> str:
    r"""The words in lines.

    Args:
        words: What must stay whole.
        before: What stands before the first.
        between: What stands between two on one line.

    >>> fold(["From:", "Subject:", "Date;"], before=" h=", between="")
    ' h=From:Subject:Date;'
    >>> fold(["a" * 40, "b" * 40], before="", between=" ").split("\r\n") == ["a" * 40, " " + "b" * 40]
    True
    """
    lines, line, glue = [], before, ""
    for word in words:
        if len(line) + len(glue) + len(word) > WIDTH and line.strip():
            lines.append(line)
            line, glue = " ", ""
        line += glue + word
        glue = between
    return "\r\n".join([*lines, line])


def folded_base64(data: bytes) -> bytes:
    """A signature in base64, as what follows ` b=` on its line.

    >>> folded_base64(b"\\0" * 64).split(b"\\r\\n")[1]
    b' AAAAAAAAAAAAA=='
    """
    text = b2a_base64(data, newline=False)
    first, others = WIDTH - 3, WIDTH - 1
    lines = [text[:first], *(text[start : start + others] for start in range(first, len(text), others))]
    return b"\r\n ".join(lines)
