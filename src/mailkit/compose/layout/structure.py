"""Blocks that hold others: columns, and heroes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from mailkit.compose.blocks import Block, Columns, Hero
from mailkit.compose.layout.pen import TABLE, Frame, Pen, blank_row, ghost

__all__ = ["SideBySide", "columns", "hero", "side_by_side"]

Rows = Callable[[Pen, Block, Frame], str]


@attrs.frozen(kw_only=True)
class SideBySide:
    """A row of places that stand below each other where there is no room for them.

    Half of the gap is blank at both sides of each place, and that much less at the sides of
    the row: so the places' edges meet the letter's whether they stand side by side or not.

    Attributes:
        frames: The places.
        padding_px: The blank at the sides of the row.
        valign: Where the lower ones stand.
        side: The side at which they begin.
        dir: The direction, as an attribute.
    """

    frames: tuple[Frame, ...]
    padding_px: int
    valign: str = "top"
    side: str = "left"
    dir: str = ""

    def cell(self, number: int, inner: str) -> str:
        """One place with what stands in it."""
        width = self.frames[number].width_px
        style = f"display:inline-block;width:100%;max-width:{width}px;vertical-align:{self.valign}"
        begin = ghost(f'<td width="{width}" valign="{self.valign}" style="width:{width}px">')
        return f'{begin}<div class="mk-column" style="{style}">{inner}</div>{ghost("</td>")}'

    def around(self, cells: str) -> str:
        """The row of the letter's table."""
        width = sum(frame.width_px for frame in self.frames)
        begin = ghost(f'{TABLE}{self.dir} width="{width}"><tr>')
        # A font of no size, since blanks between the places would take room.
        style = f"padding:0 {self.padding_px}px;font-size:0;text-align:{self.side}"
        inner = f"{begin}{cells}{ghost('</tr></table>')}"
        return f'<tr><td class="mk-flush" align="{self.side}" style="{style}">{inner}</td></tr>\n'


def side_by_side(pen: Pen, frame: Frame, *, gap_px: int, shares: Sequence[int], valign: str = "top") -> SideBySide:
    """Share out a place's width."""
    half = gap_px // 2
    padding = max(frame.padding_px - half, 0)
    width = frame.width_px - 2 * padding
    total = sum(shares)
    frames = tuple(
        Frame(width_px=max(width * share // total, 1), padding_px=half, foreground=frame.foreground) for share in shares
    )
    return SideBySide(frames=frames, padding_px=padding, valign=valign, side=pen.sides["start"], dir=pen.dir)


def columns(pen: Pen, block: Columns, frame: Frame, rows: Rows) -> str:
    """Columns, which stand below each other on a narrow screen or stay side by side."""
    shares = [column.share for column in block.columns]
    row = side_by_side(pen, frame, gap_px=block.gap_px, shares=shares, valign=block.valign)
    inner = [
        f'{TABLE} width="100%"><tbody>{"".join(rows(pen, one, place) for one in column.blocks)}</tbody></table>'
        for column, place in zip(block.columns, row.frames, strict=True)
    ]
    if block.stacks:
        return row.around("".join(row.cell(number, one) for number, one in enumerate(inner)))
    total = sum(shares)
    cells = "".join(
        f'<td width="{100 * share // total}%" valign="{block.valign}" style="vertical-align:{block.valign}">{one}</td>'
        for share, one in zip(shares, inner, strict=True)
    )
    style = f"padding:0 {row.padding_px}px"
    table = f'{TABLE} width="100%" style="table-layout:fixed"><tr>{cells}</tr></table>'
    return f'<tr><td class="mk-side" style="{style}">{table}</td></tr>\n'


def hero(pen: Pen, block: Hero, frame: Frame, rows: Rows) -> str:
    """Blocks on a picture: a background, and for Outlook for Windows a rectangle of VML."""
    src = pen.words(block.src)  # before what stands in it, so that errors name the hero
    inside = attrs.evolve(frame, foreground=block.foreground)
    blank = blank_row(24)
    inner = f"{blank}{''.join(rows(pen, one, inside) for one in block.blocks)}{blank}"
    # As high as what stands in it: where Word cannot read the theme's mind, nothing is cut off.
    begin = (
        f'<v:rect fill="true" stroke="false" style="width:{frame.width_px}px">'
        f'<v:fill type="frame" src="{src}" color="{block.background}"/>'
        '<v:textbox style="mso-fit-shape-to-text:true" inset="0,16px,0,16px">'
    )
    is_first = pen.letter.blocks[0] is block
    radius = f";border-radius:{pen.theme.radius_px}px {pen.theme.radius_px}px 0 0" if is_first else ""
    style = (
        f"height:{block.height_px}px;background-color:{block.background};background-size:cover;"
        f"background-position:center;background-repeat:no-repeat{radius}"
    )
    cell = (
        f'<td background="{src}" bgcolor="{block.background}" height="{block.height_px}" valign="{block.valign}" '
        f'class="mk-hero" style="{style}">'
    )
    table = f'<div>{TABLE} width="100%"><tbody>{inner}</tbody></table></div>'
    return f"<tr>{cell}{ghost(begin)}{table}{ghost('</v:textbox></v:rect>')}</td></tr>\n{blank_row(12)}"
