"""Reading a letter's HTML into a page: places, elements that end by themselves, and styles.

How to think about it: a letter's source need not be a tree before its Jinja has run, so nothing
is built but a stack of open elements, with the ends that HTML lets one leave out. Styles are
worked out by the inliner itself, on a skeleton of the letter whose elements carry numbers: once
with the rules that always hold, once more with those for dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

import attrs

from mailkit.compose.linting.page import Element, Page, Words
from mailkit.compose.linting.styles import CssRule, declarations, in_any_case, read_rules, resolve, unwrapped
from mailkit.compose.marks import MARK, Kind, Marks, Token
from mailkit.compose.markup import VOID, Piece, PieceKind, attributes, decoded, pieces
from mailkit.compose.tree import grow
from mailkit.findings import Place

__all__ = ["read_page"]

_CLOSED_BY: Final = {
    **dict.fromkeys(("td", "th"), ({"td", "th"}, {"tr", "table"})),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "li": ({"li"}, {"ul", "ol"}),
    "option": ({"option"}, {"select"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
}
_ENDS_PARAGRAPH: Final = frozenset(
    {"address", "article", "blockquote", "center", "div", "dl", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"}
)
_MAY_STAY_OPEN: Final = frozenset({"html", "head", "body", "p", "li", "td", "th", "tr", "tbody", "thead", "tfoot"}) | {
    "dt", "dd", "option", "colgroup", "caption"
}  # fmt: skip
_NO_LOOKS: Final = frozenset(
    {"head", "title", "style", "script", "meta", "link", "base", "xml", "noscript", "template"}
)
_HIDES: Final = re.compile(r"none\b", re.IGNORECASE)
_NOT_OUTLOOK: Final = re.compile(r"<!--\s*\[if\s+!\s*mso", re.IGNORECASE)
_END_IF: Final = re.compile(r"\[endif\]", re.IGNORECASE)
_ANGLES: Final = str.maketrans({"<": "", ">": "", '"': "&quot;"})
_IN_THE_DARK: Final = re.compile(
    r"@media\s*(?:(?:only\s+)?(?:screen|all)\s+and\s*)?\(\s*prefers-color-scheme\s*:\s*dark\s*\)\Z", re.I
)
_BEYOND: Final = re.compile(
    r"@(?:layer|container|scope|supports|starting-style)\b", re.IGNORECASE
)  # not inlined rightly
_FAR: Final = 40  # how far up an end that was left out is looked for
_DEEPEST: Final = 400  # what is nested deeper is not inlined to be looked at
_FILLER: Final = re.compile(
    r"(?:(?:&(?:#\d+|zwnj|zwj|nbsp|shy|#x[0-9a-f]+);|[\s\xa0\u034f\u00ad\u200b-\u200f\u2007\ufeff])){20}", re.I
)
_WORDLESS: Final = re.compile(r"[\s\xa0\u034f\u00ad\u200b-\u200f\u2007\u2060\ufeff]+")


def read_page(html: str, marks: Marks) -> Page:
    """Read a letter's HTML with marks in it."""
    return _Reader(html, marks).page()


