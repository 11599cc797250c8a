"""Rules that Outlook for Windows still needs in a `<style>`.

Between `<!--[if mso]>` and `<![endif]-->` stand elements that only Word's renderer sees: ghost
tables, VML. Nothing can be inlined there for all readers to see, and their rules are gone from
the `<style>`; so they are given to Outlook alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mailkit.compose.declaring import Rule
from mailkit.compose.marks import MARK
from mailkit.compose.markup import Piece, PieceKind, pieces
from mailkit.compose.single import may_match
from mailkit.compose.tree import Element
from mailkit.compose.varying import given

__all__ = ["style_for_outlook"]

_FOR_OUTLOOK: Final = re.compile(
    r"<!--\[if(?!\s*!\s*mso\s*\])[^\]]*\bmso\b[^\]]*\]>(.*?)(?:<!\[endif\]-->|\Z)", re.DOTALL | re.IGNORECASE
)


def style_for_outlook(source: Sequence[Piece], fixed: Sequence[Rule]) -> str:
    """The fixed rules for elements in Outlook's comments, in a comment of their own; "" if there are none."""
    elements = list(_elements(source))
    needed: dict[object, list[Rule]] = {}
    for rule in fixed if elements else ():
        if rule.selector.is_plain and any(may_match(rule.selector, element) for element in elements):
            needed.setdefault(rule.block, []).append(rule)
    css = " ".join(_text(rules) for rules in needed.values())
    return f"<!--[if mso]><style>{css}</style><![endif]-->" if css else ""


def _elements(source: Sequence[Piece]) -> Iterator[Element]:
    """One of each kind of elements in Outlook's comments."""
    seen: set[tuple[str, tuple[tuple[str, object], ...]]] = set()
    for piece in source:
        if piece.kind is not PieceKind.COMMENT or "[if" not in piece.text:
            continue
        for found in _FOR_OUTLOOK.finditer(piece.text):
            for inner in pieces(found[1]):
                if inner.kind is not PieceKind.OPEN or MARK.search(inner.name):
                    continue
                attributes = given(MARK.sub("", inner.text), None)
                key = inner.name, tuple((name, attributes[name]) for name in ("class", "id") if name in attributes)
                if key not in seen:
                    seen.add(key)
                    element = Element(inner.name, None)
                    element.given = attributes
                    element.classes = frozenset(str(attributes.get("class", "")).split())
                    yield element


def _text(rules: Sequence[Rule]) -> str:
    said = (one.declaration for one in rules[0].said)
    declared = "; ".join(f"{one.name}: {one.value}{' !important' * one.is_important}" for one in said)
    return f"{', '.join(rule.selector.text for rule in rules)} {{ {declared} }}"
