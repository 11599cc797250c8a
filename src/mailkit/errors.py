"""Everything mailkit raises, in one tree.

An *error* is a call that cannot be answered. What is wrong with someone's data is a
*finding* (`mailkit.findings`): it is returned, never raised.

```
MailkitError
├── InvalidValue      (ValueError)       a value that cannot be built
│   ├── AddressError                     not an e-mail address or domain
│   └── HeaderError                      not a header field that may be sent
├── MissingExtra      (ImportError)      an optional library is not installed
├── UnreadableFile    (ValueError)       a file whose rows cannot be found at all
├── TemplateError     (ValueError)       a letter that cannot be compiled or rendered
│   └── UnknownField  (LookupError)      a merge field that the record does not have
├── SegmentError      (ValueError)       a segment that cannot be understood or run
│   └── NotPortable                      one that an engine cannot answer exactly
├── TransportError    (ConnectionError)  no conversation with the mail server
├── InvalidToken      (ValueError)       a token that we did not make, or not for this
├── StoreError        (RuntimeError)     a database that cannot be used as it is
└── ResolverError     (RuntimeError)     a resolver that was never able to answer
```

Every error carries what it speaks of as fields, so nobody has to parse its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = [
    "AddressError",
    "HeaderError",
    "InvalidToken",
    "InvalidValue",
    "MailkitError",
    "MissingExtra",
    "NotPortable",
    "ResolverError",
    "SegmentError",
    "StoreError",
    "TemplateError",
    "TransportError",
    "UnknownField",
    "UnreadableFile",
    "did_you_mean",
]


class MailkitError(Exception):
    """The root of all errors that mailkit raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class InvalidValue(MailkitError, ValueError):
    """A value that cannot be built.

    Attributes:
        what: What was to be built, such as "Event.kind".
        given: What was given for it.
        reason: Why it cannot be that.
        mend: What to write instead; empty if the reason says it.

    >>> print(InvalidValue("Event.kind", "Big Sale", "is not one word of small letters", "write 'big_sale'"))
    Event.kind: 'Big Sale' is not one word of small letters; write 'big_sale'
    """

    what: str
    given: object
    reason: str
    mend: str

    def __init__(self, what: str, given: object, reason: str, mend: str = "") -> None:
        self.what, self.given, self.reason, self.mend = what, given, reason, mend
        super().__init__(what, given, reason, mend)

    def __str__(self) -> str:
        return f"{self.what}: {shorten(self.given)} {self.reason}" + (f"; {self.mend}" if self.mend else "")


class AddressError(InvalidValue):
    """A text that is not an e-mail address or a domain; `given` is the text.

    >>> print(AddressError("address", "anna@", "has nothing after the @"))
    address: 'anna@' has nothing after the @
    """


class HeaderError(InvalidValue):
    """A header field that may not be sent; `what` names the field.

    >>> print(HeaderError("header Subject", "Hi\\r\\nBcc: all", "contains a line break (RFC 5322, 2.2)"))
    header Subject: 'Hi\\r\\nBcc: all' contains a line break (RFC 5322, 2.2)
    """


class MissingExtra(MailkitError, ImportError):
    """An optional library is not installed.

    Attributes:
        module: The module that could not be imported.
        extra: The extra of mailkit-sdk that brings it.

    >>> print(MissingExtra("the SQL stores", "sqlalchemy", "stores"))
    the SQL stores need sqlalchemy: install mailkit-sdk with the extra "stores"
    """

    purpose: str
    module: str
    extra: str

    def __init__(self, purpose: str, module: str, extra: str) -> None:
        self.purpose, self.module, self.extra = purpose, module, extra
        super().__init__(f'{purpose} need {module}: install mailkit-sdk with the extra "{extra}"')


class UnreadableFile(MailkitError, ValueError):
    """A file whose rows cannot be found at all; a bad row alone is a finding.

    Attributes:
        source: The file's name, or what it was given as.
        reason: Why no row can be read.

    >>> print(UnreadableFile("customers.csv", "is empty; it must begin with a line of column names"))
    customers.csv is empty; it must begin with a line of column names
    """

    source: str
    reason: str

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source} {reason}")