class _Reader:
    def __init__(self, html: str, marks: Marks) -> None:
        self._html, self._marks = html, marks
        # The HTML of a letter of blocks is ours: nobody looks for its lines.
        self._has_lines = not any(_is_block(marks[mark]) for mark in MARK.findall(html))
        self._page = Page(marks=marks)
        self._open: list[Element] = []
        self._open_names: dict[str, int] = {}
        self._line, self._block, self._source = 1, "", "html"
        self._here: tuple[str, int | str] = ("", 0)
        self._there = Place(source="html")
        self._for_outlook = True
        self._is_quirky = True  # as browsers say of letters without a doctype
        self._links: list[Element] = []
        self._depth = 0
        self._around_ifs: list[int] = []  # how many elements were open when each open `if` began
        self._is_split = False  # whether a branch opens what it does not close, or a style sheet has branches

    def page(self) -> Page:
        page = self._page
        skeleton: list[str] = []
        for whole in pieces(self._html):
            place = self._place()
            piece = attrs.evolve(whole, text=self._marks.without_lines(whole.text)) if self._has_lines else whole
            match piece.kind:
                case PieceKind.OPEN:
                    skeleton.append(self._opened(piece, place))
                case PieceKind.CLOSE:
                    if self._closed(piece.name, place):
                        skeleton.append(f"</{piece.name}>")
                case PieceKind.RAW if piece.name == "style":
                    if sheet := self._sheet(piece.text):
                        page.sheets.append((sheet, place))
                case PieceKind.COMMENT:
                    self._comment(piece.text)
                case _:
                    if self._text(piece.text, place) and piece.kind is PieceKind.TEXT:
                        skeleton.append("x")
            self._pass(whole.text)
        page.unclosed += [one for one in self._open if one.name not in _MAY_STAY_OPEN]
        for sheet, place in page.sheets:  # each is read by itself: a brace too few ends with its sheet
            rules, is_whole = read_rules(MARK.sub("", sheet))
            page.rules += rules
            if not is_whole:
                page.broken_sheets.append(place)
        css = self._css(page.rules)
        page.is_resolved = not any(_BEYOND.match(rule.head) or "&" in rule.body for rule in page.rules)
        in_sheets = (self._marks[mark].kind for sheet, _ in page.sheets for mark in MARK.findall(sheet))
        page.is_resolved = page.is_resolved and not self._is_split and Kind.STATEMENT not in in_sheets
        self._resolve("".join(skeleton), css)
        return page

    def _css(self, rules: Sequence[CssRule]) -> str:
        """Rules as the inliner knows them; it compares names by their case, as browsers do under a doctype."""
        return "\n".join(
            f"{in_any_case(rule.head) if self._is_quirky and not rule.is_at_rule else rule.head} {{ {rule.body} }}"
            for rule in rules
            if rule.body
        )

    def _sheet(self, text: str) -> str:
        """A style sheet with the condition that its element sets; empty if it is none."""
        given = self._open[-1].given if self._open and self._open[-1].name == "style" else {}
        is_css = given.get("type", "text/css").strip().lower() in ("", "text/css")
        if not is_css or self._open_names.get("template"):
            return ""
        media = given.get("media", "").strip().lower()
        return text if media in ("", "all", "screen") else f"@media {media} {{ {text} }}"

    def _place(self) -> Place:
        """Where the reader is; one value for all that stands there."""
        here = (self._source, self._block or self._line)
        if here != self._here:
            line = self._line if self._has_lines and not self._block else None
            self._here, self._there = here, Place(source=self._source, field=self._block, line=line)
        return self._there

    def _pass(self, text: str) -> None:
        """Move on in the source: marks know which block or line they are of."""
        last = 0
        for found in MARK.finditer(text):
            token = self._marks[found.group()]
            self._page.mark_signs.add(found.group())
            self._branch(token.word if token.kind is Kind.STATEMENT else "")
            if _is_block(token):
                self._block = token.body
            elif token.spot.line and self._has_lines:
                self._source = token.spot.part
                self._line, last = token.spot.line + token.body.count("\n"), found.end()
        self._line += text.count("\n", last)

    def _branch(self, word: str) -> None:
        """What is around an element is not known where branches open and close it."""
        if word == "if":
            self._around_ifs.append(len(self._open))
        elif word in ("elif", "else", "endif") and self._around_ifs:
            self._is_split = self._is_split or self._around_ifs[-1] != len(self._open)
            if word == "endif":
                self._around_ifs.pop()

    def _comment(self, text: str) -> None:
        page = self._page
        page.comments.append(text)
        if text.lower().startswith("<!doctype"):
            page.has_doctype = True
            if not page.elements:
                self._is_quirky = grow([*pieces(f"{text}<p>")]).elements[0].is_quirky
        if _NOT_OUTLOOK.match(text):
            self._for_outlook = False
        elif _END_IF.search(text):
            self._for_outlook = True

    def _text(self, text: str, place: Place) -> bool:
        plain = _WORDLESS.sub(" ", unescape(self._without_statements(text)))
        if len(text) > 60 and _FILLER.search(text):
            self._page.has_filler = True
        if not plain.strip():
            return False
        if self._block:  # the mark of a new block may stand before its text
            place = self._place()
        self._page.words.append(Words(plain, self._open[-1] if self._open else None, place))
        for link in self._links:
            link.text += plain
        return True

    def _without_statements(self, text: str) -> str:
        return MARK.sub(lambda one: one.group() if self._marks[one.group()].kind is Kind.EXPRESSION else "", text)

    def _opened(self, piece: Piece, place: Place) -> str:
        name = piece.name
        self._imply(name)
        given, unknown = {}, False
        for one in reversed(attributes(piece.text)):
            key = MARK.sub("", one.name)
            given[key] = decoded(one.value)
            unknown = unknown or (key in ("class", "id", "style", "bgcolor", "color") and bool(MARK.search(one.value)))
            unknown = unknown or key != one.name
        element = Element(
            number=len(self._page.elements),
            name=name,
            given=given,
            place=place,
            parent=self._open[-1] if self._open else None,
            is_for_outlook=self._for_outlook,
            has_unknown_looks=unknown,
            written=declarations(given.get("style", "")),
            style={},
        )
        self._page.elements.append(element)
        if name == "img":
            for link in self._links:
                link.text += f" {given.get('alt', '')} "
        if name not in VOID and not piece.text.endswith("/>"):
            self._open.append(element)
            self._open_names[name] = self._open_names.get(name, 0) + 1
            self._depth = max(self._depth, len(self._open))
            if name == "a":
                self._links = [element]
        return self._skeleton(element, name, given)

    def _skeleton(self, element: Element, name: str, given: dict[str, str]) -> str:
        if name in _NO_LOOKS:
            return ""
        if self._is_quirky and "id" in given:
            given = {**given, "id": given["id"].lower()}
        kept = "".join(f' {key}="{MARK.sub("", value).translate(_ANGLES)}"' for key, value in given.items()
                       if key and key != "style" and key.replace("-", "").replace(":", "").isalnum())  # fmt: skip
        style = ";".join(f"{key}:{value}" for key, value in element.written if not MARK.search(value))
        return f'<{name} data-mk="{element.number}"{kept} style="{style.translate(_ANGLES)}">'

    def _imply(self, name: str) -> None:
        """End what a start tag ends without saying so (HTML, 13.1.2.4)."""
        if name in _CLOSED_BY:
            ends, within = _CLOSED_BY[name]
            depth = len(self._open)
            last = max(0, depth - _FAR)
            while depth > last and self._open[depth - 1].name not in within:
                depth -= 1
                if self._open[depth].name in ends:
                    self._cut(depth)
        elif name in _ENDS_PARAGRAPH and self._open and self._open[-1].name == "p":
            self._cut(len(self._open) - 1)

    def _cut(self, depth: int) -> None:
        for one in self._open[depth:]:
            self._open_names[one.name] -= 1
            if one in self._links:
                self._links = []
            if one.name not in _MAY_STAY_OPEN:
                self._page.unclosed.append(one)
        del self._open[depth:]

    def _closed(self, name: str, place: Place) -> bool:
        if not self._open_names.get(name):
            if name not in ("p", "br") and name not in VOID:
                self._page.stray_ends.append((name, place))
            return False
        depth = len(self._open) - 1
        while self._open[depth].name != name:
            depth -= 1
        self._cut(depth + 1)
        one = self._open.pop()
        self._open_names[name] -= 1
        if one in self._links:
            self._links = []
        return True

    def _resolve(self, skeleton: str, css: str) -> None:
        page = self._page
        dark = self._css(read_rules(unwrapped(page.rules, _IN_THE_DARK))[0])
        page.has_dark = bool(dark.strip())
        can = self._depth <= _DEEPEST and page.is_resolved
        light = resolve(skeleton, css) if page.rules and can else None
        page.is_resolved = page.is_resolved and (not page.rules or light is not None)
        in_the_dark = resolve(skeleton, f"{css}\n{dark}") if page.has_dark and can else None
        for one in page.elements:
            one.style = dict(declarations(light[one.number]) if light and one.number in light else one.written)
            one.dark = one.style
            if in_the_dark and one.number in in_the_dark:
                one.dark = dict(declarations(in_the_dark[one.number]))
            one.is_hidden = _is_hidden(one)
            page.by_name.setdefault(one.name, []).append(one)


def _is_block(token: Token) -> bool:
    return token.kind is Kind.BLOCK and not token.is_line


def _is_hidden(one: Element) -> bool:
    style = one.style
    if (one.parent and one.parent.is_hidden) or one.name in _NO_LOOKS or "hidden" in one.given:
        return True
    if _HIDES.match(style.get("display", "")) or style.get("visibility") == "hidden":
        return True
    crushed = style.get("max-height", "").startswith("0") and style.get("overflow") == "hidden"
    return crushed or style.get("opacity") in ("0", "0.0")
