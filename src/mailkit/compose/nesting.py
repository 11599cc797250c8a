"""How deep elements stand inside of each other; parsers written in Rust and C die of what is too deep.

css-inline and mrml recurse, and a recursion that overflows the stack ends the process: no error
can be caught. Threads have small stacks, so the limit is far below what the main one bears.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mailkit.compose.markup import VOID, Piece, PieceKind
from mailkit.errors import TemplateError

__all__ = ["DEEPEST", "check_nesting"]

DEEPEST: Final = 300
"""How many elements may stand inside of each other; letters have 40 or 60, browsers stop at 512."""

# HTML, 13.2.4.2: a cell's `</div>` ends nothing outside of the cell.
_BOUNDS: Final = frozenset({"html", "table", "td", "th", "caption", "template", "object", "svg", "math"})
_ROWS: Final = frozenset({"tbody", "thead", "tfoot", "tr", "td", "th"})
_BLOCKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "button", "center", "details", "div", "dl", "fieldset", "figure"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "main", "nav", "ol", "pre", "section", "ul"}
)
# How far up the end tags go that also end what stands between; all others end the innermost element or nothing.
_STOPS: Final = {
    **dict.fromkeys(_BLOCKS, _BOUNDS),
    **dict.fromkeys(_ROWS, frozenset({"table"})),
    "table": frozenset({"template"}),
    "p": _BOUNDS | _BLOCKS,
    "li": _BOUNDS | {"ul", "ol"},
    "dd": _BOUNDS | {"dl"},
    "dt": _BOUNDS | {"dl"},
}
# End tags that may be left out, since the next start tag ends them (HTML, 13.1.2.4; for links 13.2.6.4.7).
_ENDED_BY: Final = {
    "a": ("a",),
    "p": ("p",),
    "li": ("li",),
    **dict.fromkeys(("dd", "dt"), ("dd", "dt")),
    **dict.fromkeys(("td", "th"), ("td", "th")),
    "tr": ("tr",),
    **dict.fromkeys(("tbody", "thead", "tfoot"), ("tbody", "thead", "tfoot")),
}


def check_nesting(source: Iterable[Piece], part: str = "html") -> None:
    """Refuse HTML whose elements stand too deep inside of each other.

    It counts like a browser or higher, never lower: a misplaced end tag may count for nothing.

    Raises:
        TemplateError: They do.
    """
    elements: list[str] = []
    line = 1
    for piece in source:
        if piece.kind is PieceKind.OPEN and piece.name not in VOID:
            if "svg" not in elements and "math" not in elements:
                for name in _ENDED_BY.get(piece.name, ()):
                    _end(elements, name)
            elements.append(piece.name)
            if len(elements) > DEEPEST:
                reason = f"more than {DEEPEST} elements stand inside of each other; are their end tags missing?"
                raise TemplateError(reason, template=part, line=line, excerpt=piece.text[:120])
        elif piece.kind is PieceKind.CLOSE:
            _end(elements, piece.name)
        line += piece.text.count("\n")


def _end(elements: list[str], name: str) -> None:
    """End the nearest element of a name, with those inside of it, if its end tag reaches so far."""
    if elements and elements[-1] == name:
        elements.pop()
        return
    stops = _STOPS.get(name)
    if stops is None:
        return
    for depth in range(len(elements) - 1, -1, -1):
        if elements[depth] == name:
            del elements[depth:]
            return
        if elements[depth] in stops:
            return
