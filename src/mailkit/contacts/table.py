"""A table of texts, whatever file it came from."""

from __future__ import annotations

import re
from typing import Final

import attrs

__all__ = ["Row", "Table", "printable"]

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")


def printable(text: str) -> str:
    """The text as one line, for names of columns and files, which anybody may have made up.

    >>> printable("E-mail\\naddress ")
    'E-mail address'
    """
    return " ".join(_CONTROLS.sub(" ", text).replace("=?", "= ?").split())


@attrs.frozen(kw_only=True)
class Row:
    """One row.

    Attributes:
        number: Its number as a spreadsheet counts, from 1; blank rows are counted, line breaks
            inside a quoted cell are not.
        cells: Its cells as they stand in the file.
        is_loose: Whether its quotation marks did not come in pairs, so that one was read as a
            character of the cell.
    """

    number: int
    cells: tuple[str, ...]
    is_loose: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it."""
        return not any(cell.strip() for cell in self.cells)


@attrs.frozen(kw_only=True)
class Table:
    """A line of column names and the rows below it.

    Attributes:
        source: The file's name as findings show it: one line.
        head: The column names; the first row that is not blank.
        rows: All rows after it, blank ones too.
    """

    source: str = attrs.field(converter=printable)
    head: Row
    rows: tuple[Row, ...]
