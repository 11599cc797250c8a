"""Records ready to paste into a zone: `TextRecord`, and `Record` for the other types.

`mailkit.dns.publishing` writes them as people and tools want them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar, Final, TypeAlias

import attrs

from mailkit.dns.lookup import name_fault
from mailkit.errors import InvalidValue

__all__ = ["AnyRecord", "Record", "TextRecord"]

_PLAIN_NAME: Final = re.compile(r"[!#%-'*-:<-?A-\[\]-~]+\Z")
"""What stands for itself in a zone file (RFC 1035, 5.1): no blanks, controls, quotes, ( ) ; @ $ nor backslash."""


def _check_name(instance: object, attribute: Any, value: str) -> None:
    what = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise InvalidValue(what, value, "is not text")
    fault = _fault(value)
    if fault:
        raise InvalidValue(what, value, fault)


def _fault(name: str) -> str:
    """Why a name cannot stand in a zone file; empty if it can."""
    fault = name_fault(name)
    if not fault and not _PLAIN_NAME.match(name):
        fault = "has characters that would mean something else in a zone file"
    return fault


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

    type: ClassVar[str] = "TXT"

    name: str = attrs.field(validator=_check_name)
    text: str = attrs.field()
    why: str = ""

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

    @property
    def content(self) -> str:
        """What it says as in a zone file: strings in quotes."""
        return " ".join(f'"{"".join(_escaped(string))}"' for string in self.strings)

    def __str__(self) -> str:
        return f"{self.name}. IN TXT {self.content}"


def _as_name(text: str) -> str:
    """A name with its final dot; "." is the root, which the null MX names (RFC 7505)."""
    name = text.removesuffix(".")
    fault = _fault(name) if text != "." else ""
    if fault:
        raise ValueError(f"names {name!r}, which {fault}")
    return f"{name}."


def _as_mx(text: str) -> str:
    preference, _, host = text.partition(" ")
    if not _NUMBER.match(preference) or int(preference) > 65535:
        raise ValueError("does not begin with a preference, 0 to 65535")
    return f"{int(preference)} {_as_name(host)}"


def _as_tlsa(text: str) -> str:
    matched = _TLSA.match(text)
    if not matched or len(matched[2]) % 2:
        raise ValueError("is not usage, selector, matching type and hexadecimal data")
    return f"{matched[1]} {matched[2].lower()}"


_NUMBER: Final = re.compile(r"[0-9]{1,5}\Z")
_TLSA: Final = re.compile(r"([0-9]{1,3} [0-9]{1,3} [0-9]{1,3}) ([0-9a-fA-F]+)\Z")
_CONTENT: Final[dict[str, Callable[[str], str]]] = {
    "A": lambda text: str(IPv4Address(text)),
    "AAAA": lambda text: str(IPv6Address(text)),
    "CNAME": _as_name,
    "MX": _as_mx,
    "NS": _as_name,
    "PTR": _as_name,
    "TLSA": _as_tlsa,
}
"""How each type is written in a zone file; what cannot be raises a ValueError that says why."""


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Record:
    """A record of a type other than TXT; `str` gives the line for a zone file (RFC 1035, 5.1).

    Attributes:
        name: Where it belongs, without a final dot.
        type: A, AAAA, CNAME, MX, NS, PTR or TLSA.
        text: What it says; names may have their final dot or not.
        why: What it is good for, for people; empty where nothing need be said.

    >>> print(Record(name="example.com", type="MX", text="10 mx.example.com"))
    example.com. IN MX 10 mx.example.com.
    >>> Record(name="click.example.com", type="CNAME", text="no such host")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Record.text: 'no such host' names 'no such host', which has characters that would ...
    """

    name: str = attrs.field(validator=_check_name)
    type: str = attrs.field(converter=_upper)
    text: str = attrs.field()
    why: str = ""

    @type.validator
    def _check_type(self, attribute: object, value: str) -> None:
        if value not in _CONTENT:
            mend = "use TextRecord" if value == "TXT" else f"known are {', '.join(_CONTENT)}"
            raise InvalidValue("Record.type", value, "is not a type of record that is known here", mend)

    @text.validator
    def _check_text(self, attribute: object, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidValue("Record.text", value, "is not text")
        try:
            _CONTENT[self.type](value)
        except ValueError as error:
            raise InvalidValue("Record.text", value, str(error)) from error

    @property
    def content(self) -> str:
        """What it says as in a zone file, with final dots."""
        return _CONTENT[self.type](self.text)

    def __str__(self) -> str:
        return f"{self.name}. IN {self.type} {self.content}"


AnyRecord: TypeAlias = TextRecord | Record
"""A record of any type, ready to paste."""


def _escaped(text: str) -> Iterator[str]:
    for letter in text:
        if letter in '"\\':
            yield f"\\{letter}"
        else:
            yield letter if " " <= letter <= "~" else f"\\{ord(letter):03d}"
