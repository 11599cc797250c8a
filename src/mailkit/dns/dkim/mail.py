"""A raw mail as signatures see it: its header fields as they stand, and its body.

>>> mail = Mail.parse(b"Subject: News\\n of May\\n\\nHello\\n")
>>> mail.fields[0].name, mail.body
(b'Subject', b'Hello\\r\\n')
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

import attrs

from mailkit.dns.dkim.bodies import relaxed_body, simple_body
from mailkit.errors import InvalidValue

__all__ = ["Field", "Mail"]

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


@attrs.frozen(kw_only=True)
class Mail:
    """A mail, with CR LF at the end of each line, whatever it came with.

    Attributes:
        fields: Its header fields from top to bottom.
        body: Its body.

    >>> mail = Mail.parse(b"Subject: News\\n\\nHello  World \\n")
    >>> mail.body_as("relaxed")
    b'Hello World\\r\\n'
    """

    fields: tuple[Field, ...]
    body: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Mail:
        """Take a mail apart; any bytes are one.

        Raises:
            InvalidValue: It is not bytes.
        """
        if not isinstance(raw, bytes | bytearray | memoryview):
            raise InvalidValue("mail", raw, "is not bytes", "give the mail as it came, undecoded: path.read_bytes()")
        plain = bytes(raw).replace(b"\r\n", b"\n")
        if plain.startswith(b"From "):  # the envelope line of a mailbox file
            plain = plain.partition(b"\n")[2]
        head, found, body = (b"", b"\n", plain[1:]) if plain.startswith(b"\n") else plain.partition(b"\n\n")
        if not found:
            head = head.removesuffix(b"\n")
        lines: list[list[bytes]] = []
        for line in head.split(b"\n") if head else ():
            if line[:1] in (b" ", b"\t") and lines:
                lines[-1].append(line)
            else:
                lines.append([line])
        fields = tuple(Field(b"\r\n".join(parts)) for parts in lines)
        return cls(fields=fields, body=body.replace(b"\n", b"\r\n"))

    def named(self, name: str) -> tuple[Field, ...]:
        """The fields of a name, from top to bottom."""
        return self._by_key.get(name.lower().encode("utf-8", "replace"), ())

    def without(self, own: Field) -> tuple[Field, ...]:
        """The fields but for one itself: a signature covers other signatures, never the field it stands in."""
        return tuple(field for field in self.fields if field is not own)

    def body_as(self, form: str) -> bytes:
        """The body in the form of that name, "simple" or "relaxed"; worked out once."""
        return self._simple if form == "simple" else self._relaxed

    @cached_property
    def _simple(self) -> bytes:
        return simple_body(self.body)

    @cached_property
    def _relaxed(self) -> bytes:
        return relaxed_body(self.body)

    @cached_property
    def _by_key(self) -> dict[bytes, tuple[Field, ...]]:
        found: dict[bytes, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.key, []).append(field)
        return {key: tuple(fields) for key, fields in found.items()}
