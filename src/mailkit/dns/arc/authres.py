"""What a mail server says that it found out about a mail: Authentication-Results as values (RFC 8601, 2.2).

>>> found = AuthenticationResults.parse("mx.example.com; spf=pass smtp.mailfrom=a@example.com; dkim=fail (changed)")
>>> found.server, [str(result) for result in found.results]
('mx.example.com', ['spf=pass smtp.mailfrom=a@example.com', 'dkim=fail'])
"""

from __future__ import annotations

import re
from typing import Final

import attrs

__all__ = ["AuthenticationResults", "MethodResult", "without_comments"]

_MOST_RESULTS: Final = 100
_ITEM: Final = re.compile(r'[^\s";=]+|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|\S', re.DOTALL)
"""A word, a quoted string (to the end if it is not closed, else hostile quotes cost quadratic time), a mark."""
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*)\Z")


@attrs.frozen(kw_only=True)
class MethodResult:
    """What one method found.

    Attributes:
        method: The method, such as "spf"; in small letters.
        result: Its result, such as "pass"; in small letters.
        reason: Why; empty if it is not said.
        properties: What was looked at, such as ("smtp.mailfrom", "anna@example.com").

    >>> print(MethodResult(method="dkim", result="pass", properties=(("header.d", "example.com"),)))
    dkim=pass header.d=example.com
    """

    method: str
    result: str
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join([f"{self.method}={self.result}", *(f"{name}={value}" for name, value in self.properties)])


@attrs.frozen(kw_only=True)
class AuthenticationResults:
    """The results of one server. What cannot be read of them is left out.

    Attributes:
        server: Who says so; empty if that cannot be read.
        results: What its methods found, in order.
        text: All of it as it was written.

    >>> print(AuthenticationResults.parse("mx.example.com; dkim=pass header.d=example.com").of("dkim")[0].properties)
    (('header.d', 'example.com'),)
    """

    server: str
    results: tuple[MethodResult, ...] = ()
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> AuthenticationResults:
        """Read what stands behind the colon of the field; any text has a value.

        >>> AuthenticationResults.parse("mx.example.com; none").results
        ()
        """
        parts = _parts(without_comments(text))
        head = parts[0] if parts else []
        found = (_result(part) for part in parts[1 : _MOST_RESULTS + 1])
        server = _unquoted(head[0]) if head and head[0] != "=" else ""
        return cls(server=server, results=tuple(result for result in found if result), text=text.strip())

    def of(self, method: str) -> tuple[MethodResult, ...]:
        """The results of a method; there is one for each signature of DKIM.

        >>> [result.result for result in AuthenticationResults.parse("mx; dkim=pass; dkim=fail").of("dkim")]
        ['pass', 'fail']
        """
        return tuple(result for result in self.results if result.method == method.lower())


def without_comments(text: str) -> str:
    """The text with a blank for each comment; comments nest, and quoted parentheses begin none (RFC 5322, 3.2.2).

    >>> without_comments('i=1(a (b) c); "(d)"')
    'i=1 ; "(d)"'
    """
    kept: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for letter in text:
        if is_escaped or letter == "\\":
            is_escaped = not is_escaped
        elif letter == '"' and not depth:
            is_quoted = not is_quoted
        elif letter == "(" and not is_quoted:
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
            letter = "" if depth else " "
        kept += [] if depth else [letter]
    return "".join(kept)


def _parts(text: str) -> list[list[str]]:
    """The words of each part between semicolons."""
    parts: list[list[str]] = [[]]
    for item in _ITEM.findall(text):
        if item == ";":
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _result(words: list[str]) -> MethodResult | None:
    pairs = [
        (words[place - 1], words[place + 1])
        for place, word in enumerate(words)
        if word == "=" and 0 < place < len(words) - 1
    ]
    if not pairs or words[1] not in ("=", "/"):
        return None
    (method, result), *rest = pairs
    method = words[0].partition("/")[0].lower()
    if not _NAME.match(method) or not _NAME.match(result):
        return None
    named = [(name.lower(), _unquoted(value)) for name, value in rest]
    reason = next((value for name, value in named if name == "reason"), "")
    properties = tuple((name, value) for name, value in named if "." in name)
    return MethodResult(method=method, result=result.lower(), reason=reason, properties=properties)


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:].removesuffix('"'), flags=re.DOTALL) if word.startswith('"') else word
