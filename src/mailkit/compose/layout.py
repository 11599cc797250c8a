"""How a letter's blocks become HTML that clients from Outlook 2013 to Apple Mail show alike.

One table as wide as the theme says, centred in a table as wide as the window; Outlook for
Windows, which knows no `max-width`, gets a table of fixed width around it ("ghost table") in
conditional comments. Styles stand in `style` attributes from the start; the `<style>` holds
only what cannot: the narrow screen, dark mode (`prefers-color-scheme`, and Outlook.com's
`[data-ogsc]`), and the colour scheme. So a letter of blocks alone needs no inliner.

The HTML is made of marks (`mailkit.compose.marks`), which makes escaping safe: what is
escaped here is the author's text, what is escaped by Jinja is the reader's data.
"""

from __future__ import annotations

from html import escape
from typing import Final, assert_never

import attrs

from mailkit.compose.blocks import (
    Block,
    Button,
    Divider,
    Footer,
    Heading,
    Html,
    If,
    Image,
    Products,
    Spacer,
    Text,
)
from mailkit.compose.letter import Letter
from mailkit.compose.marks import Kind, Marks, Spot
from mailkit.compose.markup import Attribute, PieceKind, attributes, pieces
from mailkit.compose.paragraphs import paragraphs
from mailkit.compose.responsive import head_style

__all__ = ["Layout", "lay_out"]

_HEADING: Final = {1: (30, 38), 2: (22, 30), 3: (18, 26)}  # level: font size and line height in px
_TABLE: Final = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'
# Keeps an inbox from filling its preview line with the letter's own first words.
_FILLER: Final = "&#847;&zwnj;&nbsp;" * 40


@attrs.frozen(kw_only=True)
class Layout:
    """A letter as sources with marks.

    Attributes:
        subject: The subject.
        html: The document.
    """

    subject: str
    html: str


def lay_out(letter: Letter, marks: Marks) -> Layout:
    """Write a letter's sources.

    Raises:
        TemplateError: Jinja cannot read one of the blocks' texts.
    """
    return _Writer(letter, marks).layout()


