"""A letter's style sheets as one list of rules: what can be inlined, and what only works in a `<style>`.

How to think about it. A rule outside of at-rules other than `@layer` whose selector asks nothing of the
client is *fixed*: it holds everywhere and can stand in `style` attributes. All others are *wishes* (`@media`,
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
from mailkit.compose.declaring import Rule, Said, Source
from mailkit.compose.effort import LONGEST_NESTED, MOST_SELECTORS
from mailkit.compose.heads import selectors
from mailkit.compose.properties import touches
from mailkit.compose.raising import Raised, raise_wishes

__all__ = ["GROUPS", "Styles", "is_always", "kept", "read"]

_ALWAYS: Final = frozenset({"", "all", "screen"})
GROUPS: Final = frozenset({"media", "supports", "container", "layer", "document", "-moz-document", "scope"})
"""The at-rules that hold rules."""
_UNLAYERED: Final = (math.inf,)
_PARENT: Final = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(&)""", re.DOTALL)


@attrs.frozen(eq=False)
class Styles:
    """All style sheets of a letter.

    Attributes:
        blocks: The parts of each style sheet.
        selectors: For each part that declares something its rules, one for each selector.
        fixed: The rules that can be inlined.
        wishes: The rules that cannot, as far as they style elements of the letter.
        stuck: The rules that hold whatever client and reader do, and that only work in a `<style>`.
        raised: The declarations of wishes that must become important.
        unsettled: A layer that stands elsewhere among the layers for some clients; empty if there is none.
    """

    blocks: tuple[tuple[Block, ...], ...]
    selectors: Mapping[Block, tuple[Rule, ...]]
    fixed: tuple[Rule, ...]
    wishes: tuple[Rule, ...]
    stuck: tuple[Rule, ...]
    raised: Raised
    unsettled: str


@lru_cache(maxsize=32)
def read(sources: tuple[Source, ...], own: frozenset[str] = frozenset()) -> Styles:
    """The rules of a letter's style sheets, in their order.

    Args:
        sources: The style sheets.
        own: Names of clients' hooks that stand in the letter itself (`mailkit.compose.selectors.hooks`).

    Raises:
        TemplateError: They have too many selectors, or such that take too long.
    """
    reader = _Reader(own)
    blocks = []
    found: list[Rule] = []
    for number, source in enumerate(sources):
        blocks.append(rules(source.css))
        conditions = () if is_always(source) else (f"@media {source.media.strip()}",)
        found += reader.rules(blocks[-1], number, source, conditions)
    fixed = tuple(rule for rule in found if rule.is_fixed)
    wishes = tuple(rule for rule in found if not rule.is_fixed and not rule.selector.is_beside)
    stuck = tuple(rule for rule in found if rule.is_stuck)
    owned: dict[Block, list[Rule]] = {}
    for rule in found:
        owned.setdefault(rule.block, []).append(rule)
    selectors_of = {block: tuple(ones) for block, ones in owned.items()}
    raised = raise_wishes(fixed, wishes, sources)
    return Styles(tuple(blocks), selectors_of, fixed, wishes, stuck, raised, reader.unsettled)


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
        self._selectors, self._nested = MOST_SELECTORS, LONGEST_NESTED  # how many more may come
        self._layers: dict[tuple[str, ...], int] = {}
        self._first: dict[tuple[str, ...], frozenset[str]] = {}  # the conditions under which each was first named
        self.unsettled = ""

    def rules(self, blocks: Sequence[Block], sheet: int, source: Source, conditions: tuple[str, ...]) -> Iterator[Rule]:
        """The rules of a style sheet, one for each selector."""
        self._source = source
        for block in blocks:
            yield from self._block(block, sheet, conditions, (), "")

    def _block(
        self, block: Block, sheet: int, conditions: tuple[str, ...], layer: tuple[str, ...], around: str
    ) -> Iterator[Rule]:
        name, heads = block.at, around
        if not name:
            heads = self._unnested(block, around)
        elif name == "layer" and not block.items:
            for one in block.prelude.split(","):
                self._enter((*layer, *one.strip().split(".")), conditions)
            return
        elif name not in GROUPS:
            return
        elif name == "layer":
            layer = (*layer, *(block.prelude or f"\0{len(self._layers)}").split("."))
            self._enter(layer, conditions)
            conditions = (*conditions, f"@layer {block.prelude}")
        elif name != "media" or around or block.prelude.lower() not in _ALWAYS:
            conditions = (*conditions, f"@{name} {block.prelude}")
        said = tuple(Said(one, touches(one.name)) for one in block.items if isinstance(one, Declaration))
        if said and heads:
            self._selectors -= 1 + heads.count(",")
            if self._selectors < 0:
                reason = f"the letter's style sheets have more than {MOST_SELECTORS:,} selectors"
                raise self._source.error(reason, block.start)
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

    def _unnested(self, block: Block, around: str) -> str:
        """The selectors of a nested rule, as they would be written outside of it (CSS Nesting, 4)."""
        if not around:
            return block.head
        parent = f":is({around})"
        found = []
        for head in members(block.head):
            if not head.strip():
                return ""
            count = sum(bool(one[1]) for one in _PARENT.finditer(head))
            is_relative = not count or head.lstrip()[:1] in (">", "+", "~")
            self._nested -= len(head) + len(parent) * (count + is_relative)
            if self._nested < 0:
                reason = f"the selectors of nested rules make more than {LONGEST_NESTED:,} characters, written out"
                raise self._source.error(reason, block.start)
            own = _PARENT.sub(lambda one: parent if one[1] else one[0], head)
            found.append(f"{parent} {own.strip()}" if is_relative else own)
        return ",".join(found)