class TemplateError(MailkitError, ValueError):
    """A letter that cannot be compiled or rendered.

    Attributes:
        reason: What is wrong.
        template: The part of the letter: "subject", "html", "text" or a file's name.
        line: The line in that part, from 1; None where there is none to name.
        excerpt: The source of that line, or of the block.

    >>> print(TemplateError("unexpected '}'", template="subject", line=1, excerpt="Hello {{ name }"))
    subject, line 1: unexpected '}'
        Hello {{ name }
    """

    reason: str
    template: str
    line: int | None
    excerpt: str

    def __init__(self, reason: str, *, template: str = "", line: int | None = None, excerpt: str = "") -> None:
        self.reason, self.template, self.line, self.excerpt = reason, template, line, excerpt
        super().__init__(reason)

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.template, f"line {self.line}" if self.line else "") if part)
        head = f"{place}: {self.reason}" if place else self.reason
        return f"{head}\n    {self.excerpt.strip()}" if self.excerpt else head


class UnknownField(TemplateError, LookupError):
    """A letter asks for a merge field that the record does not have.

    Attributes:
        field: The field as the letter spells it.
        known: The fields that there are.
        suggestions: Those of them that may have been meant, likeliest first.

    >>> print(UnknownField("fist_name", ["first_name", "city"], template="subject", line=1))
    subject, line 1: the record has no field 'fist_name'; did you mean 'first_name'?
    """

    field: str
    known: tuple[str, ...]
    suggestions: tuple[str, ...]

    def __init__(
        self,
        field: str,
        known: Iterable[str],
        *,
        owner: str = "the record",
        template: str = "",
        line: int | None = None,
        excerpt: str = "",
    ) -> None:
        self.field, self.known = field, tuple(known)
        from difflib import get_close_matches  # here, since most programs never need it

        self.suggestions = tuple(get_close_matches(field, self.known, n=3, cutoff=0.6))
        reason = f"{owner} has no field {field!r}{did_you_mean(field, self.known)}"
        super().__init__(reason, template=template, line=line, excerpt=excerpt)


class SegmentError(MailkitError, ValueError):
    """A segment that cannot be understood or run.

    Attributes:
        reason: What is wrong.
        text: The segment, or the part of it that the reason speaks of; may be empty.
        start: Where in the text the trouble begins, from 0; None where that cannot be said.
        end: Where it ends, exclusive. Of several lines, only the one with `start` is shown.

    >>> print(SegmentError("unknown operator '=>'; did you mean '>='?", text="country => 'DE'", start=8, end=10))
    segment: unknown operator '=>'; did you mean '>='? (at column 9)
        country => 'DE'
                ~~
    """

    reason: str
    text: str
    start: int | None
    end: int | None

    def __init__(self, reason: str, *, text: str = "", start: int | None = None, end: int | None = None) -> None:
        self.reason, self.text, self.start, self.end = reason, text, start, end
        super().__init__(reason)

    def __str__(self) -> str:
        if self.start is None:
            return f"segment: {self.reason}" + (f"\n    {_cut(self.text, 0, 0)[0]}" if self.text else "")
        before = _LINE_END.split(self.text[: self.start])
        line = before[-1] + _LINE_END.split(self.text[self.start :])[0]
        start, length = len(before[-1]), max(1, (self.end or self.start + 1) - self.start)
        place = f"line {len(before)}, " if len(before) > 1 else ""
        excerpt, left, marks = _cut(line, start, min(start + length, len(line)))
        under = " " * left + "~" * max(1, marks)
        return f"segment: {self.reason} (at {place}column {start + 1})\n    {excerpt}\n    {under}"


class NotPortable(SegmentError):
    """A part of a segment that an engine cannot answer exactly as plain Python does, and so is not asked.

    Attributes:
        node: That part of the tree.
        dialect: The engine, such as "sqlite".

    >>> from mailkit.segment import field as f
    >>> city = f.city.startswith("K")
    >>> print(NotPortable(city.node, "sqlite", "it folds the letters of ASCII only", text=str(city)))
    segment: sqlite cannot answer this as plain Python does: it folds the letters of ASCII only
        city starts with "K"
    """

    node: object
    dialect: str

    def __init__(self, node: object, dialect: str, reason: str, *, text: str = "") -> None:
        self.node, self.dialect = node, dialect
        super().__init__(f"{dialect} cannot answer this as plain Python does: {reason}", text=text)


