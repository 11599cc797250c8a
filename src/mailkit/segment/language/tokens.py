"""The words, names, quoted texts, numbers, times and signs of which a segment's text is made.

What cannot be read becomes a token too, one that says what is wrong with it, so that an error
further to the left is told first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from mailkit.errors import shorten
from mailkit.segment.language.slips import AS_UNIT

__all__ = ["Sort", "Token", "tokens"]


class Sort(Enum):
    """What a token is."""

    WORD = "word"
    """A word: part of the language, or the name of a field, an event or a function."""
    NAME = "name"
    """A name in backticks."""
    TEXT = "text"
    """A text in quotes."""
    NUMBER = "number"
    """A number without its sign."""
    TIME = "time"
    """A date or a time."""
    SIGN = "sign"
    """An operator, a parenthesis, a comma and the like."""
    END = "end"
    """The end of the text."""
    WRONG = "wrong"
    """What cannot be read."""


class Token(NamedTuple):
    """A piece of a text.

    Attributes:
        sort: What it is.
        shown: It as it stands in the text; of a word, in small letters.
        start: Where it begins.
        end: Where it ends, exclusive.
        value: What it stands for; of what cannot be read, the reason.
    """

    sort: Sort
    shown: str
    start: int
    end: int
    value: Any = None


_PATTERN: Final = re.compile(
    r"""
      (?P<skip> (?: [\s\ufeff]+ | \#[^\r\n]* )+ )
    | (?P<word> [^\W\d]\w* )
    | (?P<text> "[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*" | '[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*' )
    | (?P<name> `[^`\\\r\n]*(?:\\.[^`\\\r\n]*)*` )
    | (?P<time> [0-9]{4}-[0-9]{2}-[0-9]{2} (?: [Tt] [0-9]{2}:[0-9]{2}
        (?: :[0-9]{2} (?: \.[0-9]{1,6} )? )? (?: [Zz] | [+-][0-9]{2}:[0-9]{2} )? )? (?![\w.:]) )
    | (?P<day> [0-9]{1,4} (?P<by> [-/.] ) [0-9]{1,2} (?P=by) [0-9]{1,4} [\w:.]* )
    | (?P<clock> [0-9]{1,2}:[0-9]{2} (?: :[0-9]{2} )? )
    | (?P<number> [0-9]+ (?: \.[0-9]+ )? (?: [eE][+-]?[0-9]+ )? \w* )
    | (?P<sign> !==|===|<=>|<=|>=|!=|<>|==|=>|=<|&&|\|\||=~|!~|~=|\|=|&=|:=|::|->|\*\*|[^\w\s] )
    | (?P<other> . )
    """,
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]*)(?P<rest>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\Z")
_LONGEST_NUMBER: Final = 4300  # digits; Python itself reads no more, since it takes time that grows with their square
_ESCAPE: Final = re.compile(r"\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {mark: mark for mark in "\\/\"'`"}
_SMART: Final = {"“": "”", "”": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "’": "’", "‚": "‘’", "´": "´"}
"""Quotation marks of writing, to those that close them."""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text and its end; comments are passed over.

    >>> [token.shown for token in tokens('City = "Kazan"  # where we are')]
    ['city', '=', '"Kazan"', '']
    """
    end = 0
    for found in _PATTERN.finditer(text):
        if found.lastgroup != "skip":
            token = _READ[found.lastgroup or "other"](found)
            yield token
            end = token.end
    yield Token(Sort.END, "", end, end)


def _wrong(found: re.Match[str], reason: str, start: int = 0, end: int | None = None) -> Token:
    """What is wrong with a piece of a text, or with a part of the piece."""
    shown = found[0][start:end]
    return Token(Sort.WRONG, shown, found.start() + start, found.start() + start + len(shown), reason)


def _right(sort: Sort, found: re.Match[str], value: Any) -> Token:
    return Token(sort, found[0], found.start(), found.end(), value)


def _word(found: re.Match[str]) -> Token:
    return Token(Sort.WORD, found[0].lower(), found.start(), found.end(), found[0])


def _text(found: re.Match[str]) -> Token:
    return _unescaped(Sort.TEXT, found)


def _name(found: re.Match[str]) -> Token:
    if found[0] == "``":
        return _wrong(found, "there is no name between these backticks")
    return _unescaped(Sort.NAME, found)


def _unescaped(sort: Sort, found: re.Match[str]) -> Token:
    inner = found[0][1:-1]
    if "\\" not in inner:
        return _right(sort, found, inner)
    for escape in _ESCAPE.finditer(inner):
        if escape[1] not in _ESCAPED and len(escape[1]) == 1:
            reason = f"{escape[0]} means nothing within quotes; if a backslash is meant, write it twice: \\\\"
            return _wrong(found, reason, escape.start() + 1, escape.end() + 1)
    return _right(sort, found, _ESCAPE.sub(_meant, inner))


def _meant(escape: re.Match[str]) -> str:
    if len(escape[1]) == 1:
        return _ESCAPED[escape[1]]
    codes = bytes.fromhex(escape[1].replace("\\", "").replace("u", ""))
    return codes.decode("utf-16-be", "surrogatepass")


def _time(found: re.Match[str]) -> Token:
    try:
        value = datetime.fromisoformat(found[0].upper()) if len(found[0]) > 10 else date.fromisoformat(found[0])
    except ValueError:
        return _wrong(found, f"{found[0]} is not in the calendar, or not on the clock")
    return _right(Sort.TIME, found, value)


def _day(found: re.Match[str]) -> Token:
    return _wrong(found, "a date is written 2026-03-01, a time 2026-03-01T12:00:00Z")


def _clock(found: re.Match[str]) -> Token:
    if re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2} \Z", found.string[max(0, found.start() - 11) : found.start()]):
        return _wrong(found, "there is a T between a date and a time of day: 2026-03-01T12:00:00Z")
    return _wrong(found, f'a time of day is a text: write clock(at, "Europe/Moscow") >= "{found[0][:5].zfill(5)}"')


def _number(found: re.Match[str]) -> Token:
    digits = _NUMBER.match(found[0])
    if len(found[0]) > _LONGEST_NUMBER:
        return _wrong(found, f"a number may have {_LONGEST_NUMBER} digits, this has more")
    if digits is not None:
        return _right(Sort.NUMBER, found, float(found[0]) if digits["rest"] else int(found[0]))
    before = found.string[max(0, found.start() - 2) : found.start()]
    if before[-1:] == "," and before[:1].isdigit():
        return _wrong(found, "a number has no commas: write 1000 or 0.5", 0)
    return _wrong(found, f"{shorten(found[0])} is not a number{_mended(found[0])}")


def _mended(shown: str) -> str:
    if len(shown) > 40:
        return ""
    split = re.match(r"([0-9.]+)([^\W\d_]+)\Z", shown)
    plain = shown.replace("_", "")
    if split:
        return f"; put a space after it: {split[1]} {AS_UNIT.get(split[2].lower(), split[2])}"
    if plain.strip("0123456789."):
        return ""
    return f"; write {plain.lstrip('0') or 0}" + (f', or the text "{shown}"' if shown[0] == "0" else "")


def _sign(found: re.Match[str]) -> Token:
    mark = found[0]
    if mark in ('"', "'", "`"):
        line = re.compile(r"[^\r\n]*").match(found.string, found.start())
        reason = f"the {'backtick' if mark == '`' else 'quote'} opened here is not closed on its line"
        return _wrong(line or found, reason, 0, 1)
    if mark in _SMART:
        quoted = re.compile(rf"[^\r\n]*?[{_SMART[mark]}]").match(found.string, found.start() + 1)
        whole = mark + (quoted[0] if quoted else "")
        meant = f'"{whole[1:-1]}"' if quoted and len(whole) < 50 else 'straight quotes: "..."'
        return Token(
            Sort.WRONG, whole, found.start(), found.start() + len(whole), f"{mark} is no quote here; write {meant}"
        )
    if not mark.isprintable():
        return _other(found)
    return _right(Sort.SIGN, found, mark)


def _other(found: re.Match[str]) -> Token:
    code = f"U+{ord(found[0]):04X}"
    if found[0].isprintable():
        return _wrong(found, f"{found[0]!r} ({code}) is nothing that a name or number begins with; digits are 0 to 9")
    return _wrong(found, f"there is a character here that is not seen ({code}); delete it")


_READ: Final = {
    "word": _word,
    "text": _text,
    "name": _name,
    "time": _time,
    "day": _day,
    "clock": _clock,
    "number": _number,
    "sign": _sign,
    "other": _other,
}
