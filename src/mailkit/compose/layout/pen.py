"""What all blocks' writers share: the theme, the sides, escaping, and rows of a table."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import attrs

from mailkit.compose.blocks.places import walk
from mailkit.compose.letter import Letter
from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.markup import Attribute, PieceKind, attributes, pieces
from mailkit.compose.paragraphs import MarkdownLooks, paragraphs
from mailkit.compose.theme import Theme

__all__ = ["TABLE", "Frame", "Pen", "blank_row", "ghost"]

TABLE: Final = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'
"""The beginning of a table that only arranges."""


@attrs.frozen(kw_only=True)
class Frame:
    """Where a block stands.

    Attributes:
        width_px: How wide the place is.
        padding_px: The blank at both of its sides.
        foreground: The words' colour, where it is not the theme's: on a hero.
    """

    width_px: int
    padding_px: int
    foreground: str = ""

    @classmethod
    def of(cls, theme: Theme) -> Frame:
        """The letter itself."""
        return cls(width_px=theme.width_px, padding_px=theme.padding_px)

    @property
    def room_px(self) -> int:
        """How wide a block may be."""
        return max(self.width_px - 2 * self.padding_px, 1)


class Pen:
    """Writes the parts of which blocks are made.

    Attributes:
        letter: The letter.
        theme: Its theme.
        sides: The physical side for each logical one.
        dir: An attribute for tables in conditional comments, which inherit no direction.
    """

    def __init__(self, letter: Letter, marks: Marks) -> None:
        self.letter, self.theme, self._marks = letter, letter.theme, marks
        self._block, self._places = "", walk(letter.blocks)
        is_rtl = letter.direction == "rtl"
        self.sides = {"start": "right", "end": "left"} if is_rtl else {"start": "left", "end": "right"}
        self.sides["center"] = "center"
        self.dir = ' dir="rtl"' if is_rtl else ""

    def begin(self, block: object) -> str:
        """The mark at which a block begins, by whose path errors and links will call it.

        Blocks begin in the order in which `walk` goes.
        """
        self._block = next((path for path, one in self._places if one is block), "")
        return self._marks.add(Kind.BLOCK, self._block, Spot(part="html"))

    def read(self, source: str) -> str:
        """An author's HTML with marks."""
        return self._marks.read(source, "html", block=self._block)

    def words(self, source: str) -> str:
        """An author's words as HTML."""
        return escape(self.read(source))

    def lines(self, source: str) -> str:
        """An author's words whose lines stay lines."""
        return self.words(source.strip()).replace("\n", "<br>")

    def tags(self, source: str, count: int) -> list[str]:
        """Statements that are put around blocks; what is in them must not end them."""
        found = list(self.read(source))
        if len(found) != count:
            raise Spot(part=f"html, {self._block}", excerpt=source).error("this is not one Jinja expression")
        return found

    def unless_empty(self, source: str, inner: str) -> str:
        """What is shown only to those for whom a field, if the source is nothing else, holds something."""
        marked = self.read(source).strip()
        token = self._marks[marked] if MARK.fullmatch(marked) else None
        if token is None or token.kind is not Kind.EXPRESSION:
            return inner
        begin = self._marks.add(Kind.STATEMENT, f"if ({token.body})", token.spot)
        return f"{begin}{inner}{self._marks.add(Kind.STATEMENT, 'endif', token.spot)}"

    def own_html(self, source: str, frame: Frame) -> str:
        """An author's HTML; links that bring no looks of their own get the letter's."""
        looks = self.link_looks(frame)
        return "".join(
            f"<a {looks}{piece.text[2:]}"
            if piece.kind is PieceKind.OPEN and piece.name == "a" and not _has_looks(attributes(piece.text))
            else piece.text
            for piece in pieces(self.read(source))
        )

    def markdown(self, source: str, frame: Frame, *, muted: bool = False) -> str:
        """An author's Markdown as HTML."""
        looks = self._markdown_looks(frame, muted=muted)
        return paragraphs(self.read(source), self._marks, looks, spot=Spot(part=f"html, {self._block}"))

    def font(self, size: int = 0, high: int = 0) -> str:
        """The text's font, in the text's size unless told otherwise."""
        size = size or self.theme.text_px
        return f"font-family:{self.theme.font};font-size:{size}px;line-height:{high or round(size * 1.55)}px"

    def heading_font(self, level: int) -> str:
        """The font of headings."""
        size = self.theme.heading_px[level - 1]
        font = self.theme.heading_font or self.theme.font
        weight = self.theme.heading_weight
        return f"font-family:{font};font-size:{size}px;line-height:{round(size * 1.27)}px;font-weight:{weight}"

    def ink(self, frame: Frame, *, muted: bool = False) -> tuple[str, str]:
        """The class and the colour of words; those on a picture do not change in the dark, as it does not."""
        if frame.foreground:
            return "", frame.foreground
        return ("mk-muted", self.theme.muted) if muted else ("mk-text", self.theme.text)

    def link_looks(self, frame: Frame) -> str:
        """The looks of a link in a text, as attributes."""
        if frame.foreground:
            return f'style="color:{frame.foreground};text-decoration:underline"'
        return f'class="mk-link" style="color:{self.theme.link};text-decoration:underline"'

    def row(self, inner: str, frame: Frame, **how: Any) -> str:
        """A row of the letter's table; see `cell`."""
        return f"<tr>{self.cell(inner, frame, **how)}</tr>\n"

    def cell(
        self,
        inner: str,
        frame: Frame,
        *,
        align: str = "start",
        above: int = 8,
        below: int = 8,
        padded: bool = True,
        name: str = "mk-pad",
    ) -> str:
        """The one cell of a row."""
        side, (ink, colour) = self.sides[align], self.ink(frame)
        padding = f"{above}px {frame.padding_px}px {below}px" if padded else "0"
        names = " ".join(one for one in (ink, name if padded else "") if one)
        style = f"padding:{padding};text-align:{side};{self.font()};color:{colour}"
        return f'<td class="{names}" align="{side}" style="{style}">{inner}</td>'

    def _markdown_looks(self, frame: Frame, *, muted: bool) -> MarkdownLooks:
        name, colour = self.ink(frame, muted=muted)
        line = frame.foreground or self.theme.line
        side = self.sides["start"]
        heads = {f"h{level}": f"margin:0 0 12px;{self.heading_font(level)};color:{colour}" for level in (1, 2, 3)}
        styles = {
            "p": "margin:0 0 12px",
            "a": f"color:{frame.foreground or self.theme.link};text-decoration:underline",
            "ul": f"margin:0 0 12px;margin-{side}:24px;padding:0",
            "ol": f"margin:0 0 12px;margin-{side}:24px;padding:0",
            "li": "margin:0 0 4px",
            "blockquote": f"margin:0 0 12px;padding-{side}:14px;border-{side}:3px solid {line}",
            "code": "font-family:Consolas,Menlo,monospace;font-size:0.9em",
            "img": "max-width:100%;height:auto;border:0;vertical-align:middle",
            "hr": f"margin:0 0 12px;border:0;border-top:1px solid {line}",
            **heads,
        }
        if frame.foreground:
            return MarkdownLooks(styles=styles)
        heads = {f"h{level}": f"{name} mk-h{level}" for level in (1, 2, 3)}
        return MarkdownLooks(styles=styles, classes={"a": "mk-link", "blockquote": "mk-line", "hr": "mk-line", **heads})


def blank_row(height_px: int) -> str:
    """A row of blank space; Outlook for Windows makes it no lower than a line of text unless told."""
    style = f"height:{height_px}px;font-size:0;line-height:0;mso-line-height-rule:exactly"
    return f'<tr><td height="{height_px}" style="{style}">&nbsp;</td></tr>\n'


def ghost(inner: str) -> str:
    """What only Outlook for Windows reads."""
    return f"<!--[if mso]>{inner}<![endif]-->"


def _has_looks(given: tuple[Attribute, ...]) -> bool:
    return any(attribute.name in ("style", "class") for attribute in given)
