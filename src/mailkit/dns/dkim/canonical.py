"""The two forms in which header fields are signed (RFC 6376, 3.4), and what exactly a signature covers (3.7).

`simple` takes fields as they stand; `relaxed` forgives changed blanks, folds and cases of names.

>>> relaxed_field(Field(b"SUBject: \\t News\\r\\n\\tof  May "))
b'subject:News of May'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from mailkit.dns.headers import Field

__all__ = [
    "FIELDS",
    "choose",
    "covered",
    "relaxed_field",
    "simple_field",
    "without_signature",
]

_BLANKS: Final = re.compile(rb"[ \t]+")
_SIGNATURE: Final = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")


def simple_field(field: Field) -> bytes:
    """A field as it stands (3.4.1).

    >>> simple_field(Field(b"Subject:  News"))
    b'Subject:  News'
    """
    return field.raw


def relaxed_field(field: Field) -> bytes:
    """A field with its name in small letters, unfolded, its blanks made one (3.4.2).

    >>> relaxed_field(Field(b"Subject :  News\\r\\n\\tof May"))
    b'subject:News of May'
    """
    text = _BLANKS.sub(b" ", field.text.replace(b"\r\n", b"")).strip(b" ")
    return field.key + b":" + text


FIELDS: Final[dict[str, Callable[[Field], bytes]]] = {"simple": simple_field, "relaxed": relaxed_field}
"""The forms of header fields by their names in c=."""


def choose(fields: Sequence[Field], names: Iterable[str]) -> list[Field | None]:
    """The fields that a list of names stands for: of those with one name the last comes first (5.4.2).

    A name that there is no field for, or none any more, stands for nothing; so a signer says that
    none may be added.

    >>> [field and field.text for field in choose([Field(b"A:1"), Field(b"A:2")], ["a", "a", "a", "b"])]
    [b'2', b'1', None, None]
    """
    left: dict[bytes, list[Field]] = {}
    for field in fields:
        left.setdefault(field.key, []).append(field)
    found = (left.get(name.encode("latin-1", "replace"), []) for name in names)
    return [stack.pop() if stack else None for stack in found]


def without_signature(field: Field) -> Field:
    """A signature field as it was signed: with nothing behind b=.

    >>> without_signature(Field(b"DKIM-Signature: bh=abc; b= x\\r\\n y ; d=a.example")).raw
    b'DKIM-Signature: bh=abc; b=; d=a.example'
    """
    name, colon, text = field.raw.partition(b":")
    return Field(name + colon + _SIGNATURE.sub(rb"\1", text, count=1))


def covered(pieces: Iterable[bytes], own: bytes) -> bytes:
    """What is hashed: each canonical field with its line break, and the signature's own without one (3.7).

    >>> covered([b"a:1", b"b:2"], b"dkim-signature:b=")
    b'a:1\\r\\nb:2\\r\\ndkim-signature:b='
    """
    return b"".join(piece + b"\r\n" for piece in pieces) + own
