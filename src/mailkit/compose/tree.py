"""A letter's HTML as the tree of elements that a browser makes of it.

How to think about it. css-inline's parser is a browser's (html5ever), but what it gives back
is written anew. So it gets a *skeleton*: every start tag with a number and hardly anything
else, comments where Jinja stands. The numbers in the tree that comes back say which element
is which tag of the source, and the source itself is never touched.

The tree holds all branches of the template at once. `Element.way` says on which of them an
element stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mailkit.compose.branches import Frame, Way, ways
from mailkit.compose.marks import MARK, Marks
from mailkit.compose.markup import VOID, Piece, PieceKind
from mailkit.compose.varying import Varied, given

__all__ = ["Element", "Tree", "body_start", "grow"]

_SPACE: Final = " \t\r\n\f"
_DOCTYPE: Final = re.compile(r"<!doctype", re.IGNORECASE)
_OUT: Final = re.compile(
    r"""<!--([mc])(\d+)-->|<(/?)([a-zA-Z][^\s>/]*)([^>]*)>|<!--.*?-->|<![^>]*>|([^<]+)""", re.DOTALL
)
_NUMBER: Final = re.compile(r"\bmk(\d+)=")
_NO_END: Final = VOID | {"basefont", "bgsound", "frame", "keygen", "param"}
_HEAD: Final = frozenset({"html", "head", "title", "meta", "link", "style", "script", "base", "noscript", "template"})
_RAW: Final = frozenset({"iframe", "noembed", "noframes", "xmp", "plaintext"})
_NO_SCRIPT: Final = "mk-noscript"  # letters are read without scripts; the parser thinks otherwise
# HTML, 13.2.6.2: documents that browsers show as those of 1998, among others without regard to case in classes.
_QUIRKY: Final = re.compile(
    r"""<!doctype\s+(?!html\b) | .*?public\s+["'](?:
        -//w3c//dtd\ html\ (?:3|4\.0\ (?:frameset|transitional)|experimental)
      | -//ietf|-//netscape|-//microsoft|-//w3o|html["']|-//w3c//dtd\ w3\ html
      | -//w3c//dtd\ html\ 4\.01\ (?:frameset|transitional)//[^"']*["']\s*>)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


class Element:
    """An element.

    Attributes:
        name: Its name, in small letters outside of SVG.
        numbers: The places of its start tags among the pieces; none if the browser adds it itself.
        parent: The element around it.
        children: The elements in it.
        place: Its place among its parent's children.
        given: Its attributes; those with Jinja as `Varied`.
        way: The branches and loops in which it stands.
        has_text: Whether text stands in it, be it blanks.
        has_jinja: Whether Jinja stands in it.
        probe: For a `<p>` that a stray `</p>` makes: the place of that among the pieces.
        is_quirky: Whether classes and ids are compared without regard to case.
    """

    __slots__ = (
        "children", "classes", "given", "has_jinja", "has_text", "is_quirky", "name", "numbers", "parent", "place",
        "probe", "way",
    )  # fmt: skip

    def __init__(self, name: str, parent: Element | None) -> None:
        self.name, self.parent = name, parent
        self.numbers: tuple[int, ...] = ()
        self.children: list[Element] = []
        self.place = 0
        self.given: dict[str, str | Varied] = {}
        self.classes: frozenset[str] = frozenset()
        self.way: Way = ()
        self.has_text = self.has_jinja = self.is_quirky = False
        self.probe: int | None = None

    def __repr__(self) -> str:
        return f"<{self.name} {self.numbers}>"


class Tree:
    """A document.

    Attributes:
        elements: All elements in the order of their start tags, without those in a `<template>`.
        is_tangled: Whether a branch or a loop opens or closes an element that it does not hold whole.
        ways: For each piece in a branch or a loop its way.
        split: The places of start tags of which a browser makes several elements.
    """

    def __init__(self) -> None:
        self.ways: dict[int, Way] = {}
        self.elements: list[Element] = []
        self.is_tangled = False
        self.split: frozenset[int] = frozenset()


def grow(pieces: Sequence[Piece], marks: Marks | None = None) -> Tree:
    """The tree of a document's pieces."""
    from css_inline import CSSInliner

    skeleton = _Skeleton(pieces, marks)
    parser = CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False)
    html = skeleton.html.encode("utf-8", "replace").decode()  # half a surrogate in a tag's name is no text
    return _Grower(skeleton, marks).tree(str(parser.inline(html)))


def body_start(pieces: Sequence[Piece]) -> int:
    """The place among the pieces where a document's body begins, if no tag says so."""
    raw = ""
    for place, piece in enumerate(pieces):
        match piece.kind:
            case PieceKind.OPEN:
                if piece.name not in _HEAD:
                    return place
                raw = piece.name
            case PieceKind.CLOSE:
                raw = ""
            case PieceKind.TEXT:
                if raw not in ("noscript", "template") and MARK.sub("", piece.text).strip(_SPACE):
                    return place
            case _:
                pass
    return len(pieces)


