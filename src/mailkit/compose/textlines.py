"""Lines of a text part: blanks tidied, tables set in columns, quotes marked, long lines broken.

How to think about it: `mailkit.compose.plaintext` writes text in which a few control characters,
which no HTML may hold, stand for what depends on a reader's data and so can only be done to
the finished text: how deep a line stands, where the cells of a table begin, how wide a line is.
"""

from __future__ import annotations

import re
from itertools import groupby, zip_longest
from typing import Final
from unicodedata import category, east_asian_width

from mailkit.compose.marks import MARK

__all__ = ["BLANK", "CELL", "FRESH", "INDENT", "QUOTE", "STRUCK", "WIDTH", "columns", "tidy", "wrap_fixed"]

WIDTH: Final = 78
"""Columns of a line: what RFC 5322, 2.1.1 recommends at most."""
INDENT: Final = "\t"
"""Two columns further in."""
FRESH: Final = "\x0b"
"""A line ends here, unless another sign beside it says so too."""
BLANK: Final = "\x1d"
"""A blank that is kept, in a line that is not broken."""
QUOTE: Final = "\x1e"
"""At the beginning of a line, once for each quote around it."""
CELL: Final = "\x1f"
"""Between two cells of a table of data."""
STRUCK: Final = "\x0e\x0e", "\x0f\x0f"
"""Around what is crossed out, such as an old price; as wide as the "~~" that they become."""
_NOTHING_STRUCK: Final = re.compile(" ?\x0e\x0e[ \n\x0b]*\x0f\x0f")
_STRUCK: Final = re.compile("[\x0e\x0f]")
_IDLE_INDENT: Final = re.compile(rf"(?:{INDENT} *)+(?=[\n{FRESH}]|\Z)|(?<={INDENT}) +")
"""Before nothing, or before more blanks: what would stand there is not there for all readers."""

_EDGES: Final = " \xa0"
_OPENING: Final = "（「『【《〈〔［｛“‘"
_CLOSING: Final = "）」』】》〉〕］｝、。，．：；！？…ーゝゞ々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
# Chinese and Japanese: two columns (Unicode Annex 11), and a line may end after any letter (Annex 14).
_FREE: Final = "\u2e80-\u303e\u3041-\ua4cf\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
# Korean and emoji: two columns, and a line ends at blanks.
_WIDE: Final = "\u1100-\u115f\ua960-\ua97f\uac00-\ud7a3\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff"
_HAS_WIDE: Final = re.compile(f"[{_FREE}{_WIDE}]")
_UNIT: Final = re.compile(
    rf"\s+|[^\s{_FREE}]*://\S+|[{_OPENING}]*(?![{_OPENING}{_CLOSING}])[{_FREE}][{_CLOSING}]*|[{_FREE}]|[^\s{_FREE}]+"
)  # an address is one, whatever stands in it
_NUMBER: Final = re.compile(r"\W*\d[\d\s.,'’:/–-]*\W*[^\W\d_]{0,4}\.?\Z")
_ITEM: Final = re.compile(r"(?:-|\d{1,3}\.) ")
_LEAD: Final = re.compile(rf"[{QUOTE}{INDENT} ]*")


