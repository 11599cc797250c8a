"""From any block to the rows of a table."""

from __future__ import annotations

from typing import assert_never

from mailkit.compose.blocks import (
    Block,
    Button,
    Columns,
    Countdown,
    Divider,
    Each,
    Footer,
    Heading,
    Hero,
    Html,
    If,
    Image,
    Live,
    Menu,
    Preheader,
    Product,
    Products,
    Quote,
    Social,
    Spacer,
    Table,
    Text,
    Video,
)
from mailkit.compose.layout.actions import button, footer, menu, social
from mailkit.compose.layout.goods import product, products
from mailkit.compose.layout.pen import Frame, Pen, blank_row
from mailkit.compose.layout.pictures import countdown, image, live, video
from mailkit.compose.layout.structure import columns, hero
from mailkit.compose.layout.tables import table
from mailkit.compose.layout.words import heading, html_block, quote, text_block

__all__ = ["rows"]


def rows(pen: Pen, block: Block, frame: Frame) -> str:
    """The table rows of a block.

    Raises:
        TemplateError: Jinja cannot read its texts.
    """
    begin = pen.begin(block)
    match block:
        case If():
            return _if(pen, block, frame)
        case Each():
            start, end = pen.tags(f"{{% for {block.item} in {block.each} %}}{{% endfor %}}", 2)
            return start + "".join(rows(pen, inner, frame) for inner in block.blocks) + end
        case Columns():
            return begin + columns(pen, block, frame, rows)
        case Hero():
            return begin + hero(pen, block, frame, rows)
        case Spacer():
            return begin + blank_row(block.height_px)
        case _:
            return begin + _leaf(pen, block, frame)


def _leaf(pen: Pen, block: Block, frame: Frame) -> str:
    match block:
        case Heading():
            return pen.row(heading(pen, block, frame), frame, align=block.align)
        case Text():
            return pen.row(text_block(pen, block, frame), frame, align=block.align)
        case Quote():
            return pen.row(quote(pen, block, frame), frame, above=12, below=12)
        case Html():
            return pen.row(html_block(pen, block, frame), frame, padded=block.padded)
        case Image():
            return pen.row(image(pen, block, frame), frame, align=block.align)
        case Live():
            return pen.row(live(pen, block, frame), frame, align=block.align)
        case Countdown():
            return pen.row(countdown(pen, block, frame), frame, align="center", above=12, below=12)
        case Video():
            return pen.row(video(pen, block, frame), frame, align="center")
        case Button():
            return pen.row(button(pen, block, frame), frame, align=block.align, above=12, below=12)
        case Menu():
            return pen.row(menu(pen, block, frame), frame, align=block.align)
        case Social():
            return pen.row(social(pen, block, frame), frame, align=block.align)
        case Footer():
            return pen.row(footer(pen, block, frame), frame, align="center", above=16)
        case Product():
            return pen.row(product(pen, block, frame), frame)
        case Products():
            return products(pen, block, frame)
        case Table():
            return pen.row(table(pen, block, frame), frame)
        case Divider():
            rule = f"border-top:1px solid {frame.foreground or pen.theme.line};font-size:0;line-height:0"
            name = "" if frame.foreground else 'class="mk-line" '
            line = f'<div {name}role="separator" style="{rule}">&nbsp;</div>'
            return pen.row(line, frame, above=16, below=16)
        case Preheader() | If() | Each() | Columns() | Hero() | Spacer():
            return ""  # a letter keeps its preheader apart; the others are arranged above
        case _:
            assert_never(block)


def _if(pen: Pen, block: If, frame: Frame) -> str:
    if block.otherwise:
        begin, middle, end = pen.tags(f"{{% if {block.test} %}}{{% else %}}{{% endif %}}", 3)
    else:
        begin, end = pen.tags(f"{{% if {block.test} %}}{{% endif %}}", 2)
        middle = ""
    given = "".join(rows(pen, inner, frame) for inner in block.blocks)
    others = "".join(rows(pen, inner, frame) for inner in block.otherwise)
    return f"{begin}{given}{middle}{others}{end}"
