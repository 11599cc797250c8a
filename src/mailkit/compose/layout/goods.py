"""Things for sale, one by one and in loops."""

from __future__ import annotations

import attrs

from mailkit.compose.blocks import Product, Products
from mailkit.compose.layout.actions import small_button
from mailkit.compose.layout.pen import TABLE, Frame, Pen, ghost
from mailkit.compose.layout.pictures import picture
from mailkit.compose.layout.structure import side_by_side

__all__ = ["product", "products"]

_GAP_PX = 24


def product(pen: Pen, block: Product, frame: Frame) -> str:
    """One thing: a card, or a picture with the words at its side."""
    if block.kind == "card":
        return _card(pen, block, frame)
    words = _words(pen, block, frame)
    if not block.image:
        return words
    width = min(160, frame.room_px // 3)
    inner = Frame(width_px=width, padding_px=0, foreground=frame.foreground)
    shown = _linked(pen, block, picture(pen, block.image, block.alt, width, inner, look=_round(pen)))
    side, gap = pen.sides["start"], f"padding-{pen.sides['end']}:16px"
    style = f"width:{width}px;{gap};vertical-align:top"
    left = f'<td class="mk-thumb" width="{width}" valign="top" style="{style}">{shown}</td>'
    right = f'<td valign="top" style="vertical-align:top;text-align:{side};{pen.font()}">{words}</td>'
    return f'{TABLE} width="100%"><tr>{pen.unless_empty(block.image, left)}{right}</tr></table>'


def _card(pen: Pen, block: Product | Products, frame: Frame) -> str:
    if not block.image:
        return _words(pen, block, frame)
    shown = _linked(pen, block, picture(pen, block.image, block.alt, 0, frame, look=_round(pen)))
    return pen.unless_empty(block.image, f'<div style="margin:0 0 10px">{shown}</div>') + _words(pen, block, frame)


def _round(pen: Pen) -> str:
    return f";border-radius:{min(pen.theme.radius_px, 8)}px"


def _linked(pen: Pen, block: Product | Products, inner: str) -> str:
    if not block.href:
        return inner
    # A picture without words of its own leads where the name does, and need not be heard a second time.
    heard = "" if block.alt else ' aria-hidden="true" tabindex="-1"'
    return f'<a href="{pen.words(block.href)}"{heard}>{inner}</a>'


def _words(pen: Pen, block: Product | Products, frame: Frame) -> str:
    """Name, text, price and button, below each other."""
    parts = [f"<div>{_name(pen, block, frame)}</div>"]
    if block.text:
        parts.append(f"<div>{_more(pen, block, frame)}</div>")
    if block.price or block.old_price:
        parts.append(f'<div style="margin:4px 0 0">{_price(pen, block, frame, " &nbsp;")}</div>')
    if block.button:
        parts.append(f'<div style="margin:12px 0 0">{small_button(pen, block.button, block.href, frame)}</div>')
    return "".join(parts)


def _name(pen: Pen, block: Product | Products, frame: Frame) -> str:
    name = f"<strong>{pen.words(block.name)}</strong>"
    if not block.href:
        return name
    ink, colour = pen.ink(frame)
    return f'<a href="{pen.words(block.href)}" class="{ink}" style="color:{colour};text-decoration:none">{name}</a>'


def _more(pen: Pen, block: Product | Products, frame: Frame) -> str:
    ink, colour = pen.ink(frame, muted=True)
    return f'<span class="{ink}" style="{pen.font(14)};color:{colour}">{pen.words(block.text)}</span>'


def _price(pen: Pen, block: Product | Products, frame: Frame, gap: str) -> str:
    ink, colour = pen.ink(frame, muted=True)
    before = f'<s class="{ink}" style="{pen.font(14)};color:{colour}">{pen.words(block.old_price)}</s>'
    now = pen.words(block.price)
    return gap.join(part for part in (now, before if block.old_price else "") if part)


def products(pen: Pen, block: Products, frame: Frame) -> str:
    """A row or a card for each thing of a list."""
    if block.columns > 1:
        return _cards(pen, block, frame)
    begin, end = pen.tags(f"{{% for {block.item} in {block.each} %}}{{% endfor %}}", 2)
    cells = "".join(_cells(pen, block, frame))
    return pen.row(f'{TABLE} width="100%"><tbody>{begin}<tr>{cells}</tr>{end}</tbody></table>', frame)


def _cells(pen: Pen, block: Products, frame: Frame) -> list[str]:
    theme = pen.theme
    line = f"padding:12px 0;border-bottom:1px solid {theme.line};vertical-align:top;{pen.font()}"
    side, end_side = pen.sides["start"], pen.sides["end"]
    ink, colour = pen.ink(frame)
    cells = []
    if block.image:
        inner = Frame(width_px=72, padding_px=0)
        shown = _linked(pen, block, picture(pen, block.image, block.alt, 72, inner, look=";border-radius:4px"))
        shown = pen.unless_empty(block.image, shown)
        cells.append(f'<td class="mk-line" width="88" style="width:88px;{line}">{shown}</td>')
    words = _words(pen, attrs.evolve(block, price="", old_price=""), frame)
    cells.append(f'<td class="mk-line {ink}" style="{line};text-align:{side};color:{colour}">{words}</td>')
    if block.price or block.old_price:
        style = f"{line};text-align:{end_side};white-space:nowrap;padding-{side}:12px;color:{colour}"
        price = _price(pen, block, frame, "<br>")
        cells.append(f'<td class="mk-line {ink}" align="{end_side}" style="{style}">{price}</td>')
    return cells


def _cards(pen: Pen, block: Products, frame: Frame) -> str:
    turn = f"{{% if loop.index0 and loop.index0 % {block.columns} == 0 %}}{{% endif %}}"
    begin, new, same, end = pen.tags(f"{{% for {block.item} in {block.each} %}}{turn}{{% endfor %}}", 4)
    row = side_by_side(pen, frame, gap_px=_GAP_PX, shares=[1] * block.columns)
    card = _card(pen, block, row.frames[0])
    inner = pen.row(card, row.frames[0], above=12, below=12)
    table = f'{TABLE} width="100%"><tbody>{inner}</tbody></table>'
    cell = row.cell(0, table)
    return row.around(f"{begin}{ghost(f'{new}</tr><tr>{same}')}{cell}{end}")
