"""The header of a mail as it stands: its fields in their order, byte for byte, from any bytes.

>>> fields, body = divide(b"Subject: Spring\\r\\n sale\\r\\nFrom: shop@example.com\\r\\n\\r\\nHello\\r\\n")
>>> [(field.name, field.value) for field in fields], body
([(b'Subject', 'Spring sale'), (b'From', 'shop@example.com')], b'Hello\\r\\n')
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

import attrs

__all__ = ["LONGEST_HEADER", "Field", "divide", "named"]

LONGEST_HEADER: Final = 1 << 20
"""Bytes of a header that are looked at where not all of it must be; no mail that anybody would take has more."""

_END: Final = re.compile(rb"(?:\A|\r?\n)\r?\n")
_NAME: Final = re.compile(rb"[!-9;-~]+\Z")


@attrs.frozen
class Field:
    """One header field.

    Attributes:
        raw: The field as it stands, with its folds, without the final line break.

    >>> Field(b"Subject : News").key, Field(b"Subject : News").text
    (b'subject', b' News')
    """

    raw: bytes

    @classmethod
    def of(cls, name: bytes, text: bytes) -> Field:
        """A field of a name and what stands behind its colon."""
        return cls(name + b":" + text)

    @property
    def name(self) -> bytes:
        """The name as it is written; empty if the line is no field."""
        name, colon, _ = self.raw.partition(b":")
        return name.rstrip(b" \t") if colon else b""

    @cached_property
    def key(self) -> bytes:
        """The name in small letters."""
        return self.name.lower()

    @property
    def is_field(self) -> bool:
        """Whether the line is a field at all: a name of printable letters, and a colon (RFC 5322, 2.2)."""
        return bool(_NAME.match(self.name))

    @property
    def text(self) -> bytes:
        """Everything behind the colon."""
        return self.raw.partition(b":")[2]

    @property
    def value(self) -> str:
        """What it says: unfolded, without blanks around it; bytes that are not UTF-8 are Latin-1."""
        plain = self.text.replace(b"\r\n", b"")
        try:
            return plain.decode("utf-8").strip()
        except UnicodeDecodeError:
            return plain.decode("latin-1").strip()


def divide(raw: bytes, *, longest: int | None = None) -> tuple[tuple[Field, ...], bytes]:
    """The fields of a mail, with CR LF at each fold, and its body as it stands; in linear time.

    Lines that are no fields are among them (`Field.is_field`), but for the envelope line of a mailbox file.

    Args:
        raw: The mail; lines end with CR LF or LF.
        longest: How many bytes of it may be header; what stands behind them is left. None for all.

    >>> divide(b"From shop Mon\\nSubject: News\\nno field\\n\\nHello\\n")
    ((Field(raw=b'Subject: News'), Field(raw=b'no field')), b'Hello\\n')
    """
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    limit = len(raw) if longest is None else longest
    end = _END.search(raw, 0, limit)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw[:limit], b"")
    head = head.replace(b"\r\n", b"\n").removesuffix(b"\n")
    lines: list[list[bytes]] = []
    for line in head.split(b"\n") if head else ():
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1].append(line)
        else:
            lines.append([line])
    return tuple(Field(b"\r\n".join(parts)) for parts in lines), body


def named(name: str, fields: Iterable[Field]) -> tuple[str, ...]:
    """The values of the fields of one name, in order.

    >>> named("subject", [Field(b"Subject: Spring sale")])
    ('Spring sale',)
    """
    key = name.lower().encode("utf-8", "replace")
    return tuple(field.value for field in fields if field.key == key)
