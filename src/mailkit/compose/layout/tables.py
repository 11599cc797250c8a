"""Tables of words and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from mailkit.compose.blocks import Table, TableColumn
from mailkit.compose.layout.pen import Frame, Pen

__all__ = ["table"]


def table(pen: Pen, block: Table, frame: Frame) -> str:
    """A table that screen readers read as one: its columns have headings."""
    heads = "".join(_head(pen, block.columns, place) for place in range(len(block.columns)))
    body = "".join(_row(pen, block.columns, row) for row in block.rows)
    if block.each:
        begin, end = pen.tags(f"{{% for {block.item} in {block.each} %}}{{% endfor %}}", 2)
        body += f"{begin}{_row(pen, block.columns, [column.cell for column in block.columns])}{end}"
    if block.total:
        body += _row(pen, block.columns, block.total, is_total=True)
    start = '<table cellpadding="0" cellspacing="0" border="0" width="100%" style="border-collapse:collapse">'
    return f"{start}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _side(pen: Pen, column: TableColumn) -> str:
    return pen.sides["end" if column.numeric else "start"]


def _padding(pen: Pen, columns: Sequence[TableColumn], place: int, height_px: int) -> str:
    """The blank around a cell: none at the edges of the table, which are the text's."""
    before, after = (0 if place == 0 else 8), (0 if place == len(columns) - 1 else 8)
    left, right = (before, after) if pen.sides["start"] == "left" else (after, before)
    return f"padding:{height_px}px {right}px {height_px}px {left}px"


def _head(pen: Pen, columns: Sequence[TableColumn], place: int) -> str:
    column = columns[place]
    side, theme = _side(pen, column), pen.theme
    # The words of titles are not broken, and so keep their columns wide enough to be read.
    style = (
        f"{_padding(pen, columns, place, 8)};border-bottom:2px solid {theme.line};text-align:{side};"
        f"vertical-align:bottom;{pen.font(14, 20)};font-weight:600;word-break:normal;color:{theme.muted}"
    )
    names = "mk-cell mk-line mk-muted"
    return f'<th scope="col" align="{side}" class="{names}" style="{style}">{pen.words(column.title)}</th>'


def _row(pen: Pen, columns: Sequence[TableColumn], cells: Sequence[str], *, is_total: bool = False) -> str:
    shown = (_cell(pen, columns, place, text, is_total=is_total) for place, text in enumerate(cells))
    return f"<tr>{''.join(shown)}</tr>"


def _cell(pen: Pen, columns: Sequence[TableColumn], place: int, text: str, *, is_total: bool) -> str:
    column = columns[place]
    side, theme = _side(pen, column), pen.theme
    line = "font-weight:700" if is_total else f"border-bottom:1px solid {theme.line}"
    whole = "white-space:nowrap;" if column.numeric else ""
    style = (
        f"{_padding(pen, columns, place, 10)};{line};text-align:{side};vertical-align:top;{whole}"
        f"{pen.font()};color:{theme.text}"
    )
    return f'<td align="{side}" class="mk-cell mk-line mk-text" style="{style}">{pen.words(text)}</td>'
