"""The two forms in which bodies are signed (RFC 6376, 3.4): as they stand, or with changed blanks forgiven.

In linear time, whatever the body: the usual regular expressions take minutes for a megabyte of blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = ["BODIES", "relaxed_body", "simple_body"]

_BLANKS: Final = re.compile(rb"  +")


def simple_body(body: bytes) -> bytes:
    """A body with one line break at its end (3.4.3).

    >>> simple_body(b""), simple_body(b"Hello\\r\\n\\r\\n")
    (b'\\r\\n', b'Hello\\r\\n')
    """
    return _without_empty_end(body) + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """A body whose lines have no blanks at the end, and single ones within (3.4.4).

    >>> relaxed_body(b"Hello \\t World  \\r\\n\\r\\n\\r\\n")
    b'Hello World\\r\\n'
    """
    text = _BLANKS.sub(b" ", body.replace(b"\t", b" ")).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    text = _without_empty_end(text)
    return text + b"\r\n" if text else b""


def _without_empty_end(body: bytes) -> bytes:
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end]


BODIES: Final[dict[str, Callable[[bytes], bytes]]] = {"simple": simple_body, "relaxed": relaxed_body}
"""The forms of bodies by their names in c=."""