class _Skeleton:
    """Numbered tags without what the tree does not depend on.

    Attributes:
        html: The skeleton.
        tags: The start tags by number.
        is_quirky: Whether the document is one of 1998.
        ways: For each piece the branches and loops around it.
        groups: The marks of each statement that encloses something, in their order.
        is_torn: Whether a statement begins and ends in different kinds of places.
    """

    def __init__(self, pieces: Sequence[Piece], marks: Marks | None) -> None:
        self.tags: dict[int, str] = {}
        self.is_quirky = True
        self.ways, self.groups, self.is_torn = ways(pieces, marks) if marks is not None else ({}, (), False)
        self._has_body = body_start(pieces)
        self._count = 0
        self._within = ""
        self.html = "".join(self._part(place, piece, marks) for place, piece in enumerate(pieces))

    def _part(self, place: int, piece: Piece, marks: Marks | None) -> str:
        if self._within:
            if piece.kind is not PieceKind.CLOSE or piece.name != self._within:
                return ""
            self._within = ""
        match piece.kind:
            case PieceKind.OPEN:
                return self._open(place, piece)
            case PieceKind.CLOSE:
                name = piece.name if piece.name != "noscript" else _NO_SCRIPT
                if MARK.search(name) or (name == _NO_SCRIPT and place < self._has_body):
                    return ""
                return f"<!--c{place}--></p>" if name == "p" else f"</{name}>"
            case PieceKind.TEXT:
                return self._text(piece.text, is_template=marks is not None)
            case PieceKind.COMMENT if _DOCTYPE.match(piece.text):
                if not self.tags:
                    self.is_quirky = bool(_QUIRKY.match(piece.text))
                return MARK.sub("", piece.text)
            case _:
                return ""

    def _open(self, place: int, piece: Piece) -> str:
        if piece.name == "noscript" and place < self._has_body:
            return ""
        name = _NO_SCRIPT if piece.name == "noscript" else MARK.sub("", piece.name)
        self.tags[place] = piece.text
        if name in _RAW:
            self._within = name
        kind = ' type="hidden"' if name == "input" and "hidden" in piece.text.lower() else ""
        return f"<{name} mk{place}{kind}{' /' if piece.text.endswith('/>') else ''}>"

    def _text(self, text: str, *, is_template: bool) -> str:
        if not is_template:
            return "x" if text.strip(_SPACE) else " "
        out = []
        for part in re.split(f"({MARK.pattern})", text):
            if MARK.fullmatch(part):
                out.append(f"<!--m{self._count}-->")
                self._count += 1
            elif part:
                out.append("x" if part.strip(_SPACE) else " ")
        return "".join(out)


class _Grower:
    def __init__(self, skeleton: _Skeleton, marks: Marks | None) -> None:
        self._skeleton, self._marks = skeleton, marks
        self._tree = Tree()
        self._seen: dict[int, int] = {}
        self._at: dict[int, Element | None] = {}  # where marks stand
        self._probe: int | None = None

    def tree(self, html: str) -> Tree:
        top: Element | None = None
        hidden = 0  # how many elements are open in a <template>
        for found in _OUT.finditer(html):
            kind, number, slash, name, rest, text = found.groups()
            if hidden:
                hidden += (-1 if slash else name not in _NO_END) if name else 0
            elif name and slash:
                top = top.parent if top is not None else None
            elif name:
                element = self._element(name, rest, top)
                hidden = int(name == "template")
                if name not in _NO_END and not hidden:
                    top = element
            elif kind == "m":
                self._at[int(number)] = top
                if top is not None:
                    top.has_jinja = True
            elif text and top is not None:
                top.has_text = True
            self._probe = int(number) if kind == "c" else None
        self._finish()
        return self._tree

    def _element(self, name: str, rest: str, parent: Element | None) -> Element:
        element = Element("noscript" if name == _NO_SCRIPT else name, parent)
        element.numbers = tuple(int(number) for number in _NUMBER.findall(rest)) if rest else ()
        element.is_quirky = self._skeleton.is_quirky
        if element.numbers:
            for number in element.numbers:
                for key, value in given(self._skeleton.tags[number], self._marks).items():
                    element.given.setdefault(key, value)
                self._seen[number] = self._seen.get(number, 0) + 1
            element.way = self._skeleton.ways.get(element.numbers[0], ())
        elif name == "p" and self._probe is not None:
            element.probe = self._probe
            element.way = self._skeleton.ways.get(self._probe, ())
        elif parent is not None:
            element.way = parent.way
        words = element.given.get("class", "")
        if isinstance(words, str) and words:
            element.classes = frozenset((words.lower() if element.is_quirky else words).split())
        if parent is not None:
            element.place = len(parent.children)
            parent.children.append(element)
        self._tree.elements.append(element)
        return element

    def _finish(self) -> None:
        self._tree.ways = self._skeleton.ways
        self._tree.split = frozenset(number for number, count in self._seen.items() if count > 1)
        self._tree.is_tangled = (
            self._skeleton.is_torn
            or any(self._skeleton.ways.get(number) for number in self._tree.split)
            or any(not self._is_even(group) for group in self._skeleton.groups)
        )

    def _is_even(self, group: Frame) -> bool:
        """Whether each branch of a statement ends in the element in which it began."""
        first, *others = (self._at.get(number) for number in group)
        return all(_is_same(first, other) for other in others)


def _is_same(first: Element | None, other: Element | None) -> bool:
    """Whether the parser, being in one element or in the other, goes on in the same way."""
    if first is other:
        return True
    if _is_outside(first) and _is_outside(other):
        return True
    while other is not None and not other.numbers and other.name in ("tbody", "tr"):  # added by the parser
        other = other.parent
        if first is other:
            return True
    return False


def _is_outside(element: Element | None) -> bool:
    """Whether nothing was opened yet but what the parser adds itself."""
    return element is None or (not element.numbers and element.name in ("html", "head", "body"))