class _Writer:
    def __init__(self, letter: Letter, marks: Marks) -> None:
        self._letter, self._theme, self._marks = letter, letter.theme, marks
        self._block, self._count = "", 0
        self._sides = {
            "start": "right" if letter.direction == "rtl" else "left",
            "end": "left" if letter.direction == "rtl" else "right",
            "center": "center",
        }

    def layout(self) -> Layout:
        subject = self._marks.read(" ".join(self._letter.subject.split()), "subject")
        preheader = self._marks.read(self._letter.preheader, "html", block="preheader")
        rows = "".join(self._rows(block) for block in self._letter.blocks)
        return Layout(subject=subject, html=self._document(escape(subject), escape(preheader), rows))

    def _document(self, title: str, preheader: str, rows: str) -> str:
        letter, theme = self._letter, self._theme
        hidden = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px"
        shown = f'<div style="{hidden};mso-hide:all">{preheader}{_FILLER}</div>\n' if preheader else ""
        ghost = f'{_TABLE} align="center" width="{theme.width_px}"><tr><td>'
        return f"""<!DOCTYPE html>
<html lang="{letter.lang}" dir="{letter.direction}" xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch>\
</o:OfficeDocumentSettings></xml></noscript><![endif]-->
<style>
{head_style(theme)}</style>
</head>
<body class="mk-back" style="margin:0;padding:0;background-color:{theme.background};\
-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%">
{shown}<div role="article" aria-roledescription="email" aria-label="{title}" lang="{letter.lang}" \
dir="{letter.direction}">
{_TABLE} width="100%" class="mk-back" style="background-color:{theme.background}"><tr>\
<td class="mk-outer" align="center" style="padding:32px 12px">
<!--[if mso]>{ghost}<![endif]-->
{_TABLE} width="100%" class="mk-card" style="max-width:{theme.width_px}px;margin:0 auto;\
background-color:{theme.surface};border-radius:{theme.radius_px}px;border-collapse:separate">
<tbody>
{_blank_row(20)}{rows}{_blank_row(20)}</tbody>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</div>
</body>
</html>
"""

    def _rows(self, block: Block) -> str:
        """The table rows of a block."""
        self._count += 1
        self._block = f"{type(block).__name__.lower()} {self._count}"
        begin = self._marks.add(Kind.BLOCK, self._block, Spot(part="html"))
        match block:
            case Heading():
                return begin + self._row(self._heading(block), align=block.align)
            case Text():
                return begin + self._row(self._text(block), align=block.align)
            case Image():
                return begin + self._row(self._image(block), align=block.align)
            case Button():
                return begin + self._row(self._button(block), align=block.align, above=12, below=12)
            case Products():
                return begin + self._row(self._products(block))
            case Divider():
                rule = f"border-top:1px solid {self._theme.line};font-size:0;line-height:0"
                return begin + self._row(
                    f'<div class="mk-line" role="separator" style="{rule}">&nbsp;</div>', above=16, below=16
                )
            case Spacer():
                return begin + _blank_row(block.height_px)
            case Html():
                return begin + self._row(self._own_html(block.source), padded=block.padded)
            case If():
                return self._if(block)
            case Footer():
                return begin + self._row(self._footer(block), align="center", above=16)
            case _:
                assert_never(block)

    def _row(self, inner: str, *, align: str = "start", above: int = 8, below: int = 8, padded: bool = True) -> str:
        side = self._sides[align]
        theme = self._theme
        padding = f"{above}px {theme.padding_px}px {below}px" if padded else "0"
        name = "mk-text mk-pad" if padded else "mk-text"
        style = f"padding:{padding};text-align:{side};{self._font()};color:{theme.text}"
        return f'<tr><td class="{name}" align="{side}" style="{style}">{inner}</td></tr>\n'

    def _font(self, size: int = 0, high: int = 0) -> str:
        size = size or self._theme.text_px
        return f"font-family:{self._theme.font};font-size:{size}px;line-height:{high or round(size * 1.55)}px"

    def _read(self, source: str) -> str:
        return self._marks.read(source, "html", block=self._block)

    def _own_html(self, source: str) -> str:
        """An author's HTML; links that bring no looks of their own get the letter's."""
        return "".join(
            f"<a {self._anchor_style()}{piece.text[2:]}"
            if piece.kind is PieceKind.OPEN and piece.name == "a" and not _has_looks(attributes(piece.text))
            else piece.text
            for piece in pieces(self._read(source))
        )

    def _words(self, source: str) -> str:
        return escape(self._read(source))

    def _tags(self, source: str, count: int) -> list[str]:
        """Statements that we wrap around blocks; what is in them must not end them."""
        found = list(self._read(source))
        if len(found) != count:
            raise Spot(part=f"html, {self._block}", excerpt=source).error("this is not one Jinja expression")
        return found

    def _heading(self, block: Heading) -> str:
        size, high = _HEADING[block.level]
        font = self._theme.heading_font or self._theme.font
        look = f"font-family:{font};font-size:{size}px;line-height:{high}px;font-weight:700"
        style = f"margin:0;{look};color:{self._theme.text}"
        name = f"mk-text mk-h{block.level}"
        return f'<h{block.level} class="{name}" style="{style}">{self._words(block.text)}</h{block.level}>'

    def _text(self, block: Text) -> str:
        if block.html:
            inner = self._own_html(block.html)
        else:
            inner = paragraphs(self._read(block.text), anchor=self._anchor_style())
        if not block.muted:
            return inner
        size = self._theme.text_px - 3
        return f'<div class="mk-muted" style="{self._font(size)};color:{self._theme.muted}">{inner}</div>'

    def _anchor_style(self) -> str:
        return f'class="mk-link" style="color:{self._theme.link};text-decoration:underline"'

    def _image(self, block: Image) -> str:
        width = block.width_px or self._theme.width_px - 2 * self._theme.padding_px
        style = f"display:inline-block;width:100%;max-width:{width}px;height:auto;border:0"
        image = f'<img src="{self._words(block.src)}" alt="{self._words(block.alt)}" width="{width}" style="{style}">'
        return f'<a href="{self._words(block.href)}" class="mk-link">{image}</a>' if block.href else image

    def _button(self, block: Button) -> str:
        theme = self._theme
        text, href = self._words(block.text), self._words(block.href)
        width = block.width_px or 64 + 9 * len(block.text)
        outlook = (
            f'<v:roundrect xmlns:w="urn:schemas-microsoft-com:office:word" href="{href}" '
            f'style="height:48px;v-text-anchor:middle;width:{width}px" arcsize="{round(100 * theme.radius_px / 48)}%" '
            f'stroke="f" fillcolor="{theme.accent}"><w:anchorlock/><center style="color:{theme.on_accent};'
            f'font-family:Arial,sans-serif;font-size:16px;font-weight:bold">{text}</center></v:roundrect>'
        )
        style = (
            f"display:inline-block;padding:14px 28px;background-color:{theme.accent};color:{theme.on_accent};"
            f"{self._font(16, 20)};font-weight:600;text-align:center;text-decoration:none;"
            f"border-radius:{theme.radius_px}px"
        )
        link = f'<a href="{href}" class="mk-button" style="{style}">{text}</a>'
        return f"<!--[if mso]>{outlook}<![endif]--><!--[if !mso]><!-->{link}<!--<![endif]-->"

    def _products(self, block: Products) -> str:
        begin, end = self._tags(f"{{% for {block.item} in {block.each} %}}{{% endfor %}}", 2)
        href = self._words(block.href)
        line = f"padding:12px 0;border-bottom:1px solid {self._theme.line};vertical-align:top;{self._font()}"
        cells = []
        if block.image:
            picture = (
                f'<img src="{self._words(block.image)}" alt="{self._words(block.alt)}" width="72" '
                'style="display:block;width:72px;height:auto;border:0;border-radius:4px">'
            )
            picture = f'<a href="{href}">{picture}</a>' if href else picture
            cells.append(f'<td class="mk-line" width="88" style="width:88px;{line}">{picture}</td>')
        name = f"<strong>{self._words(block.name)}</strong>"
        if href:
            plain = f'class="mk-text" style="color:{self._theme.text};text-decoration:none"'
            name = f'<a href="{href}" {plain}>{name}</a>'
        more = self._words(block.text)
        if more:
            name += f'<br><span class="mk-muted" style="{self._font(14)};color:{self._theme.muted}">{more}</span>'
        side, end_side = self._sides["start"], self._sides["end"]
        cells.append(
            f'<td class="mk-line mk-text" style="{line};text-align:{side};color:{self._theme.text}">{name}</td>'
        )
        if block.price:
            style = f"{line};text-align:{end_side};white-space:nowrap;padding-{side}:12px;color:{self._theme.text}"
            price = self._words(block.price)
            cells.append(f'<td class="mk-line mk-text" align="{end_side}" style="{style}">{price}</td>')
        return f'{_TABLE} width="100%"><tbody>{begin}<tr>{"".join(cells)}</tr>{end}</tbody></table>'

    def _if(self, block: If) -> str:
        if block.otherwise:
            begin, middle, end = self._tags(f"{{% if {block.test} %}}{{% else %}}{{% endif %}}", 3)
        else:
            begin, end = self._tags(f"{{% if {block.test} %}}{{% endif %}}", 2)
            middle = ""
        rows = "".join(self._rows(inner) for inner in block.blocks)
        others = "".join(self._rows(inner) for inner in block.otherwise)
        return f"{begin}{rows}{middle}{others}{end}"

    def _footer(self, block: Footer) -> str:
        size = self._theme.text_px - 3
        muted = f"color:{self._theme.muted};text-decoration:underline"
        address = self._words(block.address.strip()).replace("\n", "<br>")
        reason = f'<p style="margin:0 0 8px">{self._words(block.reason)}</p>' if block.reason else ""
        link = (
            f'<a href="{self._words(block.href)}" class="mk-muted" style="{muted}">{self._words(block.unsubscribe)}</a>'
        )
        inner = f'{reason}<p style="margin:0 0 8px">{address}</p><p style="margin:0">{link}</p>'
        return f'<div class="mk-muted" style="{self._font(size)};color:{self._theme.muted}">{inner}</div>'


def _has_looks(given: tuple[Attribute, ...]) -> bool:
    return any(attribute.name in ("style", "class") for attribute in given)


def _blank_row(height_px: int) -> str:
    style = f"height:{height_px}px;font-size:0;line-height:0"
    return f'<tr><td height="{height_px}" style="{style}">&nbsp;</td></tr>\n'
