"""A letter's style sheets as one list of rules: what can be inlined, and what only works in a `<style>`.

How to think about it. A rule outside of at-rules whose selector asks nothing of the client is
*fixed*: it holds everywhere and can stand in `style` attributes. All others are *wishes* (`@media`,
`:hover`, `[data-ogsc]` …). In the source a wish often beats a fixed rule; after inlining it would
lose, since a style attribute beats every rule. So a wish's declaration is made important if it
beats some fixed rule that may meet it. That is decided from the rules alone, so that it is the
same for all readers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import attrs

from mailkit.compose.css import Block, Declaration, members, rules
from mailkit.compose.heads import selectors
from mailkit.compose.properties import covers, overlap, touches
from mailkit.compose.selectors import Selector

__all__ = ["Raised", "Rank", "Rule", "Said", "Source", "Styles", "is_always", "kept", "read"]

Rank = tuple[bool, tuple[float, ...], tuple[int, int, int], int, int]
"""What decides between declarations: importance, layer, weight, style sheet, place in it
(CSS Cascading and Inheritance 5, 6.1)."""

_ALWAYS: Final = frozenset({"", "all", "screen"})
_GROUPS: Final = frozenset({"media", "supports", "container", "layer", "document", "-moz-document", "scope"})
_UNLAYERED: Final = (math.inf,)
_PARENT: Final = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(&)""", re.DOTALL)


@attrs.frozen
class Source:
    """One style sheet.

    Attributes:
        css: Its text.
        media: The media it is for.
    """

    css: str
    media: str = ""


@attrs.frozen(eq=False)
class Said:
    """A declaration of a rule.

    Attributes:
        declaration: The declaration.
        touched: What it may set.
    """

    declaration: Declaration
    touched: frozenset[str]