class TransportError(MailkitError, ConnectionError):
    """No conversation with the mail server could be had, or it broke off.

    Attributes:
        server: The server as host:port.
        phase: How far the conversation had come: "connect", "ehlo", "mail", "rcpt", "data" or "message".
        reason: What happened.

    >>> print(TransportError("127.0.0.1:25", "connect", "the connection was refused; is a server listening there?"))
    127.0.0.1:25, connect: the connection was refused; is a server listening there?
    """

    server: str
    phase: str
    reason: str

    def __init__(self, server: str, phase: str, reason: str) -> None:
        self.server, self.phase, self.reason = server, phase, reason
        super().__init__(f"{server}, {phase}: {reason}")


class InvalidToken(MailkitError, ValueError):
    """A token that we did not make, or not for this purpose; why is deliberately not said.

    >>> print(InvalidToken())
    this link is not valid
    """

    def __init__(self) -> None:
        super().__init__("this link is not valid")


class StoreError(MailkitError, RuntimeError):
    """A database that cannot be used as it is.

    >>> print(StoreError("the database has schema 7, this mailkit knows 3; use a newer mailkit"))
    the database has schema 7, this mailkit knows 3; use a newer mailkit
    """


class ResolverError(MailkitError, RuntimeError):
    """A resolver that was never able to answer, such as one without a name server.

    What a name server says, or fails to say, is not an error but an `Outcome` of `mailkit.dns`.

    >>> print(ResolverError("no name server is configured on this machine; give nameservers=[...]"))
    no name server is configured on this machine; give nameservers=[...]
    """


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message that offers the likeliest known word; empty if none is near.

    >>> did_you_mean("contry", ["country", "city"])
    "; did you mean 'country'?"
    >>> did_you_mean("zip", ["country", "city"])
    ''
    """
    from difflib import get_close_matches  # here, since most programs never need it

    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def shorten(value: object, *, longest: int = 80) -> str:
    """The value's repr, cut in the middle if it is longer than `longest` characters.

    >>> shorten("x" * 200, longest=20)
    "'xxxxxxx…xxxxxxxxx'"
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an error must be told even about a value that cannot tell what it is
        text = f"<{type(value).__name__} whose repr fails>"
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[: half - 2]}…{text[-half:]}"


_LINE_END: Final = re.compile(r"\r\n|[\r\n]")
_LONGEST: Final = 100  # characters of a line that are shown; of a longer one, those around the trouble


def _cut(line: str, start: int, end: int) -> tuple[str, int, int]:
    """What is shown of a line, and in columns of a terminal how far its part begins and how wide it is."""
    first = max(0, start - _LONGEST // 3) if len(line) > _LONGEST else 0
    last = first + _LONGEST
    pieces = line[first:start], line[start : min(end, last)], line[max(start, min(end, last)) : last]
    before, part, after = ("".join(map(_seen, piece)) for piece in pieces)
    before = "…" * (first > 0) + before
    return f"{before}{part}{after}" + "…" * (last < len(line)), _width(before), _width(part)


def _seen(character: str) -> str:
    """The character, if it takes its place on a line and leaves others theirs."""
    return character if character.isprintable() else "\ufffd" if character not in "\t\r\n\xa0\u3000" else " "


def _width(text: str) -> int:
    from unicodedata import combining, east_asian_width  # here, since most programs show no such error

    return sum(0 if combining(one) else 1 + (east_asian_width(one) in "WF") for one in text)


def _rebuild(cls: type[MailkitError], args: tuple[object, ...], state: dict[str, object]) -> MailkitError:
    """Unpickle an error without its constructor, whose arguments are not what `args` holds."""
    error = cls.__new__(cls, *args)
    error.args = args  # OSError's own __new__ leaves them to the constructor
    error.__dict__.update(state)
    return error
