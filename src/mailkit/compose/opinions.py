"""A second opinion: another inliner is asked which elements a rule is for.

How to think about it. Inliners differ in how well they know HTML, selectors and the cascade,
so mailkit matches and decides by itself, in the tree that browsers build. An inliner that one
chooses is given the letter with numbered start tags, without Jinja and `style` attributes, and
for each rule one harmless property. Which numbers have which property in what it gives back
is its opinion; where it differs, that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from mailkit.compose.declaring import Rule
from mailkit.compose.marks import MARK
from mailkit.compose.markup import Piece, PieceKind, attributes
from mailkit.errors import TemplateError

__all__ = ["doubted"]

_TAG: Final = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*+>""")
_NUMBER: Final = re.compile(r"""\sdata-mk-number\s*=\s*["']?(\d+)""")
_ANSWER: Final = re.compile(r"-mk-rule-(\d+)\s*:")
_ATTRIBUTE_NAME: Final = re.compile(r"[\w:.-]+")


class _Inliner(Protocol):
    def inline(self, html: str) -> str: ...


def doubted(
    inliner: _Inliner, name: str, pieces: Sequence[Piece], matched: Mapping[Rule, frozenset[int]]
) -> list[Rule]:
    """The rules that an inliner holds to be for other elements.

    Args:
        inliner: The inliner.
        name: Its name, for errors.
        pieces: The letter.
        matched: Rules with plain selectors, and the places of the start tags that they match.

    Raises:
        TemplateError: The inliner fails, or gives back something else than the document.
    """
    rules = list(matched)
    if not rules:
        return []
    try:
        answer = inliner.inline("".join(_question(pieces, rules)))
    except Exception as error:  # inliners raise errors of their parsers, of many kinds
        reason = f"{name} cannot inline this: {type(error).__name__}: {error}"
        raise TemplateError(reason, template="html") from error
    if not isinstance(answer, str):
        raise TemplateError(f"{name} gave back {type(answer).__name__} and not HTML", template="html")
    said: dict[int, set[int]] = {}
    seen: set[int] = set()
    for tag in _TAG.findall(answer):
        if number := _NUMBER.search(tag):
            seen.add(int(number[1]))
            for rule in _ANSWER.findall(tag):
                said.setdefault(int(rule), set()).add(int(number[1]))
    if not seen:
        raise TemplateError(f"{name} lost a part of the HTML", template="html")
    return [rule for i, rule in enumerate(rules) if matched[rule] & seen != said.get(i, set())]


def _question(pieces: Sequence[Piece], rules: Sequence[Rule]) -> Iterator[str]:
    css = "\n".join(f"{rule.selector.text} {{ -mk-rule-{number}: 1 }}" for number, rule in enumerate(rules))
    for place, piece in enumerate(pieces):
        if piece.kind is PieceKind.OPEN:
            tag = MARK.sub("", piece.text)
            given = (
                f' {one.name}="{one.value.replace(chr(34), "&quot;")}"'
                for one in attributes(tag)
                if one.name != "style" and _ATTRIBUTE_NAME.fullmatch(one.name)
            )
            yield f'<{MARK.sub("", piece.name)}{"".join(given)} data-mk-number="{place}">'
        elif piece.kind is PieceKind.RAW and piece.name == "style":
            yield css
            css = ""
        elif not (piece.kind is PieceKind.COMMENT and piece.text.startswith("<?")):  # lxml refuses XML declarations
            yield MARK.sub("", piece.text)
