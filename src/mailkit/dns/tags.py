"""Tag lists, as DKIM keys and DMARC policies are written: `v=DMARC1; p=none` (RFC 6376, 3.2).

Parsers of records never refuse a part: what cannot be read is kept as a `Broken`, with its
place and the reason, since a record with one bad tag still means something to its readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from mailkit.errors import InvalidValue

__all__ = ["NOWHERE", "Broken", "Fault", "Span", "Tag", "cut", "plain", "read", "texts", "word"]

E = TypeVar("E", bound=StrEnum)

Span: TypeAlias = tuple[int, int]
"""Where a part stands in its record: first character, from 0, and the one after its last."""

NOWHERE: Final = (0, 0)
"""The span of a part that was not read from a text."""

_TAG: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=([\t\r\n -:<-~]*)\Z")
_BLANKS: Final = " \t\r\n"


class Fault(StrEnum):
    """What is broken about a part: it alone, or what stands around it."""

    VALUE = "value"
    """What it says cannot be read."""
    FORM = "form"
    """It is not a tag at all."""
    REPEATED = "repeated"
    """It is there for a second time; by itself it could be read."""
    MISPLACED = "misplaced"
    """It stands where it must not."""
    UNREAD = "unread"
    """It stands behind more than is read."""
    TAKEN = "taken"
    """It is wrong, and taken for what it must mean."""


@attrs.frozen(kw_only=True)
class Broken:
    """A part of a record that cannot be read.

    Attributes:
        text: The part, verbatim.
        reason: Why it cannot be read.
        mend: What may have been meant; empty where nothing suggests itself.
        span: Where it stands.
        fault: What is broken about it.
    """

    text: str
    reason: str
    mend: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False)
    fault: Fault = Fault.VALUE

    def __str__(self) -> str:
        return self.text


@attrs.frozen(kw_only=True)
class Tag:
    """One `name=value`.

    Attributes:
        name: The name.
        value: The value, without blanks around it.
        span: Where it stands.
    """

    name: str
    value: str
    span: Span = attrs.field(default=NOWHERE, eq=False)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def read(text: str, *, names_have_case: bool) -> tuple[Tag | Broken, ...]:
    """The tags of a list in their order; of two with one name, the second is broken.

    Args:
        text: The list.
        names_have_case: Whether `P=` is another tag than `p=`, as in DKIM (RFC 6376, 3.2); where it
            is not, as in DMARC, names are given in small letters.

    >>> [str(tag) for tag in read("v=DMARC1; P = none ;; oops", names_have_case=False)]
    ['v=DMARC1', 'p=none', 'oops']
    """
    found: list[Tag | Broken] = []
    names: set[str] = set()
    start = 0
    for part in text.split(";"):
        stripped = part.strip(_BLANKS)
        if stripped:
            first = start + part.index(stripped)
            tag = _read_tag(stripped, (first, first + len(stripped)), names_have_case)
            if isinstance(tag, Tag) and tag.name in names:
                reason = f"is a second {tag.name}= where one is allowed (RFC 6376, 3.2)"
                tag = Broken(text=stripped, reason=reason, span=tag.span, fault=Fault.REPEATED)
            elif isinstance(tag, Tag):
                names.add(tag.name)
            found.append(tag)
        start += len(part) + 1
    return tuple(found)


def _read_tag(text: str, span: Span, names_have_case: bool) -> Tag | Broken:
    matched = _TAG.match(text)
    if not matched:
        return Broken(text=text, reason="is not a tag of the form name=value", span=span, fault=Fault.FORM)
    name = matched[1] if names_have_case else matched[1].lower()
    return Tag(name=name, value=matched[2].strip(_BLANKS), span=span)


def cut(text: str, *, longest: int = 300) -> str:
    """The text as evidence: cut off if it is longer than `longest` characters.

    >>> cut("v=spf1 " * 20, longest=12)
    'v=spf1 v=sp…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def plain(text: str, *, longest: int = 80) -> str:
    """The text as the name of a place: cut off, and with ? for whatever cannot be printed.

    >>> plain("mx\\n.example.com")
    'mx?.example.com'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in cut(text, longest=longest))


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """The texts as a tuple; one text alone, which would become a tuple of its letters, is refused.

    >>> texts(["a", "b"])
    ('a', 'b')
    """
    if isinstance(values, str):
        raise InvalidValue("list of texts", values, "is one text", "put it into a list")
    if not isinstance(values, Iterable):
        raise InvalidValue("list of texts", values, "is not a list")
    found = tuple(values)
    for value in found:
        if not isinstance(value, str):
            raise InvalidValue("list of texts", value, "is not text")
    return found


def word(words: type[E], value: Any, what: str) -> E:
    """The value as one of few words.

    Raises:
        InvalidValue: It is none of them; `what` names the place.
    """
    try:
        return words(value)
    except ValueError as error:
        raise InvalidValue(what, value, f"is none of {', '.join(words)}") from error
