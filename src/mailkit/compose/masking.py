"""Jinja and kept styles, masked so that an inliner carries them through unharmed.

How to think about it. An inliner parses HTML, so what stands in for a tag must be harmless
*where it stands*: a comment between elements (text would be thrown out of a table), a word
in an attribute's value, a title or a conditional comment. Words are small letters, since
HTML lowers names, and begin with one that the source has nowhere.

Inlining once for all readers is right only if no selector's answer depends on the reader.
`Masked.reasons` says where it may; an answer that cannot be known is counted as "may".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

import attrs

from mailkit.compose.marks import MARK, Kind, Marks, Token
from mailkit.compose.markup import VOID, Attribute, Piece, PieceKind, attributes, pieces, replaced
from mailkit.compose.stylesheets import Sheet, selected_attributes, split, weak_rules

__all__ = ["Masked", "is_whole", "makes_html", "mask", "tangled"]

_ENDS: Final = frozenset({"endfor", "endif", "endset", "endwith", "endmacro", "endcall", "endfilter", "endblock"})
_MIDDLES: Final = frozenset({"else", "elif"})
_OPAQUE: Final = frozenset({"macro", "call", "filter", "block", "autoescape"})
# Anywhere as a word, since `map('safe')` names a filter too
_OWN_HTML: Final = re.compile(r"\b(?:safe|escape|forceescape|urlize|tojson)\b|\|\s*e\b")
_DECLARATION_MARK: Final = re.compile(rf"(?:^|;)[^:;]*{MARK.pattern}")
_MEDIA_ALL: Final = frozenset({"", "all", "screen"})


@attrs.frozen(kw_only=True)
class Masked:
    """HTML that an inliner may have, and what is needed to undo the masks.

    Attributes:
        html: The HTML. Its styles hold inlinable rules only.
        has_rules: Whether there is anything to inline.
        weak: Kept rules that an inlined declaration may beat.
        reasons: Why inlining once may be wrong for some readers; empty if it is right for all.
        marks: The marks in their order.
        kept: Styles that were taken out.
        prefix: How masks begin.
    """

    html: str
    has_rules: bool
    weak: tuple[str, ...]
    reasons: tuple[str, ...]
    marks: str
    kept: tuple[str, ...]
    prefix: str

    def restore(self, html: str) -> str | None:
        """The inlined HTML with all marks and styles back; None if the inliner lost or moved any."""
        masks = re.compile(rf"<!--\s*{self.prefix}([km])(\d+)z\s*-->|{self.prefix}([km])(\d+)z")
        kept_seen = []

        def real(found: re.Match[str]) -> str:
            number = int(found[2] or found[4])
            if (found[1] or found[3]) == "k":
                kept_seen.append(number)
                return self.kept[number]
            return self.marks[number]

        restored = masks.sub(real, html)
        whole = kept_seen == list(range(len(self.kept))) and self.prefix not in restored
        outside = restored if not self.kept else _without(restored, self.kept)
        return restored if whole and "".join(MARK.findall(outside)) == self.marks else None


def _without(html: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        html = html.replace(part, "", 1)
    return html


def mask(html: str, marks: Marks) -> Masked:
    """Mask a letter's HTML for an inliner."""
    return _Masker(html, marks).masked()


