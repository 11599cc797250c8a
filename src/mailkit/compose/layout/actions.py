"""Blocks that lead somewhere: buttons, menus, networks, and the footer."""

from __future__ import annotations

from typing import Final

from mailkit.compose.blocks import Button, Footer, Link, Menu, Social
from mailkit.compose.layout.pen import TABLE, Frame, Pen, ghost

__all__ = ["button", "footer", "menu", "small_button", "social"]

_WORD: Final = 'xmlns:w="urn:schemas-microsoft-com:office:word"'
_NO_GAP: Final = "&nbsp;&nbsp; "  # Outlook for Windows puts no blank around links


def button(pen: Pen, block: Button, frame: Frame) -> str:
    """A button: a link with a background, and for Outlook for Windows a shape of VML."""
    if frame.foreground:
        return _cell_button(pen, block, frame)
    link = _link(pen, block, is_cell=False)
    return f"{ghost(_vml(pen, block, frame))}<!--[if !mso]><!-->{link}<!--<![endif]-->"


def small_button(pen: Pen, text: str, href: str, frame: Frame) -> str:
    """The button of a product."""
    return button(pen, Button(text, href=href, kind="secondary"), frame)


def _colours(pen: Pen, block: Button) -> tuple[str, str, str]:
    """The class, the background and the text's colour."""
    theme = pen.theme
    if block.kind == "primary":
        return "mk-button", theme.accent, theme.on_accent
    return "mk-outline", theme.surface, theme.accent


def _link(pen: Pen, block: Button, *, is_cell: bool) -> str:
    theme = pen.theme
    name, back, colour = _colours(pen, block)
    high, wide = theme.button_padding_px
    border = theme.button_border_px
    shown = "block" if block.wide else "inline-block"
    fill = f"background-color:{back};" if block.kind == "primary" else ""
    style = (
        f"display:{shown};padding:{max(high - border, 0)}px {max(wide - border, 0)}px;{fill}color:{colour};"
        f"border:{border}px solid {theme.accent};border-radius:{theme.button_radius_px}px;"
        f"{pen.font(theme.button_px, _line_px(pen))};font-weight:{theme.button_weight};text-align:center;"
        f"text-decoration:none"
    )
    names = "" if is_cell else f' class="{name}"'
    return f'<a href="{pen.words(block.href)}"{names} style="{style}">{pen.words(block.text)}</a>'


def _line_px(pen: Pen) -> int:
    return round(pen.theme.button_px * 1.25)


def _vml(pen: Pen, block: Button, frame: Frame) -> str:
    theme = pen.theme
    _, back, colour = _colours(pen, block)
    size = theme.button_px
    height = _line_px(pen) + 2 * theme.button_padding_px[0]
    guess = round(len(block.text) * size * 0.56) + 2 * theme.button_padding_px[1]
    width = min(frame.room_px if block.wide else block.width_px or guess, frame.room_px)
    arc = min(round(100 * theme.button_radius_px / height), 50)
    border = theme.button_border_px if block.kind == "secondary" else 0
    stroke = f'strokecolor="{theme.accent}" strokeweight="{border}px"' if border else 'stroke="f"'
    return (
        f'<v:roundrect {_WORD} href="{pen.words(block.href)}" '
        f'style="height:{height}px;v-text-anchor:middle;width:{width}px" arcsize="{arc}%" '
        f'{stroke} fillcolor="{back}"><w:anchorlock/><center style="color:{colour};font-family:Arial,sans-serif;'
        f'font-size:{size}px;font-weight:bold">{pen.words(block.text)}</center></v:roundrect>'
    )


def _cell_button(pen: Pen, block: Button, frame: Frame) -> str:
    """A button on a hero, where Outlook for Windows cannot draw VML inside of VML: a coloured cell."""
    theme = pen.theme
    _, back, _ = _colours(pen, block)
    high, wide = theme.button_padding_px
    full = ' width="100%"' if block.wide else ""
    style = f"background-color:{back};border-radius:{theme.button_radius_px}px;mso-padding-alt:{high}px {wide}px"
    link = _link(pen, block, is_cell=True)
    cell = f'<td align="center" bgcolor="{back}" style="{style}">{link}</td>'
    return f'{TABLE}{full} style="display:inline-table"><tr>{cell}</tr></table>'


def _icon(pen: Pen, link: Link, *, alt: str) -> str:
    look = "border:0;vertical-align:middle"
    return f'<img src="{pen.words(link.icon)}" alt="{alt}" width="24" height="24" style="{look}">'


def menu(pen: Pen, block: Menu, frame: Frame) -> str:
    """Links side by side."""
    colour = frame.foreground or pen.theme.text
    name = "" if frame.foreground else ' class="mk-text"'
    look = f"display:inline-block;padding:8px 10px;color:{colour};font-weight:600;text-decoration:none"
    shown = []
    for link in block.links:
        words = pen.words(link.text)
        inner = f"{_icon(pen, link, alt='')} {words}" if link.icon else words
        shown.append(f'<a href="{pen.words(link.href)}"{name} style="{look}">{inner}</a>')
    return f"{ghost(_NO_GAP)}\n".join(shown)


def social(pen: Pen, block: Social, frame: Frame) -> str:
    """Networks, by icon or by name."""
    name, colour = pen.ink(frame, muted=True)
    line = frame.foreground or pen.theme.line
    framed = f"padding:6px 14px;border:1px solid {line};border-radius:18px;{pen.font(14, 20)}"
    shown = []
    for link in block.links:
        words = pen.words(link.text)
        inner = _icon(pen, link, alt=words) if link.icon else words
        look = f"display:inline-block;margin:4px;{'padding:6px' if link.icon else framed};color:{colour};"
        names = f' class="{name} mk-line"' if name else ""
        shown.append(f'<a href="{pen.words(link.href)}"{names} style="{look}text-decoration:none">{inner}</a>')
    return f"{ghost(_NO_GAP)}\n".join(shown)


def footer(pen: Pen, block: Footer, frame: Frame) -> str:
    """The small print."""
    name, colour = pen.ink(frame, muted=True)
    look = f'class="{name}" style="color:{colour};text-decoration:underline"'
    leave = [Link(block.unsubscribe, block.href)]
    if block.preferences:
        leave.append(Link(block.preferences, block.preferences_href))
    links = [f'<a href="{pen.words(one.href)}" {look}>{pen.words(one.text)}</a>' for one in (*leave, *block.links)]
    parts = [
        pen.words(block.reason) if block.reason else "",
        pen.lines(block.address),
        " &nbsp;·&nbsp; ".join(links),
        pen.lines(block.legal) if block.legal else "",
    ]
    said = [part for part in parts if part]
    inner = "".join(f'<p style="margin:{"0" if part is said[-1] else "0 0 8px"}">{part}</p>' for part in said)
    return f'<div class="{name}" style="{pen.font(pen.theme.text_px - 3)};color:{colour}">{inner}</div>'
