"""Authentication-Results header fields as values (RFC 8601): what a receiver found out about a letter.

Section numbers in this module are of RFC 8601. What others wrote is read leniently, since large
providers leave out the host or put names without a type; what is written here follows 2.2.

>>> found = AuthenticationResults.parse("mx.example.net; dmarc=fail (p=reject) header.from=example.com")
>>> found.of("dmarc")[0].result, found.of("dmarc")[0].value("header.from")
('fail', 'example.com')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from mailkit.errors import InvalidValue

__all__ = ["AuthenticationResults", "Property", "Statement", "without_comments"]

_LONGEST: Final = 65536
"""How much of a field is read."""
_KEYWORD: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\Z")
_OUTSIDE: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[(;]|[^"(;]+', re.DOTALL)
_INSIDE: Final = re.compile(r"\\.?|[()]|[^()\\]+", re.DOTALL)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]++(?:\s*+[./]\s*+[A-Za-z0-9_-]++)*+", re.ASCII)
_BEGINS: Final = re.compile(r"\s*+" + _KEY.pattern + r"\s*+=", re.ASCII)
_VALUE: Final = re.compile(
    r'\s*+=\s*+("(?:[^"\\]|\\.)*+(?:"(?:[.@](?:"(?:[^"\\]|\\.)*+"|[^\s"])*+)?)?|[^\s"]*+)', re.DOTALL | re.ASCII
)
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?\Z', re.DOTALL)
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^\s"]++', re.DOTALL | re.ASCII)
_INSTANCE: Final = re.compile(r"\s*i\s*=\s*([0-9]{1,2})\s*\Z", re.ASCII)
_TOKEN: Final = re.compile(r"[!#-'*+.0-9A-Z^-~\u00a1-\U0010ffff-]+\Z")
_ADDRESS: Final = re.compile(
    r"""(?:[!#-'*+/0-9=?A-Z^-~-]+(?:\.[!#-'*+/0-9=?A-Z^-~-]+)*|"(?:[^"\\]|\\.)*+")?@"""
    r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z",
    re.DOTALL,
)
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f\\x85\\u2028\\u2029]")
_UNESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def _keyword(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str) or not _KEYWORD.match(value):
        name = f"{type(instance).__name__}.{attribute.name}"
        raise InvalidValue(name, value, "is not one word of letters, digits, - and _")


def _property_type(instance: object, attribute: Any, value: str) -> None:
    if value != "":
        _keyword(instance, attribute, value)


@attrs.frozen(kw_only=True)
class Property:
    """What a result was found from, such as `header.from=example.com`.

    Attributes:
        type: Where it was taken from: "smtp", "header", "body" or "policy"; empty where the writer left it out.
        name: What was taken, such as "mailfrom" or "d".
        value: What it was.

    >>> print(Property(type="smtp", name="mailfrom", value="a b@example.com"))
    smtp.mailfrom="a b@example.com"
    """

    type: str = attrs.field(default="", validator=_property_type)
    name: str = attrs.field(validator=_keyword)
    value: str = ""

    def __str__(self) -> str:
        return f"{self.type}{'.' if self.type else ''}{self.name}={_quoted(self.value)}"


