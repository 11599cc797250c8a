"""Blocks of words."""

from __future__ import annotations

from mailkit.compose.blocks import Heading, Html, Quote, Text
from mailkit.compose.layout.pen import TABLE, Frame, Pen

__all__ = ["heading", "html_block", "quote", "text_block"]


def heading(pen: Pen, block: Heading, frame: Frame) -> str:
    """A heading."""
    name, colour = pen.ink(frame)
    look = f'class="{name} mk-h{block.level}" style="margin:0;{pen.heading_font(block.level)};color:{colour}"'
    return f"<h{block.level} {look}>{pen.words(block.text)}</h{block.level}>"


def text_block(pen: Pen, block: Text, frame: Frame) -> str:
    """Paragraphs."""
    inner = pen.own_html(block.html, frame) if block.html else pen.markdown(block.text, frame, muted=block.muted)
    if not block.muted:
        return inner
    name, colour = pen.ink(frame, muted=True)
    return f'<div class="{name}" style="{pen.font(pen.theme.text_px - 3)};color:{colour}">{inner}</div>'


def quote(pen: Pen, block: Quote, frame: Frame) -> str:
    """What somebody said."""
    side, theme = pen.sides["start"], pen.theme
    ink, shade = pen.ink(frame)
    look = f"padding:0;padding-{side}:16px;border-{side}:4px solid {frame.foreground or theme.accent};{pen.font()}"
    inner = pen.markdown(block.text, frame)
    if block.by:
        name, colour = pen.ink(frame, muted=True)
        small = f"margin:8px 0 0;{pen.font(theme.text_px - 2)};color:{colour}"
        inner += f'\n<p class="{name}" style="{small}">— {pen.words(block.by)}</p>'
    # A cell, since Outlook for Windows puts no blank between other elements and their borders.
    cell = f'<td class="{ink and f"mk-mark {ink}"}" align="{side}" style="{look};text-align:{side};color:{shade}">'
    return f'{TABLE} width="100%"><tr>{cell}<blockquote style="margin:0">{inner}</blockquote></td></tr></table>'


def html_block(pen: Pen, block: Html, frame: Frame) -> str:
    """The author's own."""
    return pen.own_html(block.source, frame)
