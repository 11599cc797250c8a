"""The header of a mail as it stands: its fields in their order, from any bytes."""

from __future__ import annotations

import re
from typing import Final

import attrs

__all__ = ["Field", "body_of", "fields", "named"]

_END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_FIELD: Final = re.compile(
    rb"^([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r(?!\n))*(?:\r?\n[ \t](?:[^\r\n]|\r(?!\n))*)*)", re.MULTILINE
)
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_LONGEST_HEADER: Final = 1_000_000
"""Bytes of a header that are looked at; no mail that anybody would take has more."""


@attrs.frozen
class Field:
    """One field of a header.

    Attributes:
        name: Its name, as written.
        value: What stands behind the colon, unfolded and without blanks around it; one character is one byte.
    """

    name: str
    value: str


def fields(raw: bytes) -> tuple[Field, ...]:
    """The fields of a mail's header, in order; lines that are none are passed over.

    >>> fields(b"Subject: Spring\\r\\n sale\\r\\nFrom: shop@example.com\\r\\n\\r\\nHello\\r\\n")
    (Field(name='Subject', value='Spring sale'), Field(name='From', value='shop@example.com'))
    """
    head = raw[: _head_length(raw)]
    return tuple(
        Field(found[1].decode("latin-1"), _FOLD.sub("", found[2].decode("latin-1")).strip())
        for found in _FIELD.finditer(head)
    )


def named(name: str, found: tuple[Field, ...]) -> tuple[str, ...]:
    """The values of the fields of one name, in order.

    >>> named("subject", (Field("Subject", "Spring sale"),))
    ('Spring sale',)
    """
    return tuple(field.value for field in found if field.name.lower() == name.lower())


def body_of(raw: bytes) -> bytes:
    """What stands behind the first empty line.

    >>> body_of(b"Subject: Spring\\r\\n\\r\\nHello\\r\\n")
    b'Hello\\r\\n'
    """
    end = _END.search(raw, 0, _LONGEST_HEADER)
    return raw[end.end() :] if end else b""


def _head_length(raw: bytes) -> int:
    end = _END.search(raw, 0, _LONGEST_HEADER)
    return end.start() if end else min(len(raw), _LONGEST_HEADER)