class _Masker:
    def __init__(self, html: str, marks: Marks) -> None:
        self._marks = marks
        self._pieces = list(_with_bodies(list(pieces(html))))
        self._prefix = next(name for i in count() if (name := f"mkx{i or ''}q") not in html.lower())
        self._seen: list[str] = []
        self._kept: list[str] = []
        self._reasons: dict[str, None] = {}
        self._sheets = self._split()
        css = "\n".join(sheet.inlinable for sheet in self._sheets.values())
        self._css, self._selected = css, selected_attributes(css)

    def _split(self) -> dict[int, Sheet]:
        """The style sheets by their place; one for a medium such as print is not inlined."""
        found = {}
        for place, piece in enumerate(self._pieces):
            if piece.kind is PieceKind.RAW and piece.name == "style":
                given = {one.name: one.value for one in attributes(self._pieces[place - 1].text)}
                media = given.get("media", "").strip().lower() in _MEDIA_ALL
                found[place] = split(piece.text) if media else Sheet(inlinable="", kept=piece.text)
        return found

    def masked(self) -> Masked:
        html = "".join(self._written(place, piece) for place, piece in enumerate(self._pieces))
        if MARK.search(self._css):
            self._reasons["a style sheet holds template tags"] = None
        statements = any(self._marks[mark].kind is Kind.STATEMENT for mark in self._seen)
        if statements and any(sheet.looks_around for sheet in self._sheets.values()):
            self._reasons["a selector looks at an element's place among others, which loops and ifs change"] = None
        if self._seen and any(sheet.looks_inside for sheet in self._sheets.values()):
            self._reasons["a selector asks whether an element is empty, which template tags decide"] = None
        if tangled(self._pieces, self._marks):
            self._reasons["a branch or a loop opens or closes an element that it does not hold whole"] = None
        return Masked(
            html=html,
            has_rules=bool(self._css.strip()),
            weak=weak_rules("\n".join(sheet.kept for sheet in self._sheets.values()), self._css),
            reasons=tuple(self._reasons),
            marks="".join(self._seen),
            kept=tuple(self._kept),
            prefix=self._prefix,
        )

    def _written(self, place: int, piece: Piece) -> str:
        if place in self._sheets:
            return self._sheet(place)
        if piece.kind is PieceKind.OPEN:
            return self._tag(piece.text)
        self._look_for_html(piece.text)
        as_comment = piece.kind is PieceKind.TEXT
        return MARK.sub(lambda found: self._mask(found.group(), comment=as_comment), piece.text)

    def _sheet(self, place: int) -> str:
        sheet = self._sheets[place]
        css = MARK.sub("", sheet.inlinable)
        if not sheet.kept:
            return css
        tag = self._pieces[place - 1].text
        self._kept.append(f"{tag}\n{sheet.kept}\n</style>")
        return f"{css}</style><!--{self._prefix}k{len(self._kept) - 1}z--><style>"

    def _mask(self, mark: str, *, comment: bool = False) -> str:
        self._seen.append(mark)
        word = f"{self._prefix}m{len(self._seen) - 1}z"
        return f"<!--{word}-->" if comment else word

    def _has_no_statement(self, found: list[str]) -> bool:
        return all(self._marks[mark].kind is not Kind.STATEMENT for mark in found)

    def _look_for_html(self, text: str) -> None:
        for mark in MARK.findall(text):
            if makes_html(self._marks[mark]):
                self._reasons[f"what {self._marks[mark]} makes may be HTML of its own"] = None

    def _tag(self, tag: str) -> str:
        if not MARK.search(tag):
            return tag
        changes: list[tuple[Attribute, str]] = []
        for attribute in attributes(tag):
            found = MARK.findall(attribute.value)
            # Unquoted statements may be those of a whole attribute, around which no quotes belong.
            if not found or not (attribute.is_quoted or self._has_no_statement(found)):
                continue
            if attribute.name in self._selected:
                self._reasons[f"an attribute that selectors look at, {attribute.name}, holds template tags"] = None
            if attribute.name == "style" and not self._has_no_statement(found):
                self._reasons["a style attribute holds statements"] = None
            if attribute.name == "style" and _DECLARATION_MARK.search(attribute.value):
                self._reasons["a style attribute holds template tags that may be whole declarations"] = None
            value = MARK.sub(lambda one: self._mask(one.group()), attribute.value)
            changes.append((attribute, value))
        tag = replaced(tag, changes)
        if MARK.search(tag):
            self._reasons["a template tag stands between attributes"] = None
            tag = MARK.sub("", tag)
        return tag


def makes_html(token: Token) -> bool:
    """Whether what a tag prints may be HTML, or is not printed where it stands."""
    if token.kind is Kind.STATEMENT and "_mailkit" in token.body:
        return False  # a guard's filter gives back what it gets
    if token.kind is Kind.STATEMENT:
        return token.word in _OPAQUE or _is_set_block(token.body) or bool(_OWN_HTML.search(token.body))
    return bool(_OWN_HTML.search(token.body))


def tangled(source: list[Piece], marks: Marks) -> bool:
    """Whether some branch or loop opens or closes an element that it does not hold whole."""
    elements: list[str] = []
    starts: list[int] = []  # how many elements were open where each open statement began
    for piece in source:
        floor = starts[-1] if starts else 0
        if piece.kind is PieceKind.OPEN and piece.name not in VOID:
            elements.append(piece.name)
        elif piece.kind is PieceKind.CLOSE:
            if len(elements) <= floor or elements[-1] != piece.name:
                if starts:
                    return True
                _close(elements, piece.name)
            else:
                elements.pop()
        elif piece.kind is PieceKind.TEXT:
            for mark in MARK.findall(piece.text):
                if marks[mark].kind is Kind.STATEMENT and _is_uneven(marks[mark].body, len(elements), starts):
                    return True
    return False


def is_whole(tokens: Iterable[Token]) -> bool:
    """Whether every statement among the tags ends among them, and none of another does."""
    starts: list[int] = []
    bodies = (token.body for token in tokens if token.kind is Kind.STATEMENT)
    return not any(_is_uneven(body, 0, starts) for body in bodies) and not starts


def _close(elements: list[str], name: str) -> None:
    """End an element, and those inside it whose end tags are left out."""
    if name in elements:
        while elements.pop() != name:
            pass


def _is_uneven(body: str, depth: int, starts: list[int]) -> bool:
    """Follow a statement; say whether it ends or turns at another depth than it began at."""
    word = (body.split(None, 1) or [""])[0]
    if word in _ENDS:
        return not starts or starts.pop() != depth
    if word in _MIDDLES:
        return not starts or starts[-1] != depth
    if word in ("for", "if", "with", *_OPAQUE) or _is_set_block(body):
        starts.append(depth)
    return False


def _is_set_block(body: str) -> bool:
    return body.startswith("set ") and "=" not in body


def _with_bodies(source: list[Piece]) -> Iterator[Piece]:
    """The pieces, with `<tbody>` where a browser would put it.

    Otherwise an inliner puts it after the loop around the rows has begun.
    """
    added: list[bool] = []
    for place, piece in enumerate(source):
        if piece.kind is PieceKind.CLOSE and piece.name == "table" and added and added.pop():
            yield Piece(PieceKind.CLOSE, "</tbody>", "tbody")
        yield piece
        if piece.kind is PieceKind.OPEN and piece.name == "table":
            later = (source[next_place] for next_place in range(place + 1, len(source)))
            added.append(next((one.name for one in later if one.kind is PieceKind.OPEN), "") == "tr")
            if added[-1]:
                yield Piece(PieceKind.OPEN, "<tbody>", "tbody")
