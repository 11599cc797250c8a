"""Rows from delimited text (RFC 4180, and what spreadsheets and shops make of it).

The standard library's reader lets one quotation mark that is never closed swallow all rows
after it. Here a quotation mark counts only if its partner is followed by a delimiter or the
end of a line; otherwise it is a character like any other, the row is marked, and the next row
is read as if nothing had happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import attrs

from mailkit.contacts.table import Row, Table
from mailkit.errors import InvalidValue, UnreadableFile

__all__ = ["guess_delimiter", "read_delimited", "split_rows"]

_CANDIDATES: Final = ("\t", ";", "|", ",")
"""The rarer in prose, the earlier: of two that fit equally well, the first is meant."""
_SAMPLE_ROWS: Final = 50
_LONGEST_CELL: Final = 131_072
"""Characters; the limit of the standard library's reader. It bounds how far a partner is looked for."""
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?[ \t]*(?:\n|\Z)', re.IGNORECASE)
"""A first line in which Excel is told the delimiter; Excel does not count it as a row."""


def read_delimited(text: str, *, source: str, delimiter: str = "") -> tuple[Table, str]:
    """The table in a text, and its delimiter.

    Args:
        text: The whole text.
        source: The file's name.
        delimiter: One character; found out if empty.

    Raises:
        InvalidValue: The delimiter is not one character that could be one.
        UnreadableFile: There is nothing in the text.
    """
    if delimiter and (
        not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n' or delimiter.isalnum()
    ):
        raise InvalidValue("delimiter", delimiter, "is not one character that can stand between cells")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    told = _SEPARATOR_LINE.match(text)
    if told:
        text = text[told.end() :]
        delimiter = delimiter or told.group(1)
    if not text.strip():
        raise UnreadableFile(source, "is empty; it must begin with a line of column names")
    delimiter = delimiter or guess_delimiter(text)
    rows = split_rows(text, delimiter)
    head = next((row for row in rows if not row.is_blank), None)
    if head is None:
        raise UnreadableFile(source, "has only empty cells; it must begin with a line of column names")
    return Table(source=source, head=head, rows=tuple(rows)), delimiter


def guess_delimiter(text: str) -> str:
    """The delimiter by which most of the first rows have as many cells as there are column names.

    >>> guess_delimiter("id;email;total\\n1;anna@example.com;3,50\\n")
    ';'
    """
    best, best_fit = ",", (0.0, 1)
    for candidate in _CANDIDATES:
        rows = [row for row in islice(split_rows(text, candidate), _SAMPLE_ROWS) if not row.is_blank]
        width = len(rows[0].cells) if rows else 1
        if width > 1:
            fit = sum(len(row.cells) == width for row in rows) / len(rows), width
            best, best_fit = max((best, best_fit), (candidate, fit), key=lambda pair: pair[1])
    return best


def split_rows(text: str, delimiter: str) -> Iterator[Row]:
    """The rows of a text whose lines end in a line feed; the first that is not blank gives the width.

    >>> [row.cells for row in split_rows('name,city\\n"Smith, Anna","New\\nYork"\\n"Boris,Kazan\\n', ",")]
    [('name', 'city'), ('Smith, Anna', 'New\\nYork'), ('"Boris', 'Kazan')]
    """
    if not text.endswith("\n"):
        text += "\n"
    mark = re.escape(delimiter)
    quoted = re.compile(rf' *"((?:[^"]++|"")*+)" *(?=[{mark}\n])')
    number = start = width = 0
    while start < len(text):
        number += 1
        end = text.index("\n", start)
        line = text[start:end]
        row = Row(number=number, cells=tuple(line.split(delimiter)))
        if '"' in line:
            row, end = _quoted_row(text, start, delimiter, quoted, number)
            plain = line.split(delimiter)
            if end > start + len(line) and width and len(row.cells) != width == len(plain):
                # Closed some rows below by somebody else's quotation mark: one row by itself fits.
                row, end = Row(number=number, cells=tuple(plain), is_loose=True), start + len(line)
        yield row
        width = width or (0 if row.is_blank else len(row.cells))
        start = end + 1


def _quoted_row(text: str, start: int, delimiter: str, quoted: re.Pattern[str], number: int) -> tuple[Row, int]:
    """The row that begins at `start`, and where it ends."""
    row = Row(number=number, cells=())
    cells: list[str] = []
    while True:
        cell = quoted.match(text, start, start + _LONGEST_CELL)
        if cell:
            cells.append(cell.group(1).replace('""', '"'))
            start = cell.end()
        else:
            line_end = text.index("\n", start)
            end = text.find(delimiter, start, line_end)
            end = line_end if end < 0 else end
            plain = text[start:end]
            row = attrs.evolve(row, is_loose=row.is_loose or plain.lstrip(" ").startswith('"'))
            cells.append(plain)
            start = end
        if text[start] == "\n":
            return attrs.evolve(row, cells=tuple(cells)), start
        start += 1
