"""Records ready to paste into a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from mailkit.dns.lookup import name_fault
from mailkit.errors import InvalidValue

__all__ = ["TextRecord"]

_PLAIN_NAME: Final = re.compile(r"[!#%-'*-:<-?A-\[\]-~]+\Z")
"""What stands for itself in a zone file (RFC 1035, 5.1): no blanks, controls, quotes, ( ) ; @ $ nor backslash."""


@attrs.frozen(kw_only=True)
class TextRecord:
    """A TXT record; `str` gives the line for a zone file (RFC 1035, 5.1).

    Attributes:
        name: Where it belongs, without a final dot.
        text: What it says; a web form wants just this. One character is one byte (Latin-1).
        why: What it is good for, for people; empty where nothing need be said.

    >>> print(TextRecord(name="_dmarc.example.com", text="v=DMARC1; p=none"))
    _dmarc.example.com. IN TXT "v=DMARC1; p=none"
    """

    name: str = attrs.field()
    text: str = attrs.field()
    why: str = ""

    @name.validator
    def _check_name(self, attribute: object, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidValue("TextRecord.name", value, "is not text")
        fault = name_fault(value)
        if not fault and not _PLAIN_NAME.match(value):
            fault = "has characters that would mean something else in a zone file"
        if fault:
            raise InvalidValue("TextRecord.name", value, fault)

    @text.validator
    def _check_text(self, attribute: object, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidValue("TextRecord.text", value, "is not text")
        try:
            value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise InvalidValue("TextRecord.text", value, "has characters that are not bytes") from error

    @property
    def strings(self) -> tuple[str, ...]:
        """The text in strings of at most 255 bytes, as one TXT record holds them (RFC 1035, 3.3.14)."""
        return tuple(self.text[start : start + 255] for start in range(0, len(self.text), 255)) or ("",)

    def __str__(self) -> str:
        quoted = " ".join(f'"{"".join(_escaped(string))}"' for string in self.strings)
        return f"{self.name}. IN TXT {quoted}"


def _escaped(text: str) -> Iterator[str]:
    for letter in text:
        if letter in '"\\':
            yield f"\\{letter}"
        else:
            yield letter if " " <= letter <= "~" else f"\\{ord(letter):03d}"
