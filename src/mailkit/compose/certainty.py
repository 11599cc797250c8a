"""Why a template's CSS may have to be inlined for each reader: what its tags may do to the whole document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailkit.compose.branches import makes_html
from mailkit.compose.css import Declaration
from mailkit.compose.declaring import Source
from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.compose.markup import Piece, PieceKind
from mailkit.compose.stylesheets import Styles
from mailkit.compose.tree import Tree

__all__ = ["only_in_values", "reasons"]


def reasons(
    pieces: Sequence[Piece], marks: Marks, tree: Tree, sheets: Mapping[int, Source], styles: Styles
) -> Iterator[str]:
    """What makes one tree, or one style sheet, for all readers impossible."""
    if tree.is_tangled:
        yield "a branch or a loop opens or closes an element that it does not hold whole"
    if any(tree.ways.get(place) for place in sheets) or not all(
        _has_values_only(sheet, source.css, styles, marks) for sheet, source in enumerate(sheets.values())
    ):
        yield "a style sheet holds template tags, or stands between them"
    tokens = dict.fromkeys(
        marks[mark] for piece in pieces if piece.kind is not PieceKind.OPEN for mark in MARK.findall(piece.text)
    )
    for token in tokens:
        if makes_html(token):
            yield f"what {token} makes may be HTML of its own"


def _has_values_only(sheet: int, css: str, styles: Styles, marks: Marks) -> bool:
    """Whether Jinja stands only in the values of rules that stay in a style sheet."""
    if not MARK.search(css):
        return True
    fixed = {rule.block for rule in styles.fixed}
    wishes = (rule for rule in styles.wishes if rule.sheet == sheet and rule.block not in fixed)
    return only_in_values(css, (said.declaration for rule in wishes for said in rule.said), marks)


def only_in_values(css: str, declared: Iterable[Declaration], marks: Marks) -> bool:
    """Whether all Jinja in CSS is expressions in the values of these declarations."""
    found = list(MARK.finditer(css))
    if not found:
        return True
    spans = [(one.start + len(one.name), one.stop) for one in declared if not MARK.search(one.name)]
    return all(
        marks[one.group()].kind is Kind.EXPRESSION and any(start < one.start() < stop for start, stop in spans)
        for one in found
    )