@attrs.frozen(eq=False)
class Rule:
    """One selector of a rule, and what the rule declares.

    Attributes:
        sheet: The number of its style sheet.
        block: The part of the style sheet that holds the declarations.
        selector: The selector.
        said: The declarations.
        conditions: The at-rules around it.
        layer: The cascade layer it is in.
    """

    sheet: int
    block: Block
    selector: Selector
    said: tuple[Said, ...]
    conditions: tuple[str, ...]
    layer: tuple[float, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether it holds whatever client and reader do."""
        return not (self.conditions or self.selector.is_wish or self.selector.is_beside)

    @property
    def states(self) -> tuple[object, ...]:
        """What must be so for it to hold: rules with the same states hold together."""
        return (self.conditions, self.selector.compounds if self.selector.is_wish else ())

    def rank(self, declaration: Declaration, *, is_important: bool | None = None) -> Rank:
        """Where a declaration stands in the cascade, as written or with another importance."""
        important = declaration.is_important if is_important is None else is_important
        layer = tuple(-one for one in self.layer) if important else self.layer
        return important, layer, self.selector.weight, self.sheet, declaration.start


Raised = frozenset[tuple[Rule, Declaration]]
"""The declarations of wishes that must become important."""


@attrs.frozen(eq=False)
class Styles:
    """All style sheets of a letter.

    Attributes:
        blocks: The parts of each style sheet.
        selectors: For each part that declares something its rules, one for each selector.
        fixed: The rules that can be inlined.
        wishes: The rules that cannot, as far as they style elements of the letter.
        raised: The declarations of wishes that must become important.
        unsettled: A layer that stands elsewhere among the layers for some clients; empty if there is none.
    """

    blocks: tuple[tuple[Block, ...], ...]
    selectors: Mapping[Block, tuple[Rule, ...]]
    fixed: tuple[Rule, ...]
    wishes: tuple[Rule, ...]
    raised: Raised
    unsettled: str


@lru_cache(maxsize=32)
def read(sources: tuple[Source, ...], own: frozenset[str] = frozenset()) -> Styles:
    """The rules of a letter's style sheets, in their order.

    Args:
        sources: The style sheets.
        own: Names of clients' hooks that stand in the letter itself (`mailkit.compose.selectors.hooks`).
    """
    reader = _Reader(own)
    blocks = []
    found: list[Rule] = []
    for number, source in enumerate(sources):
        blocks.append(rules(source.css))
        found += reader.rules(blocks[-1], number, () if is_always(source) else (f"@media {source.media.strip()}",))
    fixed = tuple(rule for rule in found if rule.is_fixed)
    wishes = tuple(rule for rule in found if not rule.is_fixed and not rule.selector.is_beside)
    owned: dict[Block, tuple[Rule, ...]] = {}
    for rule in found:
        owned[rule.block] = (*owned.get(rule.block, ()), rule)
    return Styles(tuple(blocks), owned, fixed, wishes, _raised(fixed, wishes), reader.unsettled)


def is_always(source: Source) -> bool:
    """Whether a style sheet is for all screens."""
    return source.media.strip().lower() in _ALWAYS


def kept(css: str) -> str:
    """What of a style sheet only works in a `<style>`, if all that can be inlined is.

    >>> kept("p { color: red } a:hover { color: blue }")
    'a:hover { color: blue }'
    """
    styles = read((Source(css),))
    left = (
        block
        for block in styles.blocks[0]
        if any(isinstance(item, Block) for item in block.items)
        or not all(rule.is_fixed for rule in styles.selectors.get(block, ()))
        or block not in styles.selectors
    )
    return "\n".join(css[block.start : block.end] for block in left)


class _Reader:
    """Walks through style sheets; remembers the order of layers."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._layers: dict[tuple[str, ...], int] = {}
        self._first: dict[tuple[str, ...], frozenset[str]] = {}  # the conditions under which each was first named
        self.unsettled = ""

    def rules(self, blocks: Sequence[Block], sheet: int, conditions: tuple[str, ...]) -> Iterator[Rule]:
        """The rules of a style sheet, one for each selector."""
        for block in blocks:
            yield from self._block(block, sheet, conditions, (), "")

    def _block(
        self, block: Block, sheet: int, conditions: tuple[str, ...], layer: tuple[str, ...], around: str
    ) -> Iterator[Rule]:
        name, heads = block.at, around
        if not name:
            heads = _unnested(block.head, around)
        elif name == "layer" and not block.items:
            for one in block.prelude.split(","):
                self._enter((*layer, *one.strip().split(".")), conditions)
            return
        elif name not in _GROUPS:
            return
        elif name == "layer":
            layer = (*layer, *(block.prelude or f"\0{len(self._layers)}").split("."))
            self._enter(layer, conditions)
            conditions = (*conditions, f"@layer {block.prelude}")
        elif name != "media" or around or block.prelude.lower() not in _ALWAYS:
            conditions = (*conditions, f"@{name} {block.prelude}")
        said = tuple(Said(one, touches(one.name)) for one in block.items if isinstance(one, Declaration))
        if said and heads:
            for selector in selectors(heads, self._own):
                yield Rule(sheet, block, selector, said, conditions, self._rank(layer))
        for inner in block.items:
            if isinstance(inner, Block):
                yield from self._block(inner, sheet, conditions, layer, heads)

    def _enter(self, layer: tuple[str, ...], conditions: tuple[str, ...]) -> None:
        """Give a layer its place: where it is named first, as far as that holds (CSS Cascading 5, 6.4.4.2)."""
        now = frozenset(one for one in conditions if not one.startswith("@layer"))
        for length in range(1, len(layer) + 1):
            name = layer[:length]
            place = self._layers.setdefault(name, len(self._layers))
            first = self._first.setdefault(name, now)
            if not first <= now and place < len(self._layers) - 1:
                self.unsettled = ".".join(name)
            self._first[name] = first & now

    def _rank(self, layer: tuple[str, ...]) -> tuple[float, ...]:
        """Where a layer stands: later ones win, what is in none wins over all (CSS Cascading 5, 6.4.3)."""
        return (*(self._layers[layer[:length]] for length in range(1, len(layer) + 1)), *_UNLAYERED)


def _unnested(heads: str, around: str) -> str:
    """The selectors of a nested rule, as they would be written outside of it (CSS Nesting, 4)."""
    if not around:
        return heads
    parent = f":is({around})"
    found = []
    for head in members(heads):
        if not head.strip():
            return ""
        own = _PARENT.sub(lambda one: parent if one[1] else one[0], head)
        is_relative = own == head or head.lstrip()[:1] in (">", "+", "~")
        found.append(f"{parent} {own.strip()}" if is_relative else own)
    return ",".join(found)


def _raised(fixed: Sequence[Rule], wishes: Sequence[Rule]) -> Raised:
    """The declarations of wishes that beat a fixed one, and those that beat one of these."""
    lowest: dict[str, list[tuple[Rank, Rule, Said]]] = {}

    def add(rule: Rule, said: Said) -> None:
        for part in said.touched:
            lowest.setdefault(part, []).append((rule.rank(said.declaration), rule, said))

    for rule in fixed:
        for said in rule.said:
            if not said.declaration.is_important:
                add(rule, said)
    weak = [
        (rule, said)
        for rule in wishes
        for said in rule.said
        if not any(
            other.declaration.is_important and covers(other.declaration.name, said.declaration.name)
            for other in rule.said
        )
    ]
    raised: set[tuple[Rule, Declaration]] = set()
    is_done = False
    while not is_done:
        is_done = True
        for rule, said in weak:
            if (rule, said.declaration) not in raised and _beats(rule, said, lowest):
                raised.add((rule, said.declaration))
                add(rule, said)
                is_done = False
    return frozenset(raised)


def _beats(rule: Rule, said: Said, others: Mapping[str, Sequence[tuple[Rank, Rule, Said]]]) -> bool:
    """Whether a declaration beats one of these others on some element, and says something else."""
    rank = rule.rank(said.declaration)
    asked = others if "*" in said.touched else [part for part in (*said.touched, "*") if part in others]
    return any(
        other < rank and not _is_same(said, theirs) and rule.selector.may_meet(owner.selector)
        for part in asked
        if overlap(said.touched, frozenset({part}) if part != "*" else touches("all"))
        for other, owner, theirs in others[part]
    )


def _is_same(said: Said, other: Said) -> bool:
    one, two = said.declaration, other.declaration
    return one.name == two.name and one.value == two.value
