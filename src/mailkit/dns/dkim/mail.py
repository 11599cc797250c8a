"""A raw mail as signatures see it: its header fields as they stand, and its body.

>>> mail = Mail.parse(b"Subject: News\\n of May\\n\\nHello\\n")
>>> mail.fields[0].name, mail.body
(b'Subject', b'Hello\\r\\n')
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

import attrs

from mailkit.dns.dkim.bodies import relaxed_body, simple_body
from mailkit.dns.headers import Field, divide
from mailkit.errors import InvalidValue

__all__ = ["Mail"]


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
        fields, body = divide(bytes(raw))
        if body.count(b"\n") != body.count(b"\r\n"):
            body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return cls(fields=fields, body=body)

    def named(self, name: str) -> tuple[Field, ...]:
        """The fields of a name, from top to bottom."""
        return self._by_key.get(name.lower().encode("utf-8", "replace"), ())

    def without(self, own: Field) -> tuple[Field, ...]:
        """The fields but for one itself: a signature covers other signatures, never the field it stands in."""
        return tuple(field for field in self.fields if field is not own)

    def body_as(self, form: str) -> bytes:
        """The body in the form of that name, "simple" or "relaxed"; worked out once."""
        return self._simple if form == "simple" else self._relaxed

    def body_hash(self, form: str, length: int | None) -> bytes:
        """The SHA-256 of the body in a form, or of so many bytes of it; of each but once."""
        key = form, length
        if key not in self._hashes:
            self._hashes[key] = sha256(memoryview(self.body_as(form))[:length]).digest()
        return self._hashes[key]

    @cached_property
    def _hashes(self) -> dict[tuple[str, int | None], bytes]:
        return {}

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
