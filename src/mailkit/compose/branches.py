"""Branches and loops of a template: what stands in which, and whether they hold what they open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mailkit.compose.marks import MARK, Kind, Marks, Token
from mailkit.compose.markup import Piece, PieceKind

__all__ = ["Frame", "Way", "is_whole", "makes_html", "ways"]

Way = tuple[tuple[int, int, bool], ...]
"""The statements around a place, from the outside in: the number of each, of its branch, and
whether that is turned through many times."""
Frame = tuple[int, ...]
"""The numbers of the marks of one statement, among all marks that stand in text."""

_ENDS: Final = frozenset({"endfor", "endif", "endset", "endwith", "endmacro", "endcall", "endfilter", "endblock"})
_MIDDLES: Final = frozenset({"else", "elif"})
_OPAQUE: Final = frozenset({"macro", "call", "filter", "block"})
# Anywhere as a word, since `map('safe')` names a filter too
_OWN_HTML: Final = re.compile(r"\b(?:safe|escape|forceescape|urlize|tojson)\b|\|\s*e\b")
_TAG_OF_MARKS: Final = re.compile(rf"</?{MARK.pattern}")


def makes_html(token: Token) -> bool:
    """Whether what a tag prints may be HTML, or is not printed where it stands."""
    if token.kind is Kind.STATEMENT and "_mailkit" in token.body:
        return False  # a guard's filter gives back what it gets
    if token.kind is Kind.STATEMENT:
        return token.word in _OPAQUE or _is_set_block(token.body) or bool(_OWN_HTML.search(token.body))
    return bool(_OWN_HTML.search(token.body))


def is_whole(tokens: Iterable[Token]) -> bool:
    """Whether every statement among the tags ends among them, and none of another does."""
    open_ = 0
    for token in tokens:
        if token.kind is not Kind.STATEMENT:
            continue
        if token.word in _ENDS or token.word in _MIDDLES:
            if not open_:
                return False
            open_ -= token.word in _ENDS
        else:
            open_ += _encloses(token)
    return not open_


def ways(pieces: Sequence[Piece], marks: Marks) -> tuple[dict[int, Way], tuple[Frame, ...], bool]:
    """The way to each piece that has one; the marks of each statement; whether one is torn apart.

    Marks are counted in text only: inside of tags, comments and titles a statement must be whole.
    """
    found: dict[int, Way] = {}
    groups: list[list[int]] = []
    open_: list[tuple[int, int, bool]] = []
    is_torn, count = False, 0
    for place, piece in enumerate(pieces):
        if open_:
            found[place] = tuple(frame for frame in open_ if frame[1] >= 0)
        if not MARK.search(piece.text):
            continue
        if piece.kind is not PieceKind.TEXT:
            is_torn = is_torn or _is_torn(piece, marks)
            continue
        is_torn = is_torn or bool(_TAG_OF_MARKS.search(piece.text))
        for mark in MARK.findall(piece.text):
            token = marks[mark]
            if token.kind is Kind.STATEMENT and (token.word in _ENDS or token.word in _MIDDLES):
                if not open_:
                    is_torn = True
                else:
                    number, branch, _ = open_.pop()
                    groups[number].append(count)
                    if token.word in _MIDDLES:
                        open_.append((number, branch + 1, False))
            elif token.kind is Kind.STATEMENT and _encloses(token):
                open_.append((len(groups), -1 if token.word == "with" else 0, token.word == "for"))
                groups.append([count])
            count += 1
    return found, tuple(tuple(group) for group in groups), is_torn or bool(open_)


def _is_torn(piece: Piece, marks: Marks) -> bool:
    if piece.kind is PieceKind.CLOSE or MARK.search(piece.name):
        return True
    return not is_whole(marks[mark] for mark in MARK.findall(piece.text))


def _encloses(token: Token) -> bool:
    return token.word in ("for", "if", "with") or token.word in _OPAQUE or _is_set_block(token.body)


def _is_set_block(body: str) -> bool:
    return body.startswith("set ") and "=" not in body
