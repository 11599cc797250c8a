"""Writes a letter's text while its tags go by."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Final, Literal

from mailkit.compose.addresses import address
from mailkit.compose.markup import VOID, Attribute
from mailkit.compose.textlines import BLANK, CELL, FRESH, INDENT, QUOTE, STRUCK

__all__ = ["LinkStyle", "TextWriter"]

LinkStyle = Literal["inline", "numbered", "none"]
"""Where a link's address is written: after its label, in a list at the end, or nowhere."""

_BLANKS: Final = re.compile(r"[ \n\t\f\r\xa0\u2002-\u200a\u202f\u205f]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")  # ours, and never HTML's
_INVISIBLE: Final = re.compile(r"[\xad\u034f\u200b-\u200d\u2060\ufeff]")
# Persian, Hindi and emoji need joiners between letters; beside blanks they only fill a preview line.
_FILLER: Final = re.compile(
    r"[\xad\u034f\u200b\u2060\ufeff]+|(?<!\S)[\u200c\u200d]+|[\u200c\u200d]+(?!\S)|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
_HIDDEN: Final = re.compile(r"(?:^|;)(?:display:none|visibility:hidden|opacity:0(?:\.0+)?(?:[;!]|$))")
_CRUSHED: Final = re.compile(r"(?:^|;)max-height:0(?:px)?(?:[;!]|$)")
_SILENT: Final = frozenset({"style", "script", "title", "head", "noembed", "noframes", "template", "svg", "datalist"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "figure", "section"}
    | {"article", "header", "footer", "fieldset", "aside"}
)
_LINES: Final = frozenset(
    {"div", "tr", "li", "dt", "dd", "center", "address", "caption", "body", "thead", "tbody", "tfoot", "form", "main"}
    | {"nav", "figcaption", "legend", "option", "summary", "details"}
)
_CELLS: Final = frozenset({"td", "th"})
_ROWS: Final = frozenset({"tr", "thead", "tbody", "tfoot", "table"})
_STRIKES: Final = frozenset({"s", "del", "strike"})
_INLINE: Final = frozenset({"span", "a", "b", "strong", "em", "i", "small", "font", "u"}) | _STRIKES
_CROSSED: Final = re.compile(r"(?:^|[;\s])text-decoration(?:-line)?\s*:[^;]{0,40}line-through", re.IGNORECASE)
_BLOCK: Final = re.compile(r"(?:^|;)\s*display\s*:\s*block\b", re.IGNORECASE)
_LISTS: Final = frozenset({"ul", "ol"})
_BESIDE_NO_BULLET: Final = frozenset({"li", "ul", "ol", "blockquote", "pre"})
_NOT_WORTH: Final = ("#", "cid:", "javascript:")
_ENDS: Final = frozenset(",.;:!?)]}»”’…、。")  # what stands beside the word before it
_DEEPEST: Final = 8  # levels of lists and quotes that are told apart


class TextWriter:
    """Writes text while tags go by; blanks wait until it is known what comes after them.

    Args:
        links: Where addresses are written.
        spoken: What an address is known by: two marks may stand for the same Jinja.
    """

    def __init__(self, links: LinkStyle = "inline", spoken: Callable[[str], str] = str) -> None:
        self._out: list[str] = []
        self._style, self._spoken = links, spoken
        self._addresses: dict[str, int] = {}  # numbers by address
        self._wait = ""  # the blanks that are due before the next text
        self._at_start = True  # nothing but blanks stands on the line so far
        self._hidden: list[str] = []  # open elements from the first hidden one on
        self._hidden_names: dict[str, int] = {}  # how many of each name are among them
        self._lists: list[int | None] = []  # open lists; the next number of those with numbers
        self._items: list[bool] = []  # of each open list, whether an item of it is open
        self._is_new_item = False  # whether nothing stands beside the last item's bullet so far
        self._link: tuple[str, int] | None = None  # the open link: address, and where its label begins
        self._link_is_picture = False  # whether nothing but pictures stands in it so far
        self._tables: list[bool] = []  # open tables: whether of data
        self._first_cells: list[bool] = []  # of each open row, whether no cell has begun
        self._quotes: list[int] = []  # of each open quote, how many lists it stands in
        self._written_quotes = 0  # in how many quotes the line so far stands
        self._pre = 0  # open elements whose lines are kept
        self._in_data_row = False
        self._open_inline: dict[str, int] = {}  # open elements that are part of a line, by name
        self._blocks: list[tuple[str, int]] = []  # those that stand on lines of their own: name, how many around it
        self._struck: list[tuple[str, int]] = []  # the same of those that are crossed out
        self._lines = 0  # how many line ends were written
        self._rows: list[int] = []  # how many there were when each open row began
        self._pictured = "", "", 0, -1  # the last link of a picture: address, label, where it begins and ends
        self._after_address = False  # whether the last that was written is the address of a link
        self._told = "", 0, 0  # the last address told in this paragraph, where it stands and on which line

    def finished(self) -> str:
        """All that was written, with the list of addresses if there is one."""
        self._end_link()
        self._out.append(STRUCK[1] if self._struck else "")
        lines = "".join(f"\n[{number}] {target}" for target, number in self._addresses.items())
        return "".join(self._out) + (f"\n{lines}" if lines else "")

    def text(self, raw: str) -> None:
        """Write text in which character references stand."""
        if not raw or self._hidden:
            return
        text = _CONTROL.sub("", unescape(raw) if "&" in raw else raw)
        if _INVISIBLE.search(text):
            text = _FILLER.sub("", text)
        if self._pre:
            self._kept_lines(text)
        else:
            self._write(_BLANKS.sub(" ", text))

    def statement(self, mark: str) -> None:
        """Write a mark that prints nothing, with the blanks that are due before it."""
        if self._wait == "\n" and not self._quotes:  # what the statement holds may begin a line itself
            self._wait = ""
            self._out.append(FRESH + self._indent())
            self._lines += 1
            self._at_start = True
        self._flush()
        self._out.append(mark)
        self._at_start = False
        self._told = "", 0, 0  # what follows may not be there for all

    def open(self, name: str, given: tuple[Attribute, ...], *, is_data: bool = False) -> None:
        """Begin an element; of a table, say whether its cells belong in columns."""
        if name == "body":
            self._hidden.clear()  # whether or not the head was ended
            self._hidden_names.clear()
        values = {attribute.name: attribute.value for attribute in reversed(given)}
        style = values.get("style", "")
        is_hidden = "hidden" in values or (_is_hidden(style) and name != "rp")  # which is for where ruby is not drawn
        if self._hidden or name in _SILENT or is_hidden:
            self._hide(name)
            return
        self._in_data_row = self._in_data_row and name not in _ROWS
        if name in _BESIDE_NO_BULLET or is_data:
            self._is_new_item = False
        self._break(name)
        if name in _INLINE and style and _BLOCK.search(style):
            self._due("\n")
            self._blocks.append((name, self._open_inline.get(name, 0)))
        if name in _STRIKES or (name in _INLINE and style and _CROSSED.search(style)):
            self._strike(name)
        if name in _INLINE:
            self._open_inline[name] = self._open_inline.get(name, 0) + 1
        match name:
            case "ul" | "ol":
                self._lists.append(_first_number(values.get("start", "")) if name == "ol" else None)
                self._items.append(False)
            case "li":
                self._item()
            case "table":
                self._tables.append(is_data)
            case "tr":
                self._first_cells.append(True)
                self._rows.append(self._lines)
                self._in_data_row = bool(self._tables and self._tables[-1])
            case "td" | "th":
                self._cell()
            case "a":
                self._end_link()  # links do not nest (HTML, 13.2.6.4.7)
                self._link = address(values.get("href", "")), len(self._out)
                self._link_is_picture = True
            case "img" | "area" if values.get("alt", "").strip():
                is_picture = self._link_is_picture
                self.text(values["alt"])
                self._link_is_picture = is_picture
            case "br":
                self._due("\n", again=True)
            case "hr":
                self._write("-" * 40)
                self._break(name)
            case "blockquote":
                self._quotes.append(len(self._lists))
            case "pre":
                self._pre += 1

    def close(self, name: str) -> None:
        """End an element; an end tag without a beginning is passed over."""
        if self._hidden:
            self._close_hidden(name)
            return
        self._in_data_row = self._in_data_row and name not in _ROWS
        if name in _LISTS and self._lists:
            self._lists.pop()
            self._items.pop()
            self._is_new_item = False
        elif name == "li":
            self._items[-1:] = [False] * bool(self._items)
            self._is_new_item = False
        elif name == "table" and self._tables:
            self._tables.pop()
        elif name == "tr" and self._first_cells:
            self._first_cells.pop()
            if self._lines > self._rows.pop() + 1:  # rows of several lines stand apart
                self._due("\n\n")
        elif name == "a":
            self._end_link()
        elif name == "blockquote":
            del self._quotes[-1:]
        elif name == "pre":
            self._pre = max(0, self._pre - 1)
        self._break(name)
        if self._open_inline.get(name):
            self._open_inline[name] -= 1
            if self._struck and self._struck[-1] == (name, self._open_inline[name]):
                self._struck.pop()
                self._out.append("" if self._struck else STRUCK[1])
                self._at_start = False
            if self._blocks and self._blocks[-1] == (name, self._open_inline[name]):
                self._blocks.pop()
                self._due("\n")

    def _strike(self, name: str) -> None:
        if not self._struck:
            if self._after_address:
                self._wait = self._wait or " "
            self._flush()
            self._out.append(STRUCK[0])
            self._at_start, self._after_address = True, False
        self._struck.append((name, self._open_inline.get(name, 0)))

    def _hide(self, name: str) -> None:
        if name not in VOID:
            self._hidden.append(name)
            self._hidden_names[name] = self._hidden_names.get(name, 0) + 1

    def _close_hidden(self, name: str) -> None:
        if not self._hidden_names.get(name):
            return
        ended = ""
        while ended != name:
            ended = self._hidden.pop()
            self._hidden_names[ended] -= 1

    def _break(self, name: str) -> None:
        if name in _PARAGRAPHS:
            self._due("\n" if self._lists and name in _LISTS else "\n\n")
        elif name in _LINES:
            self._due("\n")

    def _due(self, blanks: str, *, again: bool = False) -> None:
        if self._is_new_item:
            return
        if self._in_data_row:  # which is one line, whatever stands in its cells
            self._wait = self._wait or " "
        elif again and self._wait in ("\n", "\n\n"):
            self._wait = "\n\n"
        elif len(blanks) > len(self._wait) or (self._wait.isspace() and "\n" not in self._wait):
            self._wait = blanks

    def _flush(self) -> None:
        if "\n" in self._wait:
            self._told = self._told if self._wait == "\n" else ("", 0, 0)
            depth = min(len(self._quotes), _DEEPEST)
            between = QUOTE * min(self._written_quotes, depth)
            self._out.append(("\n" + between) * (len(self._wait) - 1) + "\n" + QUOTE * depth + self._indent())
            self._written_quotes, self._at_start = depth, True
            self._lines += 1
        elif self._wait:
            self._out.append(self._wait)
            self._at_start = False
        self._wait = ""

    def _write(self, text: str) -> None:
        if text.startswith(" ") and not self._wait and not self._at_start:
            self._wait = " "
        inner = text.strip(" ")
        if not inner:
            return
        if self._after_address and not self._wait and inner[0] not in _ENDS:
            self._wait = " "
            self._told = "", 0, 0  # without the address there would be no blank
        self._flush()
        self._out.append(inner)
        self._at_start = self._after_address = self._link_is_picture = self._is_new_item = False
        self._wait = " " if text.endswith(" ") else ""

    def _kept_lines(self, text: str) -> None:
        for place, line in enumerate(text.expandtabs(8).split("\n")):
            if place:
                self._due("\n", again=True)
            if line.strip():
                self._flush()
                self._out.append(line.rstrip().replace(" ", BLANK))
                self._is_new_item = False
                self._at_start = False

    def _item(self) -> None:
        bullet = "-"
        if self._lists and (number := self._lists[-1]) is not None:
            bullet, self._lists[-1] = f"{number}.", number + 1
        self._items[-1:] = [False] * bool(self._items)
        self._write(INDENT * max(0, self._depth() - 1) + bullet)
        self._wait = " "
        self._told = "", 0, 0
        self._items[-1:] = [True] * bool(self._items)
        self._is_new_item = True

    def _depth(self) -> int:
        """In how many lists the line stands, within the quote around it."""
        return min(len(self._lists) - (self._quotes[-1] if self._quotes else 0), _DEEPEST)

    def _indent(self) -> str:
        """What stands before the further lines of an item."""
        return INDENT * self._depth() if self._items and self._items[-1] else ""

    def _cell(self) -> None:
        is_first = not self._first_cells or self._first_cells[-1]
        if self._first_cells:
            self._first_cells[-1] = False
        if is_first:
            return
        if self._in_data_row:
            self._wait = "" if self._wait == " " else self._wait
            self._flush()
            self._out.append(CELL)
        elif not self._at_start and "\n" not in self._wait:
            self._wait = "  "

    def _end_link(self) -> None:
        if self._link is None:
            return
        (target, start), self._link = self._link, None
        said = self._out[start:]
        label = "".join(said).strip()
        lead = int(bool(said) and said[0].isspace())  # the blanks before it
        if self._is_told_by_picture(target, label, start):
            begin = self._pictured[2]
            del self._out[begin : start + lead]
            start, lead = begin, 0
            self._told = "", 0, 0
        is_picture, self._link_is_picture = self._link_is_picture, False
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        known = (target, bare, bare.removeprefix("https://"), bare.removeprefix("https://").rstrip("/"))
        if self._style == "none" or not label or not target or target.startswith(_NOT_WORTH) or label in known:
            return
        blanks, self._wait = self._wait, " "
        if self._style == "numbered":
            self._write(f"[{self._addresses.setdefault(bare, len(self._addresses) + 1)}]")
        else:
            address, place, line = self._told
            if address == self._spoken(bare) and line < self._lines:  # a name and its button
                self._out[place - 1 : place + 1] = "", ""
            self._write(f"({bare})")
            self._told = self._spoken(bare), len(self._out) - 1, self._lines
        self._wait = self._wait or blanks
        self._after_address = True
        if is_picture:
            self._pictured = self._spoken(target), label, start + lead, len(self._out)

    def _is_told_by_picture(self, target: str, label: str, start: int) -> bool:
        """Whether a picture's link right before a link says nothing that this one does not say."""
        address, alt, _, end = self._pictured
        return end == start and address == self._spoken(target) and alt.casefold() in label.casefold()


def _is_hidden(style: str) -> bool:
    """Whether a style hides from all. `mso-hide` does not: it hides from Outlook what a comment says to it again."""
    if not style:
        return False
    plain = "".join(unescape(style).lower().split())
    return bool(_HIDDEN.search(plain)) or ("overflow:hidden" in plain and bool(_CRUSHED.search(plain)))


def _first_number(start: str) -> int:
    """Where an ordered list begins to count."""
    return int(start) if re.fullmatch(r"-?[0-9]{1,6}", start.strip()) else 1
