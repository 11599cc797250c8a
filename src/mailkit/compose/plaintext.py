"""The text part: what a letter says, without its looks.

One pass over the pieces of the HTML. The same pass makes text from finished HTML and a text
template from a letter's HTML with marks in it (see `mailkit.compose.marks`).
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from mailkit.compose.addresses import address
from mailkit.compose.marks import MARK
from mailkit.compose.markup import VOID, Attribute, PieceKind, attributes, pieces

__all__ = ["TextWriter", "plain_text", "text_template", "tidy", "wrap_fixed"]

WIDTH: Final = 78
"""Characters of a line: what RFC 5322, 2.1.1 recommends at most."""
_INDENT: Final = "\t"  # stands for two columns until the text is tidied; static text holds no tabs
_BLANKS: Final = re.compile(r"[ \n\t\f\r\xa0\u200b\u200c\u200d\u2007\u034f\xad\u200a]+")
_HIDDEN: Final = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)\b", re.I)
_SILENT: Final = frozenset({"style", "script", "title", "head", "noembed", "noframes", "template"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "figure", "section"}
    | {"article", "header", "footer"}
)
_LINES: Final = frozenset(
    {
        "div",
        "tr",
        "li",
        "dt",
        "dd",
        "center",
        "address",
        "caption",
        "body",
        "thead",
        "tbody",
        "tfoot",
        "form",
        "main",
        "nav",
    }
)
_CELLS: Final = frozenset({"td", "th"})
_NOT_WORTH: Final = ("#", "cid:", "javascript:")
_EDGES: Final = " \xa0"


def plain_text(html: str) -> str:
    r"""What an HTML letter says, as text.

    Headings and paragraphs stand apart, list items begin with "- " or their number, the cells
    of a row stand side by side, links are written as "label (address)", pictures as their
    alternative text. What is hidden, such as a preheader, is left out. Lines are wrapped at
    78 characters; an address is never cut.

    >>> print(plain_text("<h1>Sale</h1><p>Until <b>Friday</b>: <a href='https://shop.example.com'>our books</a></p>"))
    Sale
    <BLANKLINE>
    Until Friday: our books (https://shop.example.com)
    <BLANKLINE>
    """
    return tidy(text_template(html))


def text_template(html: str, statements: frozenset[str] = frozenset()) -> str:
    """The text of an HTML source, not yet tidied.

    Args:
        html: The source; marks in it are letters like any other.
        statements: Marks that print nothing and must be kept even where text is left out.
    """
    writer = TextWriter()
    keep = re.compile(f"[{''.join(statements)}]") if statements else None
    for piece in pieces(html):
        if piece.kind is PieceKind.OPEN:
            writer.open(piece.name, attributes(piece.text))
        elif piece.kind is PieceKind.CLOSE:
            writer.close(piece.name)
        elif piece.kind is PieceKind.COMMENT:
            for found in keep.finditer(piece.text) if keep else ():
                writer.statement(found.group())
        else:
            start = 0
            for found in keep.finditer(piece.text) if keep else ():
                writer.text(piece.text[start : found.start()])
                writer.statement(found.group())
                start = found.end()
            writer.text(piece.text[start:])
    return "".join(writer.out)


def wrap_fixed(template: str) -> str:
    """The text template with those lines wrapped that are the same for every reader."""
    return "\n".join(line if MARK.search(line) else _wrapped(line) for line in template.split("\n"))


def tidy(text: str) -> str:
    """Text without needless blanks, in lines of at most 78 characters where there are blanks to break at.

    >>> tidy("  a  \\n\\n\\n\\nb")
    'a\\n\\nb\\n'
    """
    text = "\n".join([line.strip(_EDGES) for line in text.split("\n")]).strip("\n").replace(_INDENT, "  ")
    while "\n\n\n" in text:  # five times faster than a pattern
        text = text.replace("\n\n\n", "\n\n")
    return "\n".join([line if len(line) <= WIDTH else _wrapped(line, "  ") for line in text.split("\n")]) + "\n"


def _wrapped(line: str, unit: str = _INDENT) -> str:
    """The line in several, those after the first further in if it is a list's item."""
    if len(line) + line.count(_INDENT) <= WIDTH:
        return line
    body = line.lstrip(" \t")
    first = line[: len(line) - len(body)]
    later = first + (unit if body.startswith("- ") else "")
    room = WIDTH - len(later.expandtabs(2))
    lines = [part.rstrip() for part in re.findall(rf"\S.{{0,{max(room - 1, 1)}}}(?!\S)|\S+", body)]
    return first + f"\n{later}".join(lines)


class TextWriter:
    """Writes text while tags go by; blanks wait until it is known what comes after them."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._wait = ""  # the blanks that are due before the next text
        self._at_start = True  # nothing but blanks stands on the line so far
        self._hidden: list[str] = []  # open elements from the first hidden one on
        self._lists: list[int | None] = []  # open lists; the next number of those with numbers
        self._links: list[tuple[str, int]] = []  # open links: address, and where their label begins
        self._first_cells: list[bool] = []  # of each open row, whether no cell has begun

    def text(self, raw: str) -> None:
        """Write text in which character references stand."""
        if raw and not self._hidden:
            self._write(_BLANKS.sub(" ", unescape(raw)))

    def statement(self, mark: str) -> None:
        """Write a mark that prints nothing, with the blanks that are due before it."""
        self._flush()
        self.out.append(mark)
        self._at_start = False

    def open(self, name: str, given: tuple[Attribute, ...]) -> None:
        """Begin an element."""
        if name == "body":
            self._hidden.clear()  # whether or not the head was ended
        values = {attribute.name: attribute.value for attribute in reversed(given)}
        if self._hidden or name in _SILENT or "hidden" in values or _HIDDEN.search(unescape(values.get("style", ""))):
            if name not in VOID:
                self._hidden.append(name)
            return
        self._break(name)
        if name in ("ul", "ol"):
            self._lists.append(1 if name == "ol" else None)
        elif name == "li":
            self._item()
        elif name == "tr":
            self._first_cells.append(True)
        elif name in _CELLS:
            self._cell()
        elif name == "a":
            self._links.append((address(values.get("href", "")), len(self.out)))
        elif name == "img" and values.get("alt", "").strip():
            self.text(values["alt"])
        elif name == "br":
            self._due("\n", again=True)
        elif name == "hr":
            self._write("-" * 40)
            self._break(name)

    def close(self, name: str) -> None:
        """End an element; an end tag without a beginning is passed over."""
        if self._hidden:
            if name in self._hidden:
                del self._hidden[len(self._hidden) - 1 - self._hidden[::-1].index(name) :]
            return
        if name in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif name == "tr" and self._first_cells:
            self._first_cells.pop()
        elif name == "a" and self._links:
            self._link(*self._links.pop())
        self._break(name)

    def _break(self, name: str) -> None:
        if name in _PARAGRAPHS and not (self._lists and name in ("ul", "ol")):
            self._due("\n\n")
        elif name in _LINES or name in _PARAGRAPHS:
            self._due("\n")

    def _due(self, blanks: str, *, again: bool = False) -> None:
        if again and self._wait in ("\n", "\n\n"):
            self._wait = "\n\n"
        elif len(blanks) > len(self._wait) or (self._wait.isspace() and "\n" not in self._wait):
            self._wait = blanks

    def _flush(self) -> None:
        if self._wait:
            self.out.append(self._wait)
            self._at_start = "\n" in self._wait
            self._wait = ""

    def _write(self, text: str) -> None:
        if text.startswith(" ") and not self._wait and not self._at_start:
            self._wait = " "
        inner = text.strip(" ")
        if not inner:
            return
        self._flush()
        self.out.append(inner)
        self._at_start = False
        self._wait = " " if text.endswith(" ") else ""

    def _item(self) -> None:
        bullet = "- "
        if self._lists and (number := self._lists[-1]):
            bullet, self._lists[-1] = f"{number}. ", number + 1
        self._write(_INDENT * (len(self._lists) - 1) + bullet.strip())
        self._wait = " "

    def _cell(self) -> None:
        if self._first_cells and not self._first_cells[-1] and not self._at_start and "\n" not in self._wait:
            self._wait = "  "
        elif self._first_cells:
            self._first_cells[-1] = False

    def _link(self, target: str, start: int) -> None:
        label = "".join(self.out[start:]).strip()
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        if (
            not label
            or not target
            or target.startswith(_NOT_WORTH)
            or label in (target, bare, bare.removeprefix("https://"))
        ):
            return
        blanks, self._wait = self._wait, " "
        self._write(f"({bare})")
        self._wait = self._wait or blanks
