"""HTML cut into pieces, as a browser's tokeniser cuts it.

Nothing is interpreted and nothing lost: the pieces joined are the source. No element tree is
built, since a letter's source need not be a tree before its Jinja has run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from html import unescape
from html.entities import html5
from typing import Final

import attrs

__all__ = ["VOID", "Attribute", "Piece", "PieceKind", "attributes", "decoded", "pieces", "replaced"]

VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
"""Elements that have no end tag (HTML, 13.1.2)."""
_RAW: Final = frozenset({"style", "script", "title", "textarea", "xmp", "noembed", "noframes"})

# HTML, 13.2.5.32 ff.: an attribute's name may hold quotes, an unquoted value too. Possessive
# quantifiers keep a long broken tag from being tried in every other way.
_ATTRIBUTE: Final = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+)?+)?+"""
_PIECE: Final = re.compile(
    rf"""
      (?P<comment> <!--(?:-?>|.*?(?:--!?>|\Z)) | <[!?][^>]*+(?:>|\Z) )
    | (?P<close> </[a-zA-Z][^>]*+> )
    | (?P<open> <[a-zA-Z][^\s/>]*+ (?: [\s/]++ | {_ATTRIBUTE} )*+ > )
    | (?P<rest> </?[a-zA-Z] )  # a tag that never ends: no other begins after it
    """,
    re.VERBOSE | re.DOTALL,
)
_LONG: Final = 1000  # a tag that holds a picture is not worth remembering
_NAME: Final = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_REFERENCE: Final = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*+(?:;|(?!=)))")
_PART: Final = re.compile(
    r"""(?P<name>[^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?P<value>"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+)?+)?+""", re.DOTALL
)


class PieceKind(Enum):
    """What a piece of HTML is."""

    TEXT = "text"
    """Text between tags."""
    OPEN = "open"
    """A start tag."""
    CLOSE = "close"
    """An end tag."""
    RAW = "raw"
    """What stands inside `<style>`, `<title>` and the like, where no tag begins."""
    COMMENT = "comment"
    """A comment or a declaration."""


@attrs.frozen
class Piece:
    """A piece of HTML.

    Attributes:
        kind: What it is.
        text: The piece, verbatim.
        name: The element's name in small letters, for tags and for what is inside `<style>`.
    """

    kind: PieceKind
    text: str
    name: str = ""


@attrs.frozen
class Attribute:
    """An attribute in a start tag.

    Attributes:
        name: Its name in small letters.
        value: Its value as written, without quotes; character references stand as they are.
        start: Where the value begins in the tag, with its quote.
        end: Where it ends; equal to `start` if there is none.
    """

    name: str
    value: str
    start: int
    end: int

    @property
    def is_quoted(self) -> bool:
        """Whether the value stands in quotes."""
        return self.end - self.start > len(self.value)


def pieces(source: str) -> Iterator[Piece]:
    """Cut a source into pieces.

    >>> [piece.text for piece in pieces("<p title='a>b'>Hi</p>")]
    ["<p title='a>b'>", 'Hi', '</p>']
    """
    start = 0
    while start < len(source):
        found = _PIECE.search(source, start)
        if found is None or found.lastgroup == "rest":
            yield Piece(PieceKind.TEXT, source[start:])
            return
        if found.start() > start:
            yield Piece(PieceKind.TEXT, source[start : found.start()])
        kind = PieceKind(found.lastgroup)
        text, start = found.group(), found.end()
        name = "" if kind is PieceKind.COMMENT else _tag_name(text)
        yield Piece(kind, text, name)
        if kind is PieceKind.OPEN and name in _RAW:
            end = re.compile(rf"</{name}(?=[\s/>])|\Z", re.IGNORECASE).search(source, start)
            stop = end.start() if end else len(source)
            if stop > start:
                yield Piece(PieceKind.RAW, source[start:stop], name)
            start = stop


def attributes(tag: str) -> tuple[Attribute, ...]:
    """The attributes of a start tag, in order; of a repeated one the first counts.

    >>> [(one.name, one.value) for one in attributes("<a href='/x' DISABLED>")]
    [('href', '/x'), ('disabled', '')]
    """
    return _read(tag) if len(tag) > _LONG else _remembered(tag)


def _read(tag: str) -> tuple[Attribute, ...]:
    name = _NAME.match(tag)
    found = []
    for part in _PART.finditer(tag, name.end() if name else 1, len(tag) - 1):
        raw = part["value"]
        start, end = part.span("value") if raw is not None else (part.end(), part.end())
        value = (raw[1:-1] if raw[:1] in "\"'" else raw) if raw else ""
        found.append(Attribute(part["name"].lower(), value, start, end))
    return tuple(found)


# Each step of compiling asks for them, and a letter's tags are much the same for all readers.
_remembered: Final = lru_cache(maxsize=2048)(_read)


def decoded(value: str) -> str:
    """An attribute's value with its character references read as HTML reads them there.

    One without a semicolon is text if a letter, a digit or `=` follows (HTML, 13.2.5.73), so
    that an address keeps its parameters.

    >>> decoded("https://shop.example.com/?a=1&amp;b=2&copy=3&#61;")
    'https://shop.example.com/?a=1&b=2&copy=3='
    """
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    written = found.group()
    if written.endswith(";") or written.startswith("&#"):
        return unescape(written)
    return html5.get(written[1:], written)


def replaced(tag: str, changes: list[tuple[Attribute, str]]) -> str:
    """The tag with other values for some attributes, each in double quotes.

    The new values are character data: what must be escaped is escaped already.

    >>> replaced("<a href=x>", [(attributes("<a href=x>")[0], "y")])
    '<a href="y">'
    """
    for attribute, value in sorted(changes, key=lambda change: -change[0].start):
        quoted = '"' + value.replace('"', "&quot;") + '"'
        tag = tag[: attribute.start] + quoted + tag[attribute.end :]
    return tag


def _tag_name(tag: str) -> str:
    found = _NAME.match(tag)
    return found.group(1).lower() if found else ""