def _properties(given: Iterable[Property]) -> tuple[Property, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Statement:
    """What one method found.

    Attributes:
        method: The method, such as "spf", "dkim", "dmarc" or "arc".
        result: Its result, such as "pass", in small letters.
        reason: Why; empty if nothing is said.
        properties: What it was found from.
        comment: What stands beside it in brackets, for people.

    >>> helo = Property(type="smtp", name="helo", value="mx.example")
    >>> print(Statement(method="spf", result="pass", properties=[helo]))
    spf=pass smtp.helo=mx.example
    """

    method: str = attrs.field(validator=_keyword)
    result: str = attrs.field(validator=_keyword)
    reason: str = ""
    properties: tuple[Property, ...] = attrs.field(default=(), converter=_properties)
    comment: str = attrs.field(default="", eq=False)

    def value(self, name: str) -> str:
        """The value of the property called so, such as "header.from"; empty if there is none."""
        kind, _, key = name.rpartition(".")
        wanted = (kind.lower(), key.lower())
        return next((held.value for held in self.properties if (held.type, held.name) == wanted), "")

    def __str__(self) -> str:
        parts = [f"{self.method}={self.result}"]
        parts += [f"reason={_quoted(self.reason)}"] if self.reason else []
        return " ".join([*parts, *map(str, self.properties)])


def _statements(given: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class AuthenticationResults:
    """What one host found about a letter. `str` gives the field's value in one line.

    Whoever writes a letter can write such a field as well: believe only those of hosts
    that are your own, at the top of the letter (5, 7.1).

    Attributes:
        host: Who says so (authserv-id); empty where the writer left it out.
        statements: What was found; empty for "none".
        instance: The ARC set that the field belongs to (i=); None outside of ARC.

    >>> found = AuthenticationResults(host="mx.example.net", statements=[Statement(method="auth", result="none")])
    >>> str(found), str(AuthenticationResults(host="mx.example.net"))
    ('mx.example.net; auth=none', 'mx.example.net; none')
    """

    host: str
    statements: tuple[Statement, ...] = attrs.field(default=(), converter=_statements)
    instance: int | None = None

    @classmethod
    def parse(cls, text: str) -> AuthenticationResults:
        """Read the value of a field, folded or not; what cannot be read is left out.

        >>> AuthenticationResults.parse("i=1; mx.example.net; arc=none").instance
        1
        """
        if not isinstance(text, str):
            raise InvalidValue("Authentication-Results", text, "is not text")
        parts = list(_parts(text[:_LONGEST]))
        instance = None
        numbered = _INSTANCE.match(parts[0][0])
        if numbered and len(parts) > 1:
            instance = int(numbered[1])
            parts = parts[1:]
        host = "" if _BEGINS.match(parts[0][0]) else _host(parts.pop(0)[0])
        read = (_statement(part, comment) for part, comment in parts)
        return cls(host=host, statements=tuple(found for found in read if found), instance=instance)

    def of(self, method: str) -> tuple[Statement, ...]:
        """What one method found: none, one, or for DKIM one for each signature."""
        return tuple(statement for statement in self.statements if statement.method == method.lower())

    def header(self, name: str = "Authentication-Results") -> str:
        """The whole field, one statement a line, without the last line's end.

        >>> print(AuthenticationResults.parse("mx.example.net; spf=none; dkim=none").header().replace("\\r", ""))
        Authentication-Results: mx.example.net;
         spf=none;
         dkim=none
        """
        return f"{name}: " + ";\r\n ".join(self._lines())

    def __str__(self) -> str:
        return "; ".join(self._lines())

    def _lines(self) -> list[str]:
        first = [] if self.instance is None else [f"i={self.instance}"]
        return [*first, _quoted(self.host), *(map(str, self.statements) if self.statements else ["none"])]


def without_comments(text: str) -> str:
    """The text with a blank for each comment; comments nest, and in quotes there are none (RFC 5322, 3.2.2).

    >>> without_comments('i=1(a (b) c); "(d)"')
    'i=1 ; "(d)"'
    """
    return ";".join(kept for kept, _ in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What stands between the semicolons, without comments, and the comments."""
    place, depth = 0, 0
    kept: list[str] = []
    comments: list[str] = []
    while place < len(text):
        found = (_INSIDE if depth else _OUTSIDE).match(text, place)
        assert found is not None  # each pattern takes whatever comes
        piece, place = found[0], found.end()
        if depth:
            depth += (piece == "(") - (piece == ")")
            comments.append(piece if depth else " ")
        elif piece == "(":
            depth = 1
            kept.append(" ")
        elif piece == ";":
            yield "".join(kept), _comment(comments)
            kept, comments = [], []
        else:
            kept.append(piece)
    yield "".join(kept), _comment(comments)


def _comment(pieces: Iterable[str]) -> str:
    return " ".join("".join(pieces).split())


def _host(part: str) -> str:
    found = _WORD.search(part)
    return _plain(found[0]) if found else ""


def _statement(part: str, comment: str) -> Statement | None:
    if not _BEGINS.match(part):
        return None
    pairs = list(_pairs(part))
    method, result = pairs[0][0].partition("/")[0], pairs[0][1].lower()
    if not _KEYWORD.match(method) or not _KEYWORD.match(result):
        return None
    reason = ""
    properties: list[Property] = []
    for key, value in pairs[1:]:
        kind, _, name = key.partition(".")
        if key == "reason":
            reason = value
        elif not name:
            properties += [Property(name=kind, value=value)] if _KEYWORD.match(kind) else []
        elif _KEYWORD.match(kind) and _KEYWORD.match(name):
            properties.append(Property(type=kind, name=name, value=value))
    return Statement(method=method, result=result, reason=reason, properties=tuple(properties), comment=comment)


def _pairs(part: str) -> Iterator[tuple[str, str]]:
    """Each `key=value`, the key without blanks and in small letters."""
    place = 0
    while place < len(part):
        key = _KEY.match(part, place)
        value = _VALUE.match(part, key.end()) if key else None
        if key and value:
            yield "".join(key[0].split()).lower(), _plain(value[1])
            place = value.end()
        elif part[place] == '"':
            place = _whole(part, place).end()
        else:
            place = key.end() if key else place + 1


def _whole(part: str, place: int) -> re.Match[str]:
    """The quoted string that begins here."""
    found = _WORD.match(part, place)
    assert found is not None  # the quote itself will do
    return found


def _plain(value: str) -> str:
    """A value without its quotes; an address whose local part is quoted keeps them (2.2, pvalue)."""
    if not _STRING.match(value):
        return value.replace("\r\n", "") if value.startswith('"') else value
    inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return _UNESCAPED.sub(r"\1", inner.replace("\r\n", ""))


def _quoted(value: str) -> str:
    """A value as the field may hold it: as it is, or in quotes; nothing in it ends the line."""
    clean = _CONTROL.sub("?", value)
    if _TOKEN.match(clean) or _ADDRESS.match(clean):
        return clean
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