def columns(text: str) -> int:
    """How many columns a text takes where every letter has one width: East Asian ones take two, accents none.

    >>> columns("Kazan"), columns("東京"), columns("é")
    (5, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        2 if east_asian_width(letter) in "WF" else 0 if category(letter) in ("Mn", "Me", "Cf") else 1 for letter in text
    )


def wrap_fixed(template: str) -> str:
    """The text template with those lines wrapped that are the same for every reader."""
    parts = re.split(f"([\n{FRESH}])", template)
    return "".join(part if MARK.search(part) or CELL in part else _broken(part) for part in parts)


def tidy(text: str) -> str:
    """Text without needless blanks, in lines of at most 78 columns where there is a place to break them.

    >>> tidy("  a  \\n\\n\\n\\nb")
    'a\\n\\nb\\n'
    """
    if STRUCK[0] in text:
        text = _STRUCK.sub("~", _NOTHING_STRUCK.sub("", text))
    if INDENT in text:
        text = _IDLE_INDENT.sub("", text)
    if FRESH in text:
        text = _fresh(text)
    lines = _without_needless(text.split("\n"))
    if CELL in text:
        lines = _tables(lines)
    if QUOTE in text:
        lines = "\n".join(_quotes(lines)).strip("\n").split("\n")
    lines = [_broken(line) if len(line) > WIDTH // 2 and _may_be_long(line) else line for line in lines]
    return "\n".join(lines).replace(INDENT, "  ").replace(QUOTE, "> ").replace(BLANK, " ") + "\n"


def _without_needless(lines: list[str]) -> list[str]:
    """The lines without blanks at their edges, empty ones at the ends, and more than one of these together."""
    out: list[str] = []
    last = ""
    for line in lines:
        before, last = last, line.strip(_EDGES)
        if last or before:
            out.append(last)
    return out if last or not out else out[:-1]


def _fresh(text: str) -> str:
    while FRESH * 2 in text:
        text = text.replace(FRESH * 2, FRESH)
    return text.replace(f"{FRESH}\n", "\n").replace(f"\n{FRESH}", "\n").replace(FRESH, "\n")


def _may_be_long(line: str) -> bool:
    if len(line) > WIDTH or INDENT in line or QUOTE in line:
        return True
    # A wide letter has three octets or more in UTF-8, and takes two columns.
    return len(line.encode("utf-8", "replace")) > WIDTH and bool(_HAS_WIDE.search(line))


def _broken(line: str) -> str:
    """The line in several if it is too long, those after the first further in if it is a list's item."""
    if BLANK in line:
        return line
    found = _LEAD.match(line)
    first = found.group() if found else ""
    body = line[len(first) :]
    later = first + (INDENT if _ITEM.match(body) else "")
    taken = len(first.replace(INDENT, "  ").replace(QUOTE, "> "))
    is_wide = bool(_HAS_WIDE.search(body))
    if taken + (columns(body) if is_wide else len(body)) <= WIDTH:
        return line
    room = max(WIDTH - taken - 2 * (len(later) - len(first)), 20)
    if is_wide:
        lines = _filled(body, room)
    else:
        lines = [part.rstrip() for part in re.findall(rf"\S.{{0,{room - 1}}}(?!\S)|\S+", body)]
    return first + f"\n{later}".join(lines)


def _filled(body: str, room: int) -> list[str]:
    """Lines of a text in which wide letters stand, between which a line may end."""
    lines, line, taken = [], "", 0
    for unit in _UNIT.findall(body):
        wide = columns(unit)
        if line and taken + wide > room and not unit.isspace():
            lines.append(line.rstrip())
            line, taken = "", 0
        line, taken = line + unit, taken + wide
    return [*lines, line.rstrip()]


def _tables(lines: list[str]) -> list[str]:
    """The lines with the cells of tables in columns; a table that is too wide for that keeps its rows."""
    out: list[str] = []
    for is_table, group in groupby(lines, key=lambda line: CELL in line):
        out += _table(list(group)) if is_table else list(group)  # noqa: B031 - once each
    return out


def _table(lines: list[str]) -> list[str]:
    found = _LEAD.match(lines[0])
    lead = found.group() if found else ""
    rows = [[cell.strip(_EDGES) for cell in line.removeprefix(lead).split(CELL)] for line in lines if line.strip(CELL)]
    by_column = list(zip_longest(*rows, fillvalue=""))
    wide = [max(map(columns, column)) for column in by_column]
    if sum(wide) + 2 * (len(wide) - 1) + len(lead) * 2 > WIDTH:
        return [lead + "  ".join(cell for cell in row if cell) for row in rows]
    is_number = [any(column[1:]) and all(_NUMBER.match(cell) for cell in column[1:] if cell) for column in by_column]
    lines = []
    for row in rows:
        cells = [_set(cell, wide[place], is_number[place]) for place, cell in enumerate(row)]
        lines.append((lead + "  ".join(cells)).rstrip(" "))
    return lines


def _set(cell: str, wide: int, is_number: bool) -> str:
    blanks = " " * (wide - columns(cell))
    return blanks + cell if is_number else cell + blanks


def _quotes(lines: list[str]) -> list[str]:
    """The lines without those at a quote's edges, or one after another, that hold nothing but its sign."""
    out: list[str] = []
    for place, line in enumerate(lines):
        if not line or line.strip(QUOTE):
            out.append(line)
            continue
        below = lines[place + 1] if place + 1 < len(lines) else ""
        if out and out[-1].strip(QUOTE) and below.startswith(QUOTE) and below.strip(QUOTE):
            out.append(("> " * len(line)).rstrip())
    return out
